/*
 * risk_watch.c - asking, waiting, settling, adding up.
 *
 * The expected calibration error is over ten equal bins of the probability; the area under the ROC
 * curve is read off a fine histogram, ties counting half (Mann & Whitney 1947).
 */
#include "core/risk/risk_watch.h"

#include <math.h>
#include <string.h>

enum { TENTHS = 10 };
static const fore_ns half_hour = 1800 * FORE_SEC;

void fore_risk_watch_init(struct fore_risk_watch *watch, struct fore_arena *arena,
                          uint32_t node_count, fore_ns horizon, double limit)
{
    fore_ns half = horizon / 2;
    *watch = (struct fore_risk_watch){
        .limit = limit,
        .node_count = node_count,
        .ours = fore_calibration_prior(0, 1, -14, 10),
        .persistence = fore_calibration_prior(-2, 1, -8, 4),
    };
    watch->lead = watch->span = half < half_hour ? half : half_hour;
    watch->every = (watch->lead + watch->span) / (FORE_RISK_ASKS - 2) + 1;
    fore_risk_shadow_init(&watch->shadow, arena, node_count);
    watch->gone = FORE_NEW(arena, bool, node_count);
    for (int i = 0; i < FORE_RISK_ASKS; i++) {
        struct fore_risk_ask *ask = &watch->ask[i];
        ask->looked = FORE_NEW(arena, double, node_count);
        ask->present = FORE_NEW(arena, double, node_count);
        ask->ours = FORE_NEW(arena, double, node_count);
        ask->persistence = FORE_NEW(arena, double, node_count);
        ask->happened = FORE_NEW(arena, bool, node_count);
        ask->changed = FORE_NEW(arena, bool, node_count);
    }
}

void fore_risk_watch_idle(struct fore_risk_watch *watch, const struct fore_risk_idle *idle)
{
    FORE_ASSERT(watch->pending == 0 && idle->node_count == watch->node_count);
    watch->idle = idle;
}

static struct fore_risk_ask *ask_at(struct fore_risk_watch *watch, uint32_t i)
{
    return &watch->ask[(watch->first + i) % FORE_RISK_ASKS];
}

/* ---- asking ---------------------------------------------------------------------------------- */

bool fore_risk_watch_due(const struct fore_risk_watch *watch, fore_ns now)
{
    return watch->pending < FORE_RISK_ASKS &&
           (watch->asked_at == 0 || now >= watch->asked_at + watch->every);
}

void fore_risk_watch_ask(struct fore_risk_watch *watch, const struct fore_load *load,
                         const struct fore_sample *sample, fore_ns now)
{
    struct fore_risk_ask *ask = ask_at(watch, watch->pending++);
    double step_ns = load->step_s * 1e9;
    size_t from = (size_t)((double)watch->lead / step_ns);
    size_t to = (size_t)ceil((double)(watch->lead + watch->span) / step_ns);
    if (to > load->steps) to = load->steps;
    if (from >= to) from = to - 1;
    ask->at = watch->asked_at = now;
    for (uint32_t n = 0; n < watch->node_count; n++) {
        struct fore_load_risk risk = fore_load_node_risk_between(load, (uint16_t)n, from, to);
        ask->looked[n] = fore_calibration_logit(risk.probability);
        double present = watch->idle ? watch->idle->utilization[n] : sample->node[n].utilization;
        ask->present[n] = (present - watch->limit) * TENTHS;
        ask->ours[n] = fore_calibration_apply(&watch->ours, ask->looked[n]);
        ask->persistence[n] = fore_calibration_apply(&watch->persistence, ask->present[n]);
        ask->happened[n] = false;
        ask->changed[n] = !sample->node[n].up || (watch->idle && watch->idle->untold[n]);
    }
}

void fore_risk_watch_changed(struct fore_risk_watch *watch, uint16_t node)
{
    for (uint32_t i = 0; i < watch->pending; i++)
        ask_at(watch, i)->changed[node] = true;
}

void fore_risk_watch_moved(struct fore_risk_watch *watch,
                           const struct fore_risk_departure *departure)
{
    if (watch->pending == 0 || watch->idle || fore_risk_shadow_moved(&watch->shadow, departure))
        return;
    fore_risk_watch_changed(watch, departure->from);
    fore_risk_watch_changed(watch, departure->to);
}

static void forget(struct fore_risk_watch *watch, uint32_t partition)
{
    memset(watch->gone, 0, watch->node_count * sizeof *watch->gone);
    if (!fore_risk_shadow_forget(&watch->shadow, partition, watch->gone)) return;
    for (uint32_t n = 0; n < watch->node_count; n++)
        if (watch->gone[n]) fore_risk_watch_changed(watch, (uint16_t)n);
}

void fore_risk_watch_split(struct fore_risk_watch *watch, uint32_t whole, uint32_t part)
{
    if (fore_risk_shadow_split(&watch->shadow, whole, part)) return;
    forget(watch, whole);
    forget(watch, part);
}

