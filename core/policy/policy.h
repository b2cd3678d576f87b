/*
 * policy.h - who decides. One file a policy, one row in policy.c.
 *
 * A policy sees a view (values only) and proposes a plan; it may keep a little state of its own. It
 * never starts anything: act/ admits the plan against caps and runs it.
 */
#ifndef FORE_POLICY_H
#define FORE_POLICY_H

#include "core/decide/planner.h"
#include "core/policy/elastic_options.h"
#include "core/policy/peers.h"
#include "core/policy/slow_options.h"
#include "core/risk/score.h"

struct fore_policy_options { /* the "policy" section */
    const char *name;
    /* reactive: threshold on what is seen now */
    double reactive_high;      /* a node above this utilisation sheds a partition */
    double reactive_low;       /* ... until below this, and never to a node it would lift above */
    fore_ns reactive_hold;     /* above for this long first */
    fore_ns reactive_every;    /* it looks this often */
    fore_ns reactive_cooldown; /* a partition it moved rests this long */
    uint32_t reactive_pick;    /* 0 hottest that fits, 1 best fit for the excess, 2 coldest */
    bool reactive_split;       /* may split a partition that fits nowhere */
    /* each in a section of its own */
    struct fore_estore_options estore;
    struct fore_redis_count_options redis_count;
    struct fore_citus_options citus_disk, citus_count;
    struct fore_mongo_size_options mongo_size;
    struct fore_crdb_options crdb;
    struct fore_pd_hot_options pd_hot;
    struct fore_hbase_options hbase_stochastic;
    struct fore_slicer_options slicer;
    struct fore_clay_options clay;
    struct fore_nashdb_options nashdb;
    struct fore_random_options random;
    struct fore_static_weekly_options static_weekly;
    struct fore_elastic_options elastic; /* of all that count nodes */
    struct fore_slow_options slow;       /* of predictive */
};
extern const struct fore_option_section fore_policy_section;
enum { FORE_POLICY_SECTIONS = 32 };
/* The policy section and those of the policies that have their own, each once. */
size_t fore_policy_bindings(struct fore_policy_options *options,
                            struct fore_option_binding out[FORE_POLICY_SECTIONS]);
enum { FORE_PICK_HOTTEST, FORE_PICK_FIT, FORE_PICK_COLDEST };

struct fore_policy;

struct fore_policy_view {
    const struct fore_policy *policy;         /* the one that is asked */
    const struct fore_planner_input *planner; /* terms empty: the policy fills its own copy */
    const struct fore_policy_options *options;
    const struct fore_scenario *forecast, *nowcast;
    const struct fore_scenario *beyond; /* decide/beyond.h; NULL */
    const struct fore_scenario *truth;  /* NULL unless the policy needs it */
    double move_s; /* a move of mean size before any split, seconds; 0: unknown */
    double skill;  /* forecast / nowcast error at the lead of a move; NaN */
    const fore_ns *partition_moved_at; /* 0: never */
    bool forecast_lost;                /* its intervals have just been missed (risk/coverage.h) */
};

/* A setting worth tuning: an option by its full name ("crdb.store_threshold") and the values to
 * try, a space apart. NULL option ends a list. */
struct fore_policy_knob {
    const char *option;
    const char *values;
};

struct fore_policy {
    const char *name;
    const char *about;
    const struct fore_option_section *section; /* its own options; NULL: none */
    size_t options_at;                         /* their offset in struct fore_policy_options */
    const struct fore_policy_knob *knob;       /* what to tune before a comparison; NULL: nothing */
    bool needs_truth;
    bool needs_forecast; /* for more than its terms: what errs together, for homes (slow.h) */
    bool own_clock; /* asked at every window: it has a period of its own; else decide.plan_every */
    /* The scenarios it judges changes by. */
    uint32_t (*terms)(const struct fore_policy_view *view, struct fore_load_term *term);
    /* What RRS is computed from; NULL: the same. */
    uint32_t (*score_terms)(const struct fore_policy_view *view, struct fore_load_term *term);
    /* What it keeps between calls, in memory that lives as long as the run; NULL: nothing. */
    void *(*begin)(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm);
    /* NULL: never proposes. `memory` is what begin() returned. */
    void (*propose)(const struct fore_policy_view *view, void *memory, struct fore_arena *scratch,
                    struct fore_plan *out);
};

extern const struct fore_policy *const fore_policies[]; /* NULL-ended */
const struct fore_policy *fore_policy_find(const char *name);

#endif
