/* advise_forecast.c - partition loads in windows -> the line-up -> factors. */
#include <math.h>
#include <string.h>

#include "core/forecast/fleet.h"
#include "core/forecast/lineup.h"
#include "core/forecast/period.h"
#include "experiments/advise_judge.h"

enum { WINDOWS_MIN = 24, WINDOWS_MAX = 96, QUERIES_PER_WINDOW = 100, ORIGINS = 3 };
static const double factor_most = 8;

struct outlook {
    const struct lab_advise_judging *judging;
    struct fore_arena *scratch;
    size_t windows, horizon, series;
    float *y; /* [partition * windows + window] */
    struct fore_series_view view[FORE_KEY_PARTITIONS];
    uint32_t index[FORE_KEY_PARTITIONS];
    float *mean; /* [partition * horizon + step] */
};

static void count_loads(struct outlook *o)
{
    const struct lab_advise_judging *j = o->judging;
    const struct fore_query_log *log = j->log;
    double span = (double)(j->known.end - j->known.begin);
    for (size_t q = j->known.from; q < j->known.to; q++) {
        const struct fore_query *query = &log->query[q];
        double at = (double)(query->t - j->known.begin) / span * (double)o->windows;
        size_t window = (size_t)fmin(at, (double)o->windows - 1);
        for (size_t i = query->term; i < query->term + query->terms; i++) {
            if (log->term[i].role != FORE_TERM_TABLE) break;
            uint64_t set = j->design->set[i];
            if (log->term[i].column != j->table || set == UINT64_MAX) continue;
            double work =
                lab_advise_work(log, query, j->cluster->bytes_mean) / __builtin_popcountll(set);
            for (; set != 0; set &= set - 1)
                o->y[(size_t)__builtin_ctzll(set) * o->windows + window] += (float)work;
        }
    }
}

static void make_views(struct outlook *o)
{
    float *total = FORE_NEW(o->scratch, float, o->windows);
    uint32_t period[FORE_PERIODS_MAX] = {0};
    for (size_t i = 0; i < FORE_KEY_PARTITIONS * o->windows; i++)
        total[i % o->windows] += o->y[i];
    double step_s = (double)(o->judging->known.end - o->judging->known.begin) / (double)o->windows /
                    (double)FORE_SEC;
    (void)fore_period_find(total, o->windows, 0, o->scratch, period);
    for (uint32_t p = 0; p < FORE_KEY_PARTITIONS; p++) {
        double sum = 0;
        for (size_t w = 0; w < o->windows; w++)
            sum += (double)o->y[p * o->windows + w];
        if (!(sum > 0)) continue;
        struct fore_series_view view = {.y = &o->y[p * o->windows], .step_s = step_s};
        memcpy(view.period, period, sizeof period);
        o->index[o->series] = p;
        o->view[o->series++] = view;
    }
}

/* The members a scenario's engine would use by default, without those learned from many series. */
static struct fore_lineup *default_lineup(const struct outlook *o)
{
    struct fore_forecast_options options = {0};
    struct fore_option_binding binding = {.section = &fore_forecast_section, .target = &options};
    fore_option_defaults(binding, o->scratch);
    struct fore_lineup_options lineup = {.ensemble = fore_ensemble_defaults,
                                         .horizon = o->horizon,
                                         .partition_cap = FORE_KEY_PARTITIONS,
                                         .seed = 1};
    lineup.params = (struct fore_model_params){.spar_periods = (uint32_t)options.spar_periods,
                                               .spar_recent = (uint32_t)options.spar_recent,
                                               .ridge = options.ridge,
                                               .floor_share = options.floor_share};
    for (size_t i = 0; i < options.members.count; i++) {
        const struct fore_model *model = fore_model_find(options.members.item[i]);
        if (model != NULL && model->global == NULL && lineup.member_count < FORE_MEMBERS_MAX)
            lineup.member[lineup.member_count++] = model;
    }
    return fore_lineup_create(&lineup);
}

/* A few origins in the past first, so that the members' weights are earned. */
static void predict(struct outlook *o)
{
    struct fore_lineup *lineup = default_lineup(o);
    o->mean = FORE_NEW(o->scratch, float, FORE_KEY_PARTITIONS * o->horizon);
    for (size_t origin = ORIGINS; origin-- > 0;) {
        size_t n = o->windows - origin * o->horizon / (ORIGINS - 1);
        for (size_t i = 0; i < o->series; i++)
            o->view[i].n = n;
        struct fore_lineup_fleet fleet = {
            .view = o->view, .index = o->index, .count = o->series, .points = n};
        fore_lineup_learn(lineup, &fleet);
        (void)fore_lineup_fit(lineup, &fleet, true, o->scratch);
        fore_lineup_predict(lineup, &fleet, o->scratch, o->mean);
        fore_lineup_record(lineup, &fleet);
    }
    for (size_t i = 0; i < o->series; i++) { /* nobody dared: it stays as it was */
        if (fore_lineup_speaks(lineup, o->index[i])) continue;
        const float *last = o->view[i].y + o->windows - o->horizon;
        memcpy(&o->mean[o->index[i] * o->horizon], last, o->horizon * sizeof *last);
    }
    fore_lineup_destroy(lineup);
}

static void make_factors(const struct outlook *o, struct lab_advise_outlook *out)
{
    double now[FORE_KEY_PARTITIONS] = {0}, soon[FORE_KEY_PARTITIONS] = {0}, now_sum = 0;
    double soon_sum = 0, top_now = 0, top_soon = 0;
    for (size_t i = 0; i < o->series; i++) {
        uint32_t p = o->index[i];
        for (size_t h = 0; h < o->horizon; h++) {
            now[p] += (double)o->y[p * o->windows + o->windows - o->horizon + h];
            soon[p] += (double)o->mean[p * o->horizon + h];
        }
        now_sum += now[p];
        soon_sum += soon[p];
        top_now = fmax(top_now, now[p]);
        top_soon = fmax(top_soon, soon[p]);
    }
    double level = soon_sum > 0 && now_sum > 0 ? now_sum / soon_sum : 1;
    for (uint32_t p = 0; p < FORE_KEY_PARTITIONS; p++)
        out->factor[p] = now[p] > 0 ? fmin(soon[p] * level / now[p], factor_most) : 1;
    out->top_now = now_sum > 0 ? top_now / now_sum : 0;
    out->top_soon = soon_sum > 0 ? top_soon / soon_sum : 0;
}

bool lab_advise_forecast(const struct lab_advise_judging *judging, struct fore_arena *scratch,
                         struct lab_advise_outlook *out)
{
    const struct lab_advise_part *known = &judging->known;
    size_t windows = (known->to - known->from) / QUERIES_PER_WINDOW;
    if (windows < WINDOWS_MIN) return false;
    struct outlook o = {.judging = judging, .scratch = scratch};
    o.windows = windows < WINDOWS_MAX ? windows : WINDOWS_MAX;
    o.horizon = o.windows / 4;
    o.y = FORE_NEW(scratch, float, FORE_KEY_PARTITIONS *o.windows);
    count_loads(&o);
    make_views(&o);
    fore_ns horizon_ns = (known->end - known->begin) / o.windows * o.horizon;
    out->last = lab_advise_part(judging->log, known->end - horizon_ns, known->end);
    if (o.series == 0 || out->last.from == out->last.to) return false;
    predict(&o);
    make_factors(&o, out);
    return true;
}
