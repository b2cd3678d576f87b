/* clock.h - the monotonic clock and pauses of the live room; nothing below live/ may ask the time.
 */
#ifndef LIVE_CLOCK_H
#define LIVE_CLOCK_H

#include "core/base/base.h"

fore_ns live_clock_now(void); /* monotonic, since some fixed moment */
uint64_t live_clock_ms(void); /* the same in milliseconds */
void live_clock_sleep(fore_ns ns);
void live_clock_sleep_ms(uint64_t ms);

#endif
