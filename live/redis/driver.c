/*
 * driver.c - see driver.h: the operations. How the topology follows the cluster is in follow.c.
 * A ticket's legality is judged on a copy of the topology; the cut-over makes the same change on
 * the topology itself.
 */
#include "live/redis/driver.h"

#include "live/base/clock.h"
#include "live/redis/follow.h"

#include <stdlib.h>
#include <string.h>

struct live_ticket {
    struct fore_move move;
    enum fore_move_phase phase; /* of what needs no mover; else asked of the mover */
    uint32_t index;             /* of the mover; LIVE_MOVES_MAX: none */
    uint32_t first, last;       /* slots */
    uint64_t bytes_done, bytes_total;
    bool timed; /* its copy is under way, and will be a measure of speed */
    uint32_t partition_new;
};

enum { CANCEL_WAIT_MS = 200, IDLE_MS = 1, SETTLE_MS = 5000 };

/*
 * No number is given out twice, in whatever life: an engine that was saved polls the tickets it
 * had, one of them perhaps after another has been begun anew. So each life has numbers of its own,
 * after those of the lease's token, which is larger in each; below 2^53, because JSON carries them.
 */
static const fore_ticket a_life = 1000000000, lives = 9000000;

static fore_ticket first_ticket(const struct live_driver *driver)
{
    return live_journal_token(driver->journal) % lives * a_life + 1;
}

static struct live_ticket *ticket_of(struct live_driver *driver, fore_ticket ticket)
{
    fore_ticket index = ticket - first_ticket(driver); /* of an earlier life: far too large */
    bool known = index < driver->ticket_count && driver->ticket_count - index <= LIVE_TICKETS_MAX;
    return known ? &driver->ticket[index % LIVE_TICKETS_MAX] : NULL;
}

static struct live_move *work_of(struct live_driver *driver, const struct live_ticket *ticket)
{
    return ticket->index < LIVE_MOVES_MAX ? &driver->mover.move[ticket->index] : NULL;
}

static enum fore_move_phase phase_of(enum live_move_phase phase)
{
    switch (phase) {
    case LIVE_MOVE_WEIGHING: return FORE_PHASE_QUEUED;
    case LIVE_MOVE_MOVING:
    case LIVE_MOVE_GOING_BACK:
    case LIVE_MOVE_SETTLING: return FORE_PHASE_COPYING;
    case LIVE_MOVE_READY: return FORE_PHASE_READY;
    case LIVE_MOVE_FINISHED: return FORE_PHASE_SWEEPING;
    case LIVE_MOVE_BACK: return FORE_PHASE_CANCELLED;
    case LIVE_MOVE_FREE:
    case LIVE_MOVE_FAILED: break;
    }
    return FORE_PHASE_FAILED;
}

/* Takes over what the mover knows; lets go of it when it has ended. */
static void look_at(struct live_driver *driver, struct live_ticket *ticket)
{
    struct live_move *work = work_of(driver, ticket);
    if (work == NULL) return;
    ticket->phase = phase_of(work->phase);
    ticket->bytes_done = work->bytes_done;
    ticket->bytes_total = work->phase == LIVE_MOVE_WEIGHING ? 0 : work->bytes_total;
    bool ended = work->phase == LIVE_MOVE_BACK || work->phase == LIVE_MOVE_FAILED ||
                 work->phase == LIVE_MOVE_FINISHED;
    bool ready = work->phase == LIVE_MOVE_READY || work->phase == LIVE_MOVE_FINISHED;
    if (ticket->timed && (ready || ended)) {
        ticket->timed = false;
        live_speed_end(&driver->speed, ready ? (double)ticket->bytes_total : 0, live_clock_ms());
    }
    if (!ended) return;
    live_mover_release(&driver->mover, ticket->index);
    ticket->index = LIVE_MOVES_MAX;
}

static bool before_cutover(const struct live_ticket *ticket)
{
    return ticket->phase <= FORE_PHASE_READY;
}

/* Tickets that are remembered; the oldest make room for new ones. */
static uint32_t remembered(const struct live_driver *driver)
{
    return driver->ticket_count < LIVE_TICKETS_MAX ? (uint32_t)driver->ticket_count
                                                   : LIVE_TICKETS_MAX;
}

