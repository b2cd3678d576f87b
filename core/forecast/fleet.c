/*
 * fleet.c - the fleet's life, the order of work in a refresh, and what others read of it.
 *
 * A refresh takes the new points, finishes the paths whose truth has come, fits what is due,
 * predicts only when a point has come (forecasts cannot change otherwise), and records a new path.
 * The nowcast follows every window. Between refreshes nothing is allocated.
 */
#include "core/forecast/fleet.h"

#include "core/base/buf.h"
#include "core/base/dist.h"
#include "core/base/series.h"
#include "core/forecast/fleet_parts.h"
#include "core/forecast/spar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const groups[] = {"none", "table", "users", "shape", NULL};

#define AT(field) FORE_OPTION_AT(struct fore_forecast_options, field)
static const struct fore_option rows[] = {
    {"model",         FORE_OPT_TEXT,     AT(model),         "ensemble", 0,    0,                    NULL,
     "ensemble, or one model (foreshard forecast --help lists them)"                                                                                            },
    {"members",       FORE_OPT_LIST,     AT(members),
     "naive, seasonal-naive, ses, ar, spar, spar-log, trees, lstm",     0,    0,                    NULL,   "of the ensemble"                                   },
    {"horizon",       FORE_OPT_DURATION, AT(horizon),       "10min",    1e9,  3.2e16,               NULL,
     "how far ahead; its steps are observe.mid_step"                                                                                                            },
    {"refit_every",   FORE_OPT_DURATION, AT(refit_every),   "1d",       1e9,  3.2e17,               NULL,
     "how often every model is fitted anew"                                                                                                                     },
    {"refresh_every", FORE_OPT_DURATION, AT(refresh_every), "1min",     1e6,  3.2e16,               NULL,
     "how often forecasts are renewed; less than observe.window: with every window"                                                                             },
    {"periods",       FORE_OPT_LIST,     AT(periods),       "",         0,    0,                    NULL,
     "seasons of the load, such as \"1d, 7d\"; empty: found by autocorrelation, as is a fraction of them"                                                       },
    {"origins",       FORE_OPT_COUNT,    AT(origins),       "96",       6,    4096,                 NULL,
     "past forecasts whose errors give the spread"                                                                                                              },
    {"origin_every",  FORE_OPT_DURATION, AT(origin_every),  "5min",     1e6,  3.2e16,               NULL,
     "between those past forecasts; 96 at 1h span four days"                                                                                                    },
    {"spar_periods",  FORE_OPT_COUNT,    AT(spar_periods),  "6",        1,    14,                   NULL,
     "seasonal lags of the first period; longer periods add up to three each"                                                                                   },
    {"spar_recent",   FORE_OPT_COUNT,    AT(spar_recent),   "24",       0,    FORE_SPAR_RECENT_MAX, NULL,
     "recent deviations from the season, rounded up to a multiple of 8"                                                                                         },
    {"ridge",         FORE_OPT_REAL,     AT(ridge),         "0.0001",   1e-9, 10,                   NULL,
     "strength of the pull to the mean of the seasonal lags"                                                                                                    },
    {"floor_share",   FORE_OPT_SHARE,    AT(floor_share),   "80%",      0,    1,                    NULL,
     "a forecast is at least this share of the least load in four of the longest period"                                                                        },
    {"train_work",    FORE_OPT_COUNT,    AT(train_work),    "5",        0,    1e6,                  NULL,
     "milliseconds' worth of operations a refresh that nets may learn for; 0: they never do"                                                                    },
    {"train_every",   FORE_OPT_DURATION, AT(train_every),   "1d",       1e9,  3.2e17,               NULL,
     "between trainings of a net; a new net must beat the old one on the newest horizon"                                                                        },
    {"train_series",  FORE_OPT_COUNT,    AT(train_series),  "128",      1,    65536,                NULL,
     "partitions a net learns from at most"                                                                                                                     },
    {"groups",        FORE_OPT_CHOICE,   AT(groups),        "none",     0,    0,                    groups,
     "which partitions have nets of their own and lend forecasts to the young: all alike, by table, by the user group that asks most, by the shape of their day"},
    {"hints",         FORE_OPT_TEXT,     AT(hints),         "",         0,    0,                    NULL,
     "announced load, \"20%..26% daily 02:00..02:30 x3; orders event 960..1008 x2\" (README: hints); "
     "0..59999 are positions of keys"                                                                                                                           },
    {"clock_start",   FORE_OPT_REAL,     AT(clock_start),   "345600",   1,    1e11,                 NULL,
     "Unix time at which the run's clock reads 0 (default: a Monday, midnight)"                                                                                 },
};
#undef AT
const struct fore_option_section fore_forecast_section = {
    .name = "forecast",
    .help = "How the coming load of every partition is predicted.",
    .row = rows,
    .row_count = FORE_COUNTOF(rows),
};

