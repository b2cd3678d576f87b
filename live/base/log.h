/*
 * log.h - the engine's events as lines of JSON: ts (seconds since the epoch), level, event, and
 * what the event is about. Loads, forecasts and scores of every window are left to the journal.
 */
#ifndef LIVE_LOG_H
#define LIVE_LOG_H

#include "core/base/buf.h"
#include "core/cluster/event.h"

#include <stdio.h>

struct live_log {
    FILE *file; /* borrowed */
    struct fore_buf line;
    bool failed; /* a line could not be written */
    /* Told of every line besides; may be NULL. */
    void (*tee)(void *self, const char *event, const char *line, size_t len);
    void *tee_self;
    const char *event; /* of the line in work */
};

/* A sink that writes here. */
struct fore_sink live_log_sink(struct live_log *log);
/* A line of our own: `text` says it. */
void live_log_say(struct live_log *log, const char *level, const char *event, const char *text);
void live_log_fini(struct live_log *log);

#endif
