/*
 * order.h - what an operator asks of the engine while it runs, as values: the desk has orders
 * carried out here, a tape writes them down, and `retrace` carries them out again, by this one
 * function, between the same two steps. So an order changes the same things in both, and is the
 * same event in both journals.
 */
#ifndef LIVE_ORDER_H
#define LIVE_ORDER_H

#include "core/engine.h"

enum { LIVE_ORDER_TEXTS = 4 };

struct live_order {
    enum fore_order_kind kind;
    fore_ns now;        /* by the cluster's clock */
    fore_ticket ticket; /* CANCEL_, PAUSE_, RESUME_MOVE, which need text[0] too: why */
    uint64_t plan_id;   /* CANCEL_PLAN: the engine's number; 0: it was a dry run */
    bool done;          /* of those that the engine is not told: whether it was done */
    /* STRATEGY, HINTS, THRESHOLDS: text[0]. TIMETABLE: quiet, finish_before. PLACEMENT: pin, apart,
     * forbidden, replicas_apart. As the API takes them; NULL: none. Borrowed. */
    const char *text[LIVE_ORDER_TEXTS];
    const char *said;      /* the event's sentence; NULL: it is no event */
    struct fore_plan plan; /* APPROVE, RESHARD */
};

struct live_order_outcome {
    uint32_t taken;             /* moves begun */
    uint64_t plan_id;           /* the number that the plan got */
    struct fore_whatif *whatif; /* the caller's, for WHAT_IF; NULL: it is not looked at */
};

/* Carries it out and says so. What the engine refuses, it refuses here, with its sentence. */
FORE_MUST_USE enum fore_err live_order_do(struct fore_engine *engine,
                                          const struct live_order *order,
                                          struct live_order_outcome *out, struct fore_diag *diag);

/* As bytes for a tape, of builds with the same struct fore_plan; texts of what is read lie in
 * `bytes`. FORMAT: they are none. */
void live_order_write(const struct live_order *order, struct fore_buf *out);
FORE_MUST_USE enum fore_err live_order_read(const char *bytes, size_t len, struct live_order *out);

#endif