enum {
    STEPS_MAX = FORE_SPAR_HORIZON_MAX,
    SEARCH_MIN = 32 /* points before periods are looked for */
};

void *fore_fleet_memory(void *old, size_t count, size_t size)
{
    FORE_ASSERT(size == 0 || count < SIZE_MAX / size);
    void *memory = old ? realloc(old, count * size + 1) : calloc(count * size + 1, 1);
    FORE_ASSERT(memory != NULL);
    return memory;
}

/* ---- create ---------------------------------------------------------------------------------- */

static enum fore_err unknown_model(const char *option, const char *name, struct fore_diag *diag)
{
    const char *known[64] = {"ensemble"};
    size_t count = 1;
    struct fore_buf list = {0};
    fore_buf_puts(&list, known[0]);
    for (size_t i = 0; fore_models[i] && count < FORE_COUNTOF(known); i++) {
        known[count++] = fore_models[i]->name;
        fore_buf_printf(&list, ", %s", fore_models[i]->name);
    }
    const char *near = fore_option_nearest(name, known, count);
    enum fore_err err = fore_err_set(
        diag, FORE_E_FORMAT, "forecast.%s: \"%.40s\" is not a model%s%s%s (%s)", option, name,
        near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "", list.data);
    fore_buf_fini(&list);
    return err;
}

static enum fore_err find_members(struct fore_fleet *fleet, struct fore_lineup_options *lineup,
                                  struct fore_diag *diag)
{
    const struct fore_forecast_options *options = &fleet->options;
    bool ensemble = strcmp(options->model, "ensemble") == 0;
    size_t count = ensemble ? options->members.count : 1;
    if (count == 0 || count > FORE_MEMBERS_MAX)
        return fore_err_set(diag, FORE_E_RANGE, "forecast.members: %zu of them; 1 to %d", count,
                            FORE_MEMBERS_MAX);
    fleet->model = options->model;
    fleet->lifts = ensemble;
    for (size_t i = 0; i < count; i++) {
        const char *name = ensemble ? options->members.item[i] : options->model;
        lineup->member[i] = fore_model_find(name);
        if (!lineup->member[i]) return unknown_model(ensemble ? "members" : "model", name, diag);
        fleet->wants_log = fleet->wants_log || lineup->member[i]->wants_log;
    }
    lineup->member_count = count;
    return FORE_E_OK;
}

static enum fore_err read_period(struct fore_fleet *fleet, const char *text, size_t n,
                                 struct fore_diag *diag)
{
    fore_ns period = 0;
    if (n == FORE_PERIODS_MAX)
        return fore_err_set(diag, FORE_E_RANGE, "forecast.periods: more than %d periods",
                            FORE_PERIODS_MAX);
    if (fore_option_duration(text, &period) != FORE_E_OK)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "forecast.periods: \"%.40s\" is not a duration such as \"1d\"", text);
    if (period % fleet->step != 0 || period / fleet->step < 2 ||
        period / fleet->step > UINT32_MAX / 8)
        return fore_err_set(diag, FORE_E_RANGE,
                            "forecast.periods: \"%.40s\" must be a multiple of observe.mid_step "
                            "(%.9g s), and at least two of them",
                            text, (double)fleet->step / 1e9);
    uint32_t steps = (uint32_t)(period / fleet->step);
    for (; n > 0 && fleet->period[n - 1] > steps; n--)
        fleet->period[n] = fleet->period[n - 1];
    fleet->period[n] = steps;
    return FORE_E_OK;
}

