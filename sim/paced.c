/* paced.c - see paced.h: the parts of a run but for its engine, journal and accounts. */
#include "sim/paced.h"

#include "sim/driver.h"
#include "sim/faults.h"
#include "sim/fluid.h"
#include "sim/request.h"
#include "sim/served.h"

#include <stdio.h>
#include <stdlib.h>

struct paced {
    struct sim_scenario scenario;
    struct fore_arena perm;
    struct wl_flow flow;
    struct wl_source source; /* request fidelity only */
    struct sim_cluster cluster;
    struct sim_moves moves;
    struct sim_window window;
    struct sim_backend backend;
    struct sim_driver driver;
    struct sim_served served;
    struct sim_fault *fault;
    fore_ns span, begin;
    bool moving; /* sim_moves_init was called */
};

static enum fore_err load(struct paced *p, const char *path, fore_ns window, struct fore_diag *diag)
{
    char text[64];
    const char *set[] = {text};
    (void)snprintf(text, sizeof text, "observe.window=%lluus",
                   (unsigned long long)(window / FORE_US));
    struct fore_strings sets = {.item = set, .count = 1};
    return sim_scenario_load(path, &sets, &p->perm, &p->scenario, diag);
}

static enum fore_err open_backend(struct paced *p, uint64_t seed, struct fore_diag *diag)
{
    const struct sim_scenario *scenario = &p->scenario;
    if (scenario->sim.fidelity == SIM_FLUID) {
        struct sim_fluid_setup setup = {
            .cluster = &p->cluster, .moves = &p->moves, .flow = &p->flow, .seed = seed};
        p->backend = sim_fluid_create(&setup);
        return FORE_E_OK;
    }
    FORE_TRY(wl_open_source(&scenario->workload, seed, &p->perm, &p->source, diag));
    struct sim_request_setup setup = {.cluster = &p->cluster,
                                      .moves = &p->moves,
                                      .source = &p->source,
                                      .seed = seed,
                                      .service_hints = scenario->workload.kind == WL_KIND_TRACE &&
                                                       !(scenario->cluster.peak_utilization > 0)};
    p->backend = sim_request_create(&setup);
    return FORE_E_OK;
}

static enum fore_err read_faults(struct paced *p, struct fore_diag *diag)
{
    const struct fore_strings *faults = &p->scenario.sim.faults;
    p->fault = FORE_NEW(&p->perm, struct sim_fault, faults->count);
    for (size_t i = 0; i < faults->count; i++)
        FORE_TRY(sim_faults_parse(faults->item[i], (uint32_t)p->scenario.cluster.nodes,
                                  &p->fault[i], diag));
    return FORE_E_OK;
}

static enum fore_err open_all(struct paced *p, const char *path, fore_ns window, uint64_t seed,
                              struct fore_diag *diag)
{
    FORE_TRY(load(p, path, window, diag));
    FORE_TRY(wl_open_flow(&p->scenario.workload, seed, &p->perm, &p->flow, diag));
    fore_ns asked = p->scenario.workload.span, has = p->flow.info.span;
    p->span = asked > 0 && (has == 0 || asked < has) ? asked : has;
    if (p->span < window)
        return fore_err_set(diag, FORE_E_RANGE,
                            "%s: the workload lasts %gs, less than one observe.window (%gs)", path,
                            (double)p->span / 1e9, (double)window / 1e9);
    FORE_TRY(sim_cluster_build(&p->scenario, &p->flow, p->span, seed, &p->perm, &p->cluster, diag));
    sim_moves_init(&p->moves, &p->cluster, seed, &p->perm);
    p->moving = true;
    sim_window_init(&p->window, &p->cluster, &p->perm);
    sim_served_init(&p->served, &p->cluster.topology, &p->perm);
    FORE_TRY(open_backend(p, seed, diag));
    return read_faults(p, diag);
}

enum fore_err sim_paced_open(const char *scenario, fore_ns window, uint64_t seed, void **self,
                             struct fore_driver *door, fore_ns *slo, struct fore_diag *diag)
{
    struct paced *p = calloc(1, sizeof *p);
    FORE_ASSERT(p != NULL);
    enum fore_err err = open_all(p, scenario, window, seed, diag);
    if (err != FORE_E_OK) {
        sim_paced_close(p);
        return err;
    }
    p->driver = (struct sim_driver){.cluster = &p->cluster, .moves = &p->moves};
    *door = sim_driver_door(&p->driver);
    *slo = p->cluster.slo_ns;
    *self = p;
    return FORE_E_OK;
}

enum fore_err sim_paced_window(void *self, bool *ended, struct fore_diag *diag)
{
    struct paced *p = self;
    fore_ns begin = p->begin, end = begin + p->cluster.window_ns;
    struct fore_sink nowhere = {.put = NULL}; /* the engine sees for itself which nodes are down */
    *ended = end > p->span;
    if (*ended) return FORE_E_OK;
    (void)sim_faults_apply(p->fault, p->scenario.sim.faults.count, begin, &p->cluster.topology,
                           nowhere);
    sim_moves_advance(&p->moves, begin, end);
    sim_window_open(&p->window, &p->cluster, begin, end);
    FORE_TRY(p->backend.ops->run(p->backend.self, &p->window, ended, diag));
    sim_window_close(&p->window, &p->cluster, &p->moves);
    p->driver.sample = p->scenario.sim.served
                           ? sim_served_window(&p->served, &p->window.sample, &p->cluster.topology)
                           : &p->window.sample;
    p->driver.now = end;
    p->begin = end;
    return FORE_E_OK;
}

void sim_paced_close(void *self)
{
    struct paced *p = self;
    if (p->backend.ops != NULL) p->backend.ops->close(p->backend.self);
    if (p->moving) sim_moves_fini(&p->moves);
    wl_source_close(&p->source);
    wl_flow_close(&p->flow);
    fore_arena_fini(&p->perm);
    free(p);
}
