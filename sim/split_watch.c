/*
 * split_watch.c - halves under observation, a short list.
 */
#include "sim/split_watch.h"

static const fore_ns span = 3600 * FORE_SEC;
static const double balanced_from = 0.4, balanced_to = 0.6;

struct sim_split {
    uint32_t left, right;
    uint64_t first, cut, last; /* left is first..cut-1, right cut..last */
    fore_ns until;
    double left_ns, right_ns;
};

void sim_split_watch_init(struct sim_split_watch *watch, const struct fore_topology *topology,
                          struct fore_arena *perm)
{
    *watch = (struct sim_split_watch){.cap = topology->partition_cap};
    watch->open = FORE_NEW(perm, struct sim_split, watch->cap);
    watch->known = FORE_NEW(perm, bool, topology->partition_cap);
    watch->partition_count = topology->partition_count;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        watch->known[p] = topology->partition[p].alive;
}

static double busy_ns(const struct fore_partition_sample *p)
{
    return (double)p->busy_read_ns + (double)p->busy_write_ns;
}

/* As it was when it was cut? */
static bool whole(const struct sim_split *split, const struct fore_topology *topology)
{
    const struct fore_partition *left = &topology->partition[split->left];
    const struct fore_partition *right = &topology->partition[split->right];
    return left->alive && right->alive && left->first == split->first &&
           left->last + 1 == split->cut && right->first == split->cut && right->last == split->last;
}

static void follow(struct sim_split_watch *watch, const struct fore_sample *sample,
                   const struct fore_topology *topology)
{
    for (uint32_t i = 0; i < watch->count;) {
        struct sim_split *split = &watch->open[i];
        bool says = whole(split, topology);
        if (says && split->right < sample->partition_count) {
            split->left_ns += busy_ns(&sample->partition[split->left]);
            split->right_ns += busy_ns(&sample->partition[split->right]);
        }
        if (says && sample->end < split->until) {
            i++;
            continue;
        }
        double both = split->left_ns + split->right_ns;
        if (says && both > 0) {
            double share = split->right_ns / both;
            watch->judged++;
            watch->balanced += share >= balanced_from && share <= balanced_to;
        }
        *split = watch->open[--watch->count];
    }
}

/* A new partition, and whoever ends where it begins. */
static void notice(struct sim_split_watch *watch, uint32_t right, fore_ns now,
                   const struct fore_topology *topology)
{
    const struct fore_partition *part = &topology->partition[right];
    if (part->first == 0 || part->column_group != 0 || watch->count == watch->cap) return;
    uint32_t left = fore_topology_find(topology, part->first - 1);
    if (left == FORE_PARTITION_NONE || topology->partition[left].table != part->table) return;
    watch->open[watch->count++] = (struct sim_split){.left = left,
                                                     .right = right,
                                                     .first = topology->partition[left].first,
                                                     .cut = part->first,
                                                     .last = part->last,
                                                     .until = now + span};
}

void sim_split_watch_window(struct sim_split_watch *watch, const struct fore_sample *sample,
                            const struct fore_topology *topology, bool counting)
{
    follow(watch, sample, topology);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        bool alive = topology->partition[p].alive;
        bool is_new = alive && (p >= watch->partition_count || !watch->known[p]);
        if (is_new && counting) notice(watch, p, sample->end, topology);
        watch->known[p] = alive;
    }
    watch->partition_count = topology->partition_count;
}
