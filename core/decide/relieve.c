/* relieve.c - see relieve.h. */
#include "core/decide/relieve.h"

#include <math.h>

enum { LEAVING_MAX = 256 };
static const double enough = 0.6; /* of a node's cost saved: no swap is looked for */

/* The least that any change of this partition is charged: a move, or a split and a tenth of one. */
static double cheapest(const struct fore_search *search, double move_price_s)
{
    const struct fore_decide_options *options = search->input->options;
    if (search->columns != NULL) return fore_price_seconds(options->gain_min); /* few bytes, too */
    double split = 0.1 * move_price_s + fore_price_seconds(options->split_price);
    return fore_price_seconds(options->gain_min) +
           (options->splits ? fmin(move_price_s, split) : move_price_s);
}

static size_t smallest(const struct fore_search *search, const uint32_t *partition, size_t count)
{
    size_t at = 0;
    for (size_t i = 1; i < count; i++)
        if (search->peak[partition[i]] < search->peak[partition[at]]) at = i;
    return at;
}

/* Of a node that holds very many, those that bring most at their peak. */
static size_t choose_leaving(const struct fore_search *search, uint16_t source, double best_gain_s,
                             uint32_t *out)
{
    size_t count = 0, least = 0;
    const uint32_t *end = search->hosted + search->hosted_at[source + 1];
    for (const uint32_t *at = search->hosted + search->hosted_at[source]; at < end; at++) {
        uint32_t p = *at;
        if (search->busy[p] || fore_candidate_held(search, p)) continue;
        double price_s = fore_price_move(search, p, 1);
        if (search->load.cost[source] - cheapest(search, price_s) <= best_gain_s) continue;
        if (count < LEAVING_MAX) {
            out[count++] = p;
            if (count == LEAVING_MAX) least = smallest(search, out, count);
        } else if (search->peak[p] > search->peak[out[least]]) {
            out[least] = p;
            least = smallest(search, out, count);
        }
    }
    return count;
}

/* Everything on the source that may leave and could gain more than the best so far, with what its
 * leaving saves. No change saves more than the node costs, so most are passed over unasked. */
static size_t list_leaving(const struct fore_search *search, uint16_t source, double best_gain_s,
                           struct fore_leaving *out)
{
    const struct fore_topology *topology = search->load.topology;
    uint32_t partition[LEAVING_MAX];
    size_t count = choose_leaving(search, source, best_gain_s, partition);
    for (size_t i = 0; i < count; i++) {
        uint32_t p = partition[i];
        const struct fore_partition *part = &topology->partition[p];
        struct fore_leaving l = {.partition = p, .price_s = fore_price_move(search, p, 1)};
        l.share = fore_load_replica_share(&search->load, p, part->replica_count);
        l.duration_s = fore_price_copy_s(search, p, source, source, 1);
        l.load = search->brings[p];
        struct fore_load_change gone =
            fore_price_change_held(search, source, p, -l.share, l.duration_s, -1);
        l.saved_s = -fore_price_rise(search, &gone, 1);
        out[i] = l;
    }
    return count;
}

void fore_candidate_relieve(const struct fore_search *search, uint16_t source,
                            struct fore_candidate *best)
{
    struct fore_leaving list[LEAVING_MAX];
    size_t count = list_leaving(search, source, best->gain_s, list);
    const struct fore_decide_options *options = search->input->options;
    uint32_t caps = search->input->caps;
    bool columns = fore_candidate_columns_allowed(search);
    fore_candidate_merge(search, source, best);
    fore_candidate_join(search, source, best);
    for (size_t i = 0; i < count; i++) {
        bool rests = search->grown[list[i].partition];
        if (options->moves && (caps & FORE_CAP_MOVE) && !rests)
            fore_candidate_move(search, source, &list[i], best);
        if (options->splits && !rests && (caps & FORE_CAP_SPLIT) && (caps & FORE_CAP_MOVE)) {
            fore_candidate_split(search, source, &list[i], best);
            if (options->hybrids) fore_candidate_hybrid(search, source, &list[i], best);
        }
        if (columns && !rests) fore_candidate_split_columns(search, source, &list[i], best);
        if (options->replicas && (caps & FORE_CAP_REPLICA))
            fore_candidate_replicate(search, source, &list[i], best);
    }
    fore_candidate_ahead(search, source, best);
    /* A swap costs two copies and many prices to ask: only where nothing simpler does most of it.
     */
    if (!options->moves || !options->swaps || !(caps & FORE_CAP_MOVE) ||
        best->gain_s > enough * search->load.cost[source])
        return;
    for (size_t i = 0; i < count; i++)
        if (!search->grown[list[i].partition]) fore_candidate_swaps(search, source, &list[i], best);
}
