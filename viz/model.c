/* model.c - see model.h. */
#include "viz/model.h"

#include "core/act/migrate.h"
#include "viz/heatmap.h"
#include "viz/label.h"
#include "viz/later.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 4096, FORECAST_FLOATS_MAX = 24 << 20 };

void viz_model_init(struct viz_model *model, const struct fore_journal_header *header,
                    const char *path)
{
    *model = (struct viz_model){
        .want.watch = UINT32_MAX, .seed = header->seed, .start_unix_s = header->start_unix_s};
    viz_label_from_path(path, model->name, sizeof model->name);
    viz_label_from_text(header->text != NULL ? header->text : "", model);
    fore_snapshot_init(&model->snapshot);
    model->later = viz_later_create();
    model->map = viz_heatmap_create();
}

static void forget(struct viz_model *model)
{
    fore_snapshot_fini(&model->snapshot);
    if (model->heat.cell != NULL) viz_matrix_fini(&model->heat);
    if (model->expect.cell != NULL) viz_matrix_fini(&model->expect);
    if (model->tape.cell != NULL) viz_tape_fini(&model->tape);
    viz_watch_fini(&model->watch);
    viz_plans_fini(&model->plans);
    for (uint32_t p = 0; p < model->forecast_cap; p++)
        free(model->forecast[p].q);
    free(model->forecast);
    free(model->order);
    free(model->run_end);
}

void viz_model_fini(struct viz_model *model)
{
    forget(model);
    viz_later_destroy(model->later);
    viz_heatmap_destroy(model->map);
    *model = (struct viz_model){0};
}

void viz_model_reset(struct viz_model *model, fore_ns bucket_ns, uint32_t buckets)
{
    forget(model);
    model->forecast = NULL;
    model->order = NULL;
    model->run_end = NULL;
    model->run_count = 0;
    model->forecast_cap = model->order_count = model->order_cap = 0;
    model->forecast_floats = 0;
    model->forecast_refused = 0;
    model->forecast_before = 0;
    model->forecast_version++;
    model->forecast_at = model->horizon_ns = model->load_at = model->score_at = 0;
    model->period_ns = model->expect_lead = 0;
    model->alert_total = model->asked_total = model->verify_total = model->odd = 0;
    fore_snapshot_init(&model->snapshot);
    viz_matrix_init(&model->heat, 64, buckets, bucket_ns);
    viz_tape_init(&model->tape, model->heat.column_cap, bucket_ns);
    viz_watch_init(&model->watch, model->want.watch);
    viz_plans_init(&model->plans);
    /* Twice as many: it reaches a horizon beyond now. */
    if (model->want.expect) viz_matrix_init(&model->expect, 64, 2 * buckets, bucket_ns);
}

/* A window's load tells of the time before its stamp; the bucket is that of its last instant. */
static fore_ns inside(fore_ns at)
{
    return at > 0 ? at - 1 : 0;
}

static void make_room(struct viz_model *model)
{
    uint32_t rows = model->snapshot.topology.partition_count;
    if (rows <= model->heat.row_cap) return;
    viz_matrix_reserve(&model->heat, rows + rows / 4 + 16);
    if (model->want.expect) viz_matrix_reserve(&model->expect, rows + rows / 4 + 16);
}

/* A sample stands until the next one; longer than its period only where samples are missing. */
static void hold(struct viz_matrix *matrix, fore_ns period)
{
    uint64_t buckets = period / matrix->bucket_ns + (period % matrix->bucket_ns > 0);
    matrix->hold = buckets < 64 ? buckets : 64;
}

static void note_period(struct viz_model *model, fore_ns at)
{
    if (model->load_at > 0 && at > model->load_at) model->period_ns = at - model->load_at;
    model->load_at = at;
    if (model->want.metric != VIZ_METRIC_RRS) hold(&model->heat, model->period_ns);
}

