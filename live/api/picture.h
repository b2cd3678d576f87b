/*
 * picture.h - what the daemon knew after a step, as values: made by the engine's thread, then never
 * changed, read by as many threads as like. A reader holds it while it needs it; the one that lets
 * go last frees it. So nobody who reads waits for the engine, and the engine waits for no reader.
 *
 * Pages made from a picture (the JSON of /v1/topology) are kept in it: the first who asks makes
 * one, in his own thread, the others get the same bytes.
 */
#ifndef LIVE_PICTURE_H
#define LIVE_PICTURE_H

#include "core/base/buf.h"
#include "core/engine.h"
#include "live/api/alerts.h"

#include <pthread.h>

enum live_page {
    LIVE_PAGE_STATUS,
    LIVE_PAGE_TOPOLOGY,
    LIVE_PAGE_PARTITIONS,
    LIVE_PAGE_RECOMMENDATIONS,
    LIVE_PAGE_PLANS,
    LIVE_PAGE_MIGRATIONS,
    LIVE_PAGE_ALERTS,
    LIVE_PAGE_SETTINGS,
    LIVE_PAGE_METRICS,
    LIVE_PAGE_OPEN_METRICS,
    LIVE_PAGES
};

struct live_picture_node {
    char name[FORE_NAME_MAX];
    double cores;
    uint16_t zone, rack;
    bool up, standby;
    uint32_t partitions; /* owned */
    uint64_t bytes;
    struct fore_event_node_load load;
};

struct live_picture_partition {
    uint32_t index;
    struct fore_partition is;
    struct fore_event_partition_load load;
    struct fore_score score;
    double threshold;
    bool moving;
    const char *reason; /* NULL: the score is too low to be worth one */
};

struct live_picture_move {
    struct fore_event_move event;
    fore_ns changed, ended; /* 0: under way */
    double eta_s;           /* until it changes owners; NaN: over */
    const char *note;
};

struct live_picture_plan { /* a dry run somebody asked for, or a plan of the engine's own */
    uint64_t id;           /* in the API */
    uint64_t plan;         /* the engine's number, once carried out; 0 */
    const char *status, *state, *origin;
    uint32_t moves;
    double bytes, duration_s;
    const char *json; /* all of it, an object's members; NULL: only this is known */
};

struct live_picture_setting {
    const char *name, *value, *kind, *about, *in_force;
    const char *reason;       /* why it is advice; NULL: it is not */
    uint64_t changed_unix_ms; /* 0: as configured */
};

struct live_health { /* of the daemon itself */
    double step_last_s, step_max_s, late_max_s;
    uint64_t steps, late; /* late: begun more than 10 ms after they were due */
    uint64_t answered, refused, streams, events;
    uint64_t told, untold; /* deliveries of alerts that were taken, and that were not */
    bool held;
    const char *frozen; /* "": moves go on */
};

struct live_picture {
    fore_ns now;       /* the cluster's clock */
    uint64_t unix_ms;  /* ours */
    uint64_t sequence; /* 1 more than the one before */
    const char *state; /* names what plans are bound to */
    const char *mode, *driver, *policy;
    const char *journal; /* path; NULL: none is kept */
    fore_ns window, slo;
    struct fore_arena arena; /* of all the arrays and texts */
    uint64_t epoch;
    struct fore_table *table;
    struct live_picture_node *node;
    struct live_picture_partition *partition; /* living ones, by index */
    uint32_t *by_rrs;                         /* indexes into `partition`, highest RRS first */
    struct live_picture_move *move;           /* newest first */
    struct live_picture_plan *plan;           /* newest first */
    struct live_alert *alert;                 /* those that stand, then some resolved ones */
    struct live_picture_setting *setting;
    uint32_t table_count, node_count, partition_count, move_count, plan_count, alert_count,
        setting_count;
    struct fore_event_cluster_load cluster;
    struct fore_engine_counts counts;
    double skill; /* error over persistence's; NaN */
    double rrs_threshold;
    uint64_t metrics_top;
    uint64_t replicas_wanted; /* 0: nobody said */
    struct live_health health;

    int holders; /* atomic */
    pthread_mutex_t page_lock;
    struct fore_buf page[LIVE_PAGES]; /* data NULL: not made yet */
};

/* Empty, with one holder; arrays from its arena. */
struct live_picture *live_picture_create(void);
void live_picture_release(const struct live_picture *picture);
/* Sorts by_rrs, when all else is there. */
void live_picture_order(struct live_picture *picture);
const struct live_picture_partition *live_picture_find(const struct live_picture *picture,
                                                       uint32_t partition);
/* The page, made by `make` if nobody has yet; lives as long as the picture. */
const struct fore_buf *live_picture_page(const struct live_picture *picture, enum live_page page,
                                         void (*make)(const struct live_picture *picture,
                                                      struct fore_buf *out));

struct live_board { /* where the newest picture hangs */
    pthread_mutex_t lock;
    struct live_picture *newest; /* NULL: none yet */
};
void live_board_init(struct live_board *board);
void live_board_fini(struct live_board *board);
/* Takes the creator's hold over. */
void live_board_publish(struct live_board *board, struct live_picture *picture);
const struct live_picture *live_board_hold(struct live_board *board); /* NULL: none yet */

#endif
