/* journal_sample_moves.c - the pretend policy: every move walks through all states of act/. */
#include "core/act/alert.h"
#include "core/act/migrate.h"
#include "tests/support/journal_sample_player.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_move(struct player *p, struct running *r, uint8_t state, const char *note)
{
    static const uint8_t phase[] = {[FORE_MIGRATE_QUEUED] = FORE_PHASE_QUEUED,
                                    [FORE_MIGRATE_COPY] = FORE_PHASE_COPYING,
                                    [FORE_MIGRATE_CATCH_UP] = FORE_PHASE_CATCHING_UP,
                                    [FORE_MIGRATE_COMPARE] = FORE_PHASE_READY,
                                    [FORE_MIGRATE_CUT_OVER] = FORE_PHASE_READY,
                                    [FORE_MIGRATE_SWEEP] = FORE_PHASE_SWEEPING,
                                    [FORE_MIGRATE_WATCH] = FORE_PHASE_DONE,
                                    [FORE_MIGRATE_DONE] = FORE_PHASE_DONE,
                                    [FORE_MIGRATE_CANCELLED] = FORE_PHASE_CANCELLED,
                                    [FORE_MIGRATE_FAILED] = FORE_PHASE_FAILED,
                                    [FORE_MIGRATE_ROLLED_BACK] = FORE_PHASE_DONE};
    r->move.state = state;
    r->move.phase = phase[state];
    r->changed = p->now;
    fore_sink_put_text(p->sink, p->now, FORE_EV_MOVE, &r->move, sizeof r->move, note);
    if (state >= FORE_MIGRATE_DONE) r->used = false;
}

static void put_plan(struct player *p, const struct running *r, bool admitted)
{
    struct {
        struct fore_event_plan head;
        struct fore_event_plan_move move;
    } plan = {
        .head = {.plan = ++p->plans,
                 .epoch = p->topology.epoch,
                 .violation_before = 900,
                 .violation_after = 60,
                 .bytes = (float)r->move.bytes_total,
                 .move_count = 1,
                 .admitted = admitted               },
        .move = {.kind = r->move.kind,
                 .partition = r->move.partition,
                 .other = r->move.other,
                 .source = r->move.source,
                 .target = r->move.target,
                 .gain = 840,
                 .bytes = (float)r->move.bytes_total}
    };
    fore_sink_put_text(p->sink, p->now, FORE_EV_PLAN, &plan, sizeof plan,
                       "saves 840 node-seconds over SLO for 0.4 GiB");
}

static void changed_topology(struct player *p, const struct fore_event_move *m, uint64_t split_at)
{
    struct fore_event_topology change = {.epoch = p->topology.epoch,
                                         .split_at = split_at,
                                         .partition = m->partition,
                                         .other = m->other,
                                         .source = m->source,
                                         .target = m->target,
                                         .kind = m->kind,
                                         .right_share = m->kind == FORE_MOVE_SPLIT ? 0.5f : 0};
    fore_sink_put(p->sink, p->now, FORE_EV_TOPOLOGY, &change, sizeof change);
}

static void cut_over(struct player *p, struct fore_event_move *m)
{
    enum fore_err err = FORE_E_OK;
    uint64_t at = 0;
    if (m->kind == FORE_MOVE_MOVE)
        err = fore_topology_move(&p->topology, m->partition, m->source, m->target);
    if (m->kind == FORE_MOVE_ADD_REPLICA)
        err = fore_topology_add_replica(&p->topology, m->partition, m->target);
    if (m->kind == FORE_MOVE_SPLIT) {
        const struct fore_partition *part = &p->topology.partition[m->partition];
        at = part->first + (part->last - part->first) / 2 + 1;
        err = fore_topology_split(&p->topology, m->partition, at, 0.5, &m->other);
        p->weight[m->partition] *= 0.5;
        p->weight[m->other] = p->weight[m->partition];
    }
    FORE_ASSERT(err == FORE_E_OK);
    changed_topology(p, m, at);
}

static void verify(struct player *p, const struct running *r)
{
    struct fore_event_verify v = {.ticket = r->move.ticket,
                                  .digest_source = 0x5eed + r->move.ticket,
                                  .digest_target = 0x5eed + r->move.ticket,
                                  .p99_before_ms = 31,
                                  .p99_after_ms = 14,
                                  .p99_predicted_ms = 16,
                                  .partition = r->move.partition,
                                  .digests_equal = 1};
    fore_sink_put(p->sink, p->now, FORE_EV_VERIFY, &v, sizeof v);
}

