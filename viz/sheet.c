/* sheet.c - see sheet.h: the words, and what keys choose. It is drawn by sheet_draw.c. */
#include "viz/sheet.h"

#include "core/act/migrate.h"
#include "viz/format.h"
#include "viz/look.h"
#include "viz/panel.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(struct viz_sheet *sheet, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct viz_sheet *sheet, const char *format, ...)
{
    if (sheet->line_count == VIZ_SHEET_LINES) return;
    va_list list;
    va_start(list, format);
    (void)vsnprintf(sheet->line[sheet->line_count++], VIZ_SHEET_LINE, format, list);
    va_end(list);
}

static struct viz_choice *offer(struct viz_sheet *sheet, enum viz_choice_kind kind, char key,
                                const char *label)
{
    FORE_ASSERT(sheet->choice_count < VIZ_SHEET_CHOICES);
    struct viz_choice *choice = &sheet->choice[sheet->choice_count++];
    *choice = (struct viz_choice){.kind = kind, .key = key};
    (void)snprintf(choice->label, sizeof choice->label, "%s", label);
    return choice;
}

static void offer_deed(struct viz_sheet *sheet, char key, const char *label,
                       enum viz_deed_kind kind, uint64_t id)
{
    offer(sheet, VIZ_CHOICE_DEED, key, label)->deed = (struct viz_deed){.kind = kind, .id = id};
}

static void begin(struct viz_sheet *sheet, enum viz_sheet_kind kind, const char *title)
{
    *sheet = (struct viz_sheet){.kind = kind};
    (void)snprintf(sheet->title, sizeof sheet->title, "%s", title);
}

static struct viz_text seconds(double s)
{
    return viz_format_duration((fore_ns)(fmin(fmax(s, 0), 9e9) * 1e9));
}

/* ---- moves under way ------------------------------------------------------------------------- */

static bool can_be_held(const struct fore_snapshot_move *move)
{
    return !viz_model_move_over(move) && move->move.ticket != 0 &&
           move->move.state < FORE_MIGRATE_CUT_OVER;
}

static uint32_t under_way(const struct viz_model *model)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->snapshot.move_count; i++)
        count += can_be_held(&model->snapshot.move[i]);
    return count;
}

/* The one of this ticket, else the newest; NULL: none. *place counts from 1, the newest first. */
static const struct fore_snapshot_move *find_move(const struct viz_model *model, uint64_t ticket,
                                                  uint32_t *place)
{
    const struct fore_snapshot *snap = &model->snapshot;
    const struct fore_snapshot_move *newest = NULL;
    uint32_t n = 0;
    *place = 1;
    for (uint32_t i = snap->move_count; i-- > 0;) {
        if (!can_be_held(&snap->move[i])) continue;
        n++;
        if (newest == NULL) newest = &snap->move[i];
        if (snap->move[i].move.ticket != ticket) continue;
        *place = n;
        return &snap->move[i];
    }
    return newest;
}

void viz_sheet_menu(struct viz_sheet *sheet, const struct viz_model *model, uint32_t partition)
{
    char label[64];
    begin(sheet, VIZ_SHEET_MENU, "What shall the daemon do?");
    uint32_t moves = under_way(model);
    say(sheet, "Each of these asks again before anything is done.");
    offer_deed(sheet, 'P', "Approve or reject the plan that waits", VIZ_DEED_FIND_PLAN, 0);
    offer_deed(sheet, 'A', "Ask for a plan now", VIZ_DEED_ASK_PLAN, 0);
    if (moves > 0) {
        (void)snprintf(label, sizeof label, "Pause or resume a migration (%u under way)", moves);
        offer(sheet, VIZ_CHOICE_OPEN, 'u', label)->open = VIZ_SHEET_MOVE;
        offer(sheet, VIZ_CHOICE_OPEN, 'x', "Cancel a migration")->open = VIZ_SHEET_CANCEL;
    }
    struct viz_choice *all = offer(sheet, VIZ_CHOICE_OPEN, 'T', "Change the general threshold");
    all->open = VIZ_SHEET_THRESHOLD;
    all->about = VIZ_THRESHOLD_ALL;
    if (partition != VIZ_NONE) {
        (void)snprintf(label, sizeof label, "Change p%u's threshold", partition);
        struct viz_choice *one = offer(sheet, VIZ_CHOICE_OPEN, 'D', label);
        one->open = VIZ_SHEET_THRESHOLD;
        one->about = partition;
    }
    offer(sheet, VIZ_CHOICE_LEAVE, 'n', "Nothing");
    sheet->focus = sheet->choice_count - 1;
}

