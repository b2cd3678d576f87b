/* speed.c - see speed.h. */
#include "live/redis/speed.h"

/* What is kept of older moves when another one of the same size is over. */
static const double kept = 0.7;

void live_speed_seen(struct live_speed *speed, double bytes, double seconds)
{
    if (!(bytes > 0) || !(seconds > 0)) return;
    /* By the square of its bytes; a small one makes the memory of a large one fade by little. */
    double weight = bytes * bytes, comes = weight * bytes, steady = (1 - kept) * speed->bytes;
    double keep = 1 - (1 - kept) * (comes < steady ? comes / steady : 1);
    speed->bytes = keep * speed->bytes + comes;
    speed->seconds = keep * speed->seconds + weight * seconds;
}

double live_speed_rate(const struct live_speed *speed, double other)
{
    return speed->seconds > 0 ? speed->bytes / speed->seconds : other;
}
