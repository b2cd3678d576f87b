/* owners.c - first owners and followers; see owners.h. */
#include "sim/owners.h"

#include "core/base/dist.h"
#include "core/cluster/placement.h"
#include "sim/spread.h"

enum { RING_POINTS = 64 }; /* virtual nodes of a node */
static const double ring_epsilon = 0.25;

/* What placing a partition needs: its load, and by node what it holds so far. */
struct scene {
    const struct sim_owners_request *request;
    struct fore_topology *topology;
    double *load;     /* [partition_count], of one replica */
    double *capacity; /* [node_count] */
    double *held;     /* [node_count] */
    uint16_t *owner;  /* [partition_count] */
    struct fore_arena arena;
};

/* Mean work of each partition over the days the placement knows, wrong by the noise. */
static void estimate_loads(struct scene *scene)
{
    const struct sim_owners_request *request = scene->request;
    const struct sim_scenario *scenario = request->scenario;
    struct fore_rng rng = fore_rng_stream(request->seed, "initial-noise", 0);
    double *work = FORE_NEW(&scene->arena, double, request->flow->bucket_count);
    double share = 1 / (double)scenario->cluster.replicas;
    for (uint32_t b = 0; b < request->flow->bucket_count; b++)
        work[b] = request->survey->reads[b] * request->read_cost * share +
                  request->survey->writes[b] * scenario->sim.write_cost;
    struct sim_spread spread = {0};
    sim_spread_update(&spread, scene->topology, (enum fore_placement)scenario->cluster.placement,
                      request->flow);
    sim_spread_sum(&spread, work, 1, scene->load);
    sim_spread_fini(&spread);
    for (uint32_t p = 0; p < scene->topology->partition_count; p++)
        scene->load[p] *= fore_dist_lognormal(&rng, 1, scenario->cluster.initial_noise);
}

static void assign_ring(struct scene *scene)
{
    const struct fore_topology *topology = scene->topology;
    uint64_t *position = FORE_NEW(&scene->arena, uint64_t, topology->partition_count);
    for (uint32_t p = 0; p < topology->partition_count; p++)
        position[p] = fore_placement_position(FORE_PLACE_RING, topology->partition[p].first);
    struct fore_ring ring;
    fore_ring_init(&ring, &scene->arena, topology->node_count, scene->capacity, RING_POINTS,
                   scene->request->seed);
    fore_ring_assign(&ring, &scene->arena, position, NULL, topology->partition_count, ring_epsilon,
                     scene->owner);
}

static void assign_owners(struct scene *scene)
{
    const struct fore_topology *topology = scene->topology;
    switch ((enum sim_initial)scene->request->scenario->cluster.initial) {
    case SIM_INITIAL_BALANCED:
        fore_placement_balance(&scene->arena, scene->load, topology->partition_count,
                               scene->capacity, topology->node_count, scene->owner);
        break;
    case SIM_INITIAL_ROUND_ROBIN:
        for (uint32_t p = 0; p < topology->partition_count; p++)
            scene->owner[p] = (uint16_t)(p % fore_topology_in_use(topology));
        break;
    case SIM_INITIAL_RING: assign_ring(scene); break;
    case SIM_INITIAL_RUNS: /* as a Redis Cluster is made */
        for (uint32_t p = 0; p < topology->partition_count; p++)
            scene->owner[p] = (uint16_t)((uint64_t)p * fore_topology_in_use(topology) /
                                         topology->partition_count);
        break;
    case SIM_INITIAL_PROFILE:
        if (sim_owners_profile(scene->request, topology, scene->capacity, scene->owner)) break;
        fore_placement_balance(&scene->arena, scene->load, topology->partition_count,
                               scene->capacity, topology->node_count, scene->owner);
        break;
    }
}

static bool zone_used(const struct fore_topology *topology, const struct fore_partition *partition,
                      uint16_t zone)
{
    for (uint16_t r = 0; r < partition->replica_count; r++)
        if (topology->node[partition->replica[r]].zone == zone) return true;
    return false;
}

static uint16_t pick_follower(const struct scene *scene, uint32_t p)
{
    const struct fore_topology *topology = scene->topology;
    uint16_t best = FORE_NODE_NONE;
    bool best_fresh = false;
    for (uint16_t n = 0; n < topology->node_count; n++) {
        if (topology->node[n].standby || fore_topology_hosts(topology, p, n)) continue;
        bool fresh = !zone_used(topology, &topology->partition[p], topology->node[n].zone);
        bool lighter = best == FORE_NODE_NONE || scene->held[n] / scene->capacity[n] <
                                                     scene->held[best] / scene->capacity[best];
        if (best != FORE_NODE_NONE && !(fresh && !best_fresh) && !(fresh == best_fresh && lighter))
            continue;
        best = n;
        best_fresh = fresh;
    }
    return best;
}

static void add_followers(struct scene *scene)
{
    struct fore_topology *topology = scene->topology;
    for (uint64_t r = 1; r < scene->request->scenario->cluster.replicas; r++) {
        for (uint32_t p = 0; p < topology->partition_count; p++) {
            uint16_t node = pick_follower(scene, p);
            FORE_ASSERT(node != FORE_NODE_NONE);
            struct fore_partition *partition = &topology->partition[p];
            partition->replica[partition->replica_count++] = node;
            scene->held[node] += scene->load[p];
        }
    }
}

void sim_owners_assign(const struct sim_owners_request *request, struct fore_topology *topology)
{
    struct scene scene = {.request = request, .topology = topology};
    scene.load = FORE_NEW(&scene.arena, double, topology->partition_count);
    scene.owner = FORE_NEW(&scene.arena, uint16_t, topology->partition_count);
    scene.capacity = FORE_NEW(&scene.arena, double, topology->node_count);
    scene.held = FORE_NEW(&scene.arena, double, topology->node_count);
    for (uint32_t n = 0; n < topology->node_count; n++)
        scene.capacity[n] = topology->node[n].standby ? 0 : topology->node[n].cores;
    estimate_loads(&scene);
    assign_owners(&scene);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        topology->partition[p].replica[0] = scene.owner[p];
        scene.held[scene.owner[p]] += scene.load[p];
    }
    add_followers(&scene);
    struct sim_owners_rules rules = {.options = &request->scenario->engine.placement,
                                     .topology = topology,
                                     .load = scene.load,
                                     .capacity = scene.capacity,
                                     .held = scene.held};
    sim_owners_keep_rules(&rules);
    fore_arena_fini(&scene.arena);
}
