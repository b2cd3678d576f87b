/* risk_shadow.c - a list of departures, undone one by one. */
#include "core/risk/risk_shadow.h"

void fore_risk_shadow_init(struct fore_risk_shadow *shadow, struct fore_arena *arena,
                           uint32_t node_count)
{
    *shadow = (struct fore_risk_shadow){
        .departure = FORE_NEW(arena, struct fore_risk_departure, FORE_RISK_DEPARTURES),
        .utilization = FORE_NEW(arena, double, node_count),
        .node_count = node_count,
    };
}

bool fore_risk_shadow_moved(struct fore_risk_shadow *shadow,
                            const struct fore_risk_departure *departure)
{
    FORE_ASSERT(departure->from < shadow->node_count && departure->to < shadow->node_count);
    if (shadow->count == FORE_RISK_DEPARTURES) return false;
    shadow->departure[shadow->count++] = *departure;
    return true;
}

bool fore_risk_shadow_split(struct fore_risk_shadow *shadow, uint32_t whole, uint32_t part)
{
    uint32_t count = shadow->count;
    for (uint32_t i = 0; i < count; i++) {
        struct fore_risk_departure copy = shadow->departure[i];
        if (copy.partition != whole) continue;
        copy.partition = part;
        if (!fore_risk_shadow_moved(shadow, &copy)) return false;
    }
    return true;
}

void fore_risk_shadow_merged(struct fore_risk_shadow *shadow, uint32_t partition, uint32_t other,
                             double other_share)
{
    FORE_ASSERT(other_share >= 0 && other_share <= 1);
    for (uint32_t i = 0; i < shadow->count; i++) {
        struct fore_risk_departure *d = &shadow->departure[i];
        if (d->partition == partition) {
            d->share *= (float)(1 - other_share);
        } else if (d->partition == other) {
            d->partition = partition;
            d->share *= (float)other_share;
        }
    }
}

bool fore_risk_shadow_forget(struct fore_risk_shadow *shadow, uint32_t partition, bool *gone)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < shadow->count; i++) {
        struct fore_risk_departure d = shadow->departure[i];
        if (d.partition == partition)
            gone[d.from] = gone[d.to] = true;
        else
            shadow->departure[kept++] = d;
    }
    bool found = kept < shadow->count;
    shadow->count = kept;
    return found;
}

void fore_risk_shadow_expire(struct fore_risk_shadow *shadow, fore_ns since)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < shadow->count; i++)
        if (shadow->departure[i].began >= since) shadow->departure[kept++] = shadow->departure[i];
    shadow->count = kept;
}

/* What one replica of it did: reads are spread, writes go to all. */
static double busy_ns(const struct fore_sample *sample, const struct fore_topology *topology,
                      uint32_t partition)
{
    if (partition >= sample->partition_count || !topology->partition[partition].alive) return 0;
    const struct fore_partition_sample *p = &sample->partition[partition];
    return (double)p->busy_read_ns / topology->partition[partition].replica_count +
           (double)p->busy_write_ns;
}

const double *fore_risk_shadow_at(struct fore_risk_shadow *shadow, const struct fore_sample *sample,
                                  const struct fore_topology *topology, fore_ns since)
{
    double window_ns = (double)(sample->end - sample->begin), *out = shadow->utilization;
    for (uint32_t n = 0; n < shadow->node_count; n++) {
        const struct fore_node_sample *node = &sample->node[n];
        double moving = (double)node->busy_move_ns / (topology->node[n].cores * window_ns);
        out[n] = node->utilization - moving;
    }
    for (uint32_t i = 0; i < shadow->count; i++) {
        struct fore_risk_departure d = shadow->departure[i];
        if (d.began < since) continue;
        double work = (double)d.share * busy_ns(sample, topology, d.partition) / window_ns;
        out[d.from] += work / topology->node[d.from].cores;
        out[d.to] -= work / topology->node[d.to].cores;
    }
    return out;
}
