/* probe.c - see probe.h. Half of the keys at most are hot ones, lest a few of them hide the rest.
 */
#include "core/act/probe.h"

enum { HOT_LOOKED_AT = 256 };

static size_t hot_ones(const struct fore_observe *observe, const struct fore_partition *p,
                       uint64_t *out, size_t n)
{
    struct fore_hotkey top[HOT_LOOKED_AT];
    size_t count = fore_hotkeys_top(observe->hot_keys, top, HOT_LOOKED_AT), kept = 0;
    for (size_t i = 0; i < count && kept < n; i++)
        if (top[i].position >= p->first && top[i].position <= p->last)
            out[kept++] = top[i].position;
    return kept;
}

static enum fore_err compare(struct fore_driver driver, const struct fore_move *move, uint64_t at,
                             bool *differs)
{
    uint64_t source, target, again;
    *differs = false;
    FORE_TRY(fore_driver_probe(driver, at, move->partition, move->source, &source));
    FORE_TRY(fore_driver_probe(driver, at, move->partition, move->target, &target));
    if (source == target) return FORE_E_OK;
    FORE_TRY(fore_driver_probe(driver, at, move->partition, move->source, &again));
    *differs = again == source;
    return FORE_E_OK;
}

enum fore_err fore_probe_compare(struct fore_driver driver, const struct fore_observe *observe,
                                 const struct fore_move *move, uint32_t wanted,
                                 struct fore_probe_result *out)
{
    uint64_t key[FORE_PROBES_MAX];
    const struct fore_topology *topology;
    *out = (struct fore_probe_result){.asked = 0};
    if (wanted > FORE_PROBES_MAX) wanted = FORE_PROBES_MAX;
    FORE_TRY(fore_driver_topology(driver, &topology));
    if (move->partition >= topology->partition_count) return FORE_E_CONFLICT;
    const struct fore_partition p = topology->partition[move->partition];
    size_t count = hot_ones(observe, &p, key, wanted / 2);
    count +=
        fore_keyrange_positions(observe->key_ranges, move->partition, key + count, wanted - count);
    for (size_t i = 0; i < count; i++) {
        bool differs;
        if (key[i] < p.first || key[i] > p.last) continue; /* sampled before a split */
        FORE_TRY(compare(driver, move, key[i], &differs));
        if (differs && out->differ++ == 0) out->position = key[i];
        out->asked++;
    }
    return FORE_E_OK;
}
