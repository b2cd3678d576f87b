/*
 * grid_claims.h - what a grid is to show, as rows of its file, and whether it did.
 *
 * A claim is "NAME: CELL WORDS: MEASURE: MUST: STRETCH". Its cells are those of the scenario that
 * the first word names and whose name has every other word, "move_time_mean=5min|15min" standing
 * for either value. Our own policy is `predictive`. Measures, all of sums over seeds and cells:
 *
 *   peer           violation node-minutes / those of the best tuned peer of each cell
 *   peer-bytes     bytes moved / those of that same peer
 *   POLICY         violation node-minutes / those of the policy named (nowcast, static-weekly, ...)
 *   gap            (static - ours) / (static - oracle) in violation node-minutes
 *   rrs.NAME       the score's quality while nothing is done (policy static), mean over runs
 *   rrs_idle.NAME  of ours while it acts, held to the run in which nothing is done, mean over runs
 *
 * MUST and STRETCH: "-50%" at most half, "1.05x" at most so many times, "60%" or "0.5" at least
 * (ece: at most). Intervals are 95 %, bootstrapped over seeds, the same ones for both sides.
 */
#ifndef LAB_GRID_CLAIMS_H
#define LAB_GRID_CLAIMS_H

#include "experiments/grid.h"

struct lab_claim {
    const char *name, *cells, *measure, *must, *stretch;
};
enum lab_verdict {
    LAB_NOT_PLAYED, /* no cell has what the measure needs */
    LAB_MISSED,
    LAB_MET_ON_THE_WHOLE, /* over all cells together, but not in the worst one */
    LAB_MET,
    LAB_STRETCH_MET,
};
struct lab_claim_result {
    enum lab_verdict verdict;
    size_t cells; /* that count: where neither side has half a node-minute, nothing is compared */
    double value, low, high; /* over all of them together */
    double worst;
    const char *worst_cell;
};

FORE_MUST_USE enum fore_err lab_claim_parse(const char *text, struct fore_arena *arena,
                                            struct lab_claim *out, struct fore_diag *diag);
bool lab_claim_matches(const struct lab_claim *claim, const char *cell_name);
struct lab_claim_result lab_claim_judge(const struct lab_grid *grid, const struct lab_claim *claim);
const char *lab_verdict_text(enum lab_verdict verdict);
/* The value in the way its target is written: "-62 %", "0.97x", "71 %", "0.52". */
void lab_claim_number(const struct lab_claim *claim, double value, struct fore_buf *out);

#endif
