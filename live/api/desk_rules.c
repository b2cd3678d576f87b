/* desk_rules.c - settings: what each means to the engine, checked there, kept, journalled. */
#include "live/api/desk.h"

#include "core/decide/timetable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct live_setting_row live_setting_rows[LIVE_SETTINGS] = {
#define X(name, text, kind, force, about) {text, kind, force, about},
    LIVE_SETTING_MAP(X)
#undef X
};

static const char *const modes[] = {"observe", "propose", "auto"};
static const char *const domains[] = {"node", "rack", "zone"};

int live_setting_find(const char *name)
{
    for (int i = 0; i < LIVE_SETTINGS; i++)
        if (strcmp(live_setting_rows[i].name, name) == 0) return i;
    return -1;
}

static char *copy(const char *text)
{
    char *out = strdup(text);
    FORE_ASSERT(out != NULL);
    return out;
}

static void hold_text(char **slot, const char *text)
{
    char *fresh = copy(text);
    free(*slot);
    *slot = fresh;
}

/* ---- what the configuration says, as texts ------------------------------------------------- */

static void take_list(struct live_desk *desk, enum live_setting setting,
                      const struct fore_strings *list)
{
    struct fore_buf text = {0};
    fore_buf_puts(&text, "");
    for (size_t i = 0; i < list->count; i++)
        fore_buf_printf(&text, "%s%s", i > 0 ? ", " : "", list->item[i]);
    hold_text(&desk->configured[setting], text.data);
    fore_buf_fini(&text);
}

void live_desk_configured(struct live_desk *desk)
{
    const struct fore_engine_options *o = &desk->config->engine;
    const char *quiet = o->timetable.quiet, *before = o->timetable.finish_before;
    const char *hints = o->forecast.hints;
    hold_text(&desk->configured[LIVE_SET_MODE], modes[desk->config->live.mode]);
    hold_text(&desk->configured[LIVE_SET_STRATEGY], o->policy.name);
    hold_text(&desk->configured[LIVE_SET_SHARDING_KEY], "");
    hold_text(&desk->configured[LIVE_SET_REPLICAS], "0");
    hold_text(&desk->configured[LIVE_SET_HINTS], hints != NULL ? hints : "");
    hold_text(&desk->configured[LIVE_SET_QUIET], quiet != NULL ? quiet : "");
    hold_text(&desk->configured[LIVE_SET_FINISH_BEFORE], before != NULL ? before : "");
    take_list(desk, LIVE_SET_THRESHOLDS, &o->decide.thresholds);
    take_list(desk, LIVE_SET_PIN, &o->placement.pin);
    take_list(desk, LIVE_SET_APART, &o->placement.apart);
    take_list(desk, LIVE_SET_FORBIDDEN, &o->placement.forbidden);
    hold_text(&desk->configured[LIVE_SET_REPLICAS_APART], domains[o->placement.replicas_apart]);
    for (int i = 0; i < LIVE_SETTINGS; i++)
        hold_text(&desk->setting[i], desk->configured[i]);
}

/* ---- what a change does -------------------------------------------------------------------- */

static enum fore_err apply_mode(struct live_desk *desk, const char *value, struct fore_diag *diag)
{
    for (uint32_t i = 0; i < FORE_COUNTOF(modes); i++)
        if (strcmp(modes[i], value) == 0) {
            desk->mode = i;
            live_desk_hold(desk, desk->killed);
            return FORE_E_OK;
        }
    return fore_err_set(diag, FORE_E_FORMAT, "mode: \"%.40s\" is none of observe, propose, auto",
                        value);
}

static enum fore_err check_strategy(const char *value, struct fore_diag *diag)
{
    const struct fore_policy *policy = fore_policy_find(value);
    if (policy == NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "strategy: \"%.40s\" is no policy", value);
    if (policy->needs_truth)
        return fore_err_set(diag, FORE_E_RANGE, "strategy: nobody knows a real cluster's future");
    return FORE_E_OK;
}

static enum fore_err check_replicas(const char *value, struct fore_diag *diag)
{
    uint64_t count;
    if (live_number(value, FORE_REPLICAS_MAX, &count)) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_RANGE, "replicas: a whole number from 0 to %d",
                        FORE_REPLICAS_MAX);
}

/* The text of a setting of the group, with the one that is being changed. */
static const char *text_of(const struct live_desk *desk, enum live_setting which,
                           enum live_setting changing, const char *value)
{
    return which == changing ? value : desk->setting[which];
}