static const char *node_of(const struct viz_model *model, uint16_t node)
{
    const struct fore_topology *topology = &model->snapshot.topology;
    return node < topology->node_count ? topology->node[node].name : "?";
}

static void describe_move(struct viz_sheet *sheet, const struct viz_model *model,
                          const struct fore_event_move *m)
{
    double done = (double)m->bytes_done, total = (double)m->bytes_total;
    double spent_s =
        model->snapshot.now > m->began_ns ? (double)(model->snapshot.now - m->began_ns) / 1e9 : 0;
    say(sheet, "It is the %s of p%u from %s to %s.",
        fore_move_kind_text((enum fore_move_kind)m->kind), m->partition, node_of(model, m->source),
        node_of(model, m->target));
    if (total > 0)
        say(sheet, "%s of %s are copied (%s), begun %s ago%s.", viz_format_bytes(done).s,
            viz_format_bytes(total).s, viz_format_percent(fmin(done / total, 1)).s,
            seconds(spent_s).s, m->paused ? "; it rests" : "");
    if (total > done && done > 0 && spent_s > 0 && !m->paused)
        say(sheet, "Left as it is, it is over in about %s.",
            seconds(spent_s * (total - done) / done).s);
}

static void say_cancel(struct viz_sheet *sheet, const struct viz_model *model,
                       const struct fore_event_move *m)
{
    say(sheet, "Cancelling throws away the %s copied so far. %s stays the owner; no key is lost.",
        viz_format_bytes((double)m->bytes_done).s, node_of(model, m->source));
    say(sheet, "The engine may plan it again while the score calls for it.");
    offer_deed(sheet, 'y', "Cancel it (y)", VIZ_DEED_CANCEL, m->ticket);
}

static void say_pause(struct viz_sheet *sheet, const struct viz_model *model,
                      const struct fore_event_move *m)
{
    if (m->paused) {
        say(sheet, "It goes on where it is: %s are left to copy.",
            viz_format_bytes((double)(m->bytes_total - m->bytes_done)).s);
        offer_deed(sheet, 'y', "Let it go on (y)", VIZ_DEED_RESUME, m->ticket);
        return;
    }
    say(sheet,
        "Paused, it keeps what it has copied and its slot on both nodes; %s stays the owner "
        "and nothing is cut over until it is resumed.",
        node_of(model, m->source));
    offer_deed(sheet, 'y', "Pause it (y)", VIZ_DEED_PAUSE, m->ticket);
}

void viz_sheet_move(struct viz_sheet *sheet, const struct viz_model *model, uint64_t ticket,
                    bool cancel)
{
    uint32_t place, count = under_way(model);
    const struct fore_snapshot_move *move = find_move(model, ticket, &place);
    if (move == NULL) {
        viz_sheet_said(sheet, "No migration to hold back",
                       "Nothing is being copied now. A move that has changed owners already can "
                       "be neither paused nor cancelled.");
        return;
    }
    const struct fore_event_move *m = &move->move;
    begin(sheet, cancel ? VIZ_SHEET_CANCEL : VIZ_SHEET_MOVE,
          cancel      ? "Cancel this migration?"
          : m->paused ? "Let this migration go on?"
                      : "Pause this migration?");
    sheet->about = m->ticket;
    sheet->place = place;
    sheet->place_of = count;
    describe_move(sheet, model, m);
    if (cancel)
        say_cancel(sheet, model, m);
    else
        say_pause(sheet, model, m);
    if (count > 1)
        say(sheet, "%u of %u under way; \342\206\221 \342\206\223 show another.", place, count);
    offer(sheet, VIZ_CHOICE_LEAVE, 'n', "Leave it as it is (n)");
    sheet->focus = 1;
}

void viz_sheet_refresh(struct viz_sheet *sheet, const struct viz_model *model)
{
    uint32_t place, focus = sheet->focus;
    if (sheet->kind != VIZ_SHEET_MOVE && sheet->kind != VIZ_SHEET_CANCEL) return;
    const struct fore_snapshot_move *move = find_move(model, sheet->about, &place);
    if (move == NULL || move->move.ticket != sheet->about) {
        viz_sheet_said(sheet, "It is too late",
                       "The migration is over, or has changed owners meanwhile.");
        return;
    }
    enum viz_deed_kind before = sheet->choice[0].deed.kind;
    viz_sheet_move(sheet, model, sheet->about, sheet->kind == VIZ_SHEET_CANCEL);
    if (sheet->choice[0].deed.kind == before) sheet->focus = focus; /* the same question */
}

