/*
 * heat_window.c - one window's sample: what each node did, from the difference of its counters,
 * shared out to its slots and added up by partition. A counter that went back means that the node
 * was restarted or is another one: that window is left out for it.
 */
#include "live/redis/heat.h"

#include "live/redis/slot_stats.h"

#include <stdlib.h>
#include <string.h>

enum { HELD_UP = 2 }; /* a window that took so many times as long is shared out */

struct node_window { /* differences */
    double reads, writes, read_us, write_us, move_us, cpu_us, in_bytes, out_bytes;
    double read_weight, write_weight; /* of all its slots */
};

struct share { /* of a partition, before it is rounded */
    double reads, writes, busy_read_ns, busy_write_ns, in_bytes, out_bytes;
};

/* ---- counters ----------------------------------------------------------------------------- */

/* "name:123" or "name:12.5" at the start of a line. */
static double field(const char *line, const char *end, const char *name)
{
    size_t len = strlen(name);
    if ((size_t)(end - line) <= len || memcmp(line, name, len) != 0) return -1;
    return strtod(line + len, NULL);
}

static double after(const char *line, const char *end, const char *name)
{
    size_t len = strlen(name);
    for (; line + len < end; line++)
        if (memcmp(line, name, len) == 0) return strtod(line + len, NULL);
    return 0;
}

/* What a server says may be no count at all; as a whole number then, it is none. */
static uint64_t counted(double value)
{
    return value > 0 && value < 0x1p53 ? (uint64_t)value : 0;
}

/* cmdstat_get:calls=5,usec=10,usec_per_call=2.00,... */
static void take_command(const struct live_commands *commands, struct live_heat_node *node,
                         const char *line, const char *end)
{
    const char *name = line + strlen("cmdstat_"), *colon = memchr(name, ':', (size_t)(end - name));
    if (colon == NULL) return;
    uint64_t calls = counted(after(colon, end, "calls=")),
             us = counted(after(colon, end, ",usec="));
    size_t len = (size_t)(colon - name);
    bool moves = (len == 7 && memcmp(name, "migrate", 7) == 0) ||
                 (len == 14 && memcmp(name, "restore-asking", 14) == 0);
    const struct live_command_row *row = live_commands_find(commands, name, len);
    if (moves) node->move_us += us;
    if (row == NULL) return;
    if (row->write) {
        node->writes += calls;
        node->write_us += us;
    } else {
        node->reads += calls;
        node->read_us += us;
    }
}

static void take_info(const struct live_commands *commands, struct live_heat_node *node,
                      const char *text, size_t size)
{
    double cpu = 0;
    for (const char *at = text, *all = text + size; at < all;) {
        const char *newline = memchr(at, '\n', (size_t)(all - at));
        const char *end = newline != NULL ? newline : all;
        double value;
        if ((value = field(at, end, "used_cpu_user:")) >= 0) cpu += value;
        if ((value = field(at, end, "used_cpu_sys:")) >= 0) cpu += value;
        if ((value = field(at, end, "total_net_input_bytes:")) >= 0)
            node->in_bytes = counted(value);
        if ((value = field(at, end, "total_net_output_bytes:")) >= 0)
            node->out_bytes = counted(value);
        if ((value = field(at, end, "used_memory:")) >= 0) node->memory_bytes = counted(value);
        if ((value = field(at, end, "maxmemory:")) >= 0) node->memory_max = counted(value);
        if (end - at > 9 && memcmp(at, "cmdstat_", 8) == 0) take_command(commands, node, at, end);
        at = end + 1;
    }
    node->cpu_us = counted(cpu * 1e6);
}

static double since(uint64_t now, uint64_t before)
{
    return now > before ? (double)(now - before) : 0;
}

static void compare(struct node_window *window, const struct live_heat_node *now,
                    const struct live_heat_node *before)
{
    bool same = before->known && strcmp(now->id, before->id) == 0 && now->reads >= before->reads &&
                now->writes >= before->writes && now->cpu_us >= before->cpu_us;
    if (!same) return;
    window->reads = since(now->reads, before->reads);
    window->writes = since(now->writes, before->writes);
    window->read_us = since(now->read_us, before->read_us);
    window->write_us = since(now->write_us, before->write_us);
    window->move_us = since(now->move_us, before->move_us);
    window->cpu_us = since(now->cpu_us, before->cpu_us);
    window->in_bytes = since(now->in_bytes, before->in_bytes);
    window->out_bytes = since(now->out_bytes, before->out_bytes);
}

