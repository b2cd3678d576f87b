/*
 * replay.h - a stream of requests sent to a real cluster when it says, whatever the cluster does.
 *
 * Open loop: every request has a moment at which it is to be sent, and its latency counts from
 * there, also when the client or a full connection was late. So a stall of 100 ms is seen by every
 * request that fell into it and not by one ("coordinated omission", Tene); how late the client
 * itself was is told beside it. Requests of a node are spread over some connections and sent as
 * pipelines when several are due. MOVED, ASK and what has to be waited out are followed, and the
 * latency goes on counting.
 *
 * A key of the stream is a number; its name is prefix, tag and number, "foreshard:{7}:12", where
 * the tag puts it into the slot that the simulator puts it into too (placement.h). READ is GET,
 * WRITE is SET, SCAN is an MGET of ten. Names under that prefix are ours: they can be written
 * before and removed after. One thread; several may play at once, each with its own struct.
 */
#ifndef LIVE_REPLAY_H
#define LIVE_REPLAY_H

#include "core/base/hist.h"
#include "live/redis/client.h"
#include "workloads/source.h"

enum { LIVE_REPLAY_CONNECTIONS = 16 };

struct live_replay_options {
    const struct live_address *seed;
    size_t seed_count;
    struct live_access access;
    uint32_t connections;  /* to each node; 0: 8, at most LIVE_REPLAY_CONNECTIONS */
    const char *prefix;    /* of names; NULL: "foreshard:" */
    uint32_t bytes;        /* of a value, where the stream does not say; 0: 100 */
    uint32_t bytes_most;   /* longer ones are cut; 0: 64 KiB */
    uint32_t pending_most; /* requests on their way, then the cluster is given up; 0: 200000 */
    fore_ns give_up_after; /* of one request; 0: 10 s */
};

struct live_replay_counts {
    uint64_t sent, answered, failed; /* failed: an error, or never answered */
    uint64_t silent; /* of those: no answer had come give_up_after the last one was sent */
    uint64_t moved, ask, waited, lost;
};

struct live_replay_result {
    struct live_replay_counts counts; /* of requests due at or after `count_from` */
    struct fore_hist latency, read, write, scan;
    struct fore_hist late; /* how long after its moment a request was handed to the system */
    fore_ns span;          /* from count_from to the last moment */
    fore_ns elapsed;       /* from the first moment to the last answer */
    uint64_t slow;         /* above slo_ns */
};

struct live_replay_play {
    struct wl_source *source;
    fore_ns span;       /* requests due before this; 0: all */
    fore_ns count_from; /* warm-up before */
    uint64_t slo_ns;
    /* Ask for real-time priority for the calling thread while it sends, so that other work on this
     * machine does not show as latency; without permission it goes on without. */
    bool realtime;
    /* Called about every 100 ms, from the same thread; false ends the play. May be NULL. */
    bool (*look)(void *self, fore_ns at);
    void *self;
};

struct live_replay; /* connections, and what is on its way */
FORE_MUST_USE enum fore_err live_replay_open(struct live_replay **out,
                                             const struct live_replay_options *options,
                                             struct fore_diag *diag);
void live_replay_close(struct live_replay *replay);
/* From the source's present place; waits for the last answers. UNREACHABLE: too many never came. */
FORE_MUST_USE enum fore_err live_replay_run(struct live_replay *replay,
                                            const struct live_replay_play *play,
                                            struct live_replay_result *out, struct fore_diag *diag);
/* Writes every key that the source names before `span` once, or removes them all; the source is
 * rewound. *keys: how many. */
FORE_MUST_USE enum fore_err live_replay_fill(struct live_replay *replay, struct wl_source *source,
                                             fore_ns span, uint64_t *keys, struct fore_diag *diag);
FORE_MUST_USE enum fore_err live_replay_clear(struct live_replay *replay, struct wl_source *source,
                                              fore_ns span, struct fore_diag *diag);
/* The same for the keys 0..count-1. */
FORE_MUST_USE enum fore_err live_replay_fill_numbers(struct live_replay *replay, uint64_t count,
                                                     struct fore_diag *diag);
FORE_MUST_USE enum fore_err live_replay_clear_numbers(struct live_replay *replay, uint64_t count,
                                                      struct fore_diag *diag);
struct live_client *live_replay_client(struct live_replay *replay);
/* Of a value: what the stream says, within bounds. */
uint32_t live_replay_bytes(const struct live_replay *replay, uint32_t asked);
/* The slot and the name of a key. */
uint16_t live_replay_slot(uint64_t key);
enum { LIVE_REPLAY_NAME = 64 };
size_t live_replay_name(const char *prefix, uint64_t key, char out[LIVE_REPLAY_NAME]);
const char *live_replay_prefix(const struct live_replay *replay);

#endif
