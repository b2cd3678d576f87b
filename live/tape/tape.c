/*
 * tape.c - see tape.h: the recorder. Each operation asks the inner driver and puts down arguments
 * and answer, in this order, in one record; the player (tape_play.c) reads them in the same order.
 */
#include "live/tape/tape.h"

#include "live/tape/tape_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const fore_ns FRAME_EVERY = 10 * FORE_SEC;

static struct live_tape *tape_of(void *self)
{
    return self;
}

static void put(struct live_tape *tape, enum live_tape_op op, enum fore_err answer,
                struct live_tape_args args, const void *result, size_t len)
{
    fore_buf_reset(&tape->scratch);
    fore_buf_append(&tape->scratch, &args, sizeof args);
    if (len > 0 && answer == FORE_E_OK) fore_buf_append(&tape->scratch, result, len);
    live_tape_file_put(&tape->file, op, answer, tape->scratch.data, tape->scratch.len);
}

static fore_ns op_now(void *self)
{
    struct live_tape *tape = tape_of(self);
    fore_ns now = fore_driver_now(tape->inner);
    put(tape, LIVE_TAPE_NOW, FORE_E_OK, (struct live_tape_args){0}, &now, sizeof now);
    return now;
}

/* As bytes: counts, nodes, tables, partitions. */
static void flatten(const struct fore_topology *t, struct fore_buf *out)
{
    struct live_tape_topology head = {.epoch = t->epoch,
                                      .node_count = t->node_count,
                                      .table_count = t->table_count,
                                      .partition_count = t->partition_count,
                                      .partition_cap = t->partition_cap,
                                      .alive_count = t->alive_count};
    fore_buf_reset(out);
    fore_buf_append(out, &head, sizeof head);
    if (t->node_count > 0) fore_buf_append(out, t->node, t->node_count * sizeof t->node[0]);
    if (t->table_count > 0) fore_buf_append(out, t->table, t->table_count * sizeof t->table[0]);
    if (t->partition_count > 0)
        fore_buf_append(out, t->partition, t->partition_count * sizeof t->partition[0]);
}

/* Whole, or nothing when it is as it was. */
static enum fore_err op_topology(void *self, const struct fore_topology **out)
{
    struct live_tape *tape = tape_of(self);
    enum fore_err err = fore_driver_topology(tape->inner, out);
    struct live_tape_args none = {0};
    if (err == FORE_E_OK) flatten(*out, &tape->flat);
    bool same = err == FORE_E_OK && tape->flat.len == tape->told.len &&
                memcmp(tape->flat.data, tape->told.data, tape->flat.len) == 0;
    put(tape, LIVE_TAPE_TOPOLOGY, err, none, tape->flat.data, same ? 0 : tape->flat.len);
    if (err == FORE_E_OK && !same) {
        fore_buf_reset(&tape->told);
        fore_buf_append(&tape->told, tape->flat.data, tape->flat.len);
    }
    return err;
}

static enum fore_err op_sample(void *self, struct fore_sample *out)
{
    struct live_tape *tape = tape_of(self);
    enum fore_err err = fore_driver_sample(tape->inner, out);
    fore_buf_reset(&tape->flat);
    if (err == FORE_E_OK) {
        struct fore_sample head = *out;
        head.partition = NULL;
        head.node = NULL;
        head.key = NULL;
        fore_buf_append(&tape->flat, &head, sizeof head);
        if (out->partition_count > 0)
            fore_buf_append(&tape->flat, out->partition,
                            out->partition_count * sizeof out->partition[0]);
        if (out->node_count > 0)
            fore_buf_append(&tape->flat, out->node, out->node_count * sizeof out->node[0]);
        if (out->key_count > 0)
            fore_buf_append(&tape->flat, out->key, out->key_count * sizeof out->key[0]);
    }
    put(tape, LIVE_TAPE_SAMPLE, err, (struct live_tape_args){0}, tape->flat.data, tape->flat.len);
    return err;
}

static enum fore_err op_begin(void *self, const struct fore_move *move, fore_ticket *out)
{
    struct live_tape *tape = tape_of(self);
    enum fore_err err = fore_driver_begin(tape->inner, move, out);
    put(tape, LIVE_TAPE_BEGIN, err, live_tape_args_move(move), out, sizeof *out);
    return err;
}

static enum fore_err op_poll(void *self, fore_ticket ticket, struct fore_move_status *out)
{
    struct live_tape *tape = tape_of(self);
    enum fore_err err = fore_driver_poll(tape->inner, ticket, out);
    put(tape, LIVE_TAPE_POLL, err, (struct live_tape_args){.word = ticket}, out, sizeof *out);
    return err;
}

static enum fore_err op_throttle(void *self, fore_ticket ticket, double rate)
{
    struct live_tape *tape = tape_of(self);
    enum fore_err err = fore_driver_throttle(tape->inner, ticket, rate);
    put(tape, LIVE_TAPE_THROTTLE, err, (struct live_tape_args){.word = ticket, .real = rate}, NULL,
        0);
    return err;
}

