/* clock.c - see clock.h. */
#include "live/base/clock.h"

#include <errno.h>
#include <time.h>

fore_ns live_clock_now(void)
{
    struct timespec now;
    FORE_ASSERT(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (fore_ns)now.tv_sec * FORE_SEC + (fore_ns)now.tv_nsec;
}

uint64_t live_clock_ms(void)
{
    return live_clock_now() / FORE_MS;
}

void live_clock_sleep_ms(uint64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000),
                            .tv_nsec = (long)(ms % 1000) * 1000 * 1000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}
