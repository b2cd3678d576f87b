/* keyrange_cut.h - from a bottom-k sample to a cut. Private to observe. */
#ifndef FORE_KEYRANGE_CUT_H
#define FORE_KEYRANGE_CUT_H

#include "core/observe/keyrange.h"

struct fore_keyrange_sample {
    uint64_t position;
    fore_ns time;
    double rank;       /* ln(exponential) - log_weight: the least stay */
    double log_weight; /* ln(weight) + decay * time; later replaced by the adjusted weight */
};

/* As fore_keyrange_cut, of `count` samples all inside the partition, which it reorders; `spare` has
 * room for as many. */
struct fore_keyrange_question {
    double threshold, decay_per_ns; /* of the sample */
    double right_share;             /* wanted */
};
bool fore_keyrange_cut_samples(struct fore_keyrange_sample *sample,
                               struct fore_keyrange_sample *spare, uint32_t count,
                               const struct fore_keyrange_question *question,
                               struct fore_keyrange_cut *out);
/* As fore_keyrange_monotone. */
double fore_keyrange_monotone_samples(struct fore_keyrange_sample *sample,
                                      struct fore_keyrange_sample *spare, uint32_t count);

#endif
