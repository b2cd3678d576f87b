/* speed.c - see speed.h. */
#include "live/redis/speed.h"

#include <math.h>

/* What is kept of older spells when another one of the same size is over. */
static const double kept = 0.7;
static const double doubles_s = 300; /* the rate, every so long in which nothing moves */

void live_speed_begin(struct live_speed *speed, uint64_t now_ms)
{
    if (speed->under_way++ > 0) return;
    speed->began_ms = now_ms;
    speed->spell_bytes = 0;
}

static void learn(struct live_speed *speed, double bytes, double seconds)
{
    if (!(bytes > 0) || !(seconds > 0)) return;
    double weight = bytes * bytes, comes = weight * bytes, steady = (1 - kept) * speed->bytes;
    double keep = 1 - (1 - kept) * (comes < steady ? comes / steady : 1);
    speed->bytes = keep * speed->bytes + comes;
    speed->seconds = keep * speed->seconds + weight * seconds;
}

void live_speed_end(struct live_speed *speed, double bytes, uint64_t now_ms)
{
    if (speed->under_way == 0) return;
    speed->spell_bytes += bytes;
    if (--speed->under_way > 0) return;
    learn(speed, speed->spell_bytes, (double)(now_ms - speed->began_ms) / 1e3);
    speed->began_ms = 0;
    speed->seen_ms = now_ms;
}

double live_speed_rate(const struct live_speed *speed, double guess, uint64_t now_ms)
{
    if (!(speed->seconds > 0)) return guess;
    double rate = speed->bytes / speed->seconds;
    double idle_s = now_ms > speed->seen_ms ? (double)(now_ms - speed->seen_ms) / 1e3 : 0;
    if (speed->under_way > 0 || rate >= guess) return rate;
    return fmin(rate * exp2(idle_s / doubles_s), guess);
}
