/* advise_judge.c - streams through sim/queries.h, now and as forecast. */
#include "experiments/advise_judge.h"

#include <math.h>

#include "core/base/rng.h"

enum { WINDOWS_MIN = 4, WINDOWS_MAX = 200, QUERIES_PER_WINDOW = 400, LUCKS = 3 };

static uint32_t windows_for(size_t queries)
{
    size_t windows = queries / QUERIES_PER_WINDOW;
    if (windows < WINDOWS_MIN) return WINDOWS_MIN;
    return windows < WINDOWS_MAX ? (uint32_t)windows : WINDOWS_MAX;
}

/* One p99 of a few thousand queries is off by a tenth: the same placement is played with different
 * luck, and means are compared. */
static void add_mean(struct sim_queries_result *sum, const struct sim_queries_result *one)
{
    sum->queries = one->queries;
    sum->parts = one->parts;
    sum->duration_s = one->duration_s;
    sum->p50_ns += one->p50_ns / LUCKS;
    sum->p99_ns += one->p99_ns / LUCKS;
    sum->watched_p50_ns += one->watched_p50_ns / LUCKS;
    sum->watched_p99_ns += one->watched_p99_ns / LUCKS;
    sum->violation_s += one->violation_s / LUCKS;
    sum->imbalance += one->imbalance / LUCKS;
    sum->utilization += one->utilization / LUCKS;
}

static void play(const struct lab_advise_judging *j, const struct lab_advise_stream *stream,
                 const struct lab_advise_part *part, struct sim_queries_result *out)
{
    struct sim_queries_setup setup = {
        .query = stream->query,
        .phase = stream->phase,
        .count = stream->count,
        .nodes = j->cluster->nodes,
        .cores = j->cluster->cores,
        .service_ns = j->cluster->service_ns,
        .slo_ns = j->cluster->slo_ns,
        .link_ns = j->cluster->link_ns,
        .begin = part->begin,
        .end = part->end,
        .windows = windows_for(stream->count),
    };
    *out = (struct sim_queries_result){0};
    for (uint32_t k = 0; k < LUCKS; k++) {
        struct sim_queries_result one;
        setup.seed = j->cluster->seed + k;
        sim_queries_run(&setup, &one);
        add_mean(out, &one);
    }
}

/* What the table's query is multiplied by: the mean over its partitions. */
static double factor_of(const struct lab_advise_judging *j, const struct fore_query *query,
                        const double *factor)
{
    for (size_t i = query->term; i < query->term + query->terms; i++) {
        if (j->log->term[i].role != FORE_TERM_TABLE) break;
        if (j->log->term[i].column != j->table) continue;
        uint64_t set = j->design->set[i];
        if (set == UINT64_MAX) return 1;
        double sum = 0, count = __builtin_popcountll(set);
        for (; set != 0; set &= set - 1)
            sum += factor[__builtin_ctzll(set)];
        return sum / count;
    }
    return 1;
}

static void play_forecast(const struct lab_advise_judging *j,
                          const struct lab_advise_outlook *outlook, struct fore_arena *scratch,
                          struct sim_queries_result *out)
{
    const struct lab_advise_part *last = &outlook->last;
    uint8_t *copies = FORE_NEW(scratch, uint8_t, last->to - last->from);
    struct fore_rng rng = fore_rng_stream(j->cluster->seed, "advise-copies", 0);
    for (size_t q = last->from; q < last->to; q++) {
        double times = factor_of(j, &j->log->query[q], outlook->factor);
        copies[q - last->from] = (uint8_t)(times + fore_rng_unit(&rng));
    }
    struct lab_advise_stream stream;
    lab_advise_stream_make(j->log, j->design, j->cluster, last, j->table, copies, scratch, &stream);
    if (stream.count > 0) play(j, &stream, last, out);
}

static double share(size_t part, size_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

/* Both legs count by their length. */
static void combine(struct lab_advise_verdict *v)
{
    const struct sim_queries_result *now = &v->now, *soon = &v->soon;
    double span = fmax(now->duration_s + soon->duration_s, 1e-9);
    v->p99_ns = ((double)now->watched_p99_ns * now->duration_s +
                 (double)soon->watched_p99_ns * soon->duration_s) /
                span;
    v->violation_share = (now->violation_s + soon->violation_s) / span;
    v->imbalance = (now->imbalance * now->duration_s + soon->imbalance * soon->duration_s) / span;
}

void lab_advise_judge(const struct lab_advise_judging *judging, struct fore_arena *scratch,
                      struct lab_advise_verdict *out)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    struct lab_advise_stream stream;
    struct lab_advise_outlook outlook;
    *out = (struct lab_advise_verdict){.top_now = (double)NAN, .top_soon = (double)NAN};
    lab_advise_stream_make(judging->log, judging->design, judging->cluster, &judging->play,
                           judging->table, NULL, scratch, &stream);
    play(judging, &stream, &judging->play, &out->now);
    out->single_share = share(stream.single, stream.watched);
    out->apart_share = share(stream.apart, stream.watched);
    out->parts_mean = share(out->now.parts, out->now.queries);
    if (lab_advise_forecast(judging, scratch, &outlook)) {
        play_forecast(judging, &outlook, scratch, &out->soon);
        out->top_now = outlook.top_now;
        out->top_soon = outlook.top_soon;
    }
    combine(out);
    fore_arena_reset(scratch, mark);
}