void viz_sheet_other_move(struct viz_sheet *sheet, const struct viz_model *model, int by)
{
    const struct fore_snapshot *snap = &model->snapshot;
    uint32_t count = under_way(model), n = 0;
    if (count == 0) return;
    uint32_t want = (sheet->place - 1 + count + (by > 0 ? 1 : count - 1)) % count;
    for (uint32_t i = snap->move_count; i-- > 0;) {
        if (!can_be_held(&snap->move[i]) || n++ != want) continue;
        viz_sheet_move(sheet, model, snap->move[i].move.ticket, sheet->kind == VIZ_SHEET_CANCEL);
        return;
    }
}

/* ---- plans ----------------------------------------------------------------------------------- */

/* As the daemon tells them; else as the journal does, by the engine's number. */
static void list_moves(struct viz_sheet *sheet, const struct viz_model *model,
                       const struct viz_control_plan *plan)
{
    const struct viz_plan *known =
        plan->moves_told == 0 ? viz_plans_find(&model->plans, plan->engine_plan) : NULL;
    uint32_t told = known != NULL ? known->move_count : plan->moves_told;
    for (uint32_t i = 0; i < told && i < VIZ_CONTROL_MOVES; i++) {
        if (known != NULL) {
            const struct fore_event_plan_move *m = &known->move[i];
            say(sheet, "  %u. %s p%u from %s to %s, %s, saves %.0f node-s", i + 1,
                fore_move_kind_text((enum fore_move_kind)m->kind), m->partition,
                node_of(model, m->source), node_of(model, m->target),
                viz_format_bytes((double)m->bytes).s, (double)m->gain);
            continue;
        }
        const struct viz_control_move *m = &plan->move[i];
        char which[32] = "";
        if (m->partition != UINT64_MAX)
            (void)snprintf(which, sizeof which, " p%llu", (unsigned long long)m->partition);
        say(sheet, "  %u. %s%s from %s to %s, %s in %s, saves %.0f node-s", i + 1, m->kind, which,
            m->source, m->target, viz_format_bytes(m->bytes).s, seconds(m->duration_s).s,
            m->gain_s);
    }
    if (plan->move_count > told) say(sheet, "  and %u more", plan->move_count - told);
}

static const char *reason_of(const struct viz_model *model, const struct viz_control_plan *plan)
{
    const struct viz_plan *known = viz_plans_find(&model->plans, plan->engine_plan);
    return plan->reason[0] != '\0' ? plan->reason : known != NULL ? known->reason : "";
}

static void offer_verdicts(struct viz_sheet *sheet, const struct viz_control_plan *plan)
{
    bool carried = strcmp(plan->status, "approved") == 0 || strcmp(plan->status, "admitted") == 0;
    bool waits = strcmp(plan->status, "dry-run") == 0 || strcmp(plan->status, "proposed") == 0;
    if (waits && plan->move_count > 0) {
        offer_deed(sheet, 'y', "Approve (y)", VIZ_DEED_APPROVE, plan->id);
        struct viz_deed *deed = &sheet->choice[sheet->choice_count - 1].deed;
        (void)snprintf(deed->state, sizeof deed->state, "%s", plan->state);
        offer_deed(sheet, 'r', "Reject (r)", VIZ_DEED_REJECT, plan->id);
    } else if (carried) {
        say(sheet, "It has been carried out. What has not changed owners can still be cancelled.");
        offer_deed(sheet, 'r', "Cancel its moves (r)", VIZ_DEED_REJECT, plan->id);
    } else if (waits) {
        say(sheet, "Nothing would be moved now.");
    } else {
        say(sheet, "It is %s: nothing is left to decide.", plan->status);
    }
    if (!waits || plan->move_count == 0)
        offer_deed(sheet, 'A', "Ask for a new plan (A)", VIZ_DEED_ASK_PLAN, 0);
    offer(sheet, VIZ_CHOICE_LEAVE, 'n', "Decide later (n)");
    sheet->focus = sheet->choice_count - 1;
}

