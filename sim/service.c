/* service.c - see service.h. */
#include "sim/service.h"

#include "core/base/dist.h"

static uint64_t whole_ns(double ns)
{
    return (uint64_t)(int64_t)ns;
}

void sim_service_draw(const struct sim_cluster *cluster, const struct wl_request *request,
                      size_t count, struct fore_rng *rng, uint64_t *work)
{
    const struct wl_request *r = request;
    double mean_ns[FORE_QUERY_TYPES], sigma = cluster->service_sigma;
    for (int type = 0; type < FORE_QUERY_TYPES; type++)
        mean_ns[type] = cluster->service_mean_ns * cluster->cost[type];
    struct fore_rng own = *rng; /* in registers */
    switch (cluster->service) {
    case SIM_LATENCY_EXP:
        for (size_t i = 0; i < count; i++)
            work[i] = whole_ns(fore_dist_exp(&own) * mean_ns[r[i].op % FORE_QUERY_TYPES]);
        break;
    case SIM_LATENCY_FIXED:
        for (size_t i = 0; i < count; i++)
            work[i] = whole_ns(mean_ns[r[i].op % FORE_QUERY_TYPES]);
        break;
    case SIM_LATENCY_LOGNORMAL:
        for (size_t i = 0; i < count; i++)
            work[i] =
                whole_ns(fore_dist_lognormal(&own, mean_ns[r[i].op % FORE_QUERY_TYPES], sigma));
        break;
    }
    *rng = own;
    double kib_ns = cluster->kib_service_ns;
    for (size_t i = 0; kib_ns > 0 && i < count; i++)
        work[i] += whole_ns(kib_ns * (double)r[i].bytes / 1024);
}
