/*
 * threshold.h - from which RRS on something is done, for the cluster, a table, a part of the key
 * space or a partition: decide.thresholds = "*=0.2, users=0.3, orders:17=0.9" (subject.h).
 *
 * What says more wins: a partition over a range over a table over "*", which stands for
 * decide.rrs_threshold. Planning starts when any partition reaches its own. A partition that is
 * named, itself or by its table or range, is besides changed only while it does so. 0: always; 1:
 * never, and it is not merged or thinned out either. Rules of placement are put right all the same.
 */
#ifndef FORE_THRESHOLD_H
#define FORE_THRESHOLD_H

#include "core/base/arena.h"
#include "core/base/option.h"
#include "core/decide/subject.h"

struct fore_threshold {
    struct fore_subject subject;
    double at;
};
struct fore_thresholds {
    struct fore_threshold *rule;
    size_t count;
};

/* FORE_E_FORMAT or FORE_E_RANGE, with a sentence. */
FORE_MUST_USE enum fore_err fore_threshold_compile(const struct fore_strings *list,
                                                   const struct fore_topology *topology,
                                                   struct fore_arena *arena,
                                                   struct fore_thresholds *out,
                                                   struct fore_diag *diag);
/* A partition's threshold; `general` where nothing is said. *named: by more than "*". */
double fore_threshold_of(const struct fore_thresholds *thresholds,
                         const struct fore_topology *topology, uint32_t partition, double general,
                         bool *named);
static inline bool fore_threshold_reached(double threshold, double rrs)
{
    return threshold < 1 && rrs >= threshold;
}

/* What may be done about a partition. */
enum fore_hold { FORE_HOLD_NONE, FORE_HOLD_BELOW, FORE_HOLD_NEVER };

#endif
