/* dist_tables.h - constants behind dist.h: for its inline fast path and for the tests. */
#ifndef FORE_DIST_TABLES_H
#define FORE_DIST_TABLES_H

#include "core/base/base.h"

struct fore_dist_layer {
    uint64_t keep; /* a 53-bit draw below this is under the curve */
    double width;  /* of the layer, times 2^-53 */
};
extern const struct fore_dist_layer fore_dist_tables_exp[256];
extern const struct fore_dist_layer fore_dist_tables_normal[256];
/* Density where layer i ends: rising with i to 1 at the top; [0] is the tail's, 0. */
extern const double fore_dist_tables_exp_height[257];
extern const double fore_dist_tables_normal_height[257];
extern const double fore_dist_tables_exp_edge; /* where layer 0 becomes the tail */
extern const double fore_dist_tables_normal_edge;

enum { FORE_DIST_TAIL_STEPS = 16, FORE_DIST_TAIL_MAX = 8 }; /* knots a unit; last z */
struct fore_dist_tail_knot {
    double tail, density;
};
extern const struct fore_dist_tail_knot
    fore_dist_tables_tail[FORE_DIST_TAIL_STEPS * FORE_DIST_TAIL_MAX + 2];

#endif
