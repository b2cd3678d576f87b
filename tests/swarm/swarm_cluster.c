/*
 * swarm_cluster.c - random clusters, workloads, faults and moves, one seed after the other.
 *
 * Each seed draws a cluster and a workload, then does to it whatever the driver allows: moves,
 * splits, merges, replicas, throttles, cancels, in any order, with nodes failing meanwhile. Beside
 * it lives a naive model of the placement, a list of ranges searched from end to end, told only
 * what was cut over. After every window the two must agree on every request: the same source is
 * read again and counted through the model. At the end faults stop, and everything under way must
 * come to an end. Every fourth seed is also run as a whole, engine included, twice.
 *
 * SWARM_SEEDS says how many (default 40), SWARM_FIRST where to start. A seed runs in a process of
 * its own, so an assertion inside the product names its seed too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/run.h"
#include "tests/support/sim_world.h"

enum { TEXT = 64, SETS = 26, RANGES = 512, TICKETS = 256, WINDOWS = 60, PATIENCE = 4000 };

#define CHECK(x)                                                                    \
    do {                                                                            \
        if (!(x)) {                                                                 \
            (void)fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #x); \
            _exit(1);                                                               \
        }                                                                           \
    } while (0)

struct sets { /* options of one seed, as text */
    char text[SETS][TEXT];
    const char *item[SETS + 1];
    size_t count;
};

static void add(struct sets *sets, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct sets *sets, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(sets->text[sets->count], TEXT, fmt, args);
    va_end(args);
    sets->item[sets->count] = sets->text[sets->count];
    sets->item[++sets->count] = NULL;
}

static uint32_t between(struct fore_rng *rng, uint32_t low, uint32_t high)
{
    return low + fore_rng_below(rng, high - low + 1);
}

static struct sets *draw_sets(struct fore_rng *rng, struct sets *sets)
{
    static const char *const placements[] = {"range", "slot", "ring"};
    static const char *const initials[] = {"balanced", "round-robin", "ring"};
    static const char *const services[] = {"exp", "fixed", "lognormal"};
    static const char *const keys[] = {"zipf", "uniform", "hotspot"};
    uint32_t nodes = between(rng, 2, 9);
    sets->count = 0;
    add(sets, "cluster.nodes=%u", nodes);
    add(sets, "cluster.cores=%u", between(rng, 1, 12));
    add(sets, "cluster.partitions=%u", between(rng, 1, 40));
    add(sets, "cluster.partitions_max=%u", between(rng, 40, 90));
    add(sets, "cluster.replicas=%u", between(rng, 1, nodes < 4 ? nodes : 4));
    add(sets, "cluster.zones=%u", between(rng, 1, 3));
    add(sets, "cluster.placement=%s", placements[between(rng, 0, 2)]);
    add(sets, "cluster.initial=%s", initials[between(rng, 0, 2)]);
    add(sets, "cluster.move_time_mean=%us", between(rng, 1, 20));
    add(sets, "cluster.slowdown_sigma=0.%u", between(rng, 0, 4));
    add(sets, "cluster.link_delay=%uus", between(rng, 0, 3000));
    add(sets, "cluster.peak_utilization=%u%%", between(rng, 20, 140));
    add(sets, "sim.service=%s", services[between(rng, 0, 2)]);
    add(sets, "sim.key_samples=%u", between(rng, 0, 300));
    add(sets, "workload.popularity=%s", keys[between(rng, 0, 2)]);
    add(sets, "workload.keys=%u", between(rng, 10, 20000));
    add(sets, "workload.rate=%u/s", between(rng, 1, 1500));
    add(sets, "workload.read_share=%u%%", between(rng, 0, 100));
    add(sets, "workload.span=%us", WINDOWS + PATIENCE);
    add(sets, "workload.diurnal=%u%%", between(rng, 0, 60));
    add(sets, "workload.diurnal_period=%us", between(rng, 60, 600));
    return sets;
}

/* ---- the naive model ---- */

struct range {
    uint64_t first, last;
    uint32_t partition;
    uint16_t node[FORE_REPLICAS_MAX];
    uint16_t node_count;
};

struct model {
    struct range range[RANGES];
    size_t count;
    uint64_t reads[RANGES], writes[RANGES]; /* by partition, of this window */
};

static struct range *model_of(struct model *model, uint32_t partition)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->range[i].partition == partition) return &model->range[i];
    CHECK(!"a partition the model does not know");
    return NULL;
}

static uint32_t model_find(const struct model *model, uint64_t position)
{
    uint32_t found = FORE_PARTITION_NONE;
    for (size_t i = 0; i < model->count; i++) {
        if (position < model->range[i].first || position > model->range[i].last) continue;
        CHECK(found == FORE_PARTITION_NONE); /* exactly one owner for every key */
        found = model->range[i].partition;
    }
    return found;
}