static enum fore_err read_options(struct fore_fleet *fleet, const struct fore_observe *observe,
                                  struct fore_diag *diag)
{
    const struct fore_forecast_options *options = &fleet->options;
    const struct fore_history_shape *shape = fore_history_shape(observe->history);
    fleet->step = shape->step[1];
    fleet->points_kept = shape->length[1];
    struct fore_lineup_options lineup = {0};
    FORE_TRY(find_members(fleet, &lineup, diag));
    fore_ns steps = (options->horizon + fleet->step - 1) / fleet->step;
    if (steps > STEPS_MAX || steps + 1 >= fleet->points_kept)
        return fore_err_set(diag, FORE_E_RANGE,
                            "forecast.horizon: %llu steps of observe.mid_step; at most %d, and "
                            "fewer than observe.mid_points (%zu): raise mid_step or mid_points",
                            (unsigned long long)steps, (int)STEPS_MAX, fleet->points_kept);
    fleet->steps = (size_t)steps;
    for (size_t i = 0; i < options->periods.count; i++)
        FORE_TRY(read_period(fleet, options->periods.item[i], i, diag));
    memcpy(fleet->told, fleet->period, sizeof(fleet->told));
    lineup.params = (struct fore_model_params){
        .spar_periods = (uint32_t)options->spar_periods,
        .spar_recent = (uint32_t)options->spar_recent,
        .ridge = options->ridge,
        .floor_share = options->floor_share,
    };
    lineup.ensemble = fore_ensemble_defaults;
    lineup.horizon = fleet->steps;
    lineup.partition_cap = observe->partition_cap;
    lineup.train_work = options->train_work;
    lineup.train_every = options->train_every / fleet->step;
    lineup.train_series = options->train_series;
    if (options->hints) FORE_TRY(fore_fleet_set_hints(fleet, options->hints, diag));
    fleet->lineup = fore_lineup_create(&lineup);
    return FORE_E_OK;
}

static void create_paths(struct fore_fleet *fleet)
{
    fore_ns every =
        fleet->options.origin_every > fleet->step ? fleet->options.origin_every : fleet->step;
    uint64_t pending = (fleet->steps * fleet->step + every - 1) / every + 2;
    fleet->path_cap = (uint32_t)(fleet->options.origins + pending);
    fleet->path = fore_fleet_memory(NULL, fleet->path_cap, sizeof(*fleet->path));
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        fleet->missed[kind] = fore_fleet_memory(NULL, fleet->steps, sizeof(double));
        fleet->total[kind] = fore_fleet_memory(NULL, fleet->steps, sizeof(*fleet->total[kind]));
        for (uint32_t i = 0; i < fleet->path_cap; i++) {
            fleet->path[i].total[kind] = fore_fleet_memory(NULL, fleet->steps, sizeof(float));
            fleet->path[i].missed[kind] = fore_fleet_memory(NULL, fleet->steps, sizeof(float));
        }
    }
}

struct fore_fleet *fore_fleet_create(const struct fore_forecast_options *options,
                                     const struct fore_observe *observe, struct fore_diag *diag)
{
    struct fore_fleet *fleet = fore_fleet_memory(NULL, 1, sizeof(*fleet));
    fleet->options = *options;
    if (read_options(fleet, observe, diag) != FORE_E_OK) {
        fore_arena_fini(&fleet->hint_arena);
        free(fleet);
        return NULL;
    }
    fleet->partition_cap = observe->partition_cap;
    fleet->room = fleet->points_kept + fleet->points_kept / 4 + 64;
    fleet->partition =
        fore_fleet_memory(NULL, fleet->partition_cap, sizeof(struct fore_fleet_partition *));
    fleet->kin = fore_fleet_memory(NULL, fleet->partition_cap, sizeof(*fleet->kin));
    for (uint32_t i = 0; i < fleet->partition_cap; i++)
        fleet->kin[i] = i;
    create_paths(fleet);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++)
        fleet->scenario[kind] = (struct fore_scenario){
            .model = kind == FORE_SCENARIO_FORECAST ? fleet->model : "naive",
            .step = fleet->step,
            .steps = fleet->steps,
            .ready = false,
        };
    return fleet;
}