static bool busy(struct live_driver *driver, uint32_t partition)
{
    for (uint32_t i = 0; i < remembered(driver); i++) {
        struct live_ticket *ticket = &driver->ticket[i];
        look_at(driver, ticket);
        if (!before_cutover(ticket) && ticket->phase != FORE_PHASE_SWEEPING) continue;
        if (ticket->move.partition == partition) return true;
        if (ticket->move.kind == FORE_MOVE_MERGE && ticket->move.other == partition) return true;
    }
    return false;
}

/* ---- what is there ------------------------------------------------------------------------ */

static fore_ns op_now(void *self)
{
    const struct live_driver *driver = self;
    return driver->now;
}

static enum fore_err op_topology(void *self, const struct fore_topology **out)
{
    struct live_driver *driver = self;
    *out = &driver->topology;
    return FORE_E_OK;
}

static enum fore_err op_sample(void *self, struct fore_sample *out)
{
    struct live_driver *driver = self;
    if (!driver->window_unread) return FORE_E_AGAIN;
    driver->window_unread = false;
    *out = driver->sample;
    return FORE_E_OK;
}

/* ---- moves -------------------------------------------------------------------------------- */

/* A split lies between two slots; a key range that was asked for is rounded to the nearest. */
static uint64_t slot_boundary(const struct fore_partition *p, uint64_t at)
{
    uint64_t one = UINT64_C(1) << FORE_SLOT_SHIFT, below = at & ~(one - 1);
    uint64_t rounded = at - below >= one / 2 && below <= UINT64_MAX - one ? below + one : below;
    if (at <= p->first || at > p->last) return at; /* out of range stays so */
    if (rounded <= p->first) rounded = p->first + one;
    return rounded > p->last ? at : rounded; /* one slot cannot be split: `at` is refused */
}

static enum fore_err change(struct fore_topology *topology, const struct fore_move *move,
                            uint32_t *right)
{
    switch (move->kind) {
    case FORE_MOVE_MOVE:
        return fore_topology_move(topology, move->partition, move->source, move->target);
    case FORE_MOVE_SPLIT:
        if (move->partition < topology->partition_count && move->split_at % LIVE_SLOT_WIDTH != 0)
            return FORE_E_REFUSED;
        return fore_topology_split(topology, move->partition, move->split_at,
                                   move->split_right_share, right);
    case FORE_MOVE_MERGE: return fore_topology_merge(topology, move->partition, move->other);
    case FORE_MOVE_ADD_REPLICA:
    case FORE_MOVE_DROP_REPLICA:
    case FORE_MOVE_ADD_NODE:
    case FORE_MOVE_REMOVE_NODE:
    case FORE_MOVE_VERTICAL_SPLIT: /* hashes are not cut by field: advice only */
    case FORE_MOVE_VERTICAL_MERGE:
    case FORE_MOVE_KINDS: break;
    }
    return FORE_E_UNSUPPORTED;
}

static enum fore_err begin_work(struct live_driver *driver, struct live_ticket *ticket)
{
    const struct fore_move *move = &ticket->move;
    struct fore_diag diag = {0};
    if (driver->topology.partition[move->partition].replica[0] != move->source)
        return FORE_E_CONFLICT;
    if (!driver->topology.node[move->target].up) return FORE_E_REFUSED;
    struct live_journal_move row = {.first = (uint16_t)ticket->first,
                                    .last = (uint16_t)ticket->last,
                                    .from = move->source,
                                    .to = move->target};
    ticket->phase = FORE_PHASE_QUEUED;
    FORE_TRY(
        live_mover_begin(&driver->mover, &row, move->bytes_per_sec_max, &ticket->index, &diag));
    ticket->timed = true;
    live_speed_begin(&driver->speed, live_clock_ms());
    return FORE_E_OK;
}

static enum fore_err op_begin(void *self, const struct fore_move *move, fore_ticket *out)
{
    struct live_driver *driver = self;
    struct fore_move asked = *move;
    const struct fore_topology *t = &driver->topology;
    if (asked.kind == FORE_MOVE_SPLIT && asked.partition < t->partition_count)
        asked.split_at = slot_boundary(&t->partition[asked.partition], asked.split_at);
    fore_topology_copy(&driver->trial, t, &driver->arena);
    FORE_TRY(change(&driver->trial, &asked, NULL));
    if (busy(driver, asked.partition)) return FORE_E_CONFLICT;
    if (asked.kind == FORE_MOVE_MERGE && busy(driver, asked.other)) return FORE_E_CONFLICT;
    struct live_ticket *ticket = &driver->ticket[driver->ticket_count % LIVE_TICKETS_MAX];
    if (ticket->phase <= FORE_PHASE_SWEEPING && driver->ticket_count >= LIVE_TICKETS_MAX)
        return FORE_E_REFUSED;
    *ticket = (struct live_ticket){.move = asked,
                                   .phase = FORE_PHASE_READY,
                                   .index = LIVE_MOVES_MAX,
                                   .partition_new = FORE_PARTITION_NONE};
    live_driver_slots(&t->partition[asked.partition], &ticket->first, &ticket->last);
    if (asked.kind == FORE_MOVE_MOVE) FORE_TRY(begin_work(driver, ticket));
    *out = first_ticket(driver) + driver->ticket_count++;
    return FORE_E_OK;
}

