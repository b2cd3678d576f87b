/* fake_content.c - see fake_content.h. */
#include "tests/support/fake_content.h"

#include "core/base/hash.h"
#include "tests/support/fake_columns.h"

static const struct fake_store *store_of(const struct fake *fake, const struct fore_partition *p,
                                         uint16_t node)
{
    return fake_columns_store(fake, p->column_group == FORE_GROUP_APART, node);
}

/* Independent of the order in which a store happens to hold its keys. */
enum fore_err fake_op_digest(void *self, uint32_t partition, uint16_t node, uint64_t *out)
{
    struct fake *fake = self;
    if (partition >= fake->topology.partition_count || node >= fake->topology.node_count)
        return FORE_E_RANGE;
    const struct fore_partition *p = &fake->topology.partition[partition];
    if (!p->alive) return FORE_E_RANGE;
    uint64_t sum = 0, count = 0;
    const struct fake_store *store = store_of(fake, p, node);
    for (uint32_t i = 0; i < store->count; i++) {
        struct fake_key key = store->key[i];
        if (key.position < p->first || key.position > p->last) continue;
        sum += fore_hash_u64(key.value & fake_columns_mask(p), key.position);
        count++;
    }
    bool holds = count > 0 || fore_topology_hosts(&fake->topology, partition, node) ||
                 fake_receives(fake, partition, node);
    if (!holds) return FORE_E_RANGE;
    *out = sum ^ count;
    return FORE_E_OK;
}

enum fore_err fake_op_content(void *self, uint32_t partition, uint16_t node,
                              struct fore_content *out)
{
    struct fake *fake = self;
    if (partition >= fake->topology.partition_count || node >= fake->topology.node_count)
        return FORE_E_RANGE;
    const struct fore_partition *p = &fake->topology.partition[partition];
    if (!p->alive) return FORE_E_RANGE;
    *out = fake->written[partition];
    const struct fake_store *store = store_of(fake, p, node);
    for (uint32_t i = 0; i < store->count; i++) {
        if (store->key[i].position < p->first || store->key[i].position > p->last) continue;
        out->sum += fake_columns_hash(&store->key[i], fake_columns_mask(p));
        out->rows++;
    }
    bool replica = fore_topology_hosts(&fake->topology, partition, node);
    return out->rows > 0 || replica ? FORE_E_OK : FORE_E_RANGE;
}

enum fore_err fake_op_probe(void *self, uint64_t position, uint32_t partition, uint16_t node,
                            uint64_t *out)
{
    struct fake *fake = self;
    if (partition >= fake->topology.partition_count || node >= fake->topology.node_count)
        return FORE_E_RANGE;
    const struct fore_partition *p = &fake->topology.partition[partition];
    const struct fake_key *key = fake_store_find(store_of(fake, p, node), position);
    *out = key != NULL && key->unindexed ? 0 : fake_columns_hash(key, fake_columns_mask(p));
    return FORE_E_OK;
}

/* The sums follow the truth, not the rows. */
void fake_acknowledge(struct fake *fake, uint32_t partition, struct fake_key key)
{
    struct fore_content *account = &fake->written[partition];
    const struct fake_key *before = fake_store_find(&fake->truth, key.position);
    uint64_t mask = fake_columns_mask(&fake->topology.partition[partition]);
    account->written += fake_columns_hash(&key, mask) - fake_columns_hash(before, mask);
    account->rows_written += before == NULL;
}
