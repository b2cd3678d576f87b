/*
 * digest.h - what a set of keys adds up to, computed where the keys are.
 *
 * Each key becomes one number, the head of a SHA-1 over its name, type, content and whether it
 * expires; a digest is how many keys there are and the xor and sum of their numbers, so digests of
 * disjoint sets add up and order does not matter. Hashes and sets are summed member by member,
 * because DUMP gives them in an order that differs from process to process; streams and module
 * types are their DUMP without its version and checksum. The time of expiry is left out: MIGRATE
 * rounds it. A key that the node does not have, or would redirect, is LIVE_DIGEST_NONE. It finds
 * faults, not forgers.
 */
#ifndef LIVE_DIGEST_H
#define LIVE_DIGEST_H

#include "live/redis/keys.h"

#define LIVE_DIGEST_NONE INT64_C(-1)

struct live_digest {
    uint64_t keys, xor_of, sum_of;
};

void live_digest_put(struct live_digest *to, int64_t key_number);
void live_digest_add(struct live_digest *to, const struct live_digest *more);
bool live_digest_same(const struct live_digest *a, const struct live_digest *b);
/* As one number, for the driver's door. */
uint64_t live_digest_word(const struct live_digest *digest);

/* Appends the command; `asking` for a slot that is being taken in. With `fence`, a key name in the
 * same slot, the script also writes and deletes that key, so that a WAIT after it on this link
 * waits for all that was written before. Takes 1 reply, 2 with asking. */
void live_digest_append(struct live_link *link, struct live_keys keys, bool asking,
                        const char *fence);
/* The reply of that script: a number a key, in order. */
FORE_MUST_USE enum fore_err live_digest_read(const redisReply *reply, int64_t *number,
                                             size_t count);
/* All keys of a slot on its owner, or with `asking` on the node that takes it in; added to `to`. */
FORE_MUST_USE enum fore_err live_digest_slot(struct live_link *link, uint16_t slot, bool asking,
                                             struct live_digest *to);

#endif