static enum fore_err op_poll(void *self, fore_ticket number, struct fore_move_status *out)
{
    struct live_driver *driver = self;
    struct live_ticket *ticket = ticket_of(driver, number);
    if (ticket == NULL) return FORE_E_RANGE;
    look_at(driver, ticket);
    *out = (struct fore_move_status){.phase = ticket->phase,
                                     .bytes_done = ticket->bytes_done,
                                     .bytes_total = ticket->bytes_total,
                                     .partition_new = ticket->partition_new};
    return FORE_E_OK;
}

static enum fore_err op_throttle(void *self, fore_ticket number, double bytes_per_sec_max)
{
    struct live_driver *driver = self;
    struct live_ticket *ticket = ticket_of(driver, number);
    if (ticket == NULL) return FORE_E_RANGE;
    look_at(driver, ticket);
    if (!before_cutover(ticket)) return FORE_E_CONFLICT;
    if (work_of(driver, ticket) != NULL)
        live_mover_limit(&driver->mover, ticket->index, bytes_per_sec_max);
    return FORE_E_OK;
}

static enum fore_err op_cancel(void *self, fore_ticket number)
{
    struct live_driver *driver = self;
    struct live_ticket *ticket = ticket_of(driver, number);
    if (ticket == NULL) return FORE_E_RANGE;
    look_at(driver, ticket);
    if (!before_cutover(ticket)) return FORE_E_CONFLICT;
    if (work_of(driver, ticket) == NULL) {
        ticket->phase = FORE_PHASE_CANCELLED;
        return FORE_E_OK;
    }
    uint32_t ms = driver->options.cancel_wait_ms;
    uint64_t until = live_clock_ms() + (ms != 0 ? ms : CANCEL_WAIT_MS);
    live_mover_cancel(&driver->mover, ticket->index);
    while (before_cutover(ticket) && live_clock_ms() < until) {
        if (!live_mover_step(&driver->mover)) live_clock_sleep_ms(IDLE_MS);
        look_at(driver, ticket);
    }
    return ticket->phase == FORE_PHASE_CANCELLED ? FORE_E_OK : FORE_E_AGAIN;
}

static enum fore_err op_cutover(void *self, fore_ticket number)
{
    struct live_driver *driver = self;
    struct live_ticket *ticket = ticket_of(driver, number);
    if (ticket == NULL) return FORE_E_RANGE;
    look_at(driver, ticket);
    if (ticket->phase != FORE_PHASE_READY) return FORE_E_CONFLICT;
    const struct live_move *work = work_of(driver, ticket);
    if (work == NULL) {
        FORE_TRY(change(&driver->topology, &ticket->move, &ticket->partition_new));
        ticket->phase = FORE_PHASE_DONE;
        return FORE_E_OK;
    }
    FORE_TRY(live_mover_finish(&driver->mover, ticket->index));
    look_at(driver, ticket);
    return change(&driver->topology, &ticket->move, NULL);
}

static enum fore_err op_sweep(void *self, fore_ticket number, uint64_t *orphans)
{
    struct live_driver *driver = self;
    struct live_ticket *ticket = ticket_of(driver, number);
    if (ticket == NULL) return FORE_E_RANGE;
    *orphans = 0;
    if (ticket->phase == FORE_PHASE_DONE && ticket->move.kind == FORE_MOVE_MOVE) return FORE_E_OK;
    if (ticket->phase != FORE_PHASE_SWEEPING) return FORE_E_CONFLICT;
    for (uint32_t slot = ticket->first; slot <= ticket->last; slot++) {
        uint64_t found = 0;
        FORE_TRY(live_slot_sweep(&driver->cluster, (uint16_t)slot, ticket->move.source, &found));
        *orphans += found;
    }
    ticket->phase = FORE_PHASE_DONE;
    return FORE_E_OK;
}