/* The scores of one moment come one by one. */
static void fold_score(struct viz_model *model, fore_ns at, const void *body)
{
    struct fore_event_score score;
    memcpy(&score, body, sizeof score);
    fore_ns before = model->score_at;
    model->score_at = at;
    if (model->want.metric != VIZ_METRIC_RRS) return;
    make_room(model);
    if (before > 0 && at > before) hold(&model->heat, at - before);
    if (score.partition >= model->heat.row_cap) return;
    if (!viz_matrix_open(&model->heat, inside(at))) return;
    viz_matrix_put(&model->heat, inside(at), score.partition, (double)score.rrs);
}

/* Where a partition's own latency is not measured, that of the node that serves it is shown. */
static double value_of(const struct viz_model *model, enum viz_metric metric,
                       const struct fore_event_partition_load *load)
{
    const struct fore_topology *topology = &model->snapshot.topology;
    if (metric != VIZ_METRIC_LATENCY || load->p99_ms > 0) return viz_metric_of(metric, load);
    uint16_t node = topology->partition[load->partition].replica[0];
    return node < topology->node_count ? (double)model->snapshot.node_load[node].p99_ms : 0;
}

static void fold_partitions(struct viz_model *model, fore_ns at, const void *body, size_t len)
{
    const struct fore_event_partition_load *load = body;
    size_t count = len / sizeof *load;
    note_period(model, at);
    make_room(model);
    for (size_t i = 0; i < count; i++)
        if (load[i].partition == model->watch.partition)
            viz_watch_load(&model->watch, at, (double)load[i].load_cores);
    enum viz_metric metric = model->want.metric;
    if (metric == VIZ_METRIC_RRS || !viz_matrix_open(&model->heat, inside(at))) return;
    for (size_t i = 0; i < count; i++)
        if (load[i].partition < model->snapshot.topology.partition_count)
            viz_matrix_put(&model->heat, inside(at), load[i].partition,
                           viz_metric_cell(metric, value_of(model, metric, &load[i])));
}

static void fold_nodes(struct viz_model *model, fore_ns at, const void *body, size_t len)
{
    const struct fore_event_node_load *load = body;
    uint32_t count = model->snapshot.topology.node_count;
    if (len / sizeof *load < count) count = (uint32_t)(len / sizeof *load);
    for (uint32_t n = 0; n < count; n++)
        viz_tape_node(&model->tape, inside(at), count, n, load[n].utilization);
}

static void fold_cluster(struct viz_model *model, fore_ns at, float violation_before)
{
    const struct fore_event_cluster_load *load = &model->snapshot.cluster;
    struct viz_tape_cell *cell = viz_tape_open(&model->tape, inside(at));
    if (cell == NULL) return;
    float p99_ms = (float)((double)load->p99_ns / 1e6),
          p50_ms = (float)((double)load->p50_ns / 1e6);
    double seconds = (double)load->window_ns / 1e9;
    cell->p99_ms = cell->seen ? fmaxf(cell->p99_ms, p99_ms) : p99_ms;
    cell->p50_ms = cell->seen ? fmaxf(cell->p50_ms, p50_ms) : p50_ms;
    cell->slo_ms = (float)((double)load->slo_ns / 1e6);
    cell->requests_per_sec = seconds > 0 ? (float)((double)load->requests / seconds) : 0;
    cell->violation_s += fmaxf(load->violation_s - violation_before, 0);
    cell->seen = true;
}

/* Room for a partition's quantiles; NULL when all of them together would be too much. */
static struct viz_forecast *forecast_slot(struct viz_model *model, uint32_t partition,
                                          uint32_t steps)
{
    size_t floats = (size_t)steps * 3;
    if (partition >= model->forecast_cap) {
        size_t old = model->forecast_cap, grown = (size_t)partition + partition / 2 + 64;
        model->forecast = realloc(model->forecast, grown * sizeof *model->forecast);
        FORE_ASSERT(model->forecast != NULL);
        memset(model->forecast + old, 0, (grown - old) * sizeof *model->forecast);
        model->forecast_cap = (uint32_t)grown;
        model->forecast_version++;
    }
    struct viz_forecast *slot = &model->forecast[partition];
    if (slot->steps == steps) return slot;
    size_t others = model->forecast_floats - (size_t)slot->steps * 3;
    if (others + floats > FORECAST_FLOATS_MAX) return NULL;
    model->forecast_floats = others + floats;
    slot->q = realloc(slot->q, floats * sizeof *slot->q);
    FORE_ASSERT(slot->q != NULL);
    slot->steps = steps;
    return slot;
}

