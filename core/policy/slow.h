/*
 * slow.h - the slow loop: a placement for the profile of a week, thought over once a day.
 *
 * The fast loop (decide/planner.h) sees two hours. A placement that is right for every hour of the
 * week needs fewer moves, and cannot be late: in the study (HEADLINE part 1, section 3.3) it beat
 * tuned reaction with no moves at all. So predictive owns one. At the quietest time of day the
 * homes of all partitions are chosen anew, from where they are, each change at its price; if that
 * does not save `worth` times its price in a week, everybody is at home where they are. Then
 * whoever is elsewhere is sent home when the coming hours can bear it, beside what the fast loop
 * plans; and the fast loop pays twice, and `dearer` times, for what it takes away from home.
 *
 * With a grain, what brings too much of a node is cut before homes are chosen (decide/grain.h), and
 * homes are chosen with what every group of kin strays by itself (decide/profile_own.h): parts of
 * one partition come to lie on different nodes, and what nobody can foresee evens out.
 *
 * Where the past has seen crowds (all together asked for more than `crowd` times the usual), the
 * usual week is no guide. Homes are then chosen for the next crowd (decide/crowd.h), every
 * `crowd_every`: who was popular lately is spread, and cut where it would be too coarse, while it
 * harms nobody yet.
 *
 * Where nodes come and go there is no such placement. Followers stay where they are.
 */
#ifndef FORE_SLOW_H
#define FORE_SLOW_H

#include "core/policy/policy.h"

struct fore_slow;

struct fore_slow *fore_slow_create(const struct fore_topology *topology, uint64_t seed,
                                   struct fore_arena *perm);
/* Chooses homes when it is time. Fills input->home, where there are any, and input->usual and
 * input->grain, where slow.grain asks for it. */
void fore_slow_look(struct fore_slow *slow, const struct fore_policy_view *view,
                    struct fore_arena *scratch, struct fore_planner_input *input);
/* What is too coarse before homes are chosen is cut, at the plan's end; after it partitions are
 * moved home beside what is planned. */
void fore_slow_send(struct fore_slow *slow, const struct fore_planner_input *input,
                    const struct fore_slow_options *options, struct fore_arena *scratch,
                    struct fore_plan *out);

#endif
