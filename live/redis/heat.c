/* heat.c - see heat.h: sources, probes, glances. Windows are made in heat_window.c, sizes are in
 * heat_sizes.c. */
#include "live/redis/heat.h"

#include "live/base/clock.h"
#include "live/redis/slot_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PROBE_EVERY_MS = 20, GLANCE_MS = 50, GLANCE_BYTES = 8 << 20 };

const char *live_heat_source_text(enum live_heat_source source)
{
    static const char *const text[] = {"keys held", "monitor", "pcap", "module", "slot-stats"};
    return (size_t)source < FORE_COUNTOF(text) ? text[source] : "unknown";
}

/* ---- begin and end ------------------------------------------------------------------------ */

/* Replicas' ports too: what their primaries send them does not go there, and one may take over. */
static bool open_capture(struct live_heat *heat)
{
    uint16_t port[LIVE_CAPTURE_PORTS];
    size_t count = 0;
    if (heat->options.capture == NULL || heat->options.capture[0] == '\0') return false;
    for (uint32_t i = 0; i < heat->cluster->instance_count && count < LIVE_CAPTURE_PORTS; i++)
        port[count++] = heat->cluster->instance[i].link.address.port;
    struct live_capture_options options = {.device = heat->options.capture,
                                           .port = port,
                                           .port_count = count,
                                           .commands = &heat->commands};
    return live_capture_open(&heat->capture, &options, &heat->capture_diag) == FORE_E_OK;
}

/* The best that every primary has. */
static enum live_heat_source probe_source(struct live_heat *heat)
{
    bool stats = true, module = true, commands = false;
    for (uint32_t s = 0; s < heat->cluster->shard_count; s++) {
        struct live_instance *at = live_cluster_primary(heat->cluster, (uint16_t)s);
        if (at == NULL) continue;
        stats = stats && live_slot_stats_there(&at->link);
        module = module && live_heat_module_there(&at->link);
        if (!commands) commands = live_commands_load(&heat->commands, &at->link) == FORE_E_OK;
    }
    if (stats) return LIVE_HEAT_SLOT_STATS;
    if (module && commands) return LIVE_HEAT_MODULE;
    if (commands && open_capture(heat)) return LIVE_HEAT_PCAP;
    return commands && heat->options.duty > 0 ? LIVE_HEAT_MONITOR : LIVE_HEAT_KEYS;
}

static void set_defaults(struct live_heat_options *o)
{
    if (o->duty == 0) o->duty = 0.05;
    if (o->duty > 0.1) o->duty = 0.1;
    if (o->glance_ms == 0) o->glance_ms = GLANCE_MS;
    if (o->glance_bytes_max == 0) o->glance_bytes_max = GLANCE_BYTES;
    if (o->fade <= 0 || o->fade > 1) o->fade = 0.8;
    if (o->slo_ns == 0) o->slo_ns = 10 * FORE_MS;
}

void live_heat_init(struct live_heat *heat, struct live_cluster *cluster,
                    const struct live_heat_options *options, struct fore_arena *arena,
                    uint32_t partition_cap)
{
    memset(heat, 0, sizeof *heat);
    heat->options = *options;
    set_defaults(&heat->options);
    heat->cluster = cluster;
    heat->rng = fore_rng_stream(options->seed, "live.glances", 0);
    heat->glance = calloc(1, sizeof *heat->glance);
    FORE_ASSERT(heat->glance != NULL);
    heat->monitor.commands = &heat->commands;
    heat->partition = FORE_NEW(arena, struct fore_partition_sample, partition_cap);
    heat->of_node = FORE_NEW(arena, struct fore_node_sample, LIVE_SHARDS_MAX);
    heat->source = probe_source(heat);
    if (heat->source != LIVE_HEAT_MODULE) return;
    heat->module = calloc(1, sizeof *heat->module);
    FORE_ASSERT(heat->module != NULL);
    live_heat_module_read(heat->module, cluster); /* to be compared with */
}

void live_heat_fini(struct live_heat *heat)
{
    live_monitor_end(&heat->monitor);
    free(heat->glance);
    live_capture_close(heat->capture);
    free(heat->module);
    heat->capture = NULL;
    heat->glance = NULL;
    heat->module = NULL;
}