/* Until the next forecast, both halves keep their share of what the whole was forecast. */
static void split_forecast(struct viz_model *model, const struct fore_event_topology *change)
{
    if (change->partition >= model->forecast_cap) return;
    uint32_t steps = model->forecast[change->partition].steps;
    float share = change->right_share;
    if (steps == 0 || change->partition == change->other || !(share >= 0 && share <= 1)) return;
    struct viz_forecast *right = forecast_slot(model, change->other, steps);
    if (right == NULL) return;
    struct viz_forecast *left = &model->forecast[change->partition];
    model->forecast_version++;
    right->at = left->at;
    right->step_ns = left->step_ns;
    memcpy(right->model, left->model, sizeof right->model);
    for (size_t i = 0; i < (size_t)steps * 3; i++) {
        right->q[i] = left->q[i] * share;
        left->q[i] *= 1 - share;
    }
}

static void fold_topology(struct viz_model *model, const void *body)
{
    struct fore_event_topology change;
    memcpy(&change, body, sizeof change);
    make_room(model);
    model->order_stale = true;
    uint32_t rows = model->heat.row_cap;
    if (change.partition >= rows || change.other >= rows) return;
    if (change.kind == FORE_MOVE_SPLIT) split_forecast(model, &change);
    /* A row shows who served these keys at the time: the right part was served by the left. */
    if (change.kind == FORE_MOVE_SPLIT)
        viz_matrix_copy_row(&model->heat, change.partition, change.other);
    if (model->want.expect && change.kind == FORE_MOVE_SPLIT &&
        change.partition < model->expect.row_cap && change.other < model->expect.row_cap)
        viz_matrix_copy_row(&model->expect, change.partition, change.other);
    if (change.kind == FORE_MOVE_MERGE)
        viz_matrix_pool_row(&model->heat, change.other, change.partition);
}

/* Into the cells it is the newest word on with that lead; the next forecast overwrites its tail. */
static void keep_expected(struct viz_model *model, const struct viz_forecast *f, uint32_t partition,
                          fore_ns before)
{
    struct viz_matrix *expect = &model->expect;
    fore_ns horizon = f->step_ns * f->steps, bucket = expect->bucket_ns;
    model->expect_lead = horizon / 4;
    if (partition >= expect->row_cap) return;
    fore_ns every = before > 0 && f->at > before ? 3 * (f->at - before) : horizon;
    if (every < f->step_ns) every = f->step_ns;
    fore_ns end =
        f->at + (model->expect_lead + every < horizon ? model->expect_lead + every : horizon);
    for (fore_ns at = (f->at + model->expect_lead) / bucket * bucket + bucket / 2; at < end;
         at += bucket) {
        double q50 = viz_model_forecast(model, partition, at, 1);
        if (!isnan(q50) && viz_matrix_open(expect, at)) viz_matrix_set(expect, at, partition, q50);
    }
}

static void watch_forecast(struct viz_model *model, fore_ns at, const struct viz_forecast *f,
                           const char *text, size_t len)
{
    viz_watch_forecast(&model->watch, at, f->step_ns, f->steps, f->q, f->model);
    viz_watch_made_by(&model->watch, at, text, len);
}

