/*
 * grid_cells.c - a grid file into cells: every combination of the varied options, loaded.
 */
#include "experiments/grid_parts.h"

#include "experiments/standin.h"
#include "workloads/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(field) FORE_OPTION_AT(struct lab_grid_options, field)

static const struct fore_option rows[] = {
    {"cells",      FORE_OPT_LIST,     AT(cells),      "",                                              0, 0,       NULL,
     "scenarios and what is varied: \"taxi.cfg cluster.move_time_mean=1min|5min sim.slo=50ms, ...\""                                                     },
    {"policies",   FORE_OPT_LIST,     AT(policies),   "static, reactive, nowcast, predictive, oracle", 0, 0,
     NULL,                                                                                                               "policies to play in every cell"},
    {"claims",     FORE_OPT_LIST,     AT(claims),     "",                                              0, 0,       NULL,
     "what is to be shown: \"NAME: CELL WORDS: MEASURE: MUST: STRETCH\" (grid_claims.h)"                                                                 },
    {"seeds",      FORE_OPT_COUNT,    AT(seeds),      "10",                                            1, 1000,    NULL,
     "placements and traffics played, 1..N, the same for every policy"                                                                                   },
    {"settings",   FORE_OPT_COUNT,    AT(settings),   "40",                                            1, 40,      NULL,
     "settings tried per policy and cell on the time before experiment.evaluate_from"                                                                    },
    {"tune_seeds", FORE_OPT_COUNT,    AT(tune_seeds), "3",                                             1, 100,     NULL,
     "seeds that the best four settings of a policy play there; the best by the mean is chosen"                                                          },
    {"finalists",  FORE_OPT_COUNT,    AT(finalists),  "0",                                             0, 64,      NULL,
     "only so many peers of a cell, the best by that time and who is level with them, play the evaluation; 0: all"                                       },
    {"confirm",    FORE_OPT_DURATION, AT(confirm),    "0s",                                            0, 7776e12, NULL,
     "play so much of every cell request by request too, for our own policy; 0: do not"                                                                  },
};

const struct fore_option_section lab_grid_section = {
    .name = "grid",
    .help = "a batch experiment: cells, policies, claims",
    .row = rows,
    .row_count = FORE_COUNTOF(rows),
};

enum { WORDS_MAX = 16, VALUES_MAX = 16 };

/* One item of grid.cells, cut up in place. */
struct item {
    const char *path;
    size_t words;
    struct word {
        const char *option;
        const char *value[VALUES_MAX];
        size_t values;
    } word[WORDS_MAX];
};

static enum fore_err item_parse(const char *text, struct fore_arena *perm, struct item *out,
                                struct fore_diag *diag)
{
    char *rest = fore_arena_strdup(perm, text), *save = NULL;
    *out = (struct item){.path = strtok_r(rest, " \t\n", &save)};
    if (out->path == NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "grid.cells: an item without a scenario");
    for (char *word; (word = strtok_r(NULL, " \t\n", &save)) != NULL;) {
        char *equals = strchr(word, '='), *inner = NULL;
        if (equals == NULL)
            return fore_err_set(diag, FORE_E_FORMAT,
                                "grid.cells: '%.60s' is not SECTION.NAME=VALUE|VALUE", word);
        if (out->words == WORDS_MAX)
            return fore_err_set(diag, FORE_E_RANGE, "grid.cells: more than %d options in '%.60s'",
                                (int)WORDS_MAX, text);
        *equals = '\0';
        struct word *w = &out->word[out->words++];
        *w = (struct word){.option = word};
        for (char *v = strtok_r(equals + 1, "|", &inner); v != NULL && w->values < VALUES_MAX;
             v = strtok_r(NULL, "|", &inner))
            w->value[w->values++] = v;
        if (w->values == 0)
            return fore_err_set(diag, FORE_E_FORMAT, "grid.cells: %.60s has no value", word);
    }
    return FORE_E_OK;
}

