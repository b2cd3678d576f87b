/* order.c - see order.h. */
#include "live/base/order.h"

#include <stdlib.h>
#include <string.h>

/* ---- done ----------------------------------------------------------------------------------- */

static const char *text_of(const struct live_order *order, size_t i)
{
    return order->text[i] != NULL ? order->text[i] : "";
}

static enum fore_err set_placement(struct fore_engine *engine, const struct live_order *order,
                                   struct fore_diag *diag)
{
    static const char *const names[LIVE_ORDER_TEXTS] = {"pin", "apart", "forbidden",
                                                        "replicas_apart"};
    struct fore_arena arena = {0};
    struct fore_placement_options options = {0};
    struct fore_option_binding binding = {&fore_placement_section, &options};
    enum fore_err err = FORE_E_OK;
    for (size_t i = 0; i < LIVE_ORDER_TEXTS && err == FORE_E_OK; i++)
        err = fore_option_set(binding, &arena, names[i], text_of(order, i), names[i], diag);
    if (err == FORE_E_OK) err = fore_engine_set_placement(engine, &options, diag);
    fore_arena_fini(&arena);
    return err;
}

static enum fore_err carry_out(struct fore_engine *engine, const struct live_order *order,
                               struct live_order_outcome *out, struct fore_diag *diag)
{
    struct fore_plan plan = order->plan;
    enum fore_err err = fore_engine_carry_out(engine, &plan, order->now, &out->taken, diag);
    out->plan_id = plan.id;
    return err;
}

static enum fore_err change_move(struct fore_engine *engine, const struct live_order *order,
                                 struct fore_diag *diag)
{
    const char *why = text_of(order, 0);
    enum fore_err err =
        order->kind == FORE_ORDER_CANCEL_MOVE
            ? fore_engine_cancel(engine, order->ticket, why, order->now)
            : fore_engine_pause(engine, order->ticket, order->kind == FORE_ORDER_PAUSE_MOVE, why,
                                order->now);
    if (err == FORE_E_RANGE)
        return fore_err_set(diag, err, "no move of that ticket runs, or it has changed owners");
    if (err == FORE_E_OK) return err;
    return fore_err_set(diag, err, "the move cannot be changed: %s", fore_err_text(err));
}

static enum fore_err set_timetable(struct fore_engine *engine, const struct live_order *order,
                                   struct fore_diag *diag)
{
    struct fore_timetable_options options = {.quiet = text_of(order, 0),
                                             .finish_before = text_of(order, 1)};
    return fore_engine_set_timetable(engine, &options, diag);
}

static enum fore_err ask_what_if(struct fore_engine *engine, const struct live_order *order,
                                 struct live_order_outcome *out, struct fore_diag *diag)
{
    struct fore_whatif *unseen = out->whatif == NULL ? calloc(1, sizeof *unseen) : NULL;
    FORE_ASSERT(out->whatif != NULL || unseen != NULL);
    enum fore_err err =
        fore_engine_what_if(engine, order->now, out->whatif != NULL ? out->whatif : unseen, diag);
    free(unseen);
    return err;
}

static enum fore_err tell_engine(struct fore_engine *engine, const struct live_order *order,
                                 struct live_order_outcome *out, struct fore_diag *diag)
{
    switch (order->kind) {
    case FORE_ORDER_STRATEGY: return fore_engine_set_policy(engine, text_of(order, 0), diag);
    case FORE_ORDER_HINTS: return fore_engine_set_hints(engine, text_of(order, 0), diag);
    case FORE_ORDER_THRESHOLDS: return fore_engine_set_thresholds(engine, text_of(order, 0), diag);
    case FORE_ORDER_TIMETABLE: return set_timetable(engine, order, diag);
    case FORE_ORDER_PLACEMENT: return set_placement(engine, order, diag);
    case FORE_ORDER_WHAT_IF: return ask_what_if(engine, order, out, diag);
    case FORE_ORDER_APPROVE:
    case FORE_ORDER_RESHARD: return carry_out(engine, order, out, diag);
    case FORE_ORDER_CANCEL_MOVE:
    case FORE_ORDER_PAUSE_MOVE:
    case FORE_ORDER_RESUME_MOVE: return change_move(engine, order, diag);
    case FORE_ORDER_MODE: /* told with every step */
    case FORE_ORDER_HOLD:
    case FORE_ORDER_SETTING:
    case FORE_ORDER_CANCEL_PLAN:
    case FORE_ORDERS:
    default: return order->done ? FORE_E_OK : FORE_E_REFUSED;
    }
}

