/*
 * scenario_rules.c - a timetable without time, rules of placement that cannot hold and thresholds
 * of what is not there are refused when the scenario is read, not when the run has begun: nodes,
 * zones and the number of partitions are known by then, unless the workload brings its own cuts. A
 * stand-in for the cluster is enough; what its keys are does not matter.
 */
#include <stdio.h>

#include "sim/scenario.h"

enum { PARTITIONS_LOOKED_AT = 100000 };

static enum fore_err build(const struct sim_scenario *scenario, struct fore_arena *arena,
                           struct fore_topology *out)
{
    const struct sim_cluster_options *options = &scenario->cluster;
    uint64_t nodes = options->nodes_max > options->nodes ? options->nodes_max : options->nodes;
    uint64_t partitions = options->partitions;
    fore_topology_init(out, arena, (uint32_t)nodes, 1, (uint32_t)partitions);
    out->table[0] = (struct fore_table){.name = "keys", .last = UINT64_MAX, .column_groups = 1};
    for (uint32_t i = 0; i < nodes; i++) {
        out->node[i] = (struct fore_node){.zone = (uint16_t)(i % options->zones),
                                          .rack = (uint16_t)(i / options->zones % options->racks),
                                          .up = true};
        (void)snprintf(out->node[i].name, sizeof out->node[i].name, "node-%02u", (unsigned)i);
    }
    uint64_t width = UINT64_MAX / partitions;
    for (uint64_t p = 0; p < partitions; p++) {
        struct fore_partition part = {.first = p * width,
                                      .last =
                                          p + 1 == partitions ? UINT64_MAX : (p + 1) * width - 1,
                                      .replica_count = (uint16_t)options->replicas};
        for (uint16_t r = 0; r < part.replica_count; r++)
            part.replica[r] = r;
        FORE_TRY(fore_topology_add(out, &part, NULL));
    }
    return FORE_E_OK;
}

static enum fore_err check_timetable(const struct sim_scenario *scenario, struct fore_diag *diag)
{
    struct fore_arena arena = {0};
    struct fore_timetable timetable;
    enum fore_err err =
        fore_timetable_compile(&scenario->engine.timetable, &arena, &timetable, diag);
    fore_arena_fini(&arena);
    return err;
}

enum fore_err sim_scenario_check_rules(const struct sim_scenario *scenario, struct fore_diag *diag)
{
    FORE_TRY(check_timetable(scenario, diag));
    const struct fore_placement_options *placement = &scenario->engine.placement;
    bool any = placement->pin.count > 0 || placement->apart.count > 0 ||
               placement->forbidden.count > 0 || placement->replicas_apart != FORE_DOMAIN_NODE ||
               scenario->engine.decide.thresholds.count > 0;
    if (!any || scenario->workload.kind == WL_KIND_SERIES ||
        scenario->cluster.partitions > PARTITIONS_LOOKED_AT)
        return FORE_E_OK;
    struct fore_arena arena = {0};
    struct fore_topology topology;
    struct fore_constraints rules;
    struct fore_thresholds thresholds;
    enum fore_err err = build(scenario, &arena, &topology);
    if (err == FORE_E_OK) err = fore_constraint_compile(placement, &topology, &arena, &rules, diag);
    if (err == FORE_E_OK) err = fore_constraint_check(&rules, &topology, NULL, false, &arena, diag);
    if (err == FORE_E_OK)
        err = fore_threshold_compile(&scenario->engine.decide.thresholds, &topology, &arena,
                                     &thresholds, diag);
    fore_arena_fini(&arena);
    return err;
}
