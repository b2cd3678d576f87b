/* seed.c - see seed.h. A few hundred steps an answer, oldest first. */
#include "live/seed.h"

#include "live/base/fetch.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) FORE_OPTION_AT(struct live_seed_options, field)
enum { STEPS_AT_ONCE = 500 };

static const struct fore_option rows[] = {
    {"prometheus", FORE_OPT_TEXT,     AT(prometheus), "",    0,     0,              NULL,
     "http(s)://HOST:PORT of a Prometheus to learn the past from, where nothing was kept; empty: none"                },
    {"ca_file",    FORE_OPT_TEXT,     AT(ca_file),    "",    0,     0,              NULL,
     "PEM file of who may sign its certificate, where it is https; empty: the system's"                               },
    {"query",      FORE_OPT_TEXT,     AT(query),      "",    0,     0,              NULL,
     "loads in cores, by label partition or node (as /v1/topology names it), or of the cluster"                       },
    {"span",       FORE_OPT_DURATION, AT(span),       "7d",  60e9,  1000 * 86400e9, NULL, "how far back"              },
    {"scale",      FORE_OPT_REAL,     AT(scale),      "1",   1e-12, 1e12,           NULL, "cores for a 1 of the query"},
    {"timeout",    FORE_OPT_DURATION, AT(timeout),    "30s", 1e8,   600e9,          NULL, "of one answer"             },
};
const struct fore_option_section live_seed_section = {
    .name = "seed",
    .help = "a past read from Prometheus at the first start",
    .row = rows,
    .row_count = FORE_COUNTOF(rows)};

struct seed {
    const struct live_seed_options *options;
    struct fore_engine *engine;
    const struct fore_topology *topology;
    struct live_url url;
    double origin_s, step_s; /* Unix time of the cluster's 0; of a point */
    uint32_t *owned;         /* by node: partitions */
    float *load;             /* [STEPS_AT_ONCE][partition_count]; NaN: not known */
    uint64_t points;
};

/* ---- one answer ----------------------------------------------------------------------------- */

static void encode(const char *text, struct fore_buf *out)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    for (; *text != '\0'; text++)
        if (strchr(plain, *text) != NULL)
            fore_buf_append(out, text, 1);
        else
            fore_buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
}

static enum fore_err ask(const struct seed *seed, double from_s, double to_s, json_t **out,
                         struct fore_diag *diag)
{
    struct fore_buf path = {0}, body = {0};
    uint32_t status = 0;
    fore_buf_puts(&path, "/api/v1/query_range?query=");
    encode(seed->options->query, &path);
    fore_buf_printf(&path, "&start=%.3f&end=%.3f&step=%.3f", from_s, to_s, seed->step_s);
    struct live_fetch fetch = {.method = "GET",
                               .url = &seed->url,
                               .path = path.data,
                               .ca_file = seed->options->ca_file,
                               .timeout_ms = (uint32_t)(seed->options->timeout / FORE_MS)};
    enum fore_err err = live_fetch(&fetch, &status, &body, diag);
    *out = err == FORE_E_OK && body.len > 0 ? json_loadb(body.data, body.len, 0, NULL) : NULL;
    const json_t *why = json_object_get(*out, "error");
    if (err == FORE_E_OK && (status != 200 || *out == NULL))
        err = fore_err_set(diag, FORE_E_FORMAT, "seed.query: Prometheus answers %u: %.120s", status,
                           json_is_string(why) ? json_string_value(why) : "no reason given");
    if (err != FORE_E_OK) {
        json_decref(*out);
        *out = NULL;
    }
    fore_buf_fini(&path);
    fore_buf_fini(&body);
    return err;
}

/* ---- whose load it is ------------------------------------------------------------------------ */

struct share {            /* of a series */
    uint32_t first, last; /* partitions, both included */
    uint16_t node;        /* only those it owns; FORE_NODE_NONE: all */
    double of_each;
};

static bool whole_number(const char *text, uint32_t below, uint32_t *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *out = (uint32_t)value;
    return end != text && *end == '\0' && value < below;
}

/* False: of something that is not here any more. */
static bool share_of(const struct seed *seed, const json_t *metric, struct share *out)
{
    const struct fore_topology *t = seed->topology;
    const char *partition = json_string_value(json_object_get(metric, "partition"));
    const char *node = json_string_value(json_object_get(metric, "node"));
    *out = (struct share){
        .last = t->partition_count - 1, .node = FORE_NODE_NONE, .of_each = 1.0 / t->alive_count};
    if (partition != NULL) {
        out->of_each = 1;
        bool known = whole_number(partition, t->partition_count, &out->first);
        out->last = out->first;
        return known;
    }
    if (node == NULL) return true;
    for (uint32_t n = 0; n < t->node_count; n++)
        if (strcmp(t->node[n].name, node) == 0 && seed->owned[n] > 0) {
            out->node = (uint16_t)n;
            out->of_each = 1.0 / seed->owned[n];
            return true;
        }
    return false;
}

