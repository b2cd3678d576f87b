/* grid_parts.h - what the files of grid.h share; internal to experiments/. */
#ifndef LAB_GRID_PARTS_H
#define LAB_GRID_PARTS_H

#include "experiments/grid.h"

/* FORMAT: a claim that cannot be read, or that no cell answers to. */
FORE_MUST_USE enum fore_err lab_grid_check_claims(const struct lab_grid *grid,
                                                  struct fore_diag *diag);

#endif