void fore_fleet_destroy(struct fore_fleet *fleet)
{
    if (!fleet) return;
    for (uint32_t i = 0; i < fleet->partition_cap; i++)
        fore_fleet_release(fleet, i);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        for (uint32_t i = 0; i < fleet->path_cap; i++) {
            free(fleet->path[i].cell[kind]);
            free(fleet->path[i].total[kind]);
            free(fleet->path[i].missed[kind]);
        }
        free(fleet->missed[kind]);
        free(fleet->total[kind]);
        free(fleet->mean[kind]);
        free(fleet->common[kind]);
        free(fleet->own[kind]);
    }
    for (uint32_t i = 0; i < fleet->path_cap; i++)
        free(fleet->path[i].now);
    free(fleet->path);
    free(fleet->partition);
    free(fleet->kin);
    fore_lineup_destroy(fleet->lineup);
    fore_arena_fini(&fleet->hint_arena);
    free(fleet);
}

/* ---- refresh --------------------------------------------------------------------------------- */

static void make_room(struct fore_fleet *fleet, uint32_t partition_count)
{
    FORE_ASSERT(partition_count <= fleet->partition_cap);
    if (partition_count > fleet->count) fleet->count = partition_count;
    if (partition_count > fleet->rows) {
        uint32_t more = partition_count + partition_count / 4;
        if (more > fleet->partition_cap) more = fleet->partition_cap;
        size_t cells = (size_t)more * fleet->steps;
        for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
            fleet->mean[kind] = fore_fleet_memory(fleet->mean[kind], cells, sizeof(float));
            fleet->common[kind] = fore_fleet_memory(fleet->common[kind], cells, sizeof(float));
            fleet->own[kind] = fore_fleet_memory(fleet->own[kind], cells, sizeof(float));
        }
        fleet->rows = more;
        fleet->stale = true;
    }
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        struct fore_scenario *scenario = &fleet->scenario[kind];
        scenario->partition_count = partition_count;
        scenario->mean = fleet->mean[kind];
        scenario->common = fleet->common[kind];
        scenario->own = fleet->own[kind];
        scenario->kin = fleet->kin;
    }
}

/* Present loads, and the rows of partitions that have no forecast yet. */
static void nowcast(struct fore_fleet *fleet, const struct fore_observe *observe,
                    uint32_t partition_count)
{
    for (uint32_t i = 0; i < partition_count; i++) {
        const struct fore_fleet_partition *p = fleet->partition[i];
        double load = p ? observe->partition[i].load : 0.0;
        float value = load > 0.0 ? (float)load : 0.0f;
        float *now = fleet->mean[FORE_SCENARIO_NOWCAST] + (size_t)i * fleet->steps;
        for (size_t h = 0; h < fleet->steps; h++)
            now[h] = value;
        if (!p || (p->fitted && !p->sparse)) continue;
        fleet->counts.fallbacks++;
        if (p->fitted) continue;
        memcpy(fleet->mean[FORE_SCENARIO_FORECAST] + (size_t)i * fleet->steps, now,
               fleet->steps * sizeof(*now));
    }
    fleet->scenario[FORE_SCENARIO_NOWCAST].ready = fleet->points > 0;
}

static bool due(struct fore_fleet *fleet, fore_ns now)
{
    fore_ns every = fleet->options.refresh_every;
    if (fleet->started && now / every == fleet->refreshed / every && !fleet->stale) return false;
    if (!fleet->started) fleet->refit = now;
    fleet->started = true;
    fleet->refreshed = now;
    return true;
}