/* ---- digests ------------------------------------------------------------------------------ */

/* The keys that a shard holds in a run of slots, whoever owns them. */
static enum fore_err count_range(struct live_link *link, uint32_t first, uint32_t last,
                                 uint64_t *out)
{
    enum fore_err err = FORE_E_OK;
    *out = 0;
    for (uint32_t slot = first; slot <= last; slot++)
        live_link_append(link, "CLUSTER COUNTKEYSINSLOT %d", (int)slot);
    for (uint32_t slot = first; slot <= last; slot++) {
        redisReply *reply = live_link_take(link);
        enum fore_err one = live_answer_err(live_reply_kind(reply));
        if (one == FORE_E_OK && reply->type == REDIS_REPLY_INTEGER)
            *out += (uint64_t)reply->integer;
        else if (err == FORE_E_OK)
            err = one == FORE_E_OK ? FORE_E_FORMAT : one;
        if (reply != NULL) freeReplyObject(reply);
    }
    return err;
}

/* Of a moving partition: the keys as they left, with those that have not; or as they arrived. */
static enum fore_err digest_moving(struct live_driver *driver, const struct live_ticket *ticket,
                                   uint16_t node, uint64_t *out)
{
    const struct live_move *work = work_of(driver, ticket);
    struct live_digest digest = node == ticket->move.source ? work->out : work->in;
    if (node == ticket->move.target && live_move_adds_up(&driver->mover, work))
        live_digest_add(&digest, &work->strange);
    if (node == ticket->move.source && work->phase != LIVE_MOVE_READY) {
        struct live_instance *at = live_cluster_primary(&driver->cluster, node);
        if (at == NULL) return FORE_E_UNREACHABLE;
        for (uint32_t slot = work->next; slot <= work->last; slot++)
            FORE_TRY(live_digest_slot(&at->link, (uint16_t)slot, false, &digest));
    }
    *out = live_digest_word(&digest);
    return FORE_E_OK;
}

static const struct live_ticket *moving(struct live_driver *driver, uint32_t partition,
                                        uint16_t node)
{
    for (uint32_t i = 0; i < remembered(driver); i++) {
        struct live_ticket *ticket = &driver->ticket[i];
        look_at(driver, ticket);
        bool about = ticket->move.kind == FORE_MOVE_MOVE && ticket->move.partition == partition &&
                     (ticket->move.source == node || ticket->move.target == node);
        if (about && work_of(driver, ticket) != NULL) return ticket;
    }
    return NULL;
}

static enum fore_err op_digest(void *self, uint32_t partition, uint16_t node, uint64_t *out)
{
    struct live_driver *driver = self;
    const struct fore_topology *t = &driver->topology;
    if (partition >= t->partition_count || node >= t->node_count || !t->partition[partition].alive)
        return FORE_E_RANGE;
    const struct live_ticket *ticket = moving(driver, partition, node);
    if (ticket != NULL) return digest_moving(driver, ticket, node, out);

    struct live_instance *at = live_cluster_primary(&driver->cluster, node);
    uint32_t first, last;
    uint64_t count = 0;
    struct live_digest digest = {0};
    live_driver_slots(&t->partition[partition], &first, &last);
    if (at == NULL) return FORE_E_UNREACHABLE;
    if (!fore_topology_hosts(t, partition, node)) {
        /* A node does not read keys of others' slots out to us: how many is all there is. */
        FORE_TRY(count_range(&at->link, first, last, &count));
        digest.keys = count;
        *out = live_digest_word(&digest);
        return count > 0 ? FORE_E_OK : FORE_E_RANGE;
    }
    for (uint32_t slot = first; slot <= last; slot++)
        FORE_TRY(live_digest_slot(&at->link, (uint16_t)slot, false, &digest));
    *out = live_digest_word(&digest);
    return FORE_E_OK;
}

/* ---- open, run, close --------------------------------------------------------------------- */

static void op_close(void *self)
{
    struct live_driver *driver = self;
    live_heat_fini(&driver->heat);
    live_mover_fini(&driver->mover);
    live_journal_close(driver->journal);
    live_cluster_close(&driver->cluster);
    fore_arena_fini(&driver->arena);
    free(driver->ticket);
    free(driver);
}