void viz_sheet_plan(struct viz_sheet *sheet, const struct viz_model *model,
                    const struct viz_control_plan *plan)
{
    char title[96];
    bool dry = plan->engine_plan == 0;
    unsigned long long number = dry ? plan->id : plan->engine_plan;
    if (plan->move_count == 0)
        (void)snprintf(title, sizeof title, "The planner would do nothing now");
    else
        (void)snprintf(title, sizeof title, "%s %llu: carry it out?", dry ? "Dry run" : "Plan",
                       number);
    begin(sheet, VIZ_SHEET_PLAN, title);
    const char *reason = reason_of(model, plan);
    if (plan->move_count > 0)
        say(sheet, "%u move%s, %s to copy%s%s.", plan->move_count, plan->move_count == 1 ? "" : "s",
            viz_format_bytes(plan->bytes).s,
            plan->duration_s > 0 ? ", the longest takes about " : "",
            plan->duration_s > 0 ? seconds(plan->duration_s).s : "");
    list_moves(sheet, model, plan);
    if (reason[0] != '\0') say(sheet, "Why: %s", reason);
    offer_verdicts(sheet, plan);
}

/* ---- thresholds ------------------------------------------------------------------------------ */

static bool typed_number(const struct viz_sheet *sheet, double *out)
{
    char *end = NULL;
    *out = strtod(sheet->typed, &end);
    return end != sheet->typed && *end == '\0' && *out >= 0 && *out <= 1;
}

/* How many reach theirs as it is, and how many would. */
static void count_over(const struct viz_model *model, double at, uint32_t out[3])
{
    const struct fore_snapshot *snap = &model->snapshot;
    memset(out, 0, 3 * sizeof *out);
    for (uint32_t p = 0; p < snap->topology.partition_count; p++) {
        if (!snap->topology.partition[p].alive || snap->score[p].at == 0) continue;
        const struct fore_event_score *s = &snap->score[p].score;
        out[0] += s->threshold < 1 && s->rrs >= s->threshold;
        out[1] += at < 1 && (double)s->rrs >= at;
        out[2]++;
    }
}

static void describe_threshold(struct viz_sheet *sheet, const struct viz_model *model)
{
    uint32_t over[3];
    double at;
    bool number = typed_number(sheet, &at), all = sheet->about == VIZ_THRESHOLD_ALL;
    sheet->line_count = sheet->choice_count = 0;
    const struct fore_snapshot *snap = &model->snapshot;
    if (!all && sheet->about < snap->topology.partition_count && snap->score[sheet->about].at > 0) {
        const struct fore_event_score *s = &snap->score[sheet->about].score;
        say(sheet, "p%llu's RRS is %.3f and its threshold %.3f, so it is %s.",
            (unsigned long long)sheet->about, (double)s->rrs, (double)s->threshold,
            s->threshold < 1 && s->rrs >= s->threshold ? "acted on" : "left alone");
    }
    count_over(model, number ? at : 2, over);
    say(sheet, "%u of %u partitions scored reach their threshold as it is.", over[0], over[2]);
    if (!number)
        say(sheet, sheet->typed[0] != '\0'
                       ? "A number from 0 (always act) to 1 (never act) is wanted."
                       : "Type a number: 0 always acts, 1 never does.");
    else if (all)
        say(sheet, "From %.4g on, %u would, unless they have one of their own.", at, over[1]);
    else if (sheet->about < snap->topology.partition_count)
        say(sheet, "With %.4g it would be %s.", at,
            at < 1 && (double)snap->score[sheet->about].score.rrs >= at ? "acted on"
                                                                        : "left alone");
    if (number) {
        offer_deed(sheet, 0, "Set it (Enter)", VIZ_DEED_THRESHOLD, sheet->about);
        sheet->choice[0].deed.threshold = at;
    }
    offer(sheet, VIZ_CHOICE_LEAVE, 'n', "Leave it as it is (n)");
    sheet->focus = 0;
}

void viz_sheet_threshold(struct viz_sheet *sheet, const struct viz_model *model, uint64_t partition)
{
    char title[96];
    if (partition == VIZ_THRESHOLD_ALL)
        (void)snprintf(title, sizeof title, "From which RRS on shall anything be done?");
    else
        (void)snprintf(title, sizeof title, "From which RRS on shall p%llu be acted on?",
                       (unsigned long long)partition);
    begin(sheet, VIZ_SHEET_THRESHOLD, title);
    sheet->about = partition;
    describe_threshold(sheet, model);
}