/* ---- probes ------------------------------------------------------------------------------- */

static void probe(struct live_heat *heat)
{
    for (uint32_t s = 0; s < heat->cluster->shard_count; s++) {
        struct live_instance *at = live_cluster_primary(heat->cluster, (uint16_t)s);
        if (at == NULL || live_link_open(&at->link) != FORE_E_OK) continue;
        fore_ns began = live_clock_now();
        redisReply *reply = live_link_call(&at->link, "PING");
        fore_ns took = live_clock_now() - began; /* silence counts for as long as it lasted */
        fore_hist_add(&heat->probe[s], took);
        fore_hist_add(&heat->probe_all, took);
        if (reply != NULL) freeReplyObject(reply);
    }
}

/* ---- glances ------------------------------------------------------------------------------ */

/* What was known of this node fades, and what was seen comes on top. */
static void take_in(struct live_heat *heat, uint32_t shard)
{
    const struct live_glance *glance = heat->glance;
    float fade = (float)heat->options.fade;
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        if (live_cluster_shard_of(heat->cluster, (uint16_t)slot) != (int)shard) continue;
        float reads = (float)glance->reads[slot], writes = (float)glance->writes[slot];
        heat->reads[slot] = heat->reads[slot] * fade + reads;
        heat->writes[slot] = heat->writes[slot] * fade + writes;
        heat->seen[slot] = heat->seen[slot] * fade + reads + writes;
    }
    heat->node[shard].glances++;
    heat->glanced += glance->commands;
}

/* Each node has its turn; from one glance to the next it is as long as makes them `duty` of the
 * time of one node, drawn, so that nothing periodic hides from them. */
static void glance(struct live_heat *heat)
{
    struct live_cluster *cluster = heat->cluster;
    const struct live_heat_options *o = &heat->options;
    uint64_t now = live_clock_ms();
    if (heat->monitor.on) {
        if (live_monitor_drain(&heat->monitor)) take_in(heat, heat->glance_turn);
        return;
    }
    if (now < heat->glance_due_ms || cluster->shard_count == 0) return;
    heat->glance_turn = (heat->glance_turn + 1) % cluster->shard_count;
    double next_ms = o->glance_ms / o->duty / cluster->shard_count;
    next_ms *= 0.5 + fore_rng_unit(&heat->rng);
    heat->glance_due_ms = now + (next_ms > o->glance_ms ? (uint64_t)next_ms : o->glance_ms);
    struct live_instance *at = live_cluster_primary(cluster, (uint16_t)heat->glance_turn);
    if (at == NULL || cluster->shard[heat->glance_turn].slot_count == 0) {
        heat->glance_due_ms = now;
        return;
    }
    (void)live_monitor_begin(&heat->monitor, &at->link.address, &cluster->access, heat->glance,
                             o->glance_ms, o->glance_bytes_max);
}

void live_heat_tick(struct live_heat *heat)
{
    uint64_t now = live_clock_ms();
    if (heat->source == LIVE_HEAT_MONITOR) glance(heat);
    if (heat->capture != NULL) live_capture_drain(heat->capture);
    if (now < heat->probed_ms + PROBE_EVERY_MS) return;
    heat->probed_ms = now;
    probe(heat);
}

struct live_heat_sure live_heat_sure(const struct live_heat *heat, uint32_t first_slot,
                                     uint32_t last_slot)
{
    struct live_heat_sure sure = {.source = heat->source, .relative_error = (double)INFINITY};
    bool exact = heat->source == LIVE_HEAT_SLOT_STATS || heat->source == LIVE_HEAT_MODULE;
    if (heat->source == LIVE_HEAT_KEYS) return sure;
    bool always = exact || heat->source == LIVE_HEAT_PCAP;
    sure.duty = always ? 1 : heat->options.duty;
    for (uint32_t slot = first_slot; slot <= last_slot; slot++)
        sure.samples += (double)heat->seen[slot];
    if (sure.samples > 0) sure.relative_error = 1 / sqrt(sure.samples);
    if (heat->source == LIVE_HEAT_PCAP && sure.samples > 0)
        sure.relative_error = heat->capture_missed;
    if (exact) sure.relative_error = 0;
    return sure;
}