static void model_learn(struct model *model, const struct fore_topology *topology)
{
    model->count = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *partition = &topology->partition[p];
        struct range range = {.first = partition->first,
                              .last = partition->last,
                              .partition = p,
                              .node_count = partition->replica_count};
        memcpy(range.node, partition->replica, sizeof range.node);
        model->range[model->count++] = range;
    }
}

static void model_drop(struct range *range, uint16_t node)
{
    uint16_t at = 0;
    while (range->node[at] != node)
        at++;
    for (; at + 1 < range->node_count; at++)
        range->node[at] = range->node[at + 1];
    range->node_count--;
}

static void model_apply(struct model *model, const struct fore_move *move, uint32_t partition_new)
{
    struct range *range = model_of(model, move->partition);
    switch (move->kind) {
    case FORE_MOVE_MOVE:
        for (uint16_t r = 0; r < range->node_count; r++)
            if (range->node[r] == move->source) range->node[r] = move->target;
        break;
    case FORE_MOVE_ADD_REPLICA: range->node[range->node_count++] = move->target; break;
    case FORE_MOVE_DROP_REPLICA: model_drop(range, move->source); break;
    case FORE_MOVE_SPLIT: {
        struct range right = *range;
        right.first = move->split_at;
        right.partition = partition_new;
        range->last = move->split_at - 1;
        model->range[model->count++] = right;
        break;
    }
    case FORE_MOVE_MERGE: {
        struct range *right = model_of(model, move->other);
        range->last = right->last;
        *right = model->range[--model->count];
        break;
    }
    case FORE_MOVE_ADD_NODE:
    case FORE_MOVE_REMOVE_NODE:
    case FORE_MOVE_VERTICAL_SPLIT: /* its requests name no columns */
    case FORE_MOVE_VERTICAL_MERGE:
    case FORE_MOVE_KINDS: break;
    }
}

/* Failover is the cluster's own doing: the model takes over the order of replicas, not the set. */
static void model_compare(struct model *model, const struct fore_topology *topology)
{
    CHECK(topology->alive_count == model->count);
    for (size_t i = 0; i < model->count; i++) {
        struct range *range = &model->range[i];
        const struct fore_partition *partition = &topology->partition[range->partition];
        CHECK(partition->alive && partition->replica_count == range->node_count);
        CHECK(partition->first == range->first && partition->last == range->last);
        for (uint16_t r = 0; r < range->node_count; r++)
            CHECK(fore_topology_hosts(topology, range->partition, range->node[r]));
        memcpy(range->node, partition->replica, sizeof range->node);
    }
}

/* ---- the world and what is done to it ---- */

struct swarm {
    struct sim_world world;
    struct wl_source again; /* the same requests once more, for the model */
    struct wl_request next;
    bool has_next;
    struct fore_driver door;
    struct fore_rng rng;
    struct model model;
    fore_ticket ticket[TICKETS];
    struct fore_move move[TICKETS];
    size_t ticket_count;
    uint64_t moved;
};

static void count_window(struct swarm *swarm, fore_ns end)
{
    struct model *model = &swarm->model;
    memset(model->reads, 0, sizeof model->reads);
    memset(model->writes, 0, sizeof model->writes);
    for (;;) {
        size_t got = 1;
        if (!swarm->has_next)
            CHECK(wl_source_next(&swarm->again, &swarm->next, 1, &got, NULL) == FORE_E_OK);
        swarm->has_next = got == 1;
        if (!swarm->has_next || swarm->next.t >= end) return;
        uint64_t position =
            fore_placement_position(swarm->world.cluster.placement, swarm->next.key);
        uint32_t p = model_find(model, position);
        CHECK(p < RANGES);
        if (swarm->next.op == FORE_QUERY_WRITE)
            model->writes[p]++;
        else
            model->reads[p]++;
        swarm->has_next = false;
    }
}

static void step(struct swarm *swarm)
{
    const struct fore_sample *sample = sim_world_step(&swarm->world);
    count_window(swarm, sample->end);
    uint64_t requests = 0, served = 0, slow = 0;
    for (uint32_t p = 0; p < sample->partition_count; p++) {
        CHECK(sample->partition[p].reads == swarm->model.reads[p]);
        CHECK(sample->partition[p].writes == swarm->model.writes[p]);
        requests += sample->partition[p].reads + sample->partition[p].writes;
        slow += sample->partition[p].slow;
    }
    for (uint32_t n = 0; n < sample->node_count; n++)
        served += sample->node[n].requests;
    CHECK(requests == sample->requests && served == requests && slow == sample->slow);
    for (uint32_t k = 0; k < sample->key_count; k++)
        CHECK(model_find(&swarm->model, sample->key[k].position) != FORE_PARTITION_NONE);
    struct fore_diag diag = {0};
    CHECK(fore_topology_check(&swarm->world.cluster.topology, &diag) == FORE_E_OK);
    model_compare(&swarm->model, &swarm->world.cluster.topology);
}

