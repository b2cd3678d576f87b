/* desk_publish.c - a picture of what the engine's thread knows (picture.h). Everything is copied:
 * the engine goes on, the picture stays. */
#include "live/api/desk.h"
#include "live/base/clock.h"

#include <math.h>
#include <string.h>

static const char *const modes[] = {"observe", "propose", "auto"};
enum { REASON_AGE_S = 120, RESOLVED_MIN_MS = 900000 };

static void copy_nodes(struct live_desk *desk, const struct fore_topology *topology,
                       struct live_picture *picture)
{
    const struct fore_snapshot *seen = &desk->snapshot;
    bool loads = seen->has_topology && seen->topology.node_count == topology->node_count;
    picture->node_count = topology->node_count;
    picture->node = FORE_NEW(&picture->arena, struct live_picture_node, topology->node_count);
    for (uint32_t n = 0; n < topology->node_count; n++) {
        const struct fore_node *from = &topology->node[n];
        struct live_picture_node *to = &picture->node[n];
        *to = (struct live_picture_node){.cores = from->cores,
                                         .zone = from->zone,
                                         .rack = from->rack,
                                         .up = from->up,
                                         .standby = from->standby};
        memcpy(to->name, from->name, sizeof to->name);
        if (loads) to->load = seen->node_load[n];
    }
}

static const char *reason_of(const struct fore_snapshot *seen, uint32_t p, fore_ns now,
                             struct fore_arena *arena)
{
    if (!seen->has_topology || p >= seen->topology.partition_count) return NULL;
    const struct fore_snapshot_score *score = &seen->score[p];
    bool fresh = score->at != 0 && now - score->at < REASON_AGE_S * FORE_SEC;
    return fresh && score->reason[0] != '\0' ? fore_arena_strdup(arena, score->reason) : NULL;
}

static void copy_partitions(struct live_desk *desk, const struct fore_topology *topology,
                            struct live_picture *picture)
{
    const struct fore_snapshot *seen = &desk->snapshot;
    uint32_t scored = 0;
    const struct fore_score *score = fore_engine_scores(desk->engine, &scored);
    picture->partition =
        FORE_NEW(&picture->arena, struct live_picture_partition, topology->alive_count);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (!topology->partition[p].alive || picture->partition_count == topology->alive_count)
            continue;
        struct live_picture_partition *to = &picture->partition[picture->partition_count++];
        *to = (struct live_picture_partition){
            .index = p,
            .is = topology->partition[p],
            .threshold = fore_engine_threshold_of(desk->engine, topology, p),
            .reason = reason_of(seen, p, picture->now, &picture->arena)};
        if (p < scored) to->score = score[p];
        if (seen->has_topology && p < seen->topology.partition_count)
            to->load = seen->partition_load[p];
        struct live_picture_node *owner = &picture->node[to->is.replica[0]];
        owner->partitions++;
        owner->bytes += to->is.bytes;
    }
}

static const struct fore_migration *running(const struct fore_migrate *moves, fore_ticket ticket)
{
    for (uint32_t i = 0; i < moves->running; i++)
        if (moves->migration[i].ticket == ticket) return &moves->migration[i];
    return NULL;
}

static void mark_moving(struct live_picture *picture, uint32_t partition)
{
    const struct live_picture_partition *row = live_picture_find(picture, partition);
    if (row != NULL) picture->partition[row - picture->partition].moving = true;
}

static void copy_moves(struct live_desk *desk, struct live_picture *picture)
{
    const struct fore_snapshot *seen = &desk->snapshot;
    const struct fore_migrate *moves = fore_engine_moves(desk->engine);
    picture->move = FORE_NEW(&picture->arena, struct live_picture_move, seen->move_count);
    for (uint32_t i = seen->move_count; i-- > 0;) { /* the newest are last */
        const struct fore_snapshot_move *from = &seen->move[i];
        struct live_picture_move *to = &picture->move[picture->move_count++];
        const struct fore_migration *m = running(moves, from->move.ticket);
        *to = (struct live_picture_move){.event = from->move,
                                         .changed = from->changed_ns,
                                         .ended = from->ended_ns,
                                         .eta_s = (double)NAN,
                                         .note = fore_arena_strdup(&picture->arena, from->note)};
        if (m == NULL) continue;
        to->event.bytes_done = m->bytes_done;
        to->event.bytes_total = m->bytes_total;
        to->eta_s = fore_migrate_due_s(m, picture->now);
        if (m->state < FORE_MIGRATE_SWEEP) mark_moving(picture, m->move.partition);
    }
}

static void copy_alerts(struct live_desk *desk, struct live_picture *picture)
{
    const struct live_alerts *alerts = &desk->alerts;
    uint64_t ring = alerts->resolved_total < LIVE_ALERTS_RESOLVED ? alerts->resolved_total
                                                                  : LIVE_ALERTS_RESOLVED;
    picture->alert = FORE_NEW(&picture->arena, struct live_alert, alerts->count + ring);
    memcpy(picture->alert, alerts->standing, alerts->count * sizeof *picture->alert);
    picture->alert_count = alerts->count;
    for (uint64_t i = 0; i < ring; i++) { /* the newest first */
        const struct live_alert *alert =
            &alerts->resolved[(alerts->resolved_total - 1 - i) % LIVE_ALERTS_RESOLVED];
        if (picture->unix_ms - alert->resolved_unix_ms < RESOLVED_MIN_MS)
            picture->alert[picture->alert_count++] = *alert;
    }
}