static enum fore_err op_cancel(void *self, fore_ticket ticket)
{
    struct live_tape *tape = tape_of(self);
    enum fore_err err = fore_driver_cancel(tape->inner, ticket);
    put(tape, LIVE_TAPE_CANCEL, err, (struct live_tape_args){.word = ticket}, NULL, 0);
    return err;
}

static enum fore_err op_digest(void *self, uint32_t partition, uint16_t node, uint64_t *out)
{
    struct live_tape *tape = tape_of(self);
    enum fore_err err = fore_driver_digest(tape->inner, partition, node, out);
    put(tape, LIVE_TAPE_DIGEST, err,
        (struct live_tape_args){.word = (uint64_t)partition << 16 | node}, out, sizeof *out);
    return err;
}

static enum fore_err op_cutover(void *self, fore_ticket ticket)
{
    struct live_tape *tape = tape_of(self);
    enum fore_err err = fore_driver_cutover(tape->inner, ticket);
    put(tape, LIVE_TAPE_CUTOVER, err, (struct live_tape_args){.word = ticket}, NULL, 0);
    return err;
}

static enum fore_err op_sweep(void *self, fore_ticket ticket, uint64_t *orphans)
{
    struct live_tape *tape = tape_of(self);
    enum fore_err err = fore_driver_sweep(tape->inner, ticket, orphans);
    put(tape, LIVE_TAPE_SWEEP, err, (struct live_tape_args){.word = ticket}, orphans,
        sizeof *orphans);
    return err;
}

static void op_close(void *self)
{
    (void)self; /* the inner driver belongs to the caller */
}

/* Operations that no row is here for are not offered, so that nothing crosses unseen. */
static const struct fore_driver_ops recorder_ops = {
    .now = op_now,
    .topology = op_topology,
    .sample = op_sample,
    .begin = op_begin,
    .poll = op_poll,
    .throttle = op_throttle,
    .cancel = op_cancel,
    .digest = op_digest,
    .cutover = op_cutover,
    .sweep = op_sweep,
    .close = op_close,
};
enum {
    CAPS_HIDDEN = FORE_CAP_CONTENT | FORE_CAP_PROBE | FORE_CAP_VERTICAL | FORE_CAP_TICKETS,
};

enum fore_err live_tape_record(struct live_tape **out, const char *path, struct fore_driver inner,
                               const struct live_tape_run *run, struct fore_diag *diag)
{
    struct live_tape *tape = calloc(1, sizeof *tape);
    FORE_ASSERT(tape != NULL);
    tape->inner = inner;
    tape->ops = recorder_ops;
    tape->ops.name = inner.ops->name;
    tape->ops.caps = inner.ops->caps & ~(uint32_t)CAPS_HIDDEN;
    tape->recording = true;
    struct live_tape_header header = live_tape_header_of(tape->ops.caps, run);
    tape->file.file = fopen(path, "wb");
    if (tape->file.file == NULL || fwrite(&header, sizeof header, 1, tape->file.file) != 1) {
        live_tape_file_close(&tape->file);
        free(tape);
        *out = NULL;
        return fore_err_set(diag, FORE_E_IO, "tape %s: %s", path, strerror(errno));
    }
    *out = tape;
    return FORE_E_OK;
}

struct fore_driver live_tape_door(struct live_tape *tape)
{
    return (struct fore_driver){.ops = &tape->ops, .self = tape};
}

/* Frames end between steps, so that a tape that was cut off ends there too. */
void live_tape_put_step(struct live_tape *tape, struct live_tape_step step)
{
    struct live_tape_args args = {
        .word = step.now, .real = step.hold ? 1 : 0, .move_a = step.act_from};
    if (step.now >= tape->flushed + FRAME_EVERY) {
        tape->flushed = step.now;
        live_tape_file_flush(&tape->file);
    }
    put(tape, LIVE_TAPE_STEP, FORE_E_OK, args, NULL, 0);
}

void live_tape_put_order(struct live_tape *tape, const struct live_order *order)
{
    fore_buf_reset(&tape->scratch);
    live_order_write(order, &tape->scratch);
    live_tape_file_put(&tape->file, LIVE_TAPE_ORDER, FORE_E_OK, tape->scratch.data,
                       tape->scratch.len);
}

enum fore_err live_tape_close(struct live_tape *tape, struct fore_diag *diag)
{
    if (tape->recording) live_tape_file_flush(&tape->file);
    live_tape_file_close(&tape->file);
    bool failed = tape->file.failed;
    fore_buf_fini(&tape->scratch);
    fore_buf_fini(&tape->flat);
    fore_buf_fini(&tape->told);
    fore_arena_fini(&tape->arena);
    free(tape->sample_bytes);
    free(tape);
    return failed ? fore_err_set(diag, FORE_E_IO, "tape: not all of it could be written")
                  : FORE_E_OK;
}
