/*
 * tape_play.c - see tape.h: the player. It answers with what the tape has next, if the tape has the
 * same question next; else it has diverged, and answers that nobody can be reached until the caller
 * asks for the next step and hears of it.
 */
#include "live/tape/tape.h"

#include "live/tape/tape_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MOST = 65535, PARTITIONS_MOST = 1 << 24, TABLES_MOST = 65535 };

static struct live_tape *tape_of(void *self)
{
    return self;
}

static enum fore_err diverge(struct live_tape *tape, const char *what, int op, int found)
{
    if (!tape->diverged && !tape->damaged)
        (void)snprintf(tape->why, sizeof tape->why,
                       "record %llu: %s (operation %d, on the tape %d)",
                       (unsigned long long)tape->records, what, op, found);
    tape->diverged = true;
    return FORE_E_UNREACHABLE;
}

/* Bit for bit, so that no two numbers pass for one. */
static bool same_real(double a, double b)
{
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

static bool same_args(const struct live_tape_args *a, const struct live_tape_args *b)
{
    return a->word == b->word && same_real(a->real, b->real) && a->move_a == b->move_a &&
           a->move_b == b->move_b && a->move_c == b->move_c && a->move_d == b->move_d;
}

/* Of the same structs. */
static bool same_build(const struct live_tape_header *a, const struct live_tape_header *b)
{
    return a->version == b->version && a->node_size == b->node_size &&
           a->table_size == b->table_size && a->partition_size == b->partition_size &&
           a->sample_size == b->sample_size && a->sample_node_size == b->sample_node_size &&
           a->move_size == b->move_size && a->status_size == b->status_size &&
           a->key_size == b->key_size && a->plan_size == b->plan_size;
}

/* The answer to this question; its results, `len` bytes or (0) as many as there are. */
static enum fore_err answer(struct live_tape *tape, enum live_tape_op op,
                            struct live_tape_args args, size_t len, const char **result,
                            size_t *result_len)
{
    struct live_tape_record record;
    struct live_tape_args asked;
    if (tape->diverged || tape->damaged) return FORE_E_UNREACHABLE;
    enum fore_err err = live_tape_file_next(&tape->file, &record);
    if (err == FORE_E_AGAIN) return diverge(tape, "asked after the tape's end", op, 0);
    if (err != FORE_E_OK || record.len < sizeof args) {
        tape->damaged = true;
        return FORE_E_UNREACHABLE;
    }
    tape->records++;
    if (record.op != op) return diverge(tape, "another question", op, record.op);
    memcpy(&asked, record.body, sizeof asked);
    if (!same_args(&asked, &args))
        return diverge(tape, "the same question with other arguments", op, record.op);
    *result = record.body + sizeof args;
    *result_len = record.len - sizeof args;
    if (record.answer == FORE_E_OK && len > 0 && *result_len != len) {
        tape->damaged = true;
        return FORE_E_UNREACHABLE;
    }
    return (enum fore_err)record.answer;
}

/* One with a result of fixed size. */
static enum fore_err answer_into(struct live_tape *tape, enum live_tape_op op,
                                 struct live_tape_args args, void *out, size_t len)
{
    const char *result = NULL;
    size_t result_len = 0;
    enum fore_err err = answer(tape, op, args, len, &result, &result_len);
    if (err == FORE_E_OK && len > 0) memcpy(out, result, len);
    return err;
}

static fore_ns op_now(void *self)
{
    fore_ns now = 0;
    if (answer_into(tape_of(self), LIVE_TAPE_NOW, (struct live_tape_args){0}, &now, sizeof now) !=
        FORE_E_OK)
        return 0;
    return now;
}

static bool unflatten(struct live_tape *tape, const char *bytes, size_t len)
{
    struct live_tape_topology head;
    struct fore_topology *t = &tape->topology;
    if (len < sizeof head) return false;
    memcpy(&head, bytes, sizeof head);
    bool sane = head.node_count <= NODES_MOST && head.table_count <= TABLES_MOST &&
                head.partition_count <= head.partition_cap &&
                head.partition_cap <= PARTITIONS_MOST && head.alive_count <= head.partition_count;
    if (!sane) return false;
    size_t nodes = head.node_count * sizeof(struct fore_node),
           tables = head.table_count * sizeof(struct fore_table),
           partitions = head.partition_count * sizeof(struct fore_partition);
    if (len != sizeof head + nodes + tables + partitions) return false;
    bool shaped = tape->topology_made && t->node_count == head.node_count &&
                  t->table_count == head.table_count && t->partition_cap == head.partition_cap;
    if (tape->topology_made && !shaped) return false;
    if (!tape->topology_made)
        fore_topology_init(t, &tape->arena, head.node_count, head.table_count, head.partition_cap);
    tape->topology_made = true;
    t->epoch = head.epoch;
    t->partition_count = head.partition_count;
    t->alive_count = head.alive_count;
    bytes += sizeof head;
    if (nodes > 0) memcpy(t->node, bytes, nodes);
    if (tables > 0) memcpy(t->table, bytes + nodes, tables);
    if (partitions > 0) memcpy(t->partition, bytes + nodes + tables, partitions);
    return fore_topology_check(t, NULL) == FORE_E_OK;
}

static enum fore_err op_topology(void *self, const struct fore_topology **out)
{
    struct live_tape *tape = tape_of(self);
    const char *result = NULL;
    size_t len = 0;
    enum fore_err err =
        answer(tape, LIVE_TAPE_TOPOLOGY, (struct live_tape_args){0}, 0, &result, &len);
    if (err == FORE_E_OK && len > 0) tape->damaged = !unflatten(tape, result, len);
    if (err == FORE_E_OK && (tape->damaged || !tape->topology_made)) return FORE_E_UNREACHABLE;
    *out = &tape->topology;
    return err;
}

static bool unpack(struct live_tape *tape, const char *bytes, size_t len, struct fore_sample *out)
{
    if (len < sizeof *out) return false;
    memcpy(out, bytes, sizeof *out);
    if (out->partition_count > PARTITIONS_MOST || out->node_count > NODES_MOST ||
        out->key_count > PARTITIONS_MOST || out->begin >= out->end)
        return false;
    size_t partitions = out->partition_count * sizeof out->partition[0],
           nodes = out->node_count * sizeof out->node[0],
           keys = out->key_count * sizeof out->key[0];
    if (len != sizeof *out + partitions + nodes + keys) return false;
    free(tape->sample_bytes);
    tape->sample_bytes = malloc(len); /* aligned, and kept until the next sample */
    FORE_ASSERT(tape->sample_bytes != NULL);
    memcpy(tape->sample_bytes, bytes + sizeof *out, len - sizeof *out);
    const void *at = tape->sample_bytes;
    out->partition = partitions > 0 ? at : NULL;
    at = tape->sample_bytes + partitions;
    out->node = nodes > 0 ? at : NULL;
    at = tape->sample_bytes + partitions + nodes;
    out->key = keys > 0 ? at : NULL;
    return true;
}

static enum fore_err op_sample(void *self, struct fore_sample *out)
{
    struct live_tape *tape = tape_of(self);
    const char *result = NULL;
    size_t len = 0;
    enum fore_err err =
        answer(tape, LIVE_TAPE_SAMPLE, (struct live_tape_args){0}, 0, &result, &len);
    if (err == FORE_E_OK && !unpack(tape, result, len, out)) {
        tape->damaged = true;
        err = FORE_E_UNREACHABLE;
    }
    return err;
}

static enum fore_err op_begin(void *self, const struct fore_move *move, fore_ticket *out)
{
    enum fore_err err =
        answer_into(tape_of(self), LIVE_TAPE_BEGIN, live_tape_args_move(move), out, sizeof *out);
    if (err == FORE_E_OK && *out == 0) tape_of(self)->damaged = true;
    return err == FORE_E_OK && *out == 0 ? FORE_E_UNREACHABLE : err;
}

static enum fore_err op_poll(void *self, fore_ticket ticket, struct fore_move_status *out)
{
    struct live_tape *tape = tape_of(self);
    enum fore_err err = answer_into(tape, LIVE_TAPE_POLL, (struct live_tape_args){.word = ticket},
                                    out, sizeof *out);
    if (err != FORE_E_OK || (unsigned)out->phase < FORE_MOVE_PHASES) return err;
    tape->damaged = true;
    return FORE_E_UNREACHABLE;
}

static enum fore_err op_throttle(void *self, fore_ticket ticket, double rate)
{
    return answer_into(tape_of(self), LIVE_TAPE_THROTTLE,
                       (struct live_tape_args){.word = ticket, .real = rate}, NULL, 0);
}

static enum fore_err op_cancel(void *self, fore_ticket ticket)
{
    return answer_into(tape_of(self), LIVE_TAPE_CANCEL, (struct live_tape_args){.word = ticket},
                       NULL, 0);
}

static enum fore_err op_digest(void *self, uint32_t partition, uint16_t node, uint64_t *out)
{
    return answer_into(tape_of(self), LIVE_TAPE_DIGEST,
                       (struct live_tape_args){.word = (uint64_t)partition << 16 | node}, out,
                       sizeof *out);
}

static enum fore_err op_cutover(void *self, fore_ticket ticket)
{
    return answer_into(tape_of(self), LIVE_TAPE_CUTOVER, (struct live_tape_args){.word = ticket},
                       NULL, 0);
}

static enum fore_err op_sweep(void *self, fore_ticket ticket, uint64_t *orphans)
{
    return answer_into(tape_of(self), LIVE_TAPE_SWEEP, (struct live_tape_args){.word = ticket},
                       orphans, sizeof *orphans);
}

static void op_close(void *self)
{
    (void)self;
}

static const struct fore_driver_ops player_ops = {
    .name = "tape",
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

enum fore_err live_tape_play(struct live_tape **out, const char *path, struct live_tape_run *run,
                             struct fore_diag *diag)
{
    struct live_tape_header header = {.version = 0};
    FILE *file = fopen(path, "rb");
    *out = NULL;
    if (file == NULL) return fore_err_set(diag, FORE_E_IO, "tape %s: %s", path, strerror(errno));
    bool read = fread(&header, sizeof header, 1, file) == 1;
    struct live_tape_header ours = live_tape_header_of(header.caps, &header.run);
    bool tape_at_all = read && memcmp(header.magic, ours.magic, sizeof ours.magic) == 0;
    if (!tape_at_all || !same_build(&header, &ours)) {
        (void)fclose(file);
        return fore_err_set(diag, FORE_E_FORMAT, "tape %s: %s", path,
                            tape_at_all ? "of another build" : "not a tape");
    }
    struct live_tape *tape = calloc(1, sizeof *tape);
    FORE_ASSERT(tape != NULL);
    tape->ops = player_ops;
    tape->ops.caps = header.caps;
    tape->file.file = file;
    *run = header.run;
    *out = tape;
    return FORE_E_OK;
}

/* The order's texts lie in bytes of our own: what it makes the engine ask is read meanwhile. */
static bool take_order(struct live_tape *tape, const struct live_tape_record *record,
                       struct live_order *out)
{
    fore_buf_reset(&tape->scratch);
    fore_buf_append(&tape->scratch, record->body, record->len);
    return live_order_read(tape->scratch.data, tape->scratch.len, out) == FORE_E_OK;
}

static bool take_step(const struct live_tape_record *record, struct live_tape_step *out)
{
    struct live_tape_args args;
    if (record->len < sizeof args) return false;
    memcpy(&args, record->body, sizeof args);
    *out =
        (struct live_tape_step){.now = args.word, .act_from = args.move_a, .hold = args.real > 0};
    return true;
}

enum fore_err live_tape_take(struct live_tape *tape, struct live_tape_turn *out,
                             struct fore_diag *diag)
{
    struct live_tape_record record = {0};
    enum fore_err err = FORE_E_OK;
    if (!tape->diverged && !tape->damaged) err = live_tape_file_next(&tape->file, &record);
    if (err == FORE_E_AGAIN) return err;
    bool sound = err == FORE_E_OK && !tape->damaged;
    if (sound && !tape->diverged && record.op != LIVE_TAPE_STEP && record.op != LIVE_TAPE_ORDER)
        (void)diverge(tape, "this engine asked less", LIVE_TAPE_STEP, record.op);
    if (sound && tape->diverged)
        return fore_err_set(diag, FORE_E_CONFLICT, "tape: other decisions than were recorded: %s",
                            tape->why);
    out->ordered = record.op == LIVE_TAPE_ORDER;
    if (sound)
        sound =
            out->ordered ? take_order(tape, &record, &out->order) : take_step(&record, &out->step);
    if (!sound)
        return fore_err_set(diag, FORE_E_FORMAT, "tape: damaged after record %llu",
                            (unsigned long long)tape->records);
    tape->records++;
    return FORE_E_OK;
}
