/*
 * wait.h - which of the changes chosen had better begin later.
 *
 * The planner prices a change that begins now. A load that turns makes the moment matter: what is
 * right in half a minute may be harm until then, and a move that is begun because the horizon has
 * the turn in it overfills its target in the meantime. A plan is made again soon, so beginning
 * later costs nothing but the wait itself. So each chosen move (or pair of moves) is priced again
 * as begun at later steps, all other things as chosen; where one of those is clearly better it
 * waits, and the others are looked at again without it. This is the value of an option to delay
 * (Dixit and Pindyck, 1994), with the forecast's means as the only future.
 */
#ifndef FORE_WAIT_H
#define FORE_WAIT_H

#include "core/decide/beam.h"

/* Takes the moves that wait out of `choice`; in the picture they stay, as begun later. Returns how
 * many; *soonest_s, if any, is how long the first of them waits. Only plain moves and swaps wait.
 */
uint32_t fore_wait_weed(struct fore_search *search, struct fore_choice *choice, double *soonest_s);

#endif