/* How long the node's thread was taken: its CPU time, or the time its commands have lasted where
 * that is more, as when it waits for a disk, for swapped memory or for its turn at a capped CPU. */
static double busy_us(const struct node_window *window)
{
    double held = window->read_us + window->write_us + window->move_us;
    return window->cpu_us > held ? window->cpu_us : held;
}

/* As much as would have come in a window. */
static void shorten(struct live_heat *heat, struct node_window *window, double share)
{
    for (uint32_t s = 0; s < LIVE_SHARDS_MAX; s++) {
        struct node_window *w = &window[s];
        double *const part[] = {&w->reads,   &w->writes, &w->read_us,  &w->write_us,
                                &w->move_us, &w->cpu_us, &w->in_bytes, &w->out_bytes};
        for (size_t i = 0; i < FORE_COUNTOF(part); i++)
            *part[i] *= share;
    }
    if (heat->source != LIVE_HEAT_MODULE) return; /* others' are only weights */
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        heat->reads[slot] *= (float)share;
        heat->writes[slot] *= (float)share;
    }
}

static void ask_nodes(struct live_heat *heat, struct node_window *window)
{
    struct live_cluster *cluster = heat->cluster;
    for (int send = 1; send >= 0; send--)
        for (uint32_t s = 0; s < cluster->shard_count; s++) {
            struct live_instance *at = live_cluster_primary(cluster, (uint16_t)s);
            if (at == NULL) continue;
            if (send) {
                live_link_append(&at->link, "INFO everything");
                continue;
            }
            redisReply *reply = live_link_take(&at->link);
            struct live_heat_node now = {.known = true, .glances = heat->node[s].glances};
            memcpy(now.id, at->id, sizeof now.id);
            if (reply != NULL && reply->type == REDIS_REPLY_STRING) {
                take_info(&heat->commands, &now, reply->str, reply->len);
                compare(&window[s], &now, &heat->node[s]);
                heat->node[s] = now;
            }
            if (reply != NULL) freeReplyObject(reply);
        }
}

/* ---- shares ------------------------------------------------------------------------------- */

/* Differences of CPU time since the last window; a slot that went back starts anew. */
static void read_slot_stats(struct live_heat *heat)
{
    uint64_t *now = malloc(sizeof heat->cpu_us);
    FORE_ASSERT(now != NULL);
    memcpy(now, heat->cpu_us, sizeof heat->cpu_us);
    for (uint32_t s = 0; s < heat->cluster->shard_count; s++) {
        struct live_instance *at = live_cluster_primary(heat->cluster, (uint16_t)s);
        if (at != NULL && live_slot_stats_read(&at->link, now) != FORE_E_OK) break;
    }
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++)
        heat->reads[slot] = heat->writes[slot] = (float)since(now[slot], heat->cpu_us[slot]);
    memcpy(heat->cpu_us, now, sizeof heat->cpu_us);
    free(now);
}

/* Since the last window, exactly; bytes are in the module's own list. */
static void read_module(struct live_heat *heat)
{
    live_heat_module_read(heat->module, heat->cluster);
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        const struct live_counter *grown = &heat->module->grown[slot];
        heat->reads[slot] = (float)grown->reads;
        heat->writes[slot] = (float)grown->writes;
        heat->seen[slot] = (float)(grown->reads + grown->writes);
    }
}

/* What passed since the last window, and how much of it was not seen. */
static void read_capture(struct live_heat *heat, const struct node_window *window)
{
    struct live_capture_counts *seen = malloc(sizeof *seen);
    double asked = 0;
    FORE_ASSERT(seen != NULL);
    live_capture_take(heat->capture, seen);
    for (uint32_t s = 0; s < LIVE_SHARDS_MAX; s++)
        asked += window[s].reads + window[s].writes;
    double missed = asked > 0 ? 1 - (double)seen->commands / asked : 0;
    heat->capture_missed = missed > 0 ? missed : 0;
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        heat->reads[slot] = (float)seen->reads[slot];
        heat->writes[slot] = (float)seen->writes[slot];
        heat->seen[slot] = (float)(seen->reads[slot] + seen->writes[slot]);
    }
    free(seen);
}

/* By what is held, and where nothing is, evenly: commands that were counted belong somewhere. */
static double held(const struct live_heat *heat, uint32_t slot)
{
    return heat->keys[slot] + 1e-6;
}

