/*
 * migrate_state.c - the moves under way as bytes, framed and checksummed (base/bytes.h): what was
 * agreed on and asked for, not what the cluster has made of it, which resume.c asks the cluster.
 *
 * Bytes come from files: every index, enum and number is judged before it is believed, and a state
 * that is refused leaves nothing behind. Times are kept as they are while the clock goes on; under
 * a clock that began anew they become ages.
 */
#include "core/act/running.h"
#include "core/base/bytes.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const char kind_of_state[] = "moves";
enum { VERSION = 3 }; /* 1: no moves by column; 2: none that is bound to another */
enum {
    CHECK_TAKEN = 1,
    CHECKED = 2,
    THROTTLED = 4,
    IS_ROLLBACK = 8,
    PAIR = 16,
    PAUSED = 32,
    WAITS = 64,
    ON_NEW = 128,
    SLOTLESS = 256,
    LED = 512,
    ALONE = 1024,
    FLAGS_END = 2048
};

/* NaN, "not measured", has no place in a frame: -1 stands for it. */
static void put_measure(struct fore_buf *out, double value)
{
    fore_bytes_put_double(out, isfinite(value) ? value : -1);
}

static void write_move(const struct fore_move *move, struct fore_buf *out)
{
    fore_bytes_put_u32(out, (uint32_t)move->kind);
    fore_bytes_put_u32(out, move->partition);
    fore_bytes_put_u32(out, move->other);
    fore_bytes_put_u32(out, (uint32_t)move->source << 16 | move->target);
    fore_bytes_put_u64(out, move->split_at);
    fore_bytes_put_double(out, move->split_right_share);
    fore_bytes_put_u64(out, move->columns);
    fore_bytes_put_double(out, (double)move->load_base);
    fore_bytes_put_double(out, (double)move->load_apart);
    fore_bytes_put_double(out, move->bytes_per_sec_max);
}

static void write_check(const struct fore_check *check, struct fore_buf *out)
{
    fore_bytes_put_u64(out, check->rest);
    fore_bytes_put_u64(out, check->rows_rest);
    fore_bytes_put_u64(out, check->first);
    fore_bytes_put_u64(out, check->last);
    fore_bytes_put_u32(out, check->partition);
    fore_bytes_put_u32(out, (uint32_t)check->table << 16 | check->column_group);
    fore_bytes_put_u64(out, check->apart);
}

/* What was promised; what is measured begins anew. */
static void write_gain(const struct fore_gain *gain, struct fore_buf *out)
{
    fore_bytes_put_u32(out, isfinite(gain->predicted_s));
    fore_bytes_put_double(out, isfinite(gain->predicted_s) ? gain->predicted_s : 0);
    put_measure(out, gain->violating_before);
    put_measure(out, gain->source_before);
    put_measure(out, gain->source_predicted);
    put_measure(out, gain->target_before);
    put_measure(out, gain->target_predicted);
    put_measure(out, gain->p99_predicted_ms);
}

static void write_migration(const struct fore_migration *m, struct fore_buf *out)
{
    uint32_t flags = (m->check.taken ? CHECK_TAKEN : 0u) | (m->checked ? CHECKED : 0u) |
                     (m->throttled ? THROTTLED : 0u) | (m->is_rollback ? IS_ROLLBACK : 0u) |
                     (m->check.pair ? PAIR : 0u) | (m->paused ? PAUSED : 0u) |
                     (m->waits ? WAITS : 0u) | (m->on_new ? ON_NEW : 0u) |
                     (m->slotless ? SLOTLESS : 0u) | (m->led ? LED : 0u) | (m->alone ? ALONE : 0u);
    write_move(&m->move, out);
    fore_bytes_put_u64(out, m->id);
    fore_bytes_put_u64(out, m->leader);
    fore_bytes_put_u64(out, m->ticket);
    fore_bytes_put_u64(out, m->plan);
    fore_bytes_put_u32(out, (uint32_t)m->state);
    fore_bytes_put_u32(out, (uint32_t)m->phase);
    fore_bytes_put_u64(out, m->began);
    fore_bytes_put_u64(out, m->changed);
    fore_bytes_put_u64(out, m->watch_until);
    fore_bytes_put_u64(out, m->bytes_done);
    fore_bytes_put_u64(out, m->bytes_total);
    fore_bytes_put_u64(out, m->first);
    fore_bytes_put_u64(out, m->last);
    fore_bytes_put_u32(out, m->partition_new);
    put_measure(out, m->expected_s);
    put_measure(out, m->rate);
    put_measure(out, m->before_p99_ms);
    put_measure(out, m->before_util);
    put_measure(out, m->predicted_util);
    write_gain(&m->gain, out);
    fore_bytes_put_u64(out, m->digest_source);
    fore_bytes_put_u64(out, m->digest_target);
    fore_bytes_put_u64(out, m->orphans);
    fore_bytes_put_u32(out, flags);
    write_check(&m->check, out);
}

