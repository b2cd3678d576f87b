/*
 * hash.h - the hashes the house uses. Content digests: XXH3 (Collet). Frames: CRC-32C. Redis slots:
 * CRC-16/XMODEM over the hash tag. None is for secrets.
 */
#ifndef FORE_HASH_H
#define FORE_HASH_H

#include "core/base/base.h"

uint64_t fore_hash_bytes(const void *data, size_t len, uint64_t seed);
/* A bijective mix of one word; equal words under equal salts give equal results. */
uint64_t fore_hash_u64(uint64_t word, uint64_t salt);
uint32_t fore_hash_crc32c(const void *data, size_t len, uint32_t seed);
/* Redis Cluster slot 0..16383 of a key; only the part inside the first {...} if not empty. */
uint16_t fore_hash_slot(const void *key, size_t len);

#endif
