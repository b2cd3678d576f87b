/*
 * calibrate_move.c - what moves cost: slots that hold nobody's keys go to the next shard and come
 * back, empty, with a slot's worth of our keys, and with MIGRATEs of several sizes. The mover does
 * it, with its journal and its lease: killed in the middle, it is brought to order like any move,
 * by the next one that starts with that journal.
 */
#include "live/calibrate/calibrate.h"

#include "live/base/clock.h"
#include "live/redis/keys.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 64,
    KEYS_PER_SLOT = 2000,
    EMPTY_MOVES = 5,
    FULL_MOVES = 3,
    BATCH_KEYS = 2000,
    MOVE_MOST_MS = 60000
};
static const fore_ns RENEW_EVERY = FORE_SEC;
static const uint32_t batch_keys[LIVE_CALIBRATE_BATCHES] = {10, 30, 100, 300, 1000};

struct moving {
    const struct live_calibrate_options *options;
    struct live_cluster *cluster;
    struct live_journal *journal;
    struct live_mover mover;
    uint16_t from, to;
    uint32_t first, slots, keys_per_slot;
    char *value;
    struct fore_diag *diag;
};

struct took {          /* by one move */
    bool by_batch;     /* look at every batch, which takes time */
    double ms, cpu_ms; /* cpu: both ends, above nothing */
    uint64_t bytes, keys;
    double stall_ms, stall_max_ms; /* of MIGRATE, as the source counts it */
};

/* ---- counters of a server ----------------------------------------------------------------- */

static double info(struct live_link *link, const char *section, const char *name)
{
    redisReply *reply = live_link_call(link, "INFO %s", section);
    const char *at =
        reply != NULL && reply->type == REDIS_REPLY_STRING ? strstr(reply->str, name) : NULL;
    double value = at != NULL ? strtod(at + strlen(name), NULL) : 0;
    if (reply != NULL) freeReplyObject(reply);
    return value;
}

double live_calibrate_cpu_us(struct live_link *link)
{
    return (info(link, "cpu", "used_cpu_user:") + info(link, "cpu", "used_cpu_sys:")) * 1e6;
}

static struct live_link *link_of(struct moving *m, uint16_t shard)
{
    struct live_instance *at = live_cluster_primary(m->cluster, shard);
    return at != NULL ? &at->link : NULL;
}

static double cpu_of_both(struct moving *m)
{
    struct live_link *from = link_of(m, m->from), *to = link_of(m, m->to);
    return from != NULL && to != NULL ? live_calibrate_cpu_us(from) + live_calibrate_cpu_us(to) : 0;
}

/* ---- where ---------------------------------------------------------------------------------*/

/* The first run of `slots` slots of a shard that hold no key. */
static bool find_run(struct moving *m, uint16_t shard)
{
    struct live_link *link = link_of(m, shard);
    uint32_t run = 0;
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT && link != NULL; slot++) {
        uint64_t keys = 1;
        bool ours = live_cluster_shard_of(m->cluster, (uint16_t)slot) == (int)shard;
        if (ours && live_keys_count(link, (uint16_t)slot, &keys) != FORE_E_OK) return false;
        run = ours && keys == 0 ? run + 1 : 0;
        m->first = slot + 1 - run;
        if (run == m->slots) return true;
    }
    return false;
}

static bool find_place(struct moving *m, char *why, size_t why_cap)
{
    uint32_t with_slots = 0;
    for (uint32_t s = 0; s < m->cluster->shard_count; s++)
        with_slots += m->cluster->shard[s].slot_count > 0;
    (void)snprintf(why, why_cap, "the cluster has one shard: nothing to move to");
    if (with_slots < 2) return false;
    for (uint32_t from = 0; from < m->cluster->shard_count; from++) {
        if (m->cluster->shard[from].slot_count <= m->slots || !find_run(m, (uint16_t)from))
            continue;
        for (uint32_t to = 0; to < m->cluster->shard_count; to++) {
            if (to == from || m->cluster->shard[to].slot_count == 0) continue;
            m->from = (uint16_t)from;
            m->to = (uint16_t)to;
            return true;
        }
    }
    (void)snprintf(why, why_cap,
                   "no shard has %u slots in a row that hold no key: nobody's keys "
                   "are moved for a measurement",
                   m->slots);
    return false;
}

/* ---- keys of our own ---------------------------------------------------------------------- */

/* Writes or removes keys n = 0..count-1 of a slot, on the shard that owns it now. */
static enum fore_err keys(struct moving *m, uint32_t slot, uint32_t count, bool remove)
{
    char tag[LIVE_TAG_MAX];
    int shard = live_cluster_shard_of(m->cluster, (uint16_t)slot);
    struct live_link *link = shard >= 0 ? link_of(m, (uint16_t)shard) : NULL;
    enum fore_err err = FORE_E_OK;
    live_slot_tag((uint16_t)slot, tag);
    if (link == NULL) return FORE_E_UNREACHABLE;
    for (uint32_t n = 0; n < count; n++)
        if (remove)
            live_link_append(link, "UNLINK foreshard:calibrate:%s:%u", tag, n);
        else
            live_link_append(link, "SET foreshard:calibrate:%s:%u %b", tag, n, m->value,
                             (size_t)m->options->bytes);
    for (uint32_t n = 0; n < count; n++) {
        redisReply *reply = live_link_take(link);
        enum fore_err one = live_answer_err(live_reply_kind(reply));
        if (one != FORE_E_OK) err = one;
        if (reply != NULL) freeReplyObject(reply);
    }
    return err;
}

