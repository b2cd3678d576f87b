/*
 * journal_sample.h - a synthetic but believable run, as events: for tests of what reads journals
 * and for looking at the dashboard without an engine.
 *
 * Two tables cut into key ranges on a few nodes, a day's curve, a flash crowd late in the run that
 * the forecast sees coming, scores with reasons, plans, moves through every state, verification,
 * alerts, latency against an SLO. Everything follows from the options: equal options, equal bytes.
 */
#ifndef SAMPLE_JOURNAL_H
#define SAMPLE_JOURNAL_H

#include "core/cluster/event.h"
#include "core/cluster/journal.h"

struct sample_options {
    uint64_t seed;
    uint32_t node_count;
    uint32_t partition_count;
    fore_ns duration;
    fore_ns period; /* between two loads */
    bool forecast;  /* false: no forecasts and scores, as under a static policy */
    uint64_t start_unix_s;
};

/* 8 nodes, 60 partitions, 9 hours in steps of 30 s from a Monday morning. */
struct sample_options sample_defaults(void);
struct fore_journal_header sample_header(const struct sample_options *options);
void sample_play(const struct sample_options *options, struct fore_sink sink);
/* The journal of sample_play in a file. */
FORE_MUST_USE enum fore_err sample_write(const struct sample_options *options, const char *path,
                                         struct fore_diag *diag);

#endif