/* By what was seen; where nothing was, by what is held. */
static void weights(const struct live_heat *heat, uint32_t slot, bool seen, double *read,
                    double *write)
{
    *read = seen ? (double)heat->reads[slot] : held(heat, slot);
    *write = seen ? (double)heat->writes[slot] : held(heat, slot);
}

static void sum_weights(const struct live_heat *heat, struct node_window *window, bool *read_seen,
                        bool *write_seen)
{
    struct {
        double read, write, keys;
    } sum[LIVE_SHARDS_MAX] = {{0}};
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        int shard = live_cluster_shard_of(heat->cluster, (uint16_t)slot);
        if (shard < 0) continue;
        sum[shard].read += (double)heat->reads[slot];
        sum[shard].write += (double)heat->writes[slot];
        sum[shard].keys += held(heat, slot);
    }
    for (uint32_t s = 0; s < LIVE_SHARDS_MAX; s++) {
        read_seen[s] = heat->source != LIVE_HEAT_KEYS && sum[s].read > 0;
        write_seen[s] = heat->source != LIVE_HEAT_KEYS && sum[s].write > 0;
        if (heat->source == LIVE_HEAT_MODULE) window[s].reads = sum[s].read;
        if (heat->source == LIVE_HEAT_MODULE) window[s].writes = sum[s].write;
        window[s].read_weight = read_seen[s] ? sum[s].read : sum[s].keys;
        window[s].write_weight = write_seen[s] ? sum[s].write : sum[s].keys;
    }
}

static void add_slot(struct share *share, const struct node_window *node, double read, double write)
{
    double us = node->read_us + node->write_us, all = node->reads + node->writes;
    double busy = busy_us(node) - node->move_us;
    double cpu = busy > 0 ? busy : 0;
    double r = node->read_weight > 0 ? read / node->read_weight : 0;
    double w = node->write_weight > 0 ? write / node->write_weight : 0;
    share->reads += node->reads * r;
    share->writes += node->writes * w;
    if (us > 0) share->busy_read_ns += cpu * 1e3 * node->read_us / us * r;
    if (us > 0) share->busy_write_ns += cpu * 1e3 * node->write_us / us * w;
    double mix = all > 0 ? (node->reads * r + node->writes * w) / all : 0;
    share->in_bytes += node->in_bytes * mix;
    share->out_bytes += node->out_bytes * mix;
}

/* ---- the sample --------------------------------------------------------------------------- */

/* Whole numbers that add up: what is cut off here is carried to the next partition. */
static uint64_t round_off(double value, double *carry)
{
    double whole = value + *carry;
    uint64_t out = whole > 0 ? (uint64_t)(whole + 1e-6) : 0;
    *carry = whole - (double)out;
    return out;
}

static void fill_partitions(struct live_heat *heat, const struct fore_topology *topology,
                            struct node_window *window, double share_of_bytes)
{
    bool read_seen[LIVE_SHARDS_MAX], write_seen[LIVE_SHARDS_MAX];
    double carry_reads = 0, carry_writes = 0;
    sum_weights(heat, window, read_seen, write_seen);
    for (uint32_t i = 0; i < topology->partition_count; i++) {
        const struct fore_partition *p = &topology->partition[i];
        struct fore_partition_sample *out = &heat->partition[i];
        struct share share = {0};
        uint64_t bytes = 0;
        *out = (struct fore_partition_sample){0};
        if (!p->alive) continue;
        uint32_t first = (uint32_t)(p->first >> FORE_SLOT_SHIFT),
                 last = (uint32_t)(p->last >> FORE_SLOT_SHIFT);
        for (uint32_t slot = first; slot <= last; slot++) {
            int shard = live_cluster_shard_of(heat->cluster, (uint16_t)slot);
            double read, write, unused;
            if (shard < 0) continue;
            weights(heat, slot, read_seen[shard], &read, &unused);
            weights(heat, slot, write_seen[shard], &unused, &write);
            add_slot(&share, &window[shard], read, write);
            if (heat->module != NULL) bytes += heat->module->grown[slot].bytes;
        }
        out->reads = round_off(share.reads, &carry_reads);
        out->writes = round_off(share.writes, &carry_writes);
        out->busy_read_ns = (uint64_t)share.busy_read_ns;
        out->busy_write_ns = (uint64_t)share.busy_write_ns;
        out->bytes_read = (uint64_t)share.out_bytes;
        out->bytes_written =
            (uint64_t)(heat->module != NULL ? (double)bytes * share_of_bytes : share.in_bytes);
        out->size_bytes = live_heat_bytes(heat, first, last);
        out->by_type[FORE_QUERY_READ] = (uint32_t)out->reads;
        out->by_type[FORE_QUERY_WRITE] = (uint32_t)out->writes;
        out->by_group[0] = (uint32_t)(out->reads + out->writes);
    }
}

