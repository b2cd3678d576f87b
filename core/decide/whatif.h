/*
 * whatif.h - a plan explained: what it moves and for how long, what its nodes are in for with it
 * and without, and what else was looked at and why it was not done. Values only, names included, so
 * that a command line, a journal and an API can say the same.
 *
 * The p99 of a node is read off its load: through what it shows now and the SLO, which by
 * decide.utilization_limit it just keeps there, goes  p99 = a + b u / (1 - u), the shape of a
 * queue. The interval is what the forecast's spread of u makes of it, not more.
 */
#ifndef FORE_WHATIF_H
#define FORE_WHATIF_H

#include "core/base/json.h"
#include "core/decide/planner.h"

enum { FORE_WHATIF_NODES = 24, FORE_WHATIF_ALTERNATIVES = 24, FORE_WHATIF_TEXT = 160 };

struct fore_whatif_outlook { /* of a node, over a time */
    double risk;             /* P(load > limit) at its worst step */
    double when_s;           /* from now to that step's end */
    double utilization_mean, utilization_sd;
    double p99_ms[3]; /* 10 %, 50 %, 90 %; HUGE_VAL: no steady state; NaN: nothing known */
};
struct fore_whatif_node {
    uint16_t node;
    char name[FORE_NAME_MAX];
    struct fore_whatif_outlook before; /* without the plan, over the horizon */
    struct fore_whatif_outlook during; /* with it, while its copies run */
    struct fore_whatif_outlook after;  /* with it, from then to the horizon */
};

#define FORE_WHATIF_WHY_MAP(X)                     \
    X(OUTDONE, "outdone")                          \
    X(TOO_DEAR, "too-dear")                        \
    X(TOO_LATE, "does-not-pay-within-the-horizon") \
    X(TARGET_FULL, "target-full")                  \
    X(COOL_DOWN, "cool-down")                      \
    X(CAP, "cap")                                  \
    X(CONSTRAINT, "constraint")                    \
    X(TIMETABLE, "timetable")                      \
    X(THRESHOLD, "threshold")                      \
    X(IMPOSSIBLE, "impossible")                    \
    X(PARTITION_CAP, "partition-cap")

enum fore_whatif_why {
#define X(name, text) FORE_WHATIF_##name,
    FORE_WHATIF_WHY_MAP(X)
#undef X
        FORE_WHATIF_WHYS
};
const char *fore_whatif_why_text(enum fore_whatif_why why);

struct fore_whatif_alternative {
    enum fore_move_kind kind;
    bool swap;
    uint32_t partition, partner; /* partner: of a swap; else FORE_PARTITION_NONE */
    char source[FORE_NAME_MAX], target[FORE_NAME_MAX]; /* the best target there is; "": none */
    enum fore_whatif_why why;
    double gain_s; /* what it would gain, its price taken off; NaN: not priced */
    double bytes, duration_s;
    char text[FORE_WHATIF_TEXT]; /* why not, in words */
};

struct fore_whatif {
    fore_ns at;
    double horizon_s;
    char model[32];
    struct fore_plan plan;
    bool calm;                    /* no threshold was reached: the planner only tidies up */
    uint32_t taken;               /* of its moves, by act; 0 in a dry run */
    char refused[FORE_PLAN_TEXT]; /* what act, or the timetable, says against it; "": nothing */
    double bytes, duration_s;     /* in all; of the longest */
    double violation_before_s, violation_after_s; /* expected node-seconds over the horizon */
    double risk_before,
        risk_after; /* of the worst node: over the horizon; once the copies are done */
    struct fore_whatif_node
        node[FORE_WHATIF_NODES]; /* those the plan touches, and the worst ones */
    uint32_t node_count;
    struct fore_whatif_alternative alternative[FORE_WHATIF_ALTERNATIVES]; /* the best first */
    uint32_t alternative_count;
};

/* Explains `plan`, made for `input` with its terms filled in. `slo_ms` of the cluster's p99. */
void fore_whatif_explain(const struct fore_planner_input *input, const struct fore_plan *plan,
                         double slo_ms, struct fore_arena *scratch, struct fore_whatif *out);
/* For people, a paragraph and two tables; for programs, the members of an open object. */
void fore_whatif_print(const struct fore_whatif *whatif, struct fore_buf *out);
void fore_whatif_json(const struct fore_whatif *whatif, struct fore_json *json);
/* What else could be done about the costliest nodes. Internal: whatif_why.c. */
struct fore_search;
void fore_whatif_look_around(struct fore_search *search, struct fore_whatif *out);

#endif