static struct fore_move draw_move(struct swarm *swarm)
{
    const struct fore_topology *topology = &swarm->world.cluster.topology;
    uint32_t p = fore_rng_below(&swarm->rng, topology->partition_count);
    const struct fore_partition *partition = &topology->partition[p];
    uint16_t replicas = partition->alive ? partition->replica_count : 1;
    struct fore_move move = {
        .kind = (enum fore_move_kind)fore_rng_below(&swarm->rng, FORE_MOVE_KINDS),
        .partition = p,
        .source = partition->replica[fore_rng_below(&swarm->rng, replicas)],
        .target = (uint16_t)fore_rng_below(&swarm->rng, topology->node_count),
        .split_right_share = fore_rng_unit(&swarm->rng),
    };
    uint64_t width = partition->last - partition->first;
    if (width > UINT64_MAX / 2) width = 20000;
    move.split_at = partition->first + (uint64_t)(fore_rng_unit(&swarm->rng) * (double)width);
    if (partition->alive) move.other = fore_topology_right_of(topology, p);
    return move;
}

static void try_begin(struct swarm *swarm)
{
    if (swarm->ticket_count == TICKETS) return;
    struct fore_move move = draw_move(swarm);
    uint64_t epoch = swarm->world.cluster.topology.epoch;
    fore_ticket ticket;
    enum fore_err err = fore_driver_begin(swarm->door, &move, &ticket);
    CHECK(swarm->world.cluster.topology.epoch == epoch); /* begin changes nothing */
    if (err != FORE_E_OK) return;
    swarm->move[swarm->ticket_count] = move;
    swarm->ticket[swarm->ticket_count++] = ticket;
}

static void compare_digests(struct swarm *swarm, const struct fore_move *move)
{
    if (move->kind != FORE_MOVE_MOVE && move->kind != FORE_MOVE_ADD_REPLICA) return;
    const struct fore_topology *topology = &swarm->world.cluster.topology;
    uint64_t source, target;
    uint16_t owner = topology->partition[move->partition].replica[0];
    if (fore_driver_digest(swarm->door, move->partition, owner, &source) != FORE_E_OK) return;
    if (fore_driver_digest(swarm->door, move->partition, move->target, &target) != FORE_E_OK)
        return;
    CHECK(source == target); /* every acknowledged write is there */
}

/* One look at a ticket; true while it is under way. */
static bool follow(struct swarm *swarm, size_t i)
{
    struct fore_move_status status;
    CHECK(fore_driver_poll(swarm->door, swarm->ticket[i], &status) == FORE_E_OK);
    uint64_t orphans;
    switch (status.phase) {
    case FORE_PHASE_READY:
        compare_digests(swarm, &swarm->move[i]);
        if (fore_driver_cutover(swarm->door, swarm->ticket[i]) != FORE_E_OK) return true;
        CHECK(fore_driver_poll(swarm->door, swarm->ticket[i], &status) == FORE_E_OK);
        model_apply(&swarm->model, &swarm->move[i], status.partition_new);
        swarm->moved++;
        return status.phase != FORE_PHASE_DONE;
    case FORE_PHASE_SWEEPING:
        return fore_driver_sweep(swarm->door, swarm->ticket[i], &orphans) != FORE_E_OK;
    case FORE_PHASE_QUEUED:
    case FORE_PHASE_COPYING:
    case FORE_PHASE_CATCHING_UP: return true;
    case FORE_PHASE_DONE:
    case FORE_PHASE_CANCELLED:
    case FORE_PHASE_FAILED:
    case FORE_MOVE_PHASES: break;
    }
    return false;
}

static void follow_all(struct swarm *swarm, bool disturb)
{
    size_t kept = 0;
    for (size_t i = 0; i < swarm->ticket_count; i++) {
        uint32_t dice = disturb ? fore_rng_below(&swarm->rng, 20) : 0;
        if (dice == 1) (void)!fore_driver_cancel(swarm->door, swarm->ticket[i]);
        if (dice == 2) (void)!fore_driver_throttle(swarm->door, swarm->ticket[i], 1e6);
        if (!disturb) (void)!fore_driver_throttle(swarm->door, swarm->ticket[i], 0);
        if (dice > 14 || !follow(swarm, i)) {
            if (dice <= 14) continue;
        }
        swarm->ticket[kept] = swarm->ticket[i];
        swarm->move[kept++] = swarm->move[i];
    }
    swarm->ticket_count = kept;
}

