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
    live_clock_sleep(ms * FORE_MS);
}

void live_clock_sleep(fore_ns ns)
{
    struct timespec left = {.tv_sec = (time_t)(ns / FORE_SEC), .tv_nsec = (long)(ns % FORE_SEC)};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}