/* One move's next step. The fifth fails, the ninth is cancelled, the eleventh rolled back. */
static void step_move(struct player *p, struct running *r)
{
    double dt = (double)p->options->period / 1e9;
    struct fore_event_move *m = &r->move;
    switch (m->state) {
    case FORE_MIGRATE_QUEUED: put_move(p, r, FORE_MIGRATE_COPY, ""); break;
    case FORE_MIGRATE_COPY:
        m->bytes_done += (uint64_t)(r->rate * dt);
        if (m->bytes_done > m->bytes_total) m->bytes_done = m->bytes_total;
        if (m->ticket == 5 && m->bytes_done > m->bytes_total / 2) {
            put_move(p, r, FORE_MIGRATE_FAILED, "node-03 refused the copy: disk full");
            sample_alert(p, FORE_ALERT_WARNING, FORE_ALERT_MOVE_FAILED, m->source, "move 5 failed");
        } else if (m->ticket == 9 && m->bytes_done > m->bytes_total / 3) {
            put_move(p, r, FORE_MIGRATE_CANCELLED, "no progress for 2 min");
        } else {
            bool full = m->bytes_done == m->bytes_total;
            put_move(p, r, full ? FORE_MIGRATE_CATCH_UP : FORE_MIGRATE_COPY,
                     p->violated ? "throttled: the source is above its SLO" : "");
        }
        break;
    case FORE_MIGRATE_CATCH_UP: put_move(p, r, FORE_MIGRATE_COMPARE, ""); break;
    case FORE_MIGRATE_COMPARE:
        verify(p, r);
        put_move(p, r, FORE_MIGRATE_CUT_OVER, "digests equal");
        break;
    case FORE_MIGRATE_CUT_OVER:
        cut_over(p, m);
        put_move(p, r, FORE_MIGRATE_SWEEP, "");
        break;
    case FORE_MIGRATE_SWEEP: put_move(p, r, FORE_MIGRATE_WATCH, "0 orphans"); break;
    default:
        if (p->now - r->changed >= 4 * MINUTE)
            put_move(p, r, m->ticket == 11 ? FORE_MIGRATE_ROLLED_BACK : FORE_MIGRATE_DONE,
                     "p99 31 ms -> 14 ms, predicted 16 ms");
    }
}

static struct running *free_slot(struct player *p)
{
    for (int i = 0; i < MOVES_MAX; i++)
        if (!p->running[i].used) return &p->running[i];
    return NULL;
}

static void begin(struct player *p, struct running *r, uint32_t partition, uint8_t kind,
                  uint16_t target)
{
    const struct fore_partition *part = &p->topology.partition[partition];
    *r = (struct running){.used = true, .rate = 0.7e6 + 0.4e6 * fore_rng_unit(&p->rng)};
    r->move = (struct fore_event_move){.ticket = ++p->tickets,
                                       .plan = p->plans + 1,
                                       .bytes_total = kind == FORE_MOVE_SPLIT ? 0 : part->bytes,
                                       .began_ns = p->now,
                                       .bytes_per_sec_max = r->rate,
                                       .partition = partition,
                                       .other = FORE_PARTITION_NONE,
                                       .source = part->replica[0],
                                       .target = target,
                                       .kind = kind};
    p->cooled[partition] = (double)p->now / 1e9 + 2700;
    put_plan(p, r, true);
    put_move(p, r, FORE_MIGRATE_QUEUED, "");
}

/* The riskiest node's largest partition goes to the coolest node, or is split, or copied. */
void sample_act(struct player *p)
{
    struct running *r = free_slot(p);
    uint16_t hot = 0, cool = 0;
    double t = (double)p->now / 1e9, best = 0;
    for (uint16_t n = 1; n < p->options->node_count; n++) {
        if (p->node_peak[n][1] > p->node_peak[hot][1]) hot = n;
        if (p->node_peak[n][1] < p->node_peak[cool][1]) cool = n;
    }
    if (r == NULL || p->node_peak[hot][1] < 0.80 || hot == cool) return;
    sample_alert(p, FORE_ALERT_WARNING, FORE_ALERT_NODE_RISK, hot,
                 "a node is forecast to pass 85 %");
    uint32_t pick = FORE_PARTITION_NONE;
    for (uint32_t i = 0; i < p->topology.partition_count; i++) {
        const struct fore_partition *part = &p->topology.partition[i];
        double load = part->alive ? sample_truth(p, i, t + 2400) : 0;
        if (!part->alive || part->replica[0] != hot || part->replica_count > 1 || t < p->cooled[i])
            continue;
        if (load <= best) continue;
        best = load;
        pick = i;
    }
    if (pick == FORE_PARTITION_NONE) return;
    bool split = best > 1.6;
    begin(p, r, pick,
          split                 ? FORE_MOVE_SPLIT
          : p->tickets % 6 == 3 ? FORE_MOVE_ADD_REPLICA
                                : FORE_MOVE_MOVE,
          split ? hot : cool);
}

void sample_moves(struct player *p)
{
    memset(p->node_move, 0, sizeof p->node_move);
    for (int i = 0; i < MOVES_MAX; i++) {
        struct running *r = &p->running[i];
        if (!r->used) continue;
        if (r->move.state == FORE_MIGRATE_COPY && r->move.kind != FORE_MOVE_SPLIT) {
            p->node_move[r->move.source] += 0.05;
            p->node_move[r->move.target] += 0.06;
        }
        step_move(p, r);
    }
}
