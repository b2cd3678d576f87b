/*
 * migrate.h - a plan's moves, carried out through the driver, one state machine each.
 *
 *   QUEUED -> COPY -> CATCH_UP -> COMPARE -> CUT_OVER -> SWEEP -> WATCH -> DONE
 *                \________\___________\-> CANCELLED / FAILED        \-> ROLLED_BACK
 *
 * Digests of source and target must be equal before ownership changes, and so must the answers to a
 * sample of reads, where the driver can read on one node (probe.h). Where the driver can sum up
 * content, every copy must besides add up to what was there when the move began and was written
 * since (check.h): before the cut-over, before the source's copy is swept, and when the watch ends,
 * for splits, merges and replicas too. Every change of state is an
 * event before the next driver call. A driver that cannot be reached is asked again with growing
 * pauses; after `retries_max` the move is cancelled, or, past the cut-over, only its sweep
 * repeated.
 *
 * A move that is bound to another one of its plan (decide/plan.h) stays QUEUED until that one is
 * WATCHed or DONE, and is cancelled when that one ends in another way (bound.h).
 *
 * Moves survive the engine. What is under way can be saved as bytes after any tick and loaded into
 * a fresh engine, which then asks the cluster how far each move got: what has been cut over goes on
 * to its sweep and its checks, an unknown ticket is judged by the topology (the change was made, or
 * it was not and is begun again), and what the cluster carries out and nobody remembers is taken
 * over (resume.c). The bytes may be of any tick since the moves began.
 */
#ifndef FORE_MIGRATE_H
#define FORE_MIGRATE_H

#include "core/act/alert.h"
#include "core/act/check.h"
#include "core/act/gain.h"
#include "core/base/option.h"
#include "core/cluster/event.h"
#include "core/cluster/links.h"
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
    uint64_t moves_per_link; /* at once between two zones (cluster/links.h); 0: any number */
    uint64_t moves_max;      /* at once in the cluster */
    double move_bandwidth;   /* bytes per second a move may use; 0: the nodes' own limit */
    double move_utilization; /* expected share of a node's capacity; learned once seen */
    double throttle_share;   /* while a node of the move breaks the SLO: this share of the rate */
    double throttle_p99;     /* of the SLO: a copy slows down above it; 0: never (throttle.h) */
    double throttle_room;    /* copies fit below this utilisation of both ends; 0: not asked */
    double throttle_floor;   /* of its full rate, however slow clients are */
    double throttle_slow_share; /* "breaks": this share of its requests above the SLO */
    uint64_t probes;            /* keys read on both copies before a cut-over */
    fore_ns mismatch_rest;      /* a partition whose copies differ is left alone for this long */
    fore_ns watch;              /* after the cut-over: did latency get better? */
    bool rollback;              /* go back when the target fares worse than the source did */
    double rollback_margin;     /* by this much utilisation */
    double worse_margin;        /* share of the watch for which one node more may suffer (gain.h) */
    bool rollback_worse;        /* go back also when that is passed */
    uint64_t retries_max;
    fore_ns retry_pause;  /* first pause; doubles */
    uint64_t stuck_polls; /* what is left has not shrunk for so many: an alert */
    fore_ns stall_max;    /* no progress for this long: cancel */
    fore_ns catch_up_max; /* nor for this long while it catches up, whatever is copied */
};
extern const struct fore_option_section fore_act_section;

struct fore_migration {
    struct fore_move move;
    fore_ticket ticket; /* 0 until begun */
    uint64_t plan;
    uint64_t id;     /* from 1, in the order they were taken */
    uint64_t leader; /* the id of the move it is bound to; 0: of none */
    enum fore_migrate_state state;
    enum fore_move_phase phase;
    fore_ns began, changed, progressed, watch_until, retry_at, steered_at;
    fore_ns shrunk; /* when what is left last did; 0: not looked at yet */
    uint64_t bytes_done, bytes_total;
    uint64_t first, last; /* the range it is about: of both parts, for a merge */
    uint32_t partition_new;
    uint32_t retries;
    uint32_t polls_idle;   /* in a row in which what is left did not shrink */
    uint64_t least_left;   /* bytes */
    uint32_t probe_misses; /* looks in a row that showed reads with two answers */
    double expected_s;     /* duration the plan counted on */
    double rate;           /* throttle in force, bytes/s; 0: none */
    double rate_p99;       /* what the loop on p99 alone would give it; 0: it has not looked yet */
    double before_p99_ms;  /* the worse end, when it began */
    double before_util;    /* source */
    double predicted_util; /* target, after */
    uint64_t digest_source, digest_target, orphans;
    struct fore_check check;
    struct fore_gain gain;
    bool waits;    /* its leader has not yet changed what it is to change */
    bool on_new;   /* its partition is still to be made; until then `partition` is the whole's */
    bool slotless; /* it waits for a copy that holds slots, and holds none itself */
    bool led;      /* what was bound to it has begun: it is not taken back alone */
    bool alone;    /* first half of a swap whose second one fell: is it to be taken back? */
    bool paused;   /* by an operator: it rests where it is, up to the cut-over */
    bool checked;  /* between the cut-over and the sweep */
    bool throttled;
    bool resumed;     /* from before a restart: how far the cluster got is not known yet */
    bool is_rollback; /* brings back what a move took, or a rule asks for it: is not taken back */
};