bool fore_fleet_refresh(struct fore_fleet *fleet, const struct fore_observe *observe,
                        const struct fore_topology *topology, fore_ns now,
                        struct fore_arena *scratch)
{
    if (!due(fleet, now)) return false;
    uint32_t count = topology->partition_count;
    make_room(fleet, count);
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    bool moved = fore_fleet_take(fleet, observe, topology, scratch);
    if (moved) fore_fleet_finish(fleet);
    bool refit = now >= fleet->refit + fleet->options.refit_every;
    if (fleet->points >= SEARCH_MIN && (refit || fleet->points >= fleet->search_at))
        fore_fleet_search_periods(fleet, scratch);
    if (moved) fore_fleet_describe(fleet, observe, topology);
    struct fore_lineup_fleet views = fore_fleet_views(fleet, count, scratch);
    fore_fleet_group(fleet, observe, topology, &views, refit, scratch);
    const float **effect = fore_fleet_apply_hints(fleet, topology, &views, scratch);
    if (moved) fore_lineup_learn(fleet->lineup, &views);
    fore_fleet_fit(fleet, &views, now, scratch);
    if (moved || fleet->stale) fore_fleet_predict(fleet, &views, effect, count, scratch);
    fleet->stale = false;
    nowcast(fleet, observe, count);
    if (effect) fore_fleet_announce(fleet, &views, effect);
    fore_fleet_lend(fleet, count, scratch);
    fore_ns origin = fleet->end > 0 ? fleet->end : now, every = fleet->options.origin_every;
    if (moved && (fleet->origin == 0 || origin / every != fleet->origin / every)) {
        fleet->origin = origin;
        fore_fleet_record(fleet, count);
    }
    if (moved) fore_lineup_record(fleet->lineup, &views);
    fore_arena_reset(scratch, mark);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        fleet->scenario[kind].origin = origin;
        fore_fleet_spread(fleet, (enum fore_scenario_kind)kind, count);
    }
    return true;
}

/* ---- what others read ------------------------------------------------------------------------ */

const struct fore_scenario *fore_fleet_scenario(const struct fore_fleet *fleet,
                                                enum fore_scenario_kind kind)
{
    return &fleet->scenario[kind];
}

double fore_fleet_skill(const struct fore_fleet *fleet, fore_ns lead)
{
    fore_ns step = (lead + fleet->step / 2) / fleet->step;
    size_t h = step == 0 ? 0 : step > fleet->steps ? fleet->steps - 1 : (size_t)step - 1;
    if (fleet->total[FORE_SCENARIO_FORECAST][h].count == 0) return (double)NAN;
    double nowcast_missed = fleet->missed[FORE_SCENARIO_NOWCAST][h];
    return nowcast_missed > 0.0 ? fleet->missed[FORE_SCENARIO_FORECAST][h] / nowcast_missed
                                : (double)NAN;
}

bool fore_fleet_quantiles(const struct fore_fleet *fleet, uint32_t partition, const double *level,
                          size_t level_count, struct fore_arena *scratch, float *grid)
{
    const struct fore_scenario *scenario = &fleet->scenario[FORE_SCENARIO_FORECAST];
    if (!scenario->ready || partition >= scenario->partition_count) return false;
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    double *z = FORE_NEW(scratch, double, level_count);
    for (size_t i = 0; i < level_count; i++)
        z[i] = fleet->shape_count > 1
                   ? fore_series_quantile_sorted(fleet->shape, fleet->shape_count, level[i])
                   : fore_dist_normal_quantile(level[i]);
    for (size_t h = 0; h < fleet->steps; h++) {
        size_t at = (size_t)partition * fleet->steps + h;
        double common = (double)scenario->common[at], own = (double)scenario->own[at];
        double spread = sqrt(common * common + own * own);
        for (size_t i = 0; i < level_count; i++)
            grid[h * level_count + i] =
                (float)fmax((double)scenario->mean[at] + z[i] * spread, 0.0);
    }
    fore_arena_reset(scratch, mark);
    return true;
}

void fore_fleet_reason(const struct fore_fleet *fleet, uint32_t partition, struct fore_buf *out)
{
    FORE_ASSERT(partition < fleet->partition_cap);
    const struct fore_fleet_partition *p = fleet->partition[partition];
    if (p && (!p->fitted || p->sparse) && p->borrowed > 0.0)
        fore_buf_printf(out, "%.2g %% of its group's forecast: too %s for its own",
                        100.0 * p->borrowed, p->fitted ? "sparse" : "young");
    else
        fore_lineup_reason(fleet->lineup, partition, out);
}

size_t fore_fleet_lessons(const struct fore_fleet *fleet, struct fore_lineup_lesson *out,
                          size_t room)
{
    return fore_lineup_lessons(fleet->lineup, out, room);
}

struct fore_fleet_counts fore_fleet_counts(const struct fore_fleet *fleet)
{
    struct fore_fleet_counts counts = fleet->counts;
    counts.lessons = fore_lineup_lesson_count(fleet->lineup);
    return counts;
}