void fore_migrate_save(const struct fore_migrate *migrate, fore_ns now, struct fore_buf *out)
{
    struct fore_buf state = {0};
    const struct fore_migrate_counts *counts = &migrate->counts;
    fore_bytes_put_u32(&state, VERSION);
    fore_bytes_put_u64(&state, now);
    put_measure(&state, migrate->move_utilization);
    for (int kind = 0; kind < FORE_MOVE_KINDS; kind++)
        fore_bytes_put_u64(&state, counts->done[kind]);
    fore_bytes_put_u64(&state, counts->failed);
    fore_bytes_put_u64(&state, counts->cancelled);
    fore_bytes_put_u64(&state, counts->rolled_back);
    fore_bytes_put_u64(&state, counts->refused);
    fore_bytes_put_u64(&state, counts->corrupt);
    put_measure(&state, counts->bytes);
    fore_bytes_put_u64(&state, migrate->ids);
    fore_bytes_put_u32(&state, migrate->running);
    for (uint32_t i = 0; i < migrate->running; i++)
        write_migration(&migrate->migration[i], &state);
    fore_frame_write(kind_of_state, &state, out);
    fore_buf_fini(&state);
}

/* ---- back ---------------------------------------------------------------------------------- */

struct reader {
    struct fore_bytes_cursor c;
    const struct fore_topology *topology;
    fore_ns then, now; /* when it was saved; when it is read */
};

static void expect(struct reader *r, bool holds)
{
    r->c.sound = r->c.sound && holds;
}

static double get_measure(struct reader *r)
{
    double value = fore_bytes_get_double(&r->c);
    expect(r, value >= 0 || value == -1);
    return value == -1 ? (double)NAN : value;
}

/* A clock that began anew is behind: then only how long ago it was still means something. */
static fore_ns get_time(struct reader *r)
{
    fore_ns at = fore_bytes_get_u64(&r->c);
    if (r->now >= r->then) return at;
    if (at >= r->then) return r->now + (at - r->then);
    fore_ns age = r->then - at;
    return r->now > age ? r->now - age : 0;
}

static bool is_node(const struct reader *r, uint16_t node, bool needed)
{
    return node < r->topology->node_count || (!needed && node == FORE_NODE_NONE);
}

/* What a split by column leaves of the work, here and there: shares of the whole's, or more. */
static float get_load(struct reader *r)
{
    double value = fore_bytes_get_double(&r->c);
    expect(r, value >= 0 && value <= (double)FLT_MAX);
    return r->c.sound ? (float)value : 0;
}

static void read_columns(struct reader *r, struct fore_move *move)
{
    move->columns = fore_bytes_get_u64(&r->c);
    move->load_base = get_load(r);
    move->load_apart = get_load(r);
    expect(r, (move->columns != 0) == (move->kind == FORE_MOVE_VERTICAL_SPLIT));
}

static void read_move(struct reader *r, struct fore_move *move)
{
    uint32_t kind = fore_bytes_get_u32(&r->c);
    expect(r, kind < FORE_MOVE_KINDS);
    move->kind = r->c.sound ? (enum fore_move_kind)kind : FORE_MOVE_MOVE;
    move->partition = fore_bytes_get_u32(&r->c);
    move->other = fore_bytes_get_u32(&r->c);
    uint32_t ends = fore_bytes_get_u32(&r->c);
    move->source = (uint16_t)(ends >> 16);
    move->target = (uint16_t)ends;
    move->split_at = fore_bytes_get_u64(&r->c);
    move->split_right_share = fore_bytes_get_double(&r->c);
    read_columns(r, move);
    move->bytes_per_sec_max = fore_bytes_get_double(&r->c);
    uint32_t cap = r->topology->partition_cap;
    bool of_node = fore_move_of_node(move->kind), copies = fore_migrate_copies(move->kind);
    expect(r, of_node ? move->partition == FORE_PARTITION_NONE : move->partition < cap);
    expect(r, !fore_move_joins(move->kind) || move->other < cap);
    expect(r, is_node(r, move->source,
                      copies || move->kind == FORE_MOVE_DROP_REPLICA ||
                          move->kind == FORE_MOVE_REMOVE_NODE));
    expect(r, is_node(r, move->target, copies || move->kind == FORE_MOVE_ADD_NODE));
    expect(r, move->split_right_share >= 0 && move->split_right_share <= 1);
    expect(r, move->bytes_per_sec_max >= 0);
}

