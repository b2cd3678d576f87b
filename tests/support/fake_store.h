/* fake_store.h - the keys that one node of the fake cluster holds, in the order they came. */
#ifndef TEST_FAKE_STORE_H
#define TEST_FAKE_STORE_H

#include "core/base/base.h"

struct fake_key {
    uint64_t position, value;
    bool unindexed; /* scans find it and reads do not: only damage does this */
};
struct fake_store {
    struct fake_key *key;
    uint32_t count, cap;
};

/* NULL: it holds no such key. */
const struct fake_key *fake_store_find(const struct fake_store *store, uint64_t position);
/* Adds a key even if there is one: only damage does this. */
void fake_store_append(struct fake_store *store, struct fake_key key);
/* Adds the key or overwrites its value. */
void fake_store_put(struct fake_store *store, struct fake_key key);
/* Over the positions first..last, both included. */
uint32_t fake_store_count(const struct fake_store *store, uint64_t first, uint64_t last);
uint32_t fake_store_remove(struct fake_store *store, uint64_t first, uint64_t last);
/* The first `limit` keys of the range, in the order the source holds them. */
void fake_store_copy(struct fake_store *to, const struct fake_store *from, uint64_t first,
                     uint64_t last, uint64_t limit);

#endif
