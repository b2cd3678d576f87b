/*
 * limits.h - how many requests a second may come: a bucket of tokens for each address, the newest
 * few hundred addresses known, and one for all changes together. A bucket holds a second's worth.
 */
#ifndef LIVE_LIMITS_H
#define LIVE_LIMITS_H

#include "core/base/base.h"

enum { LIVE_LIMIT_ADDRESSES = 256 };

struct live_bucket {
    uint64_t who; /* hash of an address; 0: empty */
    double tokens;
    fore_ns at;
};

struct live_limits {
    double rate, write_rate; /* per second */
    struct live_bucket of[LIVE_LIMIT_ADDRESSES], writes;
};

/* One request from `who` at `now`; false: too many. The caller locks. */
bool live_limits_admit(struct live_limits *limits, uint64_t who, bool writes, fore_ns now);
uint64_t live_limits_who(const void *address, size_t len);

#endif