static enum fore_err apply_placement(struct live_desk *desk, enum live_setting setting,
                                     const char *value, struct fore_diag *diag)
{
    struct fore_arena arena = {0};
    struct fore_placement_options options = {0};
    struct fore_option_binding binding = {&fore_placement_section, &options};
    enum fore_err err = FORE_E_OK;
    for (enum live_setting s = LIVE_SET_PIN; s <= LIVE_SET_REPLICAS_APART && err == FORE_E_OK; s++)
        err = fore_option_set(binding, &arena, live_setting_rows[s].name,
                              text_of(desk, s, setting, value), live_setting_rows[s].name, diag);
    if (err == FORE_E_OK) err = fore_engine_set_placement(desk->engine, &options, diag);
    fore_arena_fini(&arena);
    return err;
}

static enum fore_err apply_timetable(struct live_desk *desk, enum live_setting setting,
                                     const char *value, struct fore_diag *diag)
{
    struct fore_timetable_options options = {
        .quiet = text_of(desk, LIVE_SET_QUIET, setting, value),
        .finish_before = text_of(desk, LIVE_SET_FINISH_BEFORE, setting, value)};
    return fore_engine_set_timetable(desk->engine, &options, diag);
}

static enum fore_err no_control_characters(const char *name, const char *value,
                                           struct fore_diag *diag)
{
    for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++)
        if (*p < 0x20 && *p != '\t' && *p != '\n')
            return fore_err_set(diag, FORE_E_FORMAT, "%s: holds a control character", name);
    return FORE_E_OK;
}

enum fore_err live_desk_apply(struct live_desk *desk, enum live_setting setting, const char *value,
                              struct fore_diag *diag)
{
    const char *name = live_setting_rows[setting].name;
    if (strlen(value) >= LIVE_SETTING_MAX)
        return fore_err_set(diag, FORE_E_RANGE, "%s: longer than %d bytes", name, LIVE_SETTING_MAX);
    FORE_TRY(no_control_characters(name, value, diag));
    switch (setting) {
    case LIVE_SET_MODE: return apply_mode(desk, value, diag);
    case LIVE_SET_STRATEGY: return check_strategy(value, diag);
    case LIVE_SET_SHARDING_KEY: return FORE_E_OK;
    case LIVE_SET_REPLICAS: return check_replicas(value, diag);
    case LIVE_SET_THRESHOLDS: return fore_engine_set_thresholds(desk->engine, value, diag);
    case LIVE_SET_HINTS: return fore_engine_set_hints(desk->engine, value, diag);
    case LIVE_SET_QUIET:
    case LIVE_SET_FINISH_BEFORE: return apply_timetable(desk, setting, value, diag);
    case LIVE_SET_PIN:
    case LIVE_SET_APART:
    case LIVE_SET_FORBIDDEN:
    case LIVE_SET_REPLICAS_APART: return apply_placement(desk, setting, value, diag);
    case LIVE_SETTINGS:
    default: return FORE_E_RANGE;
    }
}

static void tell(struct live_desk *desk, enum live_setting setting, const char *value,
                 const char *who)
{
    struct fore_buf text = {0};
    fore_buf_printf(&text, "setting %s is now \"%.200s\"", live_setting_rows[setting].name, value);
    live_desk_journal(desk, who, text.data);
    fore_buf_printf(&text, ", by %s", who);
    live_log_say(desk->log, "info", "setting", text.data + sizeof "setting " - 1);
    fore_buf_fini(&text);
}

enum fore_err live_desk_set(struct live_desk *desk, enum live_setting setting, const char *value,
                            const char *who, struct fore_diag *diag)
{
    const char *name = live_setting_rows[setting].name;
    const char *wanted = value != NULL ? value : desk->configured[setting];
    uint64_t unix_ms = live_unix_ms();
    FORE_TRY(live_desk_apply(desk, setting, wanted, diag));
    if (desk->memory != NULL) {
        enum fore_err err = live_memory_set(desk->memory, name, value, who, unix_ms, diag);
        if (err != FORE_E_OK) { /* what is not on disk is not in force either */
            enum fore_err back = live_desk_apply(desk, setting, desk->setting[setting], NULL);
            return back == FORE_E_OK ? err : back;
        }
    }
    hold_text(&desk->setting[setting], wanted);
    desk->changed_unix_ms[setting] = value != NULL ? unix_ms : 0;
    desk->touched = true;
    tell(desk, setting, wanted, who);
    return FORE_E_OK;
}
