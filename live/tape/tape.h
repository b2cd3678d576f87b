/*
 * tape.h - everything that crossed a driver's door in a run, so that the engine can be run again on
 * it, without the cluster, to the same decisions bit for bit.
 *
 * The engine is a function of what its driver answers, of the times of its steps, of its options
 * and of what operators order in between (core/engine.h, live/base/order.h). A recorder stands
 * between engine and driver and writes down each call and its answer, and each order before it; a
 * player answers the same calls from the file, and notices the first one that differs in kind or
 * arguments: then this engine decides otherwise than the recorded one did.
 *
 * File: header {magic "FORETAPE", u32 version, u32 sizes of the structs in it, what the run was
 * made with}, then frames {u32 raw, u32 stored, u32 CRC-32C of the stored bytes, u32 0} and zstd,
 * each ending between two records. A record is {u8 operation, u8 answer, u16 0, u32 length} and the
 * structs as they are in memory: a tape belongs to builds with the same structs, and says so
 * otherwise. A frame is written every 10 s of steps; what a kill cuts off is less than that. No key
 * and no value is in it, unless the driver samples keys.
 */
#ifndef LIVE_TAPE_H
#define LIVE_TAPE_H

#include "core/cluster/driver.h"
#include "live/base/order.h"

struct live_tape;

struct live_tape_run { /* what the engine was made with, beside its options */
    uint64_t seed, slo_ns;
    double clock_start; /* forecast.clock_start */
};

/* Records: `inner` is asked, and written down. IO: the file cannot be made. */
FORE_MUST_USE enum fore_err live_tape_record(struct live_tape **out, const char *path,
                                             struct fore_driver inner,
                                             const struct live_tape_run *run,
                                             struct fore_diag *diag);
/* Plays: there is no cluster. FORMAT: not a tape, damaged, or of another build. */
FORE_MUST_USE enum fore_err live_tape_play(struct live_tape **out, const char *path,
                                           struct live_tape_run *run, struct fore_diag *diag);
/* The door to give to the engine; closing it is live_tape_close()'s business. */
struct fore_driver live_tape_door(struct live_tape *tape);

struct live_tape_step { /* what holds in a step */
    fore_ns now;
    fore_ns act_from; /* fore_engine_act_from */
    bool hold;        /* fore_engine_hold */
};
/* Recorder: before each step of the engine. */
void live_tape_put_step(struct live_tape *tape, struct live_tape_step step);
/* Recorder: before an order is carried out. */
void live_tape_put_order(struct live_tape *tape, const struct live_order *order);

struct live_tape_turn { /* a step, or an order between two */
    bool ordered;
    struct live_tape_step step;
    struct live_order order; /* its texts are valid until the next turn */
};
/* Player: what comes next. AGAIN: the tape is at its end; FORMAT: damage; CONFLICT: the engine has
 * asked for something else than the recorded one. */
FORE_MUST_USE enum fore_err live_tape_take(struct live_tape *tape, struct live_tape_turn *out,
                                           struct fore_diag *diag);
/* IO when something could not be written. The recorder's inner driver stays open. */
FORE_MUST_USE enum fore_err live_tape_close(struct live_tape *tape, struct fore_diag *diag);

#endif
