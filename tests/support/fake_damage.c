/*
 * fake_damage.c - harm done to the fake cluster's rows, and the judge of it: what clients were told
 * is compared with what every node really holds, row by row, without any digest.
 */
#include "core/cluster/topology_columns.h"
#include "tests/support/fake_columns.h"

static struct fake_store *store_of(const struct fake *fake, uint32_t partition, uint16_t node)
{
    bool apart = fake->topology.partition[partition].column_group == FORE_GROUP_APART;
    return fake_columns_store(fake, apart, node);
}

/* One bit that the partition holds. */
static uint64_t some_bit(const struct fore_partition *p, uint64_t position)
{
    uint64_t mask = fake_columns_mask(p), at = position % 64;
    while (!(mask >> at & 1))
        at = (at + 1) % 64;
    return UINT64_C(1) << at;
}

void fake_corrupt(struct fake *fake, uint32_t partition, uint16_t node)
{
    const struct fore_partition *p = &fake->topology.partition[partition];
    struct fake_store *store = store_of(fake, partition, node);
    for (uint32_t i = 0; i < store->count; i++)
        if (store->key[i].position >= p->first && store->key[i].position <= p->last) {
            store->key[i].value ^= fake_columns_mask(p) & UINT64_C(0x0101010101010101);
            return;
        }
}

static uint16_t stranger(const struct fake *fake, uint32_t partition)
{
    for (uint32_t n = 0; n < fake->options.node_count; n++)
        if (!fore_topology_hosts(&fake->topology, partition, (uint16_t)n) &&
            !fake_receives(fake, partition, (uint16_t)n))
            return (uint16_t)n;
    return FORE_NODE_NONE;
}

bool fake_damage(struct fake *fake, enum fake_damage damage, uint32_t partition, uint16_t node,
                 uint32_t pick, uint64_t *position)
{
    const struct fore_partition *p = &fake->topology.partition[partition];
    struct fake_store *store = store_of(fake, partition, node);
    uint32_t rows = fake_store_count(store, p->first, p->last), at = 0;
    if (rows == 0) return false;
    for (pick %= rows; at < store->count; at++)
        if (store->key[at].position >= p->first && store->key[at].position <= p->last &&
            pick-- == 0)
            break;
    struct fake_key key = store->key[at];
    *position = key.position;
    if (damage == FAKE_FLIP) store->key[at].value ^= some_bit(p, key.position);
    if (damage == FAKE_BLIND) store->key[at].unindexed = true;
    if (damage == FAKE_DUPLICATE) fake_store_append(store, key);
    if (damage == FAKE_LOSE || damage == FAKE_MISPLACE) store->key[at] = store->key[--store->count];
    if ((damage == FAKE_MISPLACE || damage == FAKE_STRAY) &&
        stranger(fake, partition) != FORE_NODE_NONE)
        fake_store_put(store_of(fake, partition, stranger(fake, partition)), key);
    return true;
}

/* One row of one partition, on every node. */
static bool row_is_sound(const struct fake *fake, uint32_t at, struct fake_key key)
{
    uint64_t mask = fake_columns_mask(&fake->topology.partition[at]);
    for (uint32_t n = 0; n < fake->options.node_count; n++) {
        const struct fake_store *store = store_of(fake, at, (uint16_t)n);
        const struct fake_key *held = fake_store_find(store, key.position);
        uint32_t rows = fake_store_count(store, key.position, key.position);
        if (!fore_topology_hosts(&fake->topology, at, (uint16_t)n)) {
            if (rows > 0 && !fake_receives(fake, at, (uint16_t)n)) return false;
        } else if (rows != 1 || (held->value & mask) != (key.value & mask) || held->unindexed) {
            return false;
        }
    }
    return true;
}

bool fake_is_sound(const struct fake *fake)
{
    for (uint32_t i = 0; i < fake->truth.count; i++) {
        struct fake_key key = fake->truth.key[i];
        uint32_t at = fore_topology_find(&fake->topology, key.position);
        uint32_t sibling = fore_topology_columns_sibling(&fake->topology, at);
        if (!row_is_sound(fake, at, key)) return false;
        if (sibling != FORE_PARTITION_NONE && !row_is_sound(fake, sibling, key)) return false;
    }
    return true;
}

static uint64_t orphans_in(const struct fake *fake, bool apart, uint16_t node)
{
    const struct fake_store *store = fake_columns_store(fake, apart, node);
    uint64_t orphans = 0;
    for (uint32_t i = 0; i < store->count; i++) {
        uint32_t at = fore_topology_find(&fake->topology, store->key[i].position);
        if (apart) at = fore_topology_columns_sibling(&fake->topology, at);
        orphans += at == FORE_PARTITION_NONE || (!fore_topology_hosts(&fake->topology, at, node) &&
                                                 !fake_receives(fake, at, node));
    }
    return orphans;
}

uint64_t fake_orphan_count(const struct fake *fake)
{
    uint64_t orphans = 0;
    for (uint32_t n = 0; n < fake->options.node_count; n++)
        orphans += orphans_in(fake, false, (uint16_t)n) + orphans_in(fake, true, (uint16_t)n);
    return orphans;
}