static void read_check(struct reader *r, struct fore_check *check)
{
    check->rest = fore_bytes_get_u64(&r->c);
    check->rows_rest = fore_bytes_get_u64(&r->c);
    check->first = fore_bytes_get_u64(&r->c);
    check->last = fore_bytes_get_u64(&r->c);
    check->partition = fore_bytes_get_u32(&r->c);
    uint32_t place = fore_bytes_get_u32(&r->c);
    check->table = (uint16_t)(place >> 16);
    check->column_group = (uint16_t)place;
    check->apart = fore_bytes_get_u64(&r->c);
    expect(r, !check->taken ||
                  (check->partition < r->topology->partition_cap && check->first <= check->last));
}

static void read_place(struct reader *r, struct fore_migration *m)
{
    uint32_t state = fore_bytes_get_u32(&r->c), phase = fore_bytes_get_u32(&r->c);
    expect(r, state < FORE_MIGRATE_DONE && phase < FORE_MOVE_PHASES);
    expect(r, state >= FORE_MIGRATE_SWEEP || (m->ticket == 0) == (state == FORE_MIGRATE_QUEUED));
    m->state = r->c.sound ? (enum fore_migrate_state)state : FORE_MIGRATE_QUEUED;
    m->phase = r->c.sound ? (enum fore_move_phase)phase : FORE_PHASE_QUEUED;
    m->began = get_time(r);
    m->changed = get_time(r);
    m->watch_until = get_time(r);
    m->progressed = r->now;
}

static void read_gain(struct reader *r, struct fore_gain *gain)
{
    uint32_t known = fore_bytes_get_u32(&r->c);
    gain->predicted_s = fore_bytes_get_double(&r->c);
    if (known == 0) gain->predicted_s = (double)NAN;
    gain->violating_before = get_measure(r);
    gain->source_before = get_measure(r);
    gain->source_predicted = get_measure(r);
    gain->target_before = get_measure(r);
    gain->target_predicted = get_measure(r);
    gain->p99_predicted_ms = get_measure(r);
}

static void read_migration(struct reader *r, struct fore_migration *m)
{
    *m = (struct fore_migration){.resumed = true};
    read_move(r, &m->move);
    m->id = fore_bytes_get_u64(&r->c);
    m->leader = fore_bytes_get_u64(&r->c);
    m->ticket = fore_bytes_get_u64(&r->c);
    m->plan = fore_bytes_get_u64(&r->c);
    read_place(r, m);
    m->bytes_done = fore_bytes_get_u64(&r->c);
    m->bytes_total = fore_bytes_get_u64(&r->c);
    m->first = fore_bytes_get_u64(&r->c);
    m->last = fore_bytes_get_u64(&r->c);
    m->partition_new = fore_bytes_get_u32(&r->c);
    expect(r, m->partition_new < r->topology->partition_cap ||
                  m->partition_new == FORE_PARTITION_NONE);
    m->expected_s = get_measure(r);
    m->rate = get_measure(r);
    m->before_p99_ms = get_measure(r);
    m->before_util = get_measure(r);
    m->predicted_util = get_measure(r);
    read_gain(r, &m->gain);
    m->digest_source = fore_bytes_get_u64(&r->c);
    m->digest_target = fore_bytes_get_u64(&r->c);
    m->orphans = fore_bytes_get_u64(&r->c);
    uint32_t flags = fore_bytes_get_u32(&r->c);
    expect(r, flags < FLAGS_END && m->first <= m->last);
    /* Of a node nothing is copied, and so nothing is checked, swept or watched. */
    expect(r, !fore_move_of_node(m->move.kind) ||
                  (m->state < FORE_MIGRATE_SWEEP && (flags & CHECK_TAKEN) == 0));
    m->check.taken = (flags & CHECK_TAKEN) != 0;
    m->checked = (flags & CHECKED) != 0;
    m->throttled = (flags & THROTTLED) != 0;
    m->is_rollback = (flags & IS_ROLLBACK) != 0;
    m->check.pair = (flags & PAIR) != 0;
    m->paused = (flags & PAUSED) != 0;
    m->waits = (flags & WAITS) != 0;
    m->on_new = (flags & ON_NEW) != 0;
    m->slotless = (flags & SLOTLESS) != 0;
    m->led = (flags & LED) != 0;
    m->alone = (flags & ALONE) != 0;
    expect(r, !(m->waits || m->slotless) || (m->state == FORE_MIGRATE_QUEUED && m->leader != 0));
    expect(r, !m->on_new || m->waits);
    expect(r, !m->alone || (m->state == FORE_MIGRATE_WATCH && m->move.kind == FORE_MOVE_MOVE));
    expect(r, !m->paused || m->state < FORE_MIGRATE_CUT_OVER);
    expect(r, !m->check.taken || m->check.pair == fore_move_of_columns(m->move.kind));
    read_check(r, &m->check);
}

