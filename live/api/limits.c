/* limits.c - see limits.h. Addresses share buckets by hash, four places each: who comes anew takes
 * the place of the one that was quiet for longest, and starts with a full bucket. */
#include "live/api/limits.h"

#include <math.h>

enum { PLACES = 4 };

uint64_t live_limits_who(const void *address, size_t len)
{
    const unsigned char *bytes = address;
    uint64_t hash = UINT64_C(1469598103934665603); /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash == 0 ? 1 : hash;
}

static bool take(struct live_bucket *bucket, double rate, fore_ns now)
{
    double depth = fmax(rate, 1);
    if (now > bucket->at) bucket->tokens += rate * (double)(now - bucket->at) / 1e9;
    bucket->tokens = fmin(bucket->tokens, depth);
    bucket->at = now;
    if (bucket->tokens < 1) return false;
    bucket->tokens -= 1;
    return true;
}

static struct live_bucket *find(struct live_limits *limits, uint64_t who, fore_ns now)
{
    struct live_bucket *set = &limits->of[who % (LIVE_LIMIT_ADDRESSES / PLACES) * PLACES];
    struct live_bucket *oldest = set;
    for (size_t i = 0; i < PLACES; i++) {
        if (set[i].who == who) return &set[i];
        if (set[i].who == 0 || set[i].at < oldest->at) oldest = &set[i];
    }
    *oldest = (struct live_bucket){.who = who, .tokens = fmax(limits->rate, 1), .at = now};
    return oldest;
}

bool live_limits_admit(struct live_limits *limits, uint64_t who, bool writes, fore_ns now)
{
    if (!take(find(limits, who, now), limits->rate, now)) return false;
    if (!writes) return true;
    if (limits->writes.who == 0)
        limits->writes =
            (struct live_bucket){.who = 1, .tokens = fmax(limits->write_rate, 1), .at = now};
    return take(&limits->writes, limits->write_rate, now);
}