static size_t combinations(const struct item *item)
{
    size_t count = 1;
    for (size_t w = 0; w < item->words; w++)
        count *= item->word[w].values;
    return count;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* "taxi_dense peak_utilization=75%": the scenario and its options, without their sections. */
static void name_and_sets(const struct item *item, size_t number, const struct fore_strings *also,
                          struct fore_arena *perm, struct lab_cell *out)
{
    const char **set = FORE_NEW(perm, const char *, item->words + also->count + 1);
    const char *base = base_name(item->path), *dot = strstr(base, ".cfg");
    int len = dot != NULL ? (int)(dot - base) : (int)strlen(base);
    size_t count = 0;
    out->scenario = fore_arena_printf(perm, "%.*s", len, base);
    out->name = out->scenario;
    for (size_t w = 0; w < item->words; w++) {
        const struct word *word = &item->word[w];
        const char *value = word->value[number % word->values];
        number /= word->values;
        set[count++] = fore_arena_printf(perm, "%s=%s", word->option, value);
        const char *point = strchr(word->option, '.');
        out->name = fore_arena_printf(perm, "%s %s=%s", out->name,
                                      point != NULL ? point + 1 : word->option, value);
    }
    for (size_t i = 0; i < also->count; i++)
        set[count++] = also->item[i];
    out->sets = (struct fore_strings){.item = set, .count = count};
}

/* ---- where the data is ---- */

static const char shared[] = "../shared/data/";

/* The path as it is, or in the folder given instead, or a stand-in made for it. */
static enum fore_err find_data(const struct lab_grid_plan *plan, const char *path,
                               struct fore_arena *perm, struct lab_cell *cell, const char **out,
                               struct fore_diag *diag)
{
    *out = path;
    bool moves = plan->data != NULL && strncmp(path, shared, sizeof shared - 1) == 0;
    if (moves) *out = fore_arena_printf(perm, "%s/%s", plan->data, path + sizeof shared - 1);
    if (access(*out, R_OK) == 0) return FORE_E_OK;
    if (moves) { /* all in one folder, perhaps */
        *out = fore_arena_printf(perm, "%s/%s", plan->data, base_name(path));
        if (access(*out, R_OK) == 0) return FORE_E_OK;
    }
    *out = fore_arena_printf(perm, "%s/stand-in-%s.csv", plan->work, base_name(path));
    cell->stand_in = true;
    return access(*out, R_OK) == 0 ? FORE_E_OK : lab_standin_write(path, *out, diag);
}

static enum fore_err find_list(const struct lab_grid_plan *plan, struct fore_strings *list,
                               struct fore_arena *perm, struct lab_cell *cell,
                               struct fore_diag *diag)
{
    if (list->count == 0) return FORE_E_OK;
    const char **item = FORE_NEW(perm, const char *, list->count);
    for (size_t i = 0; i < list->count; i++)
        FORE_TRY(find_data(plan, list->item[i], perm, cell, &item[i], diag));
    list->item = item;
    return FORE_E_OK;
}

static enum fore_err load_cell(const struct lab_grid_plan *plan, const char *path,
                               struct fore_arena *perm, struct lab_cell *cell,
                               struct fore_diag *diag)
{
    struct sim_scenario *scenario = FORE_NEW(perm, struct sim_scenario, 1);
    FORE_TRY(sim_scenario_load(path, &cell->sets, perm, scenario, diag));
    FORE_TRY(find_list(plan, &scenario->workload.series, perm, cell, diag));
    FORE_TRY(find_list(plan, &scenario->workload.rate_series, perm, cell, diag));
    cell->in_force = scenario;
    return FORE_E_OK;
}

/* ---- the file ---- */

/* "grid.x=1" goes to the grid, the rest to the cells. */
static void part_sets(const struct fore_strings *sets, struct fore_arena *perm,
                      struct fore_strings *grid, struct fore_strings *cells)
{
    const char **g = FORE_NEW(perm, const char *, sets->count + 1);
    const char **c = FORE_NEW(perm, const char *, sets->count + 1);
    *grid = (struct fore_strings){.item = g};
    *cells = (struct fore_strings){.item = c};
    for (size_t i = 0; i < sets->count; i++) {
        if (strncmp(sets->item[i], "grid.", 5) == 0)
            g[grid->count++] = sets->item[i];
        else
            c[cells->count++] = sets->item[i];
    }
}

static enum fore_err make_folder(const char *path, struct fore_diag *diag)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_IO, "%s: %s", path, strerror(errno));
}

static enum fore_err check(const struct lab_grid *grid, const char *path, struct fore_diag *diag)
{
    const struct lab_grid_options *options = &grid->options;
    if (options->cells.count == 0)
        return fore_err_set(diag, FORE_E_FORMAT, "%s: grid.cells names no scenario", path);
    for (size_t p = 0; p < options->policies.count; p++)
        if (fore_policy_find(options->policies.item[p]) == NULL)
            return fore_err_set(diag, FORE_E_FORMAT, "%s: policy '%.40s' is not known", path,
                                options->policies.item[p]);
    return options->policies.count > 0
               ? FORE_E_OK
               : fore_err_set(diag, FORE_E_FORMAT, "%s: grid.policies names none", path);
}

enum fore_err lab_grid_load(const struct lab_grid_plan *plan, struct fore_arena *perm,
                            struct lab_grid *out, struct fore_diag *diag)
{
    *out = (struct lab_grid){0};
    struct fore_strings own, also;
    const struct fore_option_binding binding = {&lab_grid_section, &out->options};
    part_sets(&plan->sets, perm, &own, &also);
    FORE_TRY(wl_config_load(plan->path, &own, &binding, 1, perm, diag));
    FORE_TRY(check(out, plan->path, diag));
    FORE_TRY(make_folder(plan->work, diag));
    struct item *item = FORE_NEW(perm, struct item, out->options.cells.count);
    size_t count = 0;
    for (size_t i = 0; i < out->options.cells.count; i++) {
        FORE_TRY(item_parse(out->options.cells.item[i], perm, &item[i], diag));
        count += combinations(&item[i]);
    }
    out->cell = FORE_NEW(perm, struct lab_cell, count);
    for (size_t i = 0; i < out->options.cells.count; i++)
        for (size_t c = 0; c < combinations(&item[i]); c++) {
            struct lab_cell *cell = &out->cell[out->cell_count++];
            name_and_sets(&item[i], c, &also, perm, cell);
            FORE_TRY(load_cell(plan, item[i].path, perm, cell, diag));
        }
    FORE_TRY(lab_grid_check_claims(out, diag));
    size_t entries = out->cell_count * out->options.policies.count;
    out->entry = FORE_NEW(perm, struct lab_grid_entry, entries);
    for (size_t e = 0; e < entries; e++) {
        out->entry[e].have = FORE_NEW(perm, bool, out->options.seeds);
        out->entry[e].answer = FORE_NEW(perm, struct lab_answer, out->options.seeds);
    }
    return FORE_E_OK;
}