static void add(struct seed *seed, uint32_t at, const struct share *share, double load)
{
    const struct fore_topology *t = seed->topology;
    float *row = seed->load + (size_t)at * t->partition_count;
    for (uint32_t p = share->first; p <= share->last; p++) {
        const struct fore_partition *is = &t->partition[p];
        if (!is->alive || (share->node != FORE_NODE_NONE && is->replica[0] != share->node))
            continue;
        float part = (float)(load * share->of_each);
        row[p] = isnan(row[p]) ? part : row[p] + part;
    }
}

static void take_series(struct seed *seed, const json_t *series, double from_s, uint32_t steps)
{
    size_t i;
    json_t *pair;
    struct share share;
    if (!share_of(seed, json_object_get(series, "metric"), &share)) return;
    json_array_foreach(json_object_get(series, "values"), i, pair)
    {
        const char *text = json_string_value(json_array_get(pair, 1));
        double at = (json_number_value(json_array_get(pair, 0)) - from_s) / seed->step_s;
        double load = text != NULL ? strtod(text, NULL) * seed->options->scale : -1;
        if (!(load >= 0) || !(load < 1e12) || !(at > -0.5) || !(at < (double)steps - 0.5)) continue;
        add(seed, (uint32_t)lround(at), &share, load);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static enum fore_err take_steps(struct seed *seed, uint64_t first_point, uint32_t steps,
                                struct fore_diag *diag)
{
    size_t i, count = seed->topology->partition_count;
    json_t *answer, *series;
    double from_s = seed->origin_s + (double)first_point * seed->step_s;
    FORE_TRY(ask(seed, from_s, from_s + (double)(steps - 1) * seed->step_s, &answer, diag));
    for (i = 0; i < steps * count; i++)
        seed->load[i] = (float)NAN;
    json_array_foreach(json_object_get(json_object_get(answer, "data"), "result"), i, series)
    {
        take_series(seed, series, from_s, steps);
    }
    json_decref(answer);
    for (uint32_t s = 0; s < steps; s++) {
        const float *row = seed->load + s * count;
        bool known = false;
        for (size_t p = 0; p < count && !known; p++)
            known = !isnan(row[p]);
        if (!known) continue;
        fore_ns end = (fore_ns)((double)(first_point + s) * seed->step_s * 1e9 + 0.5);
        fore_engine_seed(seed->engine, end, row, (uint32_t)count);
        seed->points++;
    }
    return FORE_E_OK;
}

static void count_owned(struct seed *seed)
{
    const struct fore_topology *t = seed->topology;
    for (uint32_t p = 0; p < t->partition_count; p++)
        if (t->partition[p].alive) seed->owned[t->partition[p].replica[0]]++;
}

enum fore_err live_seed_run(const struct live_seed_options *options, struct fore_engine *engine,
                            const struct fore_topology *topology, fore_ns now, uint64_t unix_ms,
                            uint64_t *points, struct fore_diag *diag)
{
    fore_ns step = fore_engine_observe(engine)->history != NULL
                       ? fore_history_shape(fore_engine_observe(engine)->history)->step[1]
                       : 0;
    struct seed seed = {.options = options,
                        .engine = engine,
                        .topology = topology,
                        .origin_s = (double)unix_ms / 1e3 - (double)now / 1e9,
                        .step_s = (double)step / 1e9};
    *points = 0;
    FORE_TRY(live_url_parse(options->prometheus, "seed.prometheus", &seed.url, diag));
    FORE_ASSERT(step > 0 && topology->partition_count > 0);
    FORE_TRY(live_fetch_check_ca(options->ca_file, "seed.ca_file", diag));
    seed.owned = calloc(topology->node_count, sizeof *seed.owned);
    seed.load = calloc((size_t)STEPS_AT_ONCE * topology->partition_count, sizeof *seed.load);
    FORE_ASSERT(seed.owned != NULL && seed.load != NULL);
    count_owned(&seed);
    /* Points end at whole steps of the cluster's clock; the last lies a step before now. */
    fore_ns from = now > options->span ? now - options->span : 0;
    uint64_t point = from / step + 1, end = now > step ? (now - 1) / step : 0;
    enum fore_err err = FORE_E_OK;
    while (point < end && err == FORE_E_OK) {
        uint32_t steps = end - point < STEPS_AT_ONCE ? (uint32_t)(end - point) : STEPS_AT_ONCE;
        err = take_steps(&seed, point, steps, diag);
        point += steps;
    }
    *points = seed.points;
    free(seed.owned);
    free(seed.load);
    return err;
}