static const struct fore_driver_ops redis_ops = {
    .name = "redis",
    .caps = FORE_CAP_MOVE | FORE_CAP_SPLIT | FORE_CAP_THROTTLE | FORE_CAP_CANCEL | FORE_CAP_DIGEST,
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

static void recall(void *self, const char *id, uint16_t shard)
{
    live_cluster_remember(self, id, shard);
}

/* Slots that an earlier run left open are closed first. Where that needs more than a moment (an
 * heir that is still to be elected), it goes on in live_driver_run(). */
static void settle(struct live_driver *driver)
{
    uint64_t until = live_clock_ms() + SETTLE_MS;
    uint32_t count = live_mover_recover(&driver->mover);
    while (count > 0 && live_clock_ms() < until) {
        if (!live_mover_step(&driver->mover)) live_clock_sleep_ms(IDLE_MS);
        count = 0;
        for (uint32_t i = 0; i < LIVE_MOVES_MAX; i++)
            count += driver->mover.move[i].phase == LIVE_MOVE_SETTLING;
    }
}

static enum fore_err open_all(struct live_driver *driver, struct fore_diag *diag)
{
    const struct live_driver_options *o = &driver->options;
    FORE_TRY(live_cluster_open(&driver->cluster, &o->access, o->seed, o->seed_count, diag));
    FORE_TRY(live_journal_open(o->journal, o->holder != NULL ? o->holder : "foreshard", o->lease_ms,
                               &driver->journal, diag));
    live_journal_remembered(driver->journal, recall, &driver->cluster);
    FORE_TRY(live_cluster_refresh(&driver->cluster, diag));
    if (live_follow_lineage(driver) != FORE_E_OK)
        return fore_err_set(diag, FORE_E_IO, "journal %s: cannot be written", o->journal);
    live_mover_init(&driver->mover, &driver->cluster, driver->journal, &o->mover);
    settle(driver);
    FORE_TRY(live_follow_begin(driver, diag));
    live_heat_init(&driver->heat, &driver->cluster, &o->heat, &driver->arena,
                   driver->topology.partition_cap);
    live_follow_sizes(driver);
    return FORE_E_OK;
}

enum fore_err live_driver_open(struct live_driver **out, const struct live_driver_options *options,
                               struct fore_diag *diag)
{
    struct live_driver *driver = calloc(1, sizeof *driver);
    FORE_ASSERT(driver != NULL);
    driver->ops = redis_ops;
    driver->options = *options;
    fore_arena_init(&driver->arena);
    driver->ticket = calloc(LIVE_TICKETS_MAX, sizeof driver->ticket[0]);
    FORE_ASSERT(driver->ticket != NULL);
    memset(driver->lineage, -1, sizeof driver->lineage);
    if (driver->options.window == 0) driver->options.window = FORE_SEC;
    driver->now = driver->window_end = options->now;
    enum fore_err err = open_all(driver, diag);
    if (err != FORE_E_OK) {
        op_close(driver);
        driver = NULL;
    }
    *out = driver;
    return err;
}

struct fore_driver live_driver_door(struct live_driver *driver)
{
    return (struct fore_driver){.ops = &driver->ops, .self = driver};
}

struct live_driver *live_driver_of(struct fore_driver door)
{
    return door.self;
}

static void end_window(struct live_driver *driver, fore_ns end)
{
    fore_ns clock = live_clock_now();
    bool known = driver->options.makes_up && driver->counted_at != 0;
    fore_ns lasted = known ? clock - driver->counted_at : 0;
    if (live_heat_window(&driver->heat, &driver->topology, driver->window_end, end, lasted,
                         &driver->sample))
        driver->counted_at = clock;
    driver->window_end = end;
    driver->window_unread = true;
}

void live_driver_work(struct live_driver *driver, fore_ns span)
{
    fore_ns began = live_clock_now();
    while (live_clock_now() - began < span) {
        bool worked = live_mover_step(&driver->mover);
        live_heat_tick(&driver->heat);
        if (!worked) live_clock_sleep_ms(IDLE_MS);
    }
}

void live_driver_pass(struct live_driver *driver, fore_ns span)
{
    driver->now += span;
    live_follow(driver);
    if (driver->now >= driver->window_end + driver->options.window) end_window(driver, driver->now);
}

void live_driver_run(struct live_driver *driver, fore_ns span)
{
    live_driver_work(driver, span);
    live_driver_pass(driver, span);
}