static double share_above(const struct fore_hist *hist, uint64_t slo_ns)
{
    uint64_t above = 0;
    for (uint32_t b = fore_hist_index(slo_ns) + 1; b < FORE_HIST_BUCKETS; b++)
        above += hist->bucket[b];
    return hist->count > 0 ? (double)above / (double)hist->count : 0;
}

static void fill_nodes(struct live_heat *heat, uint32_t node_count,
                       const struct node_window *window, double span_ns)
{
    for (uint32_t s = 0; s < node_count; s++) {
        const struct fore_hist *probe = &heat->probe[s];
        double requests = window[s].reads + window[s].writes;
        heat->of_node[s] = (struct fore_node_sample){
            .requests = (uint64_t)requests,
            .busy_ns = (uint64_t)(busy_us(&window[s]) * 1e3),
            .busy_move_ns = (uint64_t)(window[s].move_us * 1e3),
            .latency_p50_ns = fore_hist_quantile(probe, 0.5),
            .latency_p99_ns = fore_hist_quantile(probe, 0.99),
            .slow = (uint64_t)(requests * share_above(probe, heat->options.slo_ns)),
            .utilization = busy_us(&window[s]) * 1e3 / span_ns,
            .up = live_cluster_primary(heat->cluster, (uint16_t)s) != NULL,
        };
    }
}

/* Part of a longer one that was shared out: as the last one, for those that were there. */
static bool repeat(struct live_heat *heat, const struct fore_topology *topology, fore_ns begin,
                   fore_ns end, fore_ns lasted, struct fore_sample *out)
{
    fore_ns span = end - begin;
    bool owed = heat->owed >= span / 2 && heat->last.partition_count == topology->partition_count &&
                heat->last.node_count == topology->node_count;
    if (!owed || lasted == 0 || lasted >= span / 2) return false;
    heat->owed = heat->owed > span ? heat->owed - span : 0;
    *out = heat->last;
    out->begin = begin;
    out->end = end;
    return true;
}

bool live_heat_window(struct live_heat *heat, const struct fore_topology *topology, fore_ns begin,
                      fore_ns end, fore_ns lasted, struct fore_sample *out)
{
    struct node_window window[LIVE_SHARDS_MAX] = {{0}};
    fore_ns span = end - begin;
    if (repeat(heat, topology, begin, end, lasted, out)) return false;
    bool held_up = lasted >= HELD_UP * span;
    double share = held_up ? (double)span / (double)lasted : 1;
    heat->owed = held_up ? lasted - span : 0;
    ask_nodes(heat, window);
    if (heat->source == LIVE_HEAT_SLOT_STATS) read_slot_stats(heat);
    if (heat->source == LIVE_HEAT_MODULE) read_module(heat);
    if (heat->source == LIVE_HEAT_PCAP) read_capture(heat, window);
    shorten(heat, window, share);
    fill_partitions(heat, topology, window, share);
    fill_nodes(heat, topology->node_count, window, (double)span);
    *out = (struct fore_sample){
        .begin = begin,
        .end = end,
        .partition = heat->partition,
        .node = heat->of_node,
        .partition_count = topology->partition_count,
        .node_count = topology->node_count,
        .latency_p50_ns = fore_hist_quantile(&heat->probe_all, 0.5),
        .latency_p99_ns = fore_hist_quantile(&heat->probe_all, 0.99),
        .latency_p999_ns = fore_hist_quantile(&heat->probe_all, 0.999),
        .load_is_estimate = heat->source < LIVE_HEAT_MODULE,
    };
    for (uint32_t i = 0; i < out->partition_count; i++)
        out->requests += heat->partition[i].reads + heat->partition[i].writes;
    for (uint32_t s = 0; s < out->node_count; s++)
        out->slow += heat->of_node[s].slow;
    for (uint32_t s = 0; s < LIVE_SHARDS_MAX; s++)
        fore_hist_clear(&heat->probe[s]);
    fore_hist_clear(&heat->probe_all);
    heat->last = *out;
    return true;
}
