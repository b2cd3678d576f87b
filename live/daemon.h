/*
 * daemon.h - the engine at the wheel of a real cluster: `foreshard live CLUSTER.cfg`.
 *
 *   observe   (the default) forecasts and scores, plans nothing
 *   propose   plans, and says what it would do
 *   auto      does it
 *
 * The same engine, policies and options as in the simulator; the driver is Redis Cluster, or a
 * simulated one, for everybody who wants to see all this without a server (backend.h). While the
 * kill file exists, whatever the mode, nothing begins, slots in work are brought to their end and
 * running moves rest. What happens is told line by line as JSON, and, if a journal is asked for, as
 * events that `foreshard watch` and `foreshard journal` read. Keys and values appear in neither.
 */
#ifndef LIVE_DAEMON_H
#define LIVE_DAEMON_H

#include "live/config.h"

struct live_stand_in;

struct live_run {
    const struct live_config *config;
    const char *journal;                   /* events, for watch; NULL: none */
    const char *tape;                      /* all that the engine is told (tape.h); NULL: none */
    const struct live_stand_in *simulator; /* of driver "sim"; NULL: there is none */
    uint64_t seed;
    bool adopt;               /* takes over hand-overs that others left half done */
    volatile const int *stop; /* set by a signal: ends after the step it is in */
};
/* Runs until told to stop. */
FORE_MUST_USE enum fore_err live_daemon_run(const struct live_run *run, struct fore_arena *perm,
                                            struct fore_diag *diag);

#endif
