/*
 * plans.h - the plans the API speaks of: dry runs somebody asked for, bound to the state they were
 * made for, and the engine's own as they are told. The newest of each kind are known.
 */
#ifndef LIVE_PLANS_H
#define LIVE_PLANS_H

#include "core/base/buf.h"
#include "core/decide/plan.h"

enum { LIVE_PLANS_ASKED = 32, LIVE_PLANS_TOLD = 32, LIVE_STATE_MAX = 48 };

#define LIVE_PLAN_STATUS_MAP(X)                                  \
    X(DRY_RUN, "dry-run")   /* may be approved */                \
    X(APPROVED, "approved") /* its moves have begun */           \
    X(CANCELLED, "cancelled")                                    \
    X(STALE, "stale")       /* the cluster is not as it was */   \
    X(PROPOSED, "proposed") /* by the engine, not carried out */ \
    X(ADMITTED, "admitted") /* by the engine, carried out */

enum live_plan_status {
#define X(name, text) LIVE_PLAN_##name,
    LIVE_PLAN_STATUS_MAP(X)
#undef X
        LIVE_PLAN_STATUSES
};
const char *live_plan_status_text(enum live_plan_status status);

struct live_plan {
    uint64_t id; /* from 1; 0: an empty place */
    enum live_plan_status status;
    uint64_t unix_ms;
    bool asked; /* by somebody; else the engine's own */
    bool whole; /* of the engine's own: all of it is known, not only what was told */
    char state[LIVE_STATE_MAX]; /* what it was made for */
    struct fore_plan plan;      /* plan.id: the engine's number once carried out */
    double bytes, duration_s;
    struct fore_buf json; /* members of an object: the explanation */
};

struct live_plans {
    struct live_plan asked[LIVE_PLANS_ASKED], told[LIVE_PLANS_TOLD]; /* rings */
    uint64_t asked_count, told_count, ids;
};

/* A place for a new one, with its id; the oldest of the kind is forgotten. */
struct live_plan *live_plans_add(struct live_plans *plans, bool asked);
struct live_plan *live_plans_find(struct live_plans *plans, uint64_t id); /* NULL */
/* What is known of a plan without asking the planner again: why, and its moves one by one, as the
 * members that a dry run's explanation begins with. */
void live_plans_explain(struct live_plan *plan, const struct fore_topology *topology);
/* Is the engine's plan of that number one that is known here already? */
bool live_plans_carried(const struct live_plans *plans, uint64_t engine_plan);
/* Newest first, of both kinds, into out[LIVE_PLANS_ASKED + LIVE_PLANS_TOLD]; how many. */
uint32_t live_plans_list(const struct live_plans *plans, const struct live_plan **out);
void live_plans_fini(struct live_plans *plans);

#endif