/* ---- moves -------------------------------------------------------------------------------- */

/* What MIGRATE has taken so far, as the source counts it: it does nothing else meanwhile. */
static double migrate_us(struct moving *m)
{
    struct live_link *from = link_of(m, m->from);
    redisReply *reply = from != NULL ? live_link_call(from, "INFO commandstats") : NULL;
    bool text = reply != NULL && reply->type == REDIS_REPLY_STRING;
    const char *at = text ? strstr(reply->str, "cmdstat_migrate:") : NULL;
    const char *us = at != NULL ? strstr(at, "usec=") : NULL;
    double total = us != NULL ? strtod(us + strlen("usec="), NULL) : 0;
    if (reply != NULL) freeReplyObject(reply);
    return total;
}

/* One turn of the mover; what its MIGRATE took is noted. */
static void step(struct moving *m, struct took *took, double *us)
{
    uint64_t batches = m->mover.counts.batches;
    if (!live_mover_step(&m->mover)) live_clock_sleep_ms(1);
    if (took == NULL || !took->by_batch || m->mover.counts.batches == batches) return;
    double now = migrate_us(m), ms = (now - *us) / 1e3;
    *us = now;
    took->stall_ms += ms;
    if (ms > took->stall_max_ms) took->stall_max_ms = ms;
}

/* Slots first..last of `from` to `to`, to the end; `took` NULL: nobody asks. */
static enum fore_err move(struct moving *m, uint32_t first, uint32_t last, bool back,
                          struct took *took)
{
    struct live_journal_move row = {.first = (uint16_t)first,
                                    .last = (uint16_t)last,
                                    .from = back ? m->to : m->from,
                                    .to = back ? m->from : m->to};
    uint32_t index = 0;
    /* They have only just come, as slots that are moved for a reason have not. */
    live_clock_sleep_ms(live_mover_dwells_ms(&m->mover, row.first, row.last));
    FORE_TRY(live_mover_begin(&m->mover, &row, 0, &index, m->diag));
    double us = took != NULL ? migrate_us(m) : 0, cpu = took != NULL ? cpu_of_both(m) : 0;
    struct live_move *work = &m->mover.move[index];
    fore_ns began = live_clock_now(), renewed = began;
    while (work->phase != LIVE_MOVE_READY && work->phase != LIVE_MOVE_FAILED) {
        step(m, took, &us);
        fore_ns now = live_clock_now();
        bool due =
            now - renewed >= RENEW_EVERY; /* it waits for the disk: as seldom as the daemon */
        if (due && live_journal_renew(m->journal) != FORE_E_OK)
            return fore_err_set(m->diag, FORE_E_REFUSED, "calibrate: the mover's lease is lost");
        if (due) renewed = now;
        if (now - began > (fore_ns)MOVE_MOST_MS * FORE_MS)
            return fore_err_set(m->diag, FORE_E_IO,
                                "calibrate: slots %u to %u do not arrive (%s); start `foreshard "
                                "live` with the same live.state to bring them to order",
                                first, last, work->why[0] != '\0' ? work->why : m->mover.frozen);
    }
    if (took != NULL) {
        took->ms = (double)(live_clock_now() - began) / 1e6;
        took->cpu_ms = (cpu_of_both(m) - cpu) / 1e3;
        took->bytes = work->bytes_done;
        took->keys = work->keys_done;
    }
    enum fore_err err = work->phase == LIVE_MOVE_READY
                            ? live_mover_finish(&m->mover, index)
                            : fore_err_set(m->diag, FORE_E_IO, "calibrate: %s", work->why);
    live_mover_release(&m->mover, index);
    return err;
}

