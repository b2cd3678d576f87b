/*
 * engine_size.c - the ceilings on what a partition holds (decide.size_max) and on what a node holds
 * (fore_node.data_bytes_max): sizes are followed, and what they will be over the horizon is looked
 * at once a decision.
 */
#include "core/decide/room.h"
#include "core/decide/size_split.h"
#include "core/engine_state.h"

#include <math.h>

static void follow_sizes(struct fore_engine *engine)
{
    fore_ns step = engine->setup.options->forecast.horizon / (FORE_SIZES_POINTS - 1);
    engine->sizes = fore_sizes_create(engine->partition_cap, step > 0 ? step : 1);
}

void fore_engine_size_begin(struct fore_engine *engine)
{
    if (engine->setup.options->decide.size_max > 0) follow_sizes(engine);
}

static bool nodes_limited(const struct fore_topology *topology)
{
    for (uint32_t n = 0; n < topology->node_count; n++)
        if (topology->node[n].data_bytes_max > 0) return true;
    return false;
}

static const double ordered = 0.8; /* of its writes: its inserts come in the order of the key */

/* Seconds until the inserts into it reach its last key, if they come in order; 0: they did, or they
 * have stopped. */
static double growth_ends_s(const struct fore_observe *observe, const struct fore_partition *part,
                            uint32_t p)
{
    struct fore_insertion in;
    bool comes = fore_frontier_of(observe->frontier, p, &in);
    if (!comes) return in.share >= ordered ? 0 : HUGE_VAL;
    if (!(in.keys_per_sec > 0)) return HUGE_VAL;
    if (in.head < part->first || in.head > part->last) return HUGE_VAL;
    return (double)(part->last - in.head) / in.keys_per_sec;
}

/* Which part grows how fast nobody knows: both begin anew. */
void fore_engine_size_changed(struct fore_engine *engine, uint32_t partition, uint32_t other)
{
    if (engine->sizes == NULL) return;
    fore_sizes_forget(engine->sizes, partition);
    fore_sizes_forget(engine->sizes, other);
}

const struct fore_size_outlook *fore_engine_size_look(struct fore_engine *engine,
                                                      const struct fore_topology *topology)
{
    if (engine->sizes == NULL && nodes_limited(topology)) follow_sizes(engine);
    if (engine->sizes == NULL) return NULL;
    const struct fore_engine_options *options = engine->setup.options;
    double horizon_s = (double)options->forecast.horizon / 1e9;
    uint64_t most = options->decide.size_max;
    struct fore_size_outlook *out =
        FORE_NEW(&engine->scratch, struct fore_size_outlook, topology->partition_cap);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        struct fore_sizes_point point[FORE_SIZES_POINTS + 1];
        if (!topology->partition[p].alive) continue;
        struct fore_size_model model =
            fore_size_fit(point, fore_sizes_read(engine->sizes, p, point));
        out[p] = fore_size_look(&model, most > 0 ? (double)most : HUGE_VAL, horizon_s,
                                growth_ends_s(engine->observe, &topology->partition[p], p));
    }
    return out;
}

enum { FULL_LOOKS = 3 };

/* Said when plans have had their chance; moves under way count. */
static void watch_nodes(struct fore_engine *engine, const struct fore_planner_input *input,
                        fore_ns now)
{
    const struct fore_topology *topology = input->topology;
    struct fore_alerts *alerts = &engine->alerts;
    struct fore_room room;
    fore_room_begin(&room, input, &engine->scratch);
    for (uint32_t n = 0; n < topology->node_count && room.left != NULL; n++) {
        uint8_t *looks = &engine->node_too_full[n];
        double most = (double)topology->node[n].data_bytes_max;
        double may = input->options->node_fill_max * most, held = may + room.over[n];
        if (!(most > 0) || room.over[n] <= 0)
            *looks = 0;
        else if (*looks < FULL_LOOKS)
            ++*looks;
        if (!(most > 0) || held < 0.95 * may)
            fore_alert_resolve(alerts, engine->setup.sink, now, FORE_ALERT_NODE_FULL, n);
        else if (*looks == FULL_LOOKS)
            fore_alert_raise(alerts, engine->setup.sink, now, FORE_ALERT_NODE_FULL,
                             held > most ? FORE_ALERT_CRITICAL : FORE_ALERT_WARNING, n,
                             "%s will hold %.4g MB of %.4g within the horizon, and no plan moves "
                             "enough of it away",
                             topology->node[n].name, held / 1e6, most / 1e6);
    }
}

/* Two thresholds apart, as with every alert. */
void fore_engine_size_watch(struct fore_engine *engine, const struct fore_planner_input *input,
                            fore_ns now)
{
    double risk = input->options->size_risk;
    struct fore_alerts *alerts = &engine->alerts;
    watch_nodes(engine, input, now);
    for (uint32_t p = 0; input->size != NULL && p < input->topology->partition_count; p++) {
        double probability = input->size[p].probability;
        if (!input->topology->partition[p].alive || probability < risk / 2) {
            fore_alert_resolve(alerts, engine->setup.sink, now, FORE_ALERT_PARTITION_TOO_BIG, p);
            continue;
        }
        const char *no = fore_size_split_refusal(input, p);
        if (no == NULL)
            fore_alert_resolve(alerts, engine->setup.sink, now, FORE_ALERT_PARTITION_TOO_BIG, p);
        else if (probability >= risk)
            fore_alert_raise(alerts, engine->setup.sink, now, FORE_ALERT_PARTITION_TOO_BIG,
                             FORE_ALERT_WARNING, p,
                             "p%u holds %.4g MB of %.4g, passes that with P %.2f and cannot be "
                             "split: %s",
                             p, input->size[p].now_bytes / 1e6, input->size[p].max_bytes / 1e6,
                             probability, no);
    }
}