void viz_sheet_type(struct viz_sheet *sheet, const struct viz_model *model, const char *text)
{
    size_t n = strlen(sheet->typed);
    if (sheet->kind != VIZ_SHEET_THRESHOLD) return;
    if (text[0] == '\b' && n > 0)
        sheet->typed[n - 1] = '\0';
    else if (text[0] != '\0' && strspn(text, "0123456789.") == strlen(text) &&
             n + strlen(text) < sizeof sheet->typed)
        memcpy(sheet->typed + n, text, strlen(text) + 1);
    else
        return;
    describe_threshold(sheet, model);
}

/* ---- waiting, and what was said -------------------------------------------------------------- */

void viz_sheet_wait(struct viz_sheet *sheet, const struct viz_deed *deed)
{
    static const char *const words[VIZ_DEEDS] = {
        "Looking the plan up",    "The planner is asked",     "The plan is carried out",
        "The plan is rejected",   "The migration is paused",  "The migration is resumed",
        "The migration is ended", "The threshold is changed",
    };
    char title[96];
    (void)snprintf(title, sizeof title, "%s\342\200\246",
                   deed->kind < VIZ_DEEDS ? words[deed->kind] : "");
    begin(sheet, VIZ_SHEET_WAIT, title);
    say(sheet, "The daemon answers between two of its steps.");
}

void viz_sheet_said(struct viz_sheet *sheet, const char *title, const char *text)
{
    begin(sheet, VIZ_SHEET_SAID, title);
    sheet->bad = true;
    say(sheet, "%s", text);
    offer(sheet, VIZ_CHOICE_LEAVE, 'n', "Close (Esc)");
}

void viz_sheet_refused(struct viz_sheet *sheet, const struct viz_outcome *outcome)
{
    enum viz_deed_kind kind = outcome->deed.kind;
    bool about_plan =
        kind == VIZ_DEED_APPROVE || kind == VIZ_DEED_REJECT || kind == VIZ_DEED_FIND_PLAN;
    viz_sheet_said(sheet,
                   kind == VIZ_DEED_FIND_PLAN  ? "There is no such plan"
                   : kind == VIZ_DEED_ASK_PLAN ? "There is no plan"
                   : outcome->status == 0      ? "No answer"
                                               : "The daemon says no",
                   outcome->text);
    if (!about_plan || outcome->status == 0 || outcome->status == 401) return;
    offer_deed(sheet, 'A', "Ask for a new plan (A)", VIZ_DEED_ASK_PLAN, 0);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static bool is_menu(const struct viz_sheet *sheet)
{
    return sheet->kind == VIZ_SHEET_MENU;
}

static int leave_of(const struct viz_sheet *sheet)
{
    for (uint32_t i = 0; i < sheet->choice_count; i++)
        if (sheet->choice[i].kind == VIZ_CHOICE_LEAVE) return (int)i;
    return -1;
}

static void turn(struct viz_sheet *sheet, int by)
{
    uint32_t n = sheet->choice_count;
    if (n > 0) sheet->focus = (sheet->focus + n + (by > 0 ? 1 : n - 1)) % n;
}

int viz_sheet_key(struct viz_sheet *sheet, const char *key)
{
    if (strcmp(key, "Escape") == 0) return leave_of(sheet);
    if (strcmp(key, "Return") == 0 || strcmp(key, "Keypad Enter") == 0)
        return sheet->choice_count > 0 ? (int)sheet->focus : -1;
    if (strcmp(key, "Left") == 0 || strcmp(key, "Shift Tab") == 0) turn(sheet, -1);
    if (strcmp(key, "Right") == 0 || strcmp(key, "Tab") == 0) turn(sheet, 1);
    if (strcmp(key, "Up") == 0 && is_menu(sheet)) turn(sheet, -1);
    if (strcmp(key, "Down") == 0 && is_menu(sheet)) turn(sheet, 1);
    for (uint32_t i = 0; key[1] == '\0' && i < sheet->choice_count; i++)
        if (sheet->choice[i].key != '\0' && sheet->choice[i].key == key[0]) return (int)i;
    return -1;
}

int viz_sheet_at(const struct viz_sheet *sheet, double x, double y)
{
    for (uint32_t i = 0; i < sheet->choice_count; i++) {
        struct viz_rect r = sheet->choice[i].where;
        if (x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h) return (int)i;
    }
    return -1;
}
