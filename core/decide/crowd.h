/*
 * crowd.h - the load of a crowd that nobody can foresee: what everybody asked for lately, times
 * whatever fills the cluster.
 *
 * A flash crowd multiplies a cluster's load within minutes, and it is what was popular just before
 * that it multiplies (Arlitt and Jin, "A workload characterization study of the 1998 World Cup web
 * site", IEEE Network 14(3), 2000). When it comes and how large it is cannot be told; which node
 * it would break first can. So where there have been crowds, the placement to be in is the one that
 * bears most of the next: even when the cluster is full, however idle it is now.
 */
#ifndef FORE_CROWD_H
#define FORE_CROWD_H

#include "core/decide/profile.h"

/* A profile of a few slots: mean loads of the last `memory`, scaled until all nodes that serve are
 * filled, together, to a part of `limit` (of utilisation); most in the last slot. The weights add
 * up to `share`, the part of all time that is crowded. No points where nobody has asked for
 * anything. Memory from `arena`. */
void fore_crowd_profile(const struct fore_observe *observe, const struct fore_topology *topology,
                        fore_ns memory, double limit, double share, struct fore_arena *arena,
                        struct fore_profile *out);

#endif
