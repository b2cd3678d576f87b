/* fake_store.c - see fake_store.h. Linear scans: a test's node holds some hundred keys. */
#include "tests/support/fake_store.h"

#include <stdlib.h>

const struct fake_key *fake_store_find(const struct fake_store *store, uint64_t position)
{
    for (uint32_t i = 0; i < store->count; i++)
        if (store->key[i].position == position) return &store->key[i];
    return NULL;
}

void fake_store_put(struct fake_store *store, struct fake_key key)
{
    for (uint32_t i = 0; i < store->count; i++)
        if (store->key[i].position == key.position) {
            store->key[i] = key;
            return;
        }
    fake_store_append(store, key);
}

void fake_store_append(struct fake_store *store, struct fake_key key)
{
    if (store->count == store->cap) {
        store->cap = store->cap == 0 ? 64 : store->cap * 2;
        store->key = realloc(store->key, store->cap * sizeof store->key[0]);
        FORE_ASSERT(store->key != NULL);
    }
    store->key[store->count++] = key;
}

uint32_t fake_store_count(const struct fake_store *store, uint64_t first, uint64_t last)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < store->count; i++)
        count += store->key[i].position >= first && store->key[i].position <= last;
    return count;
}

uint32_t fake_store_remove(struct fake_store *store, uint64_t first, uint64_t last)
{
    uint32_t kept = 0, before = store->count;
    for (uint32_t i = 0; i < before; i++)
        if (store->key[i].position < first || store->key[i].position > last)
            store->key[kept++] = store->key[i];
    store->count = kept;
    return before - kept;
}

/* The first `limit` keys of the range, in the order the source holds them. */
void fake_store_copy(struct fake_store *to, const struct fake_store *from, uint64_t first,
                     uint64_t last, uint64_t limit)
{
    for (uint32_t i = 0; i < from->count && limit > 0; i++) {
        if (from->key[i].position < first || from->key[i].position > last) continue;
        struct fake_key key = from->key[i];
        key.unindexed = false; /* the copy builds its own index */
        fake_store_put(to, key);
        limit--;
    }
}
