/*
 * heat.h - how much each slot is used, from what the servers tell, and how sure that is.
 *
 * Always: INFO of every primary once a window (commands and time by command, CPU, memory), and a
 * PING to each in every tick, whose round trips are the latencies of the sample: they wait in the
 * same queue as clients' commands. For the slots the best source the servers have, found by asking:
 *   SLOT-STATS  CPU time a slot, exact (Valkey 8, Redis 8.2; off by default in both)
 *   MODULE      commands and bytes a slot, exact, by our own module (module/main.c)
 *   PCAP        commands to a slot as they pass on the wire, if a device is given (capture.h)
 *   MONITOR     glances at one node after the other, `duty` of the time; a node's commands are
 *               shared out to its slots as the glances have seen them, older ones fading
 *   KEYS        neither: a node's commands are shared out by keys held, which is a guess
 * A node's totals are INFO's (the module's own, where it counts), so whatever the source,
 * partitions add up to what was counted. What scripts do counts, and scripts themselves do not. The
 * relative error of a slot is 1/sqrt(samples) at best; live_heat_sure() says it.
 */
#ifndef LIVE_HEAT_H
#define LIVE_HEAT_H

#include "core/base/hist.h"
#include "core/base/rng.h"
#include "core/cluster/sample.h"
#include "live/redis/capture.h"
#include "live/redis/cluster.h"
#include "live/redis/heat_module.h"
#include "live/redis/monitor.h"

enum live_heat_source {
    LIVE_HEAT_KEYS,
    LIVE_HEAT_MONITOR,
    LIVE_HEAT_PCAP,
    LIVE_HEAT_MODULE,
    LIVE_HEAT_SLOT_STATS
};
const char *live_heat_source_text(enum live_heat_source source);

struct live_heat_options {
    double duty;               /* of MONITOR, 0 to 0.1; 0: 0.05; negative: never */
    uint32_t glance_ms;        /* 0: 50 */
    uint64_t glance_bytes_max; /* 0: 8 MiB */
    double fade;               /* what is kept of older glances at a new one; 0: 0.8 */
    uint64_t slo_ns;           /* 0: 10 ms */
    uint64_t seed;             /* of the phases of glances */
    const char *capture;       /* the nodes' device, "lo"; NULL, "": nothing is captured */
};

struct live_heat_node {       /* a shard's primary */
    char id[LIVE_ID_LEN + 1]; /* whose counters these are: another's are not compared with them */
    /* Since the server started; move_us is MIGRATE and its other end. */
    uint64_t reads, writes, read_us, write_us, move_us, cpu_us, in_bytes, out_bytes;
    uint64_t glances;
    uint64_t memory_bytes, memory_max; /* used_memory and maxmemory, 0: not limited; as of now */
    bool known;
};

struct live_heat {
    struct live_heat_options options;
    struct live_cluster *cluster;
    enum live_heat_source source;
    struct live_commands commands;
    struct live_monitor monitor;
    struct live_glance *glance;
    struct live_heat_module *module; /* NULL: not the source */
    struct live_capture *capture;    /* NULL: not the source */
    struct fore_diag capture_diag;   /* why not, where it was asked for */
    double capture_missed;           /* share of the last window's commands that were not seen */
    struct live_heat_node node[LIVE_SHARDS_MAX];
    struct fore_hist probe[LIVE_SHARDS_MAX], probe_all; /* ns, in this window */
    uint64_t probed_ms, glance_due_ms, keys_total;
    uint32_t glance_turn;
    uint64_t glanced; /* commands seen in glances, in all */
    struct fore_rng rng;
    float reads[FORE_SLOT_COUNT], writes[FORE_SLOT_COUNT]; /* as seen, faded */
    float seen[FORE_SLOT_COUNT];                           /* commands behind them */
    uint64_t cpu_us[FORE_SLOT_COUNT];                      /* SLOT-STATS, last told */
    uint32_t keys[FORE_SLOT_COUNT];
    float key_bytes[LIVE_SHARDS_MAX];      /* of a key, data and all */
    float slot_key_bytes[FORE_SLOT_COUNT]; /* the same in a slot whose keys were weighed; 0: none */
    uint32_t weighed[FORE_SLOT_COUNT];     /* keys it had then */
    struct fore_partition_sample *partition; /* [partition_cap], of the last window */
    struct fore_node_sample *of_node;        /* [LIVE_SHARDS_MAX] */
    struct fore_sample last;                 /* of the last window */
    fore_ns owed;                            /* windows that are to repeat it, in time */
};

void live_heat_init(struct live_heat *heat, struct live_cluster *cluster,
                    const struct live_heat_options *options, struct fore_arena *arena,
                    uint32_t partition_cap);
void live_heat_fini(struct live_heat *heat);
/* Probes and glances, as they are due; does not wait for more than a PING. */
void live_heat_tick(struct live_heat *heat);
/* Ends a window: asks for counters and makes the sample; its arrays live until the next one. The
 * window begin..end is of the engine's time; by the clock it is `lasted` since counters were last
 * read (0: just as long). An engine that was held up has one window that is several times too long,
 * and makes up for it with some that are next to nothing: what was counted in the long one is
 * shared out over them all, so that there is no peak where none was. Returns whether counters were
 * read. */
bool live_heat_window(struct live_heat *heat, const struct fore_topology *topology, fore_ns begin,
                      fore_ns end, fore_ns lasted, struct fore_sample *out);
/* Counts keys of all slots, and weighs a few of each node: of its largest slots, which then have
 * means of their own, and of slots drawn at random. Three waits for a node, however many slots. */
FORE_MUST_USE enum fore_err live_heat_sizes(struct live_heat *heat);
uint64_t live_heat_bytes(const struct live_heat *heat, uint32_t first_slot, uint32_t last_slot);

struct live_heat_sure {
    enum live_heat_source source;
    double duty;           /* share of time looked at; 1: always */
    double samples;        /* commands behind the estimate */
    double relative_error; /* standard deviation at best; 0: exact; INFINITY: nothing seen */
};
struct live_heat_sure live_heat_sure(const struct live_heat *heat, uint32_t first_slot,
                                     uint32_t last_slot);

#endif