void fore_risk_watch_merged(struct fore_risk_watch *watch, uint32_t partition, uint32_t other,
                            double other_share)
{
    fore_risk_shadow_merged(&watch->shadow, partition, other, other_share);
}

/* ---- settling -------------------------------------------------------------------------------- */

static void score(struct fore_risk_watch *watch, double ours, double persistence, bool happened)
{
    double truth = happened ? 1 : 0;
    size_t bin = (size_t)(ours * FORE_RISK_BINS);
    if (bin >= FORE_RISK_BINS) bin = FORE_RISK_BINS - 1;
    watch->count++;
    watch->happened += happened ? 1 : 0;
    watch->brier += (ours - truth) * (ours - truth);
    watch->brier_persistence += (persistence - truth) * (persistence - truth);
    watch->bin_count[bin]++;
    watch->bin_happened[bin] += happened ? 1 : 0;
    watch->bin_sum[bin] += ours;
}

static void settle(struct fore_risk_watch *watch, const struct fore_risk_ask *ask)
{
    for (uint32_t n = 0; n < watch->node_count; n++) {
        if (ask->changed[n]) continue;
        score(watch, ask->ours[n], ask->persistence[n], ask->happened[n]);
        fore_calibration_learn(&watch->ours, ask->looked[n], ask->happened[n]);
        fore_calibration_learn(&watch->persistence, ask->present[n], ask->happened[n]);
    }
    fore_calibration_settle(&watch->ours);
    fore_calibration_settle(&watch->persistence);
}

void fore_risk_watch_window(struct fore_risk_watch *watch, const struct fore_sample *sample,
                            const struct fore_topology *topology)
{
    for (uint32_t i = 0; i < watch->pending; i++) {
        struct fore_risk_ask *ask = ask_at(watch, i);
        fore_ns from = ask->at + watch->lead;
        if (sample->end <= from || sample->begin >= from + watch->span) continue;
        const double *utilization =
            watch->idle ? watch->idle->utilization
                        : fore_risk_shadow_at(&watch->shadow, sample, topology, ask->at);
        for (uint32_t n = 0; n < watch->node_count; n++)
            if (utilization[n] > watch->limit) ask->happened[n] = true;
    }
    while (watch->pending > 0 && sample->end >= ask_at(watch, 0)->at + watch->lead + watch->span) {
        settle(watch, ask_at(watch, 0));
        watch->first = (watch->first + 1) % FORE_RISK_ASKS;
        watch->pending--;
        if (watch->pending > 0) fore_risk_shadow_expire(&watch->shadow, ask_at(watch, 0)->at);
    }
    if (watch->pending == 0) fore_risk_shadow_expire(&watch->shadow, sample->end);
}

/* ---- adding up ------------------------------------------------------------------------------- */

void fore_risk_watch_score_from_here(struct fore_risk_watch *watch)
{
    watch->count = watch->happened = 0;
    watch->brier = watch->brier_persistence = 0;
    memset(watch->bin_count, 0, sizeof watch->bin_count);
    memset(watch->bin_happened, 0, sizeof watch->bin_happened);
    memset(watch->bin_sum, 0, sizeof watch->bin_sum);
}

static double calibration_error(const struct fore_risk_watch *watch)
{
    double error = 0;
    for (size_t tenth = 0; tenth < TENTHS; tenth++) {
        double said = 0, came = 0;
        size_t width = FORE_RISK_BINS / TENTHS;
        for (size_t b = tenth * width; b < (tenth + 1) * width; b++) {
            said += watch->bin_sum[b];
            came += (double)watch->bin_happened[b];
        }
        error += fabs(said - came);
    }
    return error / (double)watch->count;
}

static double area(const struct fore_risk_watch *watch)
{
    double below = 0, sum = 0, yes = (double)watch->happened, no = (double)watch->count - yes;
    for (size_t b = 0; b < FORE_RISK_BINS; b++) {
        double came = (double)watch->bin_happened[b], quiet = (double)watch->bin_count[b] - came;
        sum += came * (below + quiet / 2);
        below += quiet;
    }
    return yes > 0 && no > 0 ? sum / (yes * no) : (double)NAN;
}

struct fore_risk_quality fore_risk_watch_quality(const struct fore_risk_watch *watch)
{
    double nan = (double)NAN, n = (double)watch->count;
    struct fore_risk_quality out = {.lead_s = (double)watch->lead / 1e9,
                                    .count = n,
                                    .base_rate = nan,
                                    .brier_skill = nan,
                                    .brier_skill_vs_persistence = nan,
                                    .ece = nan,
                                    .auc = nan};
    if (watch->count == 0) return out;
    double rate = (double)watch->happened / n, climate = rate * (1 - rate) * n;
    out.base_rate = rate;
    out.ece = calibration_error(watch);
    out.auc = area(watch);
    if (climate > 0) out.brier_skill = 1 - watch->brier / climate;
    if (watch->brier_persistence > 0)
        out.brier_skill_vs_persistence = 1 - watch->brier / watch->brier_persistence;
    return out;
}
