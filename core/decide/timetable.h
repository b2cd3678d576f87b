/*
 * timetable.h - when nothing may be moved: the "planner" section.
 *
 *   quiet           "18:00-22:00"                    every day
 *                   "mon-fri 18:00-22:00; sat,sun 22:00-06:00"     on some; past midnight belongs
 *                                                    to the day it begins on
 *                   "2026-11-27 18:00 - 2026-11-29 06:00"          once
 *   finish_before   "07:00", "fri 18:00", "2026-11-28 00:00"       must be over by then; after it
 *                                                    others may begin
 *
 * Entries are separated by ';', times are UTC. A move is begun only if the time it is expected to
 * take ends before the next quiet time or deadline; one that still copies when it comes is
 * abandoned. The run's clock reads forecast.clock_start (a Monday midnight unless set) at 0.
 */
#ifndef FORE_TIMETABLE_H
#define FORE_TIMETABLE_H

#include "core/base/arena.h"
#include "core/base/option.h"

struct fore_timetable_options {
    const char *quiet, *finish_before; /* NULL: none */
};
extern const struct fore_option_section fore_timetable_section; /* "planner" */

struct fore_timetable_span {
    bool weekly;
    double from; /* weekly: seconds after Monday 00:00; else Unix time */
    double len;  /* seconds; 0: a deadline */
};
struct fore_timetable {
    struct fore_timetable_span *span;
    size_t count, room;
};

FORE_MUST_USE enum fore_err fore_timetable_compile(const struct fore_timetable_options *options,
                                                   struct fore_arena *arena,
                                                   struct fore_timetable *out,
                                                   struct fore_diag *diag);
/* Seconds from `unix_s` until nothing may run any more; 0: now; HUGE_VAL: never. A deadline's own
 * moment is after it. */
double fore_timetable_left_s(const struct fore_timetable *timetable, double unix_s);
/* A deadline passed, or a quiet time touched, after `from_s` and until `to_s`, both Unix times. */
bool fore_timetable_between(const struct fore_timetable *timetable, double from_s, double to_s);
/* The longest time a move may take in an ordinary week; HUGE_VAL: any; what is only once is left
 * out. */
double fore_timetable_longest_s(const struct fore_timetable *timetable);

#endif
