/* beam.h - better sets of changes than greed finds. Internal to decide/. */
#ifndef FORE_BEAM_H
#define FORE_BEAM_H

#include "core/decide/candidate.h"

enum { FORE_BEAM_WIDTH = 16 };

struct fore_shortlist { /* the best few, best first */
    struct fore_candidate item[FORE_BEAM_WIDTH];
    uint32_t count, room;
};

struct fore_choice { /* changes to be made together */
    struct fore_candidate item[FORE_PLAN_MOVES];
    uint32_t count;
    double value_s; /* what they gain in all */
};

/* Makes the candidate part of the picture, so that the next one is priced beside it. */
void fore_beam_take(struct fore_search *search, const struct fore_candidate *candidate);
/* The best set of at most `most` changes found; on return they are part of the picture. */
void fore_beam_choose(struct fore_search *search, uint32_t most, struct fore_choice *out);

#endif
