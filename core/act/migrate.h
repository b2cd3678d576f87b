/*
 * migrate.h - a plan's moves, carried out through the driver, one state machine each.
 *
 *   QUEUED -> COPY -> CATCH_UP -> COMPARE -> CUT_OVER -> SWEEP -> WATCH -> DONE
 *                \________\___________\-> CANCELLED / FAILED        \-> ROLLED_BACK
 *
 * Digests of source and target must be equal before ownership changes. Where the driver can sum up
 * content, every copy must besides add up to what was there when the move began and was written
 * since (check.h): before the cut-over, before the source's copy is swept, and when the watch ends,
 * for splits, merges and replicas too. Every change of state is an
 * event before the next driver call. A driver that cannot be reached is asked again with growing
 * pauses; after `retries_max` the move is cancelled, or, past the cut-over, only its sweep
 * repeated.
 */
#ifndef FORE_MIGRATE_H
#define FORE_MIGRATE_H

#include "core/act/alert.h"
#include "core/act/check.h"
#include "core/base/option.h"
#include "core/cluster/event.h"
#include "core/decide/plan.h"
#include "core/observe/observe.h"

#define FORE_MIGRATE_STATE_MAP(X) \
    X(QUEUED, "queued")           \
    X(COPY, "copy")               \
    X(CATCH_UP, "catch-up")       \
    X(COMPARE, "compare")         \
    X(CUT_OVER, "cut-over")       \
    X(SWEEP, "sweep")             \
    X(WATCH, "watch")             \
    X(DONE, "done")               \
    X(CANCELLED, "cancelled")     \
    X(FAILED, "failed")           \
    X(ROLLED_BACK, "rolled-back")

enum fore_migrate_state { /* numbers are part of the journal format */
#define X(name, text) FORE_MIGRATE_##name,
                          FORE_MIGRATE_STATE_MAP(X)
#undef X
                              FORE_MIGRATE_STATES
};
const char *fore_migrate_state_text(enum fore_migrate_state state);

struct fore_act_options {    /* the "act" section */
    uint64_t moves_per_node; /* at once, source or target */
    uint64_t moves_max;      /* at once in the cluster */
    double move_bandwidth;   /* bytes per second a move may use; 0: the nodes' own limit */
    double move_utilization; /* expected share of a node's capacity; learned once seen */
    double throttle_share;   /* while a node of the move breaks the SLO: this share of the rate */
    double throttle_slow_share; /* "breaks": this share of its requests above the SLO */
    fore_ns watch;              /* after the cut-over: did latency get better? */
    bool rollback;              /* go back when the target fares worse than the source did */
    uint64_t retries_max;
    fore_ns retry_pause; /* first pause; doubles */
    fore_ns stall_max;   /* no progress for this long: cancel */
};
extern const struct fore_option_section fore_act_section;

struct fore_migration {
    struct fore_move move;
    fore_ticket ticket; /* 0 until begun */
    uint64_t plan;
    enum fore_migrate_state state;
    enum fore_move_phase phase;
    fore_ns began, changed, progressed, watch_until, retry_at;
    uint64_t bytes_done, bytes_total;
    uint32_t partition_new;
    uint32_t retries;
    double expected_s;     /* duration the plan counted on */
    double rate;           /* throttle in force, bytes/s; 0: none */
    double before_p99_ms;  /* the worse end, when it began */
    double before_util;    /* source */
    double predicted_util; /* target, after */
    uint64_t digest_source, digest_target, orphans;
    struct fore_check check;
    bool checked; /* between the cut-over and the sweep */
    bool throttled;
    bool is_rollback; /* brings back what a move took; is not itself taken back */
};

/* What changed in this tick that observe and forecast must follow. */
struct fore_migrate_change {
    enum fore_move_kind kind;
    uint32_t partition, other;
    uint16_t source, target;
    uint64_t split_at;
    double right_share;
    double load_base, load_apart; /* VERTICAL_*: see struct fore_move */
};
struct fore_migrate_counts {
    uint64_t done[FORE_MOVE_KINDS];
    uint64_t failed, cancelled, rolled_back, refused;
    uint64_t corrupt; /* of the failed, or found by the last look: content that does not add up */
    double bytes;
};

struct fore_migrate {
    struct fore_act_options options;
    struct fore_migration *migration; /* running ones first */
    uint32_t running, cap;
    struct fore_migrate_counts counts;
    double move_utilization; /* learned */
};

void fore_migrate_init(struct fore_migrate *migrate, const struct fore_act_options *options,
                       struct fore_arena *perm, uint32_t node_count);
/*
 * Takes the moves of a plan that caps, slots and capabilities allow, in order; the others are
 * dropped and named in `why` (one line). Returns how many were taken.
 */
uint32_t fore_migrate_admit(struct fore_migrate *migrate, const struct fore_plan *plan,
                            const struct fore_topology *topology, struct fore_driver driver,
                            const struct fore_observe *observe, fore_ns now, char *why,
                            size_t why_size);
/* Free slots by node into out[node_count]; the free ones in the cluster are returned. */
uint32_t fore_migrate_slots(const struct fore_migrate *migrate, uint32_t node_count, uint8_t *out);
bool fore_migrate_partition_busy(const struct fore_migrate *migrate, uint32_t partition);
/* Seconds until the move is expected to change ownership; 0 once it has. */
double fore_migrate_due_s(const struct fore_migration *migration, fore_ns now);
/*
 * One look at every running move. `change` receives up to `change_cap` ownership changes made in
 * this tick; returns how many.
 */
size_t fore_migrate_tick(struct fore_migrate *migrate, struct fore_driver driver,
                         const struct fore_observe *observe, struct fore_alerts *alerts,
                         struct fore_sink sink, fore_ns now, struct fore_migrate_change *change,
                         size_t change_cap);
/* Abandon a running move before its cut-over. */
void fore_migrate_cancel(struct fore_migrate *migrate, struct fore_driver driver,
                         fore_ticket ticket, const char *why, struct fore_sink sink, fore_ns now);

#endif
