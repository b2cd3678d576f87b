/* served.c - see served.h. */
#include "sim/served.h"

#include <math.h>
#include <string.h>

void sim_served_init(struct sim_served *served, const struct fore_topology *topology,
                     struct fore_arena *perm)
{
    served->partition = FORE_NEW(perm, struct fore_partition_sample, topology->partition_cap);
    served->node = FORE_NEW(perm, struct fore_node_sample, topology->node_count);
    served->backlog_ns = FORE_NEW(perm, uint64_t, topology->node_count);
    served->share = FORE_NEW(perm, double, topology->node_count);
}

static uint64_t part(uint64_t count, double share)
{
    return (uint64_t)((double)count * share + 0.5);
}

static void tell_node(struct sim_served *served, const struct fore_sample *asked, double cores,
                      uint32_t n)
{
    struct fore_node_sample *node = &served->node[n];
    *node = asked->node[n];
    double most = cores * (double)(asked->end - asked->begin), busy = (double)node->busy_ns;
    double fell = (double)served->backlog_ns[n] - (double)node->backlog_ns;
    double done = fmin(fmax(busy + cores * fell, 0), most);
    served->backlog_ns[n] = node->backlog_ns;
    served->share[n] = busy > 0 ? done / busy : 1;
    node->requests = part(node->requests, served->share[n]);
    node->busy_ns = (uint64_t)done;
    node->busy_move_ns = part(node->busy_move_ns, fmin(served->share[n], 1));
    node->backlog_ns = 0; /* it waits where no server sees it */
    node->utilization = most > 0 ? done / most : 0;
}

static void tell_partition(struct sim_served *served, const struct fore_sample *asked,
                           const struct fore_topology *topology, uint32_t p)
{
    const struct fore_partition *where = &topology->partition[p];
    struct fore_partition_sample *told = &served->partition[p];
    *told = asked->partition[p];
    if (!where->alive || where->replica_count == 0) return;
    double share = served->share[where->replica[0]];
    told->reads = part(told->reads, share);
    told->writes = part(told->writes, share);
    told->bytes_read = part(told->bytes_read, share);
    told->bytes_written = part(told->bytes_written, share);
    told->busy_read_ns = part(told->busy_read_ns, share);
    told->busy_write_ns = part(told->busy_write_ns, share);
    told->latency_sum_ns = part(told->latency_sum_ns, share);
    told->slow = part(told->slow, share);
}

const struct fore_sample *sim_served_window(struct sim_served *served,
                                            const struct fore_sample *asked,
                                            const struct fore_topology *topology)
{
    for (uint32_t n = 0; n < asked->node_count; n++)
        tell_node(served, asked, topology->node[n].cores, n);
    for (uint32_t p = 0; p < asked->partition_count; p++)
        tell_partition(served, asked, topology, p);
    served->sample = *asked;
    served->sample.node = served->node;
    served->sample.partition = served->partition;
    return &served->sample;
}
