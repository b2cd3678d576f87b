/* way.c - see way.h. */
#include "sim/way.h"

#include "core/base/dist.h"

#include <math.h>

static double kib_of(uint32_t bytes)
{
    return (double)bytes / 1024;
}

void sim_way_draw(const struct sim_cluster *cluster, const struct wl_request *request, size_t count,
                  struct fore_rng *rng, fore_ns *way_ns)
{
    double sigma = cluster->link_sigma, kib_ns = cluster->link_kib_ns;
    double mean_ns = 2 * (double)cluster->link_ns * exp(sigma * sigma / 2);
    for (size_t i = 0; i < count; i++)
        way_ns[i] = 2 * cluster->link_ns;
    if (sigma > 0)
        for (size_t i = 0; i < count; i++)
            way_ns[i] = (fore_ns)fore_dist_lognormal(rng, mean_ns, sigma);
    if (kib_ns > 0)
        for (size_t i = 0; i < count; i++)
            way_ns[i] += (fore_ns)(kib_ns * kib_of(request[i].bytes));
}

double sim_way_stretch(const struct sim_cluster *cluster, uint32_t node, uint64_t busy_ns,
                       fore_ns window_ns)
{
    double cores = cluster->topology.node[node].cores;
    return sim_stretch_at(&cluster->link_stretch,
                          fmin(1, (double)busy_ns / (cores * (double)window_ns)));
}

double sim_way_quantile_ns(const struct sim_cluster *cluster, double tail)
{
    double way_ns = 2 * (double)cluster->link_ns;
    if (cluster->link_sigma > 0)
        way_ns *= exp(cluster->link_sigma * fore_dist_normal_quantile(1 - tail));
    return way_ns + cluster->link_kib_ns * cluster->bytes_mean / 1024;
}