static void copy_plans(struct live_desk *desk, struct live_picture *picture)
{
    const struct live_plan *list[LIVE_PLANS_ASKED + LIVE_PLANS_TOLD];
    struct fore_arena *arena = &picture->arena;
    uint32_t count = live_plans_list(&desk->plans, list);
    picture->plan = FORE_NEW(arena, struct live_picture_plan, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct live_plan *from = list[i];
        bool stale = from->status == LIVE_PLAN_DRY_RUN && strcmp(from->state, picture->state) != 0;
        picture->plan[picture->plan_count++] = (struct live_picture_plan){
            .id = from->id,
            .plan = from->plan.id,
            .status = live_plan_status_text(stale ? LIVE_PLAN_STALE : from->status),
            .state = fore_arena_strdup(arena, from->state),
            .origin = from->asked ? "request" : "engine",
            .moves = from->plan.move_count,
            .bytes = from->bytes,
            .duration_s = from->duration_s,
            .json = from->json.len > 0 ? fore_arena_strdup(arena, from->json.data) : NULL};
    }
}

static void copy_settings(struct live_desk *desk, struct live_picture *picture)
{
    picture->setting_count = LIVE_SETTINGS;
    picture->setting = FORE_NEW(&picture->arena, struct live_picture_setting, LIVE_SETTINGS);
    for (int i = 0; i < LIVE_SETTINGS; i++)
        picture->setting[i] = (struct live_picture_setting){
            .name = live_setting_rows[i].name,
            .value = fore_arena_strdup(&picture->arena, desk->setting[i]),
            .kind = live_setting_rows[i].kind,
            .about = live_setting_rows[i].about,
            .in_force = live_setting_rows[i].in_force,
            .changed_unix_ms = desk->changed_unix_ms[i]};
    struct fore_buf advice = {0};
    live_desk_sharding_advice(desk, desk->setting[LIVE_SET_SHARDING_KEY], &advice);
    picture->setting[LIVE_SET_SHARDING_KEY].reason =
        fore_arena_strdup(&picture->arena, advice.data);
    fore_buf_fini(&advice);
    (void)live_number(desk->setting[LIVE_SET_REPLICAS], FORE_REPLICAS_MAX,
                      &picture->replicas_wanted);
}

static void copy_health(struct live_desk *desk, struct live_picture *picture)
{
    const struct live_backend_ops *ops = desk->backend->ops;
    const char *frozen = ops->frozen != NULL ? ops->frozen(desk->backend->self) : "";
    picture->health = desk->health;
    picture->health.events = live_stream_count(&desk->stream);
    picture->health.held = desk->killed;
    picture->health.frozen = fore_arena_strdup(&picture->arena, frozen);
}

static void describe(struct live_desk *desk, const struct fore_topology *topology,
                     struct live_picture *picture)
{
    const struct live_config *config = desk->config;
    char state[LIVE_STATE_MAX];
    live_desk_state(desk, state);
    picture->now = fore_driver_now(desk->backend->door);
    picture->unix_ms = live_unix_ms();
    picture->sequence = desk->pictures;
    picture->state = fore_arena_strdup(&picture->arena, state);
    picture->mode = modes[desk->mode];
    picture->driver = desk->backend->ops->name;
    picture->journal = desk->journal;
    picture->policy = config->engine.policy.name;
    picture->window = config->engine.observe.window;
    picture->slo = desk->backend->slo;
    picture->epoch = topology->epoch;
    picture->table_count = topology->table_count;
    picture->table = FORE_NEW(&picture->arena, struct fore_table, topology->table_count);
    memcpy(picture->table, topology->table, topology->table_count * sizeof *picture->table);
    picture->cluster = desk->snapshot.cluster;
    picture->counts = fore_engine_counts(desk->engine);
    picture->skill =
        fore_fleet_skill(fore_engine_fleet(desk->engine), config->engine.observe.mid_step);
    picture->rrs_threshold = config->engine.decide.rrs_threshold;
    picture->metrics_top = config->api.top;
}

void live_desk_publish(struct live_desk *desk)
{
    const struct fore_topology *topology = NULL;
    if (fore_driver_topology(desk->backend->door, &topology) != FORE_E_OK) return;
    struct live_picture *picture = live_picture_create();
    desk->pictures++;
    describe(desk, topology, picture);
    copy_nodes(desk, topology, picture);
    copy_partitions(desk, topology, picture);
    copy_moves(desk, picture);
    copy_alerts(desk, picture);
    copy_plans(desk, picture);
    copy_settings(desk, picture);
    copy_health(desk, picture);
    live_picture_order(picture);
    live_board_publish(&desk->board, picture);
    desk->pictured_at = live_clock_now();
    desk->touched = false;
}