/* Up to half of the nodes fail at random times. */
static size_t draw_faults(struct swarm *swarm, struct sim_fault *fault)
{
    uint32_t nodes = swarm->world.cluster.topology.node_count;
    size_t count = fore_rng_below(&swarm->rng, nodes / 2 + 1);
    for (size_t i = 0; i < count; i++) {
        fault[i].node = (uint16_t)fore_rng_below(&swarm->rng, nodes);
        fault[i].down = between(&swarm->rng, 1, WINDOWS - 10) * FORE_SEC;
        fault[i].up = fault[i].down + between(&swarm->rng, 1, 20) * FORE_SEC;
    }
    return count;
}

static void live(struct swarm *swarm)
{
    struct sim_fault fault[16];
    struct fore_topology *topology = &swarm->world.cluster.topology;
    size_t faults = draw_faults(swarm, fault);
    for (uint32_t w = 0; w < WINDOWS; w++) {
        fore_ns now = swarm->world.driver.now;
        if (sim_faults_apply(fault, faults, now, topology, (struct fore_sink){0}))
            model_compare(&swarm->model, topology);
        for (uint32_t tries = fore_rng_below(&swarm->rng, 4); tries > 0; tries--)
            try_begin(swarm);
        follow_all(swarm, true);
        step(swarm);
    }
    (void)sim_faults_apply(fault, faults, UINT64_MAX, topology, (struct fore_sink){0});
    uint32_t w = 0;
    for (; swarm->ticket_count > 0 && w < PATIENCE; w++) {
        step(swarm);
        follow_all(swarm, false);
    }
    CHECK(swarm->ticket_count == 0); /* liveness: everything ends once nothing fails any more */
}

static void run_by_hand(uint64_t seed)
{
    static struct swarm swarm;
    static struct sets sets;
    swarm.rng = fore_rng_stream(seed, "swarm", 0);
    draw_sets(&swarm.rng, &sets);
    sim_world_open(&swarm.world, seed, sets.item);
    sim_world_must(wl_open_source(&swarm.world.scenario.workload, seed, &swarm.world.arena,
                                  &swarm.again, NULL),
                   &(struct fore_diag){0});
    swarm.door = sim_driver_door(&swarm.world.driver);
    model_learn(&swarm.model, &swarm.world.cluster.topology);
    live(&swarm);
    wl_source_close(&swarm.again);
    sim_world_close(&swarm.world);
}

static uint64_t run_whole(uint64_t seed, const struct sets *sets, const char *policy)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct sim_scenario scenario;
    struct sim_result result;
    sim_world_scenario(&scenario, &arena, sets->item);
    struct sim_run_request request = {.scenario = &scenario, .policy = policy, .seed = seed};
    sim_world_must(sim_run(&request, &result, &diag), &diag);
    fore_arena_fini(&arena);
    return result.digest;
}

static void run_with_engine(uint64_t seed)
{
    const char *policies[64];
    size_t known = 0;
    for (size_t i = 0; fore_policies[i] != NULL && known < FORE_COUNTOF(policies); i++)
        if (fore_policies[i]->propose != NULL) policies[known++] = fore_policies[i]->name;
    static struct sets sets;
    struct fore_rng rng = fore_rng_stream(seed, "swarm-engine", 0);
    draw_sets(&rng, &sets);
    add(&sets, "workload.span=3min");
    add(&sets, "sim.fidelity=%s", seed % 8 == 0 ? "fluid" : "request");
    add(&sets, "sim.content=%s", seed % 3 == 0 ? "true" : "false");
    add(&sets, "sim.faults=node1 down 1min 30s");
    const char *policy = policies[seed / 4 % known];
    CHECK(run_whole(seed, &sets, policy) == run_whole(seed, &sets, policy));
}

static bool seed_holds(uint64_t seed)
{
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        run_by_hand(seed);
        if (seed % 4 == 0) run_with_engine(seed);
        _exit(0);
    }
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static uint64_t from_environment(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text != NULL && text[0] != '\0' ? strtoull(text, NULL, 10) : fallback;
}

static void every_seed_holds(void **state)
{
    (void)state;
    uint64_t first = from_environment("SWARM_FIRST", 1), failed = 0;
    uint64_t count = from_environment("SWARM_SEEDS", 40);
    for (uint64_t seed = first; seed < first + count; seed++) {
        if (seed_holds(seed)) continue;
        failed++;
        (void)fprintf(stderr,
                      "swarm_cluster: seed %llu failed; again: SWARM_FIRST=%llu "
                      "SWARM_SEEDS=1\n",
                      (unsigned long long)seed, (unsigned long long)seed);
    }
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_seed_holds)};
    return cmocka_run_group_tests_name("swarm: cluster", tests, NULL, NULL);
}
