/*
 * far_end.h - a world whose servers say what the fuzzer says: every connection succeeds, whatever
 * is sent is dropped, answers are read off the input from where the last one ended, and its end is
 * a lost link. Time passes only when somebody sleeps, so that nothing is waited for.
 *
 * It stands in for four functions of hiredis and for live/base/clock.c; what reads bytes (hiredis'
 * reader) and all that takes replies apart is the real thing.
 */
#ifndef FUZZ_FAR_END_H
#define FUZZ_FAR_END_H

#include <stddef.h>
#include <stdint.h>

/* What the far ends are going to say, all of them together; borrowed. */
void far_end_says(const uint8_t *bytes, size_t size);
/* The next byte of it, for a harness to decide by; 0 at the end. */
uint8_t far_end_byte(void);

#endif