enum fore_err live_order_do(struct fore_engine *engine, const struct live_order *order,
                            struct live_order_outcome *out, struct fore_diag *diag)
{
    struct fore_diag own = {.code = FORE_E_OK};
    struct fore_diag *why = diag != NULL ? diag : &own;
    out->taken = 0;
    out->plan_id = order->plan_id;
    enum fore_err err = tell_engine(engine, order, out, why);
    if (order->said == NULL) return err;
    struct fore_event_order event = {.kind = (uint8_t)order->kind,
                                     .done = err == FORE_E_OK,
                                     .plan = out->plan_id,
                                     .ticket = order->ticket};
    struct fore_buf text = {0};
    fore_buf_puts(&text, order->said);
    if (err != FORE_E_OK && why->text[0] != '\0')
        fore_buf_printf(&text, ": refused, %s", why->text);
    fore_engine_note_order(engine, &event, text.data, order->now);
    fore_buf_fini(&text);
    return err;
}

/* ---- as bytes ------------------------------------------------------------------------------- */

struct packed { /* then the plan, where there is one, then the texts that are there, NUL-ended */
    uint64_t now, ticket, plan_id;
    uint8_t kind, done, has_plan, has_said;
    uint8_t has_text[LIVE_ORDER_TEXTS];
};

static bool has_plan(enum fore_order_kind kind)
{
    return kind == FORE_ORDER_APPROVE || kind == FORE_ORDER_RESHARD;
}

static void put_text(struct fore_buf *out, const char *text)
{
    if (text != NULL) fore_buf_append(out, text, strlen(text) + 1);
}

void live_order_write(const struct live_order *order, struct fore_buf *out)
{
    struct packed head;
    memset(&head, 0, sizeof head);
    head.now = order->now;
    head.ticket = order->ticket;
    head.plan_id = order->plan_id;
    head.kind = (uint8_t)order->kind;
    head.done = order->done;
    head.has_plan = has_plan(order->kind);
    head.has_said = order->said != NULL;
    for (size_t i = 0; i < LIVE_ORDER_TEXTS; i++)
        head.has_text[i] = order->text[i] != NULL;
    fore_buf_append(out, &head, sizeof head);
    if (head.has_plan) fore_buf_append(out, &order->plan, sizeof order->plan);
    put_text(out, order->said);
    for (size_t i = 0; i < LIVE_ORDER_TEXTS; i++)
        put_text(out, order->text[i]);
}

static bool take_text(const char **at, const char *end, bool there, const char **out)
{
    *out = NULL;
    if (!there) return true;
    const char *nul = *at < end ? memchr(*at, '\0', (size_t)(end - *at)) : NULL;
    if (nul == NULL) return false;
    *out = *at;
    *at = nul + 1;
    return true;
}

enum fore_err live_order_read(const char *bytes, size_t len, struct live_order *out)
{
    struct packed head;
    const char *at = bytes, *end = bytes + len;
    memset(out, 0, sizeof *out);
    if (len < sizeof head) return FORE_E_FORMAT;
    memcpy(&head, at, sizeof head);
    at += sizeof head;
    if (head.kind >= FORE_ORDERS) return FORE_E_FORMAT;
    out->kind = (enum fore_order_kind)head.kind;
    out->now = head.now;
    out->ticket = head.ticket;
    out->plan_id = head.plan_id;
    out->done = head.done != 0;
    if ((head.has_plan != 0) != has_plan(out->kind)) return FORE_E_FORMAT;
    if (head.has_plan) {
        if ((size_t)(end - at) < sizeof out->plan) return FORE_E_FORMAT;
        memcpy(&out->plan, at, sizeof out->plan);
        at += sizeof out->plan;
        if (out->plan.move_count > FORE_PLAN_MOVES) return FORE_E_FORMAT;
    }
    bool sound = take_text(&at, end, head.has_said != 0, &out->said);
    for (size_t i = 0; i < LIVE_ORDER_TEXTS && sound; i++)
        sound = take_text(&at, end, head.has_text[i] != 0, &out->text[i]);
    return sound && at == end ? FORE_E_OK : FORE_E_FORMAT;
}
