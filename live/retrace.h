/*
 * retrace.h - the engine run again on a tape (tape.h), without the cluster: the same configuration
 * gives the same events, bit for bit. What was ordered while the tape was made (through the API,
 * by settings that were kept, by the kill file) is on it, and is ordered again.
 */
#ifndef LIVE_RETRACE_H
#define LIVE_RETRACE_H

#include "live/daemon.h"

struct live_retrace_result {
    uint64_t steps, orders, plans, moves_done;
    uint64_t digest; /* of the events: what `foreshard journal digest` says of the run's journal */
};
/* `journal`: events go there too; NULL: nowhere. CONFLICT: other decisions, `diag` says where;
 * *out is what was until then. */
FORE_MUST_USE enum fore_err live_retrace(const struct live_config *config, const char *tape,
                                         const char *journal, struct live_retrace_result *out,
                                         struct fore_diag *diag);

#endif
