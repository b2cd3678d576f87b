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

static enum fore_err check_mode(const char *value, uint32_t *mode, struct fore_diag *diag)
{
    for (*mode = 0; *mode < FORE_COUNTOF(modes); ++*mode)
        if (strcmp(modes[*mode], value) == 0) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_FORMAT, "mode: \"%.40s\" is none of observe, propose, auto",
                        value);
}

/* Names are the engine's to know. */
static enum fore_err check_strategy(const char *value, struct fore_diag *diag)
{
    const struct fore_policy *policy = fore_policy_find(value);
    if (policy == NULL || !policy->needs_truth) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_RANGE, "strategy: nobody knows a real cluster's future");
}

static enum fore_err check_replicas(const char *value, struct fore_diag *diag)
{
    uint64_t count;
    if (live_number(value, FORE_REPLICAS_MAX, &count)) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_RANGE, "replicas: a whole number from 0 to %d",
                        FORE_REPLICAS_MAX);
}

/* Braces as Redis reads them, or none. */
static enum fore_err check_sharding_key(const char *value, struct fore_diag *diag)
{
    const char *open = strchr(value, '{'), *close = open != NULL ? strchr(open, '}') : NULL;
    if (open == NULL || (close != NULL && close > open + 1)) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_FORMAT,
                        "sharding_key: \"%.40s\": there is nothing between the first { and the "
                        "next }, and Redis would hash the whole key",
                        value);
}

static enum fore_err no_control_characters(const char *name, const char *value,
                                           struct fore_diag *diag)
{
    for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++)
        if (*p < 0x20 && *p != '\t' && *p != '\n')
            return fore_err_set(diag, FORE_E_FORMAT, "%s: holds a control character", name);
    return FORE_E_OK;
}

static enum fore_err check(enum live_setting setting, const char *value, uint32_t *mode,
                           struct fore_diag *diag)
{
    const char *name = live_setting_rows[setting].name;
    if (strlen(value) >= LIVE_SETTING_MAX)
        return fore_err_set(diag, FORE_E_RANGE, "%s: longer than %d bytes", name, LIVE_SETTING_MAX);
    FORE_TRY(no_control_characters(name, value, diag));
    if (setting == LIVE_SET_MODE) return check_mode(value, mode, diag);
    if (setting == LIVE_SET_STRATEGY) return check_strategy(value, diag);
    if (setting == LIVE_SET_REPLICAS) return check_replicas(value, diag);
    if (setting == LIVE_SET_SHARDING_KEY) return check_sharding_key(value, diag);
    return FORE_E_OK;
}

/* Settings that the engine reads together are in one order: those from `first` on. */
static void fill_group(const struct live_desk *desk, enum live_setting first, int count,
                       enum live_setting changing, const char *value, struct live_order *order)
{
    for (int i = 0; i < count; i++) {
        enum live_setting which = (enum live_setting)((int)first + i);
        order->text[i] = which == changing ? value : desk->setting[which];
    }
}

static void make_order(const struct live_desk *desk, enum live_setting setting, const char *value,
                       struct live_order *order)
{
    static const enum fore_order_kind kinds[LIVE_SETTINGS] = {
        [LIVE_SET_MODE] = FORE_ORDER_MODE,
        [LIVE_SET_STRATEGY] = FORE_ORDER_STRATEGY,
        [LIVE_SET_SHARDING_KEY] = FORE_ORDER_SETTING,
        [LIVE_SET_REPLICAS] = FORE_ORDER_SETTING,
        [LIVE_SET_THRESHOLDS] = FORE_ORDER_THRESHOLDS,
        [LIVE_SET_HINTS] = FORE_ORDER_HINTS,
        [LIVE_SET_QUIET] = FORE_ORDER_TIMETABLE,
        [LIVE_SET_FINISH_BEFORE] = FORE_ORDER_TIMETABLE,
        [LIVE_SET_PIN] = FORE_ORDER_PLACEMENT,
        [LIVE_SET_APART] = FORE_ORDER_PLACEMENT,
        [LIVE_SET_FORBIDDEN] = FORE_ORDER_PLACEMENT,
        [LIVE_SET_REPLICAS_APART] = FORE_ORDER_PLACEMENT,
    };
    order->kind = kinds[setting];
    order->done = true;
    order->text[0] = value;
    if (order->kind == FORE_ORDER_TIMETABLE)
        fill_group(desk, LIVE_SET_QUIET, 2, setting, value, order);
    if (order->kind == FORE_ORDER_PLACEMENT)
        fill_group(desk, LIVE_SET_PIN, LIVE_ORDER_TEXTS, setting, value, order);
}

enum fore_err live_desk_apply(struct live_desk *desk, enum live_setting setting, const char *value,
                              const char *by, struct fore_diag *diag)
{
    uint32_t mode = desk->mode;
    struct live_order order = {.now = 0};
    struct fore_buf said = {0};
    FORE_TRY(check(setting, value, &mode, diag));
    make_order(desk, setting, value, &order);
    fore_buf_printf(&said, "%s: \"%.200s\", by %s", live_setting_rows[setting].name, value, by);
    order.said = said.data;
    enum fore_err err = live_desk_order(desk, &order, NULL, diag);
    fore_buf_fini(&said);
    if (err != FORE_E_OK || setting != LIVE_SET_MODE) return err;
    desk->mode = mode;
    live_desk_hold(desk, desk->killed);
    return FORE_E_OK;
}

static void tell(struct live_desk *desk, enum live_setting setting, const char *value,
                 const char *who)
{
    struct fore_buf text = {0};
    fore_buf_printf(&text, "%s is now \"%.200s\", by %s", live_setting_rows[setting].name, value,
                    who);
    live_log_say(desk->log, "info", "setting", text.data);
    fore_buf_fini(&text);
}

enum fore_err live_desk_set(struct live_desk *desk, enum live_setting setting, const char *value,
                            const char *who, struct fore_diag *diag)
{
    const char *name = live_setting_rows[setting].name;
    const char *wanted = value != NULL ? value : desk->configured[setting];
    uint64_t unix_ms = live_unix_ms();
    FORE_TRY(live_desk_apply(desk, setting, wanted, who, diag));
    if (desk->memory != NULL) {
        enum fore_err err = live_memory_set(desk->memory, name, value, who, unix_ms, diag);
        if (err != FORE_E_OK) { /* what is not on disk is not in force either */
            enum fore_err back = live_desk_apply(desk, setting, desk->setting[setting],
                                                 "the desk: the change could not be kept", NULL);
            return back == FORE_E_OK ? err : back;
        }
    }
    hold_text(&desk->setting[setting], wanted);
    desk->changed_unix_ms[setting] = value != NULL ? unix_ms : 0;
    desk->touched = true;
    tell(desk, setting, wanted, who);
    return FORE_E_OK;
}