static void fold_forecast(struct viz_model *model, fore_ns at, const void *body, size_t len)
{
    struct fore_event_forecast head;
    if (len < sizeof head) return;
    memcpy(&head, body, sizeof head);
    uint32_t cap = model->snapshot.topology.partition_cap;
    size_t floats = (size_t)head.steps * 3;
    if (head.partition >= cap || head.steps == 0 || head.steps > STEPS_MAX || head.step_ns == 0 ||
        head.step_ns > UINT64_MAX / 4 / head.steps || len - sizeof head < floats * sizeof(float))
        return;
    struct viz_forecast *slot = forecast_slot(model, head.partition, head.steps);
    model->forecast_refused += slot == NULL;
    if (slot == NULL) return;
    memcpy(slot->q, (const char *)body + sizeof head, floats * sizeof *slot->q);
    slot->at = at;
    slot->step_ns = head.step_ns;
    memcpy(slot->model, head.model, sizeof slot->model);
    slot->model[sizeof slot->model - 1] = '\0';
    if (at > model->forecast_at) model->forecast_before = model->forecast_at;
    model->forecast_at = at;
    if (head.partition == model->watch.partition)
        watch_forecast(model, at, slot, (const char *)body + sizeof head + floats * sizeof(float),
                       len - sizeof head - floats * sizeof(float));
    if (model->want.expect) keep_expected(model, slot, head.partition, model->forecast_before);
    model->forecast_version++;
    model->horizon_ns = head.step_ns * head.steps;
}

static void fold_alert(struct viz_model *model, fore_ns at, const void *body)
{
    struct fore_event_alert alert;
    memcpy(&alert, body, sizeof alert);
    model->alert[model->alert_total++ % VIZ_ALERTS] =
        (struct viz_alert){.at = at, .severity = alert.severity, .code = alert.code};
}

static void fold_note(struct viz_model *model, fore_ns at, const void *body, size_t len)
{
    static const char asked[] = "asked: ";
    size_t head = sizeof asked - 1;
    if (len <= head || memcmp(body, asked, head) != 0) {
        viz_label_from_note(body, len, model);
        return;
    }
    struct viz_asked *note = &model->asked[model->asked_total++ % VIZ_ASKED];
    note->at = at;
    (void)snprintf(note->text, sizeof note->text, "%.*s", (int)(len - head),
                   (const char *)body + head);
}

void viz_model_fold(struct viz_model *model, fore_ns at, enum fore_event_kind kind,
                    const void *body, size_t len)
{
    float violation_before = model->snapshot.cluster.violation_s;
    if (!fore_snapshot_fold(&model->snapshot, at, kind, body, len)) {
        model->odd++;
        if (kind != FORE_EV_FORECAST && kind != FORE_EV_NOTE) return;
    }
    switch (kind) {
    case FORE_EV_KEYFRAME:
        make_room(model);
        model->order_stale = true;
        break;
    case FORE_EV_CLUSTER_LOAD: fold_cluster(model, at, violation_before); break;
    case FORE_EV_NODE_LOAD: fold_nodes(model, at, body, len); break;
    case FORE_EV_PARTITION_LOAD: fold_partitions(model, at, body, len); break;
    case FORE_EV_FORECAST: fold_forecast(model, at, body, len); break;
    case FORE_EV_SCORE: fold_score(model, at, body); break;
    case FORE_EV_TOPOLOGY: fold_topology(model, body); break;
    case FORE_EV_ALERT: fold_alert(model, at, body); break;
    case FORE_EV_NOTE: fold_note(model, at, body, len); break;
    case FORE_EV_VERIFY:
        memcpy(&model->verify[model->verify_total++ % VIZ_VERIFIES], body, sizeof *model->verify);
        break;
    case FORE_EV_PLAN: model->odd += !viz_plans_fold(&model->plans, at, body, len); break;
    case FORE_EV_GAIN: model->odd += !viz_plans_gained(&model->plans, body, len); break;
    case FORE_EV_WHY: model->odd += !viz_plans_explain(&model->plans, body, len); break;
    case FORE_EV_HOT_KEY:
    case FORE_EV_MOVE:
    case FORE_EV_FAULT:
    case FORE_EV_RESULT:
    case FORE_EV_FALLBACK:
    case FORE_EV_RESOLVED:
    default: break;
    }
}

static int by_key(const void *a, const void *b, const struct fore_partition *partition)
{
    const struct fore_partition *x = &partition[*(const uint32_t *)a];
    const struct fore_partition *y = &partition[*(const uint32_t *)b];
    if (x->table != y->table) return x->table < y->table ? -1 : 1;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->column_group < y->column_group ? -1 : x->column_group > y->column_group;
}