static enum fore_err measure_batch(struct moving *m, uint32_t i, struct live_calibrate_batch *out)
{
    uint32_t slot = m->first + i;
    struct took took = {.by_batch = true};
    struct live_pace_options before = m->mover.options.pace;
    uint32_t step_before = m->mover.options.step_keys;
    m->mover.options.step_keys = 1; /* one batch a step */
    m->mover.options.pace = (struct live_pace_options){
        .stall_ms = 1e9, .keys_first = batch_keys[i], .keys_max = batch_keys[i]};
    uint64_t batches = m->mover.counts.batches;
    enum fore_err err = keys(m, slot, BATCH_KEYS, false);
    if (err == FORE_E_OK) err = move(m, slot, slot, false, &took);
    m->mover.options.pace = before;
    m->mover.options.step_keys = step_before;
    enum fore_err cleared = keys(m, slot, BATCH_KEYS, true);
    if (err == FORE_E_OK) err = cleared;
    double sent = (double)(m->mover.counts.batches - batches);
    *out = (struct live_calibrate_batch){
        .keys = batch_keys[i],
        .keys_per_sec = took.stall_ms > 0 ? (double)took.keys / took.stall_ms * 1e3 : 0,
        .stall_mean_ms = sent > 0 ? took.stall_ms / sent : 0,
        .stall_max_ms = took.stall_max_ms};
    return err == FORE_E_OK ? move(m, slot, slot, true, NULL) : err;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How long `slots` empty slots take, median of as many moves, forth and back; and once more back.
 */
static enum fore_err empty_ms(struct moving *m, uint32_t slots, double *out)
{
    double ms[EMPTY_MOVES];
    for (int i = 0; i < EMPTY_MOVES; i++) {
        struct took took = {.ms = 0};
        FORE_TRY(move(m, m->first, m->first + slots - 1, i % 2 != 0, &took));
        ms[i] = took.ms;
    }
    qsort(ms, EMPTY_MOVES, sizeof ms[0], ascending);
    *out = ms[EMPTY_MOVES / 2];
    return move(m, m->first, m->first + slots - 1, true, NULL);
}

static int by_time(const void *a, const void *b)
{
    const struct took *x = a, *y = b;
    return (x->ms > y->ms) - (x->ms < y->ms);
}

/* Slots with keys go forth, back and forth; the middle one speaks. They end at `to`. */
static enum fore_err full_moves(struct moving *m, uint32_t last, struct took *middle)
{
    struct took took[FULL_MOVES] = {0};
    for (int i = 0; i < FULL_MOVES; i++)
        FORE_TRY(move(m, m->first, last, i % 2 != 0, &took[i]));
    qsort(took, FULL_MOVES, sizeof took[0], by_time);
    *middle = took[FULL_MOVES / 2];
    return FORE_E_OK;
}

static enum fore_err measure_slots(struct moving *m, struct live_calibration *out)
{
    uint32_t last = m->first + m->slots - 1;
    struct took full = {.ms = 0};
    double one = 0, all = 0;
    FORE_TRY(empty_ms(m, 1, &one));
    FORE_TRY(empty_ms(m, m->slots, &all));
    out->slot_ms = fmax(0, (all - one) / (m->slots - 1));
    out->start_ms = fmax(0, one - out->slot_ms);
    enum fore_err err = FORE_E_OK;
    for (uint32_t slot = m->first; slot <= last && err == FORE_E_OK; slot++)
        err = keys(m, slot, m->keys_per_slot, false);
    if (err == FORE_E_OK) err = full_moves(m, last, &full);
    for (uint32_t slot = m->first; slot <= last; slot++) {
        enum fore_err cleared = keys(m, slot, m->keys_per_slot, true);
        if (err == FORE_E_OK) err = cleared;
    }
    FORE_TRY(err);
    FORE_TRY(move(m, m->first, last, true, NULL));
    out->move_bytes = full.bytes;
    /* Slots without keys have been timed apart, unless keys hardly show beside them. */
    double ms = full.ms > 1.1 * all ? full.ms - all : full.ms;
    out->move_bytes_per_sec = ms > 0 ? (double)full.bytes / ms * 1e3 : 0;
    out->move_cpu = full.ms > 0 ? full.cpu_ms / full.ms / 2 : 0;
    return FORE_E_OK;
}

static enum fore_err measure(struct moving *m, struct live_calibration *out)
{
    FORE_TRY(live_journal_open(m->options->journal, m->options->holder, 0, &m->journal, m->diag));
    live_mover_init(&m->mover, m->cluster, m->journal, &m->options->mover);
    if (live_mover_recover(&m->mover) > 0)
        return fore_err_set(m->diag, FORE_E_CONFLICT,
                            "calibrate: %s knows of a move that is not finished: start `foreshard "
                            "live` first",
                            m->options->journal);
    FORE_TRY(measure_slots(m, out));
    for (uint32_t i = 0; i < LIVE_CALIBRATE_BATCHES; i++)
        FORE_TRY(measure_batch(m, i, &out->batch[i]));
    out->moved = true;
    return FORE_E_OK;
}

enum fore_err live_calibrate_moves(const struct live_calibrate_options *options,
                                   struct live_cluster *cluster, struct live_calibration *out,
                                   struct fore_diag *diag)
{
    struct moving *m = calloc(1, sizeof *m);
    FORE_ASSERT(m != NULL);
    m->options = options;
    m->cluster = cluster;
    m->slots = options->slots != 0 ? options->slots : SLOTS;
    m->keys_per_slot = options->keys_per_slot != 0 ? options->keys_per_slot : KEYS_PER_SLOT;
    if (m->slots < LIVE_CALIBRATE_BATCHES) m->slots = LIVE_CALIBRATE_BATCHES;
    m->diag = diag;
    m->value = malloc(options->bytes);
    FORE_ASSERT(m->value != NULL);
    memset(m->value, 'v', options->bytes);
    enum fore_err err = FORE_E_OK;
    if (find_place(m, out->why_not, sizeof out->why_not)) {
        out->why_not[0] = '\0';
        err = measure(m, out);
    }
    live_mover_fini(&m->mover);
    live_journal_close(m->journal);
    free(m->value);
    free(m);
    return err;
}