static bool at_work_on(const struct fore_migration *m, uint32_t partition)
{
    if (m->state >= FORE_MIGRATE_WATCH || fore_move_of_node(m->move.kind)) return false;
    return m->move.partition == partition ||
           (fore_move_joins(m->move.kind) && m->move.other == partition);
}

/* The id that its chain goes back to, as far as that is known. */
static uint64_t root_of(const struct fore_migration *known, uint32_t count,
                        const struct fore_migration *m)
{
    for (uint32_t i = count; m->leader != 0 && i > 0;
         i--) /* leaders stand before their followers */
        if (known[i - 1].id == m->leader) m = &known[i - 1];
    return m->leader != 0 ? m->leader : m->id;
}

/* What waits, waits for one that stands before it, and is to have a part only from who makes it. */
static bool is_led(const struct fore_migration *known, uint32_t count,
                   const struct fore_migration *m)
{
    for (uint32_t i = 0; i < count; i++)
        if (known[i].id == m->leader)
            return !m->on_new || known[i].on_new || known[i].move.kind == FORE_MOVE_SPLIT ||
                   known[i].move.kind == FORE_MOVE_VERTICAL_SPLIT;
    return false;
}

/* A partition is in one chain of moves at a time, and a ticket and an id belong to one. */
static bool fits(const struct fore_migration *known, uint32_t count, const struct fore_migration *m)
{
    bool works = at_work_on(m, m->move.partition);
    bool merge = fore_move_joins(m->move.kind);
    if (m->waits && !is_led(known, count, m)) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (m->ticket != 0 && known[i].ticket == m->ticket) return false;
        if (m->id != 0 && known[i].id == m->id) return false;
        if (m->waits && root_of(known, count, m) == root_of(known, i, &known[i])) continue;
        if (works && at_work_on(&known[i], m->move.partition)) return false;
        if (works && merge && at_work_on(&known[i], m->move.other)) return false;
    }
    return true;
}

static void read_counts(struct reader *r, struct fore_migrate_counts *counts)
{
    for (int kind = 0; kind < FORE_MOVE_KINDS; kind++)
        counts->done[kind] = fore_bytes_get_u64(&r->c);
    counts->failed = fore_bytes_get_u64(&r->c);
    counts->cancelled = fore_bytes_get_u64(&r->c);
    counts->rolled_back = fore_bytes_get_u64(&r->c);
    counts->refused = fore_bytes_get_u64(&r->c);
    counts->corrupt = fore_bytes_get_u64(&r->c);
    counts->bytes = get_measure(r);
}

enum fore_err fore_migrate_load(struct fore_migrate *migrate, const struct fore_topology *topology,
                                const void *bytes, size_t size, fore_ns now, struct fore_diag *diag)
{
    struct reader r = {.topology = topology, .now = now};
    struct fore_migrate_counts counts = {0};
    FORE_ASSERT(migrate->running == 0);
    FORE_TRY(fore_frame_read(kind_of_state, bytes, size, &r.c, diag));
    if (fore_bytes_get_u32(&r.c) != VERSION)
        return fore_err_set(diag, FORE_E_FORMAT, "the saved moves are of another version");
    r.then = fore_bytes_get_u64(&r.c);
    double utilization = get_measure(&r);
    read_counts(&r, &counts);
    uint64_t ids = fore_bytes_get_u64(&r.c);
    uint32_t running = fore_bytes_get_u32(&r.c);
    if (r.c.sound && running > migrate->cap)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%u moves were saved and act.moves_max leaves room for %u", running,
                            migrate->cap);
    for (uint32_t i = 0; i < running && r.c.sound; i++) {
        struct fore_migration *m = &migrate->migration[i];
        read_migration(&r, m);
        expect(&r, m->id <= ids && (m->leader == 0 || m->leader < m->id));
        expect(&r, fits(migrate->migration, i, m));
        fore_ns watch_end = now + migrate->options.watch;
        if (m->began > now) m->began = now;
        if (m->watch_until > watch_end) m->watch_until = watch_end;
    }
    if (!r.c.sound || r.c.at != r.c.end || !(utilization <= 1) || !isfinite(counts.bytes))
        return fore_err_set(diag, FORE_E_FORMAT,
                            "the saved moves are damaged or belong to another cluster");
    migrate->running = running;
    migrate->ids = ids;
    migrate->counts = counts;
    migrate->move_utilization = utilization;
    migrate->adopts = true;
    return FORE_E_OK;
}

void fore_migrate_adopt(struct fore_migrate *migrate)
{
    migrate->adopts = true;
}