/* qsort() takes no context, so: a bottom-up merge sort over the index array. */
static void merge_sort(uint32_t *a, uint32_t *spare, uint32_t n, const struct fore_partition *p)
{
    for (uint32_t width = 1; width < n; width *= 2) {
        for (uint32_t lo = 0; lo < n; lo += 2 * width) {
            uint32_t mid = lo + width < n ? lo + width : n, hi = mid + width < n ? mid + width : n;
            uint32_t i = lo, j = mid;
            for (uint32_t k = lo; k < hi; k++)
                spare[k] = i < mid && (j >= hi || by_key(&a[i], &a[j], p) <= 0) ? a[i++] : a[j++];
        }
        memcpy(a, spare, (size_t)n * sizeof *a);
    }
}

static void find_runs(struct viz_model *model)
{
    const struct fore_partition *partition = model->snapshot.topology.partition;
    uint32_t count = model->order_count;
    free(model->run_end);
    model->run_end = calloc(count + (size_t)1, sizeof *model->run_end);
    FORE_ASSERT(model->run_end != NULL);
    model->run_count = 0;
    for (uint32_t i = 1; i <= count; i++)
        if (i == count || partition[model->order[i]].table != partition[model->order[i - 1]].table)
            model->run_end[model->run_count++] = i;
}

void viz_model_sort(struct viz_model *model)
{
    const struct fore_topology *topology = &model->snapshot.topology;
    if (!model->order_stale && model->order != NULL) return;
    free(model->order);
    model->order = calloc(2 * (size_t)topology->partition_count + 2, sizeof *model->order);
    FORE_ASSERT(model->order != NULL);
    model->order_cap = topology->partition_count;
    model->order_count = 0;
    for (uint32_t p = 0; model->snapshot.has_topology && p < topology->partition_count; p++)
        if (topology->partition[p].alive) model->order[model->order_count++] = p;
    merge_sort(model->order, model->order + model->order_cap + 1, model->order_count,
               topology->partition);
    find_runs(model);
    model->order_stale = false;
}

double viz_model_forecast(const struct viz_model *model, uint32_t partition, fore_ns at, int q)
{
    if (partition >= model->forecast_cap) return (double)NAN;
    const struct viz_forecast *f = &model->forecast[partition];
    if (f->steps == 0 || at < f->at) return (double)NAN;
    fore_ns k = (at - f->at) / f->step_ns;
    return k < f->steps ? (double)f->q[(size_t)q * f->steps + (size_t)k] : (double)NAN;
}

uint32_t viz_model_focus(const struct viz_model *model)
{
    const struct fore_snapshot *snap = &model->snapshot;
    uint32_t best = UINT32_MAX;
    double most = -1;
    for (uint32_t p = 0; snap->has_topology && p < snap->topology.partition_count; p++) {
        if (!snap->topology.partition[p].alive) continue;
        const struct fore_snapshot_score *s = &snap->score[p];
        bool scored = model->score_at > 0 && s->at == model->score_at && s->score.rrs > 0.0005f;
        double rank = scored ? 1e6 * (1 + (double)s->score.rrs)
                             : fmin((double)snap->partition_load[p].load_cores, 1e6);
        if (!(rank > most)) continue;
        most = rank;
        best = p;
    }
    return best;
}

const struct fore_event_verify *viz_model_verify(const struct viz_model *model, uint64_t ticket)
{
    uint64_t total = model->verify_total;
    for (uint64_t i = total; i > 0 && i + VIZ_VERIFIES > total; i--) {
        const struct fore_event_verify *v = &model->verify[(i - 1) % VIZ_VERIFIES];
        if (v->ticket == ticket) return v;
    }
    return NULL;
}

bool viz_model_move_over(const struct fore_snapshot_move *move)
{
    return move->ended_ns != 0 || move->move.state >= FORE_MIGRATE_DONE;
}
