/* window.c - what both fidelities do alike at the edges of a window. */
#include "sim/window.h"

void sim_window_init(struct sim_window *window, const struct sim_cluster *cluster,
                     struct fore_arena *perm)
{
    const struct fore_topology *topology = &cluster->topology;
    uint32_t key_cap = 4 * (uint32_t)cluster->key_samples;
    *window = (struct sim_window){
        .partition = FORE_NEW(perm, struct fore_partition_sample, topology->partition_cap),
        .node = FORE_NEW(perm, struct fore_node_sample, topology->node_count),
        .key = FORE_NEW(perm, struct fore_key_sample, key_cap),
        .key_cap = key_cap,
    };
}

void sim_window_open(struct sim_window *window, const struct sim_cluster *cluster, fore_ns begin,
                     fore_ns end)
{
    const struct fore_topology *topology = &cluster->topology;
    window->sample = (struct fore_sample){
        .begin = begin,
        .end = end,
        .partition = window->partition,
        .node = window->node,
        .key = window->key,
        .partition_count = topology->partition_count,
        .node_count = topology->node_count,
    };
}

void sim_window_close(struct sim_window *window, struct sim_cluster *cluster,
                      struct sim_moves *moves)
{
    const struct fore_topology *topology = &cluster->topology;
    sim_growth_close(&cluster->growth, &cluster->topology);
    double window_ns = (double)(window->sample.end - window->sample.begin);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        struct fore_partition_sample *sample = &window->partition[p];
        sample->size_bytes = topology->partition[p].bytes;
        sim_moves_wrote(moves, p, sample->writes, (double)sample->bytes_written,
                        window_ns / (double)FORE_SEC);
    }
    for (uint32_t n = 0; n < topology->node_count; n++) {
        window->node[n].up = topology->node[n].up;
        window->node[n].utilization =
            (double)window->node[n].busy_ns / (topology->node[n].cores * window_ns);
    }
}
