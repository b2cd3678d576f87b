/*
 * keys.h - the keys that one node holds of one slot, whoever owns it: counted, listed, weighed.
 * Names are bytes with a length, taken from the server's reply and never printed.
 */
#ifndef LIVE_KEYS_H
#define LIVE_KEYS_H

#include "live/redis/link.h"

/* A run of keys as Redis gave them; each one is a string. */
struct live_keys {
    const redisReply *const *key;
    size_t count;
};

FORE_MUST_USE enum fore_err live_keys_count(struct live_link *link, uint16_t slot, uint64_t *out);
/* At most `most`; the list is `keys` in `*reply`, which is the caller's to free when OK. */
FORE_MUST_USE enum fore_err live_keys_list(struct live_link *link, uint16_t slot, size_t most,
                                           redisReply **reply, struct live_keys *keys);
/* The answer to that command, which was appended. */
FORE_MUST_USE enum fore_err live_keys_take(struct live_link *link, size_t most, redisReply **reply,
                                           struct live_keys *keys);
/* MEMORY USAGE of each, in one pipeline; 0 for those that have gone. */
FORE_MUST_USE enum fore_err live_keys_weigh(struct live_link *link, struct live_keys keys,
                                            uint64_t *bytes);

#endif
