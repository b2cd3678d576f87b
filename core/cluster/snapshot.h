/*
 * snapshot.h - events folded into a picture of the cluster at one moment. What the dashboard draws
 * and `journal report` counts; nobody else keeps a second idea of the state.
 */
#ifndef FORE_SNAPSHOT_H
#define FORE_SNAPSHOT_H

#include "core/base/arena.h"
#include "core/cluster/event.h"
#include "core/cluster/topology.h"

enum { FORE_SNAPSHOT_MOVES = 256, FORE_SNAPSHOT_ALERTS = 64, FORE_SNAPSHOT_TEXT = 160 };

struct fore_snapshot_move { /* the newest FORE_SNAPSHOT_MOVES, oldest forgotten first */
    struct fore_event_move move;
    fore_ns changed_ns;
    fore_ns ended_ns; /* 0 while under way */
    char note[FORE_SNAPSHOT_TEXT];
};
struct fore_snapshot_score {
    struct fore_event_score score;
    fore_ns at;
    char reason[FORE_SNAPSHOT_TEXT];
};
struct fore_snapshot_alert {
    struct fore_event_alert alert;
    fore_ns at;
    fore_ns resolved_ns; /* 0: it stands */
    char text[FORE_SNAPSHOT_TEXT];
};

struct fore_snapshot {
    fore_ns now;       /* of the last event folded */
    bool has_topology; /* a keyframe was seen */
    struct fore_topology topology;
    struct fore_event_cluster_load cluster;
    struct fore_event_node_load *node_load;           /* [node_count] */
    struct fore_event_partition_load *partition_load; /* [partition_cap] */
    struct fore_snapshot_score *score;                /* [partition_cap]; at == 0: none */
    struct fore_snapshot_move move[FORE_SNAPSHOT_MOVES];
    uint32_t move_count;                                    /* valid entries */
    struct fore_snapshot_alert alert[FORE_SNAPSHOT_ALERTS]; /* a ring */
    uint64_t alert_total;                                   /* newest is (total-1) % ALERTS */
    uint64_t plans_admitted, plans_refused;
    uint64_t moves_done, moves_failed, moves_cancelled, moves_rolled_back;
    double bytes_moved;
    struct fore_arena arena; /* owns the arrays */
};

void fore_snapshot_init(struct fore_snapshot *snapshot);
void fore_snapshot_fini(struct fore_snapshot *snapshot);
/* Unknown kinds and short payloads are ignored (counted in the return: false). A keyframe that
 * cannot be a topology is refused the same way. Never crashes on hostile bytes. */
bool fore_snapshot_fold(struct fore_snapshot *snapshot, fore_ns at, enum fore_event_kind kind,
                        const void *body, size_t len);

#endif
