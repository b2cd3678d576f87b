/*
 * source.h - a stream of requests in time order, whatever it comes from: a trace file, a
 * generator, a flow (flow.h) sampled as a Poisson process, or a combination of others.
 * Memory is bounded however long the stream is.
 */
#ifndef WL_SOURCE_H
#define WL_SOURCE_H

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/cluster/sample.h"

struct wl_request {
    fore_ns t;        /* since the start of the source; never decreases */
    uint64_t key;     /* as the source names it: number, or hash of a string key */
    uint32_t bytes;   /* read or written; 0: not recorded */
    uint32_t columns; /* bit set of columns touched; 0: not recorded */
    uint16_t client;  /* low 16 bits of the client's id */
    uint8_t op;       /* enum fore_query_type */
    uint8_t group;    /* user group, 0..FORE_USER_GROUPS-1 */
    uint32_t tag;     /* by source; 0 */
};
_Static_assert(sizeof(struct wl_request) == 32, "four words: it is copied a lot");

struct wl_source_info {
    const char *kind;  /* "csv", "oracleGeneral", "synthetic", "flow", ... */
    const char *label; /* one line for reports; says "composite of A (keys) and B (rate)" if so */
    bool composite;    /* keys and times come from different places */
    bool string_keys;  /* keys are hashes: their order means nothing */
    uint64_t key_max;  /* largest key possible; 0: not known without reading it */
    uint64_t requests; /* 0: not known without reading it */
    fore_ns span;      /* 0: not known, or endless */
};

struct wl_source_ops {
    /* Up to `cap` requests; *count 0 only at the end. An error names the record (file:line). */
    enum fore_err (*next)(void *self, struct wl_request *out, size_t cap, size_t *count,
                          struct fore_diag *diag);
    /* Back to the first request; the same requests come again. */
    enum fore_err (*rewind)(void *self, struct fore_diag *diag);
    void (*close)(void *self);
};
struct wl_source {
    const struct wl_source_ops *ops;
    void *self;
    struct wl_source_info info;
};

static inline enum fore_err wl_source_next(struct wl_source *source, struct wl_request *out,
                                           size_t cap, size_t *count, struct fore_diag *diag)
{
    return source->ops->next(source->self, out, cap, count, diag);
}
static inline enum fore_err wl_source_rewind(struct wl_source *source, struct fore_diag *diag)
{
    return source->ops->rewind(source->self, diag);
}
static inline void wl_source_close(struct wl_source *source)
{
    if (source->ops != NULL) source->ops->close(source->self);
    source->ops = NULL;
}

#endif
