/* watch.c - see watch.h. */
#include "viz/watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 4096 };

void viz_watch_init(struct viz_watch *watch, uint32_t partition)
{
    *watch = (struct viz_watch){.partition = partition};
    watch->load = calloc(VIZ_WATCH_LOADS, sizeof *watch->load);
    FORE_ASSERT(watch->load != NULL);
}

void viz_watch_fini(struct viz_watch *watch)
{
    free(watch->load);
    for (size_t i = 0; i < VIZ_WATCH_PAST; i++)
        free(watch->past[i].q);
    *watch = (struct viz_watch){0};
}

void viz_watch_load(struct viz_watch *watch, fore_ns at, double cores)
{
    watch->load[watch->load_total++ % VIZ_WATCH_LOADS] =
        (struct viz_watch_load){.at = at, .cores = (float)cores};
}

static const struct viz_watch_past *newest(const struct viz_watch *watch)
{
    return watch->past_total > 0 ? &watch->past[(watch->past_total - 1) % VIZ_WATCH_PAST] : NULL;
}

void viz_watch_forecast(struct viz_watch *watch, fore_ns at, fore_ns step_ns, uint32_t steps,
                        const float *q, const char *model)
{
    const struct viz_watch_past *last = newest(watch);
    if (steps == 0 || steps > STEPS_MAX || step_ns == 0) return;
    if (last != NULL && at < last->at + last->step_ns * last->steps / 8) return;
    struct viz_watch_past *past = &watch->past[watch->past_total++ % VIZ_WATCH_PAST];
    float *room = realloc(past->q, (size_t)steps * 3 * sizeof *room);
    FORE_ASSERT(room != NULL);
    *past = (struct viz_watch_past){.at = at, .step_ns = step_ns, .steps = steps, .q = room};
    memcpy(room, q, (size_t)steps * 3 * sizeof *room);
    (void)snprintf(past->model, sizeof past->model, "%.15s", model);
}

void viz_watch_made_by(struct viz_watch *watch, fore_ns at, const char *text, size_t len)
{
    if (watch->past_total == 0 || len == 0) return;
    struct viz_watch_past *past = &watch->past[(watch->past_total - 1) % VIZ_WATCH_PAST];
    if (past->at != at) return;
    size_t end = strnlen(text, len);
    (void)snprintf(past->made_by, sizeof past->made_by, "%.*s", (int)(end < 159 ? end : 159), text);
}

const struct viz_watch_past *viz_watch_made_before(const struct viz_watch *watch, fore_ns at)
{
    uint64_t total = watch->past_total;
    for (uint64_t i = total; i > 0 && i + VIZ_WATCH_PAST > total; i--) {
        const struct viz_watch_past *past = &watch->past[(i - 1) % VIZ_WATCH_PAST];
        if (past->at <= at) return past;
    }
    return NULL;
}

double viz_watch_quantile(const struct viz_watch_past *past, fore_ns at, int q)
{
    if (at < past->at) return (double)NAN;
    fore_ns k = (at - past->at) / past->step_ns;
    return k < past->steps ? (double)past->q[(size_t)q * past->steps + (size_t)k] : (double)NAN;
}

/* The load in force when a forecast was made; NaN: not kept any more. */
static double load_at(const struct viz_watch *watch, uint64_t from, fore_ns at)
{
    double cores = (double)NAN;
    for (uint64_t i = from; i < watch->load_total; i++) {
        const struct viz_watch_load *l = &watch->load[i % VIZ_WATCH_LOADS];
        if (l->at > at) break;
        cores = (double)l->cores;
    }
    return cores;
}

static void judge_one(const struct viz_watch *watch, const struct viz_watch_past *past,
                      uint64_t from, struct viz_watch_score *score, double error[2])
{
    double start = load_at(watch, from, past->at);
    for (uint64_t i = from; i < watch->load_total; i++) {
        const struct viz_watch_load *l = &watch->load[i % VIZ_WATCH_LOADS];
        if (l->at <= past->at) continue;
        double low = viz_watch_quantile(past, l->at - 1, 0), truth = (double)l->cores;
        if (isnan(low)) break;
        score->count++;
        score->below += truth < low;
        score->above += truth > viz_watch_quantile(past, l->at - 1, 2);
        if (isnan(start)) continue;
        error[0] += fabs(viz_watch_quantile(past, l->at - 1, 1) - truth);
        error[1] += fabs(start - truth);
    }
}

struct viz_watch_score viz_watch_judge(const struct viz_watch *watch)
{
    struct viz_watch_score score = {.skill = (double)NAN};
    double error[2] = {0, 0};
    uint64_t total = watch->load_total, past = watch->past_total;
    uint64_t from = total > VIZ_WATCH_LOADS ? total - VIZ_WATCH_LOADS : 0;
    for (uint64_t i = past > VIZ_WATCH_PAST ? past - VIZ_WATCH_PAST : 0; i < past; i++)
        judge_one(watch, &watch->past[i % VIZ_WATCH_PAST], from, &score, error);
    if (score.count > 0) {
        score.below /= score.count;
        score.above /= score.count;
    }
    if (error[1] > 0) score.skill = error[0] / error[1];
    return score;
}