/* What changed in this tick that observe and forecast must follow. */
struct fore_migrate_change {
    enum fore_move_kind kind;
    uint32_t partition, other;
    uint16_t source, target;
    fore_ns began; /* when it was begun */
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

struct fore_migrate_rest { /* of a partition whose copies were found to differ */
    uint32_t partition;
    fore_ns until;
};
enum { FORE_MIGRATE_RESTS = 64 };

struct fore_migrate {
    struct fore_act_options options;
    struct fore_migration *migration; /* running ones first, a leader before its followers */
    uint32_t running, cap;
    uint64_t ids; /* given out */
    struct fore_migrate_counts counts;
    struct fore_links links;                           /* scratch of fore_migrate_links() */
    double move_utilization;                           /* learned */
    struct fore_migrate_rest rest[FORE_MIGRATE_RESTS]; /* a ring: the newest are known */
    uint64_t rests;                                    /* ever */
    double *violating; /* [node_count]: share of the last act.watch it broke the SLO, 0..1 */
    struct fore_gain_after *after; /* [cap]: done, and measured until their horizon is over */
    uint32_t after_count;
    uint32_t node_count;
    fore_ns ticked_at;
    double horizon_s;         /* set by the engine: what a plan's gain is about */
    double slo_ms;            /* set by the engine; 0: none, and no throttle by p99 */
    double utilization_limit; /* set by the engine: clients of a fuller node suffer; 0: not known */
    uint32_t partitions_max;  /* set by the engine: decide.partitions_max; 0: the topology's cap */
    bool adopts;              /* the cluster may carry out more than is known here */
};

void fore_migrate_init(struct fore_migrate *migrate, const struct fore_act_options *options,
                       struct fore_arena *perm, uint32_t node_count);
/*
 * Takes the moves of a plan that caps, slots and capabilities allow, in order, a leader and all
 * that is bound to it as one; the others are dropped and named in `why` (one line). Returns how
 * many were taken.
 */
uint32_t fore_migrate_admit(struct fore_migrate *migrate, const struct fore_plan *plan,
                            const struct fore_topology *topology, struct fore_driver driver,
                            const struct fore_observe *observe, fore_ns now, char *why,
                            size_t why_size);
/* Partitions that splits under way will have made. */
uint32_t fore_migrate_coming(const struct fore_migrate *migrate);
/* Free slots by node into out[node_count]; the free ones in the cluster are returned. */
uint32_t fore_migrate_slots(const struct fore_migrate *migrate, uint32_t node_count, uint8_t *out);
/* The copies under way by link, until this is asked again. */
const struct fore_links *fore_migrate_links(struct fore_migrate *migrate,
                                            const struct fore_topology *topology);
bool fore_migrate_partition_busy(const struct fore_migrate *migrate, uint32_t partition);
/* Is it left alone, because its copies did not agree? To try again at once would only copy it
 * again: somebody has to look first. */
bool fore_migrate_rests(const struct fore_migrate *migrate, uint32_t partition, fore_ns now);
/* Seconds until the move is expected to change ownership; 0 once it has. Of one that waits for its
 * leader: from when that is through. */
double fore_migrate_due_s(const struct fore_migration *migration, fore_ns now);
/* The same with all that it waits for. */
double fore_migrate_due_bound_s(const struct fore_migrate *migrate,
                                const struct fore_migration *migration, fore_ns now);
/* The share of its `partition` that it is about: less than 1 where it waits for a split of it. */
double fore_migrate_share(const struct fore_migrate *migrate,
                          const struct fore_migration *migration);
/*
 * One look at every running move. `change` receives up to `change_cap` ownership changes made in
 * this tick; returns how many.
 */
size_t fore_migrate_tick(struct fore_migrate *migrate, struct fore_driver driver,
                         const struct fore_observe *observe, struct fore_alerts *alerts,
                         struct fore_sink sink, fore_ns now, struct fore_migrate_change *change,
                         size_t change_cap);
/* Abandons every copy that has not changed owners yet; returns how many. */
uint32_t fore_migrate_cancel_copies(struct fore_migrate *migrate, struct fore_driver driver,
                                    const char *why, struct fore_sink sink, fore_ns now);
/*
 * The moves under way, what is counted and what is learned, as bytes; alerts are not kept.
 * Loading is for a fresh `migrate` and the topology that the driver shows now; `now` may come from
 * another clock than before. Bytes that are damaged, or that do not fit the cluster, are refused
 * whole.
 */
struct fore_buf;
void fore_migrate_save(const struct fore_migrate *migrate, fore_ns now, struct fore_buf *out);
FORE_MUST_USE enum fore_err fore_migrate_load(struct fore_migrate *migrate,
                                              const struct fore_topology *topology,
                                              const void *bytes, size_t size, fore_ns now,
                                              struct fore_diag *diag);
/* After a restart without saved moves: take over what the cluster still carries out. */
void fore_migrate_adopt(struct fore_migrate *migrate);
/*
 * Lets a running move rest before its cut-over, or go on. A resting copy gets a byte a second,
 * which drivers take for next to nothing, nothing is decided about it, and it is not stuck; it
 * keeps its slot and what it has copied. `why` is noted. RANGE: there is none of that ticket, or it
 * is past; UNSUPPORTED: the driver cannot hold copies back; else what the driver says.
 */
FORE_MUST_USE enum fore_err fore_migrate_pause(struct fore_migrate *migrate,
                                               struct fore_driver driver, fore_ticket ticket,
                                               bool pause, const char *why, struct fore_sink sink,
                                               fore_ns now);
/* Abandon a running move before its cut-over. */
void fore_migrate_cancel(struct fore_migrate *migrate, struct fore_driver driver,
                         fore_ticket ticket, const char *why, struct fore_sink sink, fore_ns now);

#endif
