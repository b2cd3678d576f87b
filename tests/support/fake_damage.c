/*
 * fake_damage.c - harm done to the fake cluster's rows, and the judge of it: what clients were told
 * is compared with what every node really holds, row by row, without any digest.
 */
#include "tests/support/fake_driver.h"
#include "tests/support/fake_store.h"

void fake_corrupt(struct fake *fake, uint32_t partition, uint16_t node)
{
    const struct fore_partition *p = &fake->topology.partition[partition];
    struct fake_store *store = &fake->store[node];
    for (uint32_t i = 0; i < store->count; i++)
        if (store->key[i].position >= p->first && store->key[i].position <= p->last) {
            store->key[i].value ^= 1;
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
    struct fake_store *store = &fake->store[node];
    uint32_t rows = fake_store_count(store, p->first, p->last), at = 0;
    if (rows == 0) return false;
    for (pick %= rows; at < store->count; at++)
        if (store->key[at].position >= p->first && store->key[at].position <= p->last &&
            pick-- == 0)
            break;
    struct fake_key key = store->key[at];
    *position = key.position;
    if (damage == FAKE_FLIP) store->key[at].value ^= UINT64_C(1) << (key.position % 64);
    if (damage == FAKE_BLIND) store->key[at].unindexed = true;
    if (damage == FAKE_DUPLICATE) fake_store_append(store, key);
    if (damage == FAKE_LOSE || damage == FAKE_MISPLACE) store->key[at] = store->key[--store->count];
    if ((damage == FAKE_MISPLACE || damage == FAKE_STRAY) &&
        stranger(fake, partition) != FORE_NODE_NONE)
        fake_store_put(&fake->store[stranger(fake, partition)], key);
    return true;
}

bool fake_is_sound(const struct fake *fake)
{
    for (uint32_t i = 0; i < fake->truth.count; i++) {
        struct fake_key key = fake->truth.key[i];
        uint32_t at = fore_topology_find(&fake->topology, key.position);
        for (uint32_t n = 0; n < fake->options.node_count; n++) {
            const struct fake_key *held = fake_store_find(&fake->store[n], key.position);
            uint32_t rows = fake_store_count(&fake->store[n], key.position, key.position);
            if (!fore_topology_hosts(&fake->topology, at, (uint16_t)n)) {
                if (rows > 0 && !fake_receives(fake, at, (uint16_t)n)) return false;
            } else if (rows != 1 || held->value != key.value || held->unindexed) {
                return false;
            }
        }
    }
    return true;
}

uint64_t fake_orphan_count(const struct fake *fake)
{
    uint64_t orphans = 0;
    for (uint32_t n = 0; n < fake->options.node_count; n++)
        for (uint32_t i = 0; i < fake->store[n].count; i++) {
            uint32_t at = fore_topology_find(&fake->topology, fake->store[n].key[i].position);
            orphans += !fore_topology_hosts(&fake->topology, at, (uint16_t)n) &&
                       !fake_receives(fake, at, (uint16_t)n);
        }
    return orphans;
}
