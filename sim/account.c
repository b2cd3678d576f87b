/* account.c - sums over windows; see account.h. */
#include "sim/account.h"

static const double slow_share_max = 0.01;

static bool violated(uint64_t slow, uint64_t requests)
{
    return (double)slow > slow_share_max * (double)requests;
}

/* Nodes that are up and hold something; where nodes come and go, those that are paid for. */
static uint32_t nodes_in_use(const struct sim_account *account,
                             const struct fore_topology *topology)
{
    if (account->elastic) return fore_topology_in_use(topology) + account->booting;
    uint32_t count = 0;
    for (uint16_t n = 0; n < topology->node_count; n++) {
        bool used = false;
        for (uint32_t p = 0; p < topology->partition_count && !used; p++)
            used = topology->partition[p].alive && fore_topology_hosts(topology, p, n);
        count += used && topology->node[n].up;
    }
    return count;
}

static void weigh_nodes(struct sim_account *account, const struct fore_sample *sample,
                        const struct fore_topology *topology, double seconds)
{
    for (uint16_t n = 0; n < topology->node_count; n++) {
        double held = 0;
        for (uint32_t p = 0; p < sample->partition_count; p++)
            if (topology->partition[p].alive && fore_topology_hosts(topology, p, n))
                held += (double)sample->partition[p].size_bytes;
        if (held > account->node_peak) account->node_peak = held;
        if (held > account->node_max) account->full_s += seconds;
    }
}

void sim_account_window(struct sim_account *account, const struct fore_sample *sample,
                        const struct fore_topology *topology, double even_nodes)
{
    double seconds = (double)(sample->end - sample->begin) / (double)FORE_SEC;
    double hottest = 0, busy = 0, capacity = 0;
    for (uint32_t n = 0; n < sample->node_count; n++) {
        const struct fore_node_sample *node = &sample->node[n];
        if (violated(node->slow, node->requests)) account->violation_node_s += seconds;
        if (node->utilization > hottest) hottest = node->utilization;
        busy += (double)node->busy_ns;
        if (node->up && !topology->node[n].standby)
            capacity += topology->node[n].cores * seconds * (double)FORE_SEC;
    }
    double mean = capacity > 0 ? busy / capacity : 0;
    for (uint32_t p = 0; p < sample->partition_count; p++)
        account->bytes_read += (double)sample->partition[p].bytes_read;
    for (uint32_t p = 0; account->bytes_max > 0 && p < sample->partition_count; p++) {
        if (!topology->partition[p].alive) continue;
        double bytes = (double)sample->partition[p].size_bytes;
        if (bytes > account->bytes_peak) account->bytes_peak = bytes;
        if (bytes > account->bytes_max) account->over_s += seconds;
    }
    if (account->node_max > 0) weigh_nodes(account, sample, topology, seconds);
    if (even_nodes < 0 || account->even_node_s < 0)
        account->even_node_s = -1;
    else
        account->even_node_s += even_nodes * seconds;
    account->windows++;
    account->seconds += seconds;
    if (violated(sample->slow, sample->requests)) account->violation_s += seconds;
    account->requests += sample->requests;
    account->slow += sample->slow;
    account->nodes += nodes_in_use(account, topology);
    account->imbalance += mean > 0 ? hottest / mean : 1;
    account->utilization += mean;
}

void sim_account_report(const struct sim_account *account, const struct fore_migrate_counts *counts,
                        double bytes_moved, struct sim_result *out)
{
    double windows = account->windows > 0 ? account->windows : 1;
    out->requests = account->requests;
    out->duration_s = account->seconds;
    out->slo_violation_s = account->violation_s;
    out->slo_violation_node_min = account->violation_node_s / 60;
    out->even_node_min = account->even_node_s < 0 ? -1 : account->even_node_s / 60;
    out->slo_violation_request_share =
        account->requests > 0 ? (double)account->slow / (double)account->requests : 0;
    out->bytes_moved = bytes_moved - account->bytes_before;
    for (int kind = 0; kind < FORE_MOVE_KINDS; kind++)
        out->moves[kind] = counts->done[kind] - account->before.done[kind];
    out->moves_failed = counts->failed - account->before.failed;
    out->moves_cancelled = counts->cancelled - account->before.cancelled;
    out->moves_rolled_back = counts->rolled_back - account->before.rolled_back;
    out->elastic = account->elastic;
    out->bytes_read = account->bytes_read;
    out->partition_bytes_max = account->bytes_max;
    out->size_violation_partition_min = account->over_s / 60;
    out->partition_bytes_peak = account->bytes_peak;
    out->node_bytes_max = account->node_max;
    out->node_full_min = account->full_s / 60;
    out->node_bytes_peak = account->node_peak;
    out->nodes_mean = account->nodes / windows;
    out->imbalance_mean = account->imbalance / windows;
    out->utilization_mean = account->utilization / windows;
}
