/*
 * backend.h - the cluster a daemon drives: a driver door, and what the door does not say, such as
 * who keeps its time.
 *
 * Two of them: Redis, whose time is the clock's, and a *stand-in*, a cluster that is stepped, given
 * by whoever may know more rooms than this one (foreshard.c hands over the simulator). A stand-in
 * runs at `speed` seconds of its own a second of ours.
 */
#ifndef LIVE_BACKEND_H
#define LIVE_BACKEND_H

#include "core/cluster/driver.h"
#include "live/base/log.h"

struct live_backend_ops {
    const char *name;
    void (*work)(void *self, fore_ns span); /* for so long by our clock, or less */
    /* The cluster's time goes on by `window`. *ended: it has no more of it. */
    enum fore_err (*pass)(void *self, fore_ns window, bool *ended, struct fore_diag *diag);
    /* While held no move goes on; NULL: it cannot be. */
    void (*hold)(void *self, bool held);
    const char *(*frozen)(void *self); /* why nothing moves, "": it does; NULL: never */
    enum fore_err (*tend)(void *self, struct fore_diag *diag); /* once a window; may be NULL */
    void (*introduce)(void *self, struct live_log *log);       /* may be NULL */
    void (*close)(void *self);
};

struct live_backend {
    const struct live_backend_ops *ops; /* NULL: not open */
    void *self;
    struct fore_driver door;
    fore_ns slo;
};

struct live_stand_in { /* a const table; `self` is its own */
    enum fore_err (*open)(const char *scenario, fore_ns window, uint64_t seed, void **self,
                          struct fore_driver *door, fore_ns *slo, struct fore_diag *diag);
    enum fore_err (*window)(void *self, bool *ended, struct fore_diag *diag);
    void (*close)(void *self);
};

struct live_options;
struct live_config;
struct live_kept; /* keeper.h: how it was cut before, and what time it is there; NULL: not known */
/* `adopt`: what others left half done is taken over at the start (live_mover_adopt); RANGE unless
 * the mode is auto. */
FORE_MUST_USE enum fore_err live_backend_redis(const struct live_config *config,
                                               const struct live_kept *kept, uint64_t seed,
                                               bool adopt, struct live_backend *out,
                                               struct fore_diag *diag);
/* UNSUPPORTED when `stand_in` is NULL. */
FORE_MUST_USE enum fore_err live_backend_stand_in(const struct live_config *config,
                                                  const struct live_stand_in *stand_in,
                                                  uint64_t seed, struct live_backend *out,
                                                  struct fore_diag *diag);
void live_backend_close(struct live_backend *backend);

#endif
