/* advise.c - which tables, in which order, with which keys; what is played, and what comes of it.
 */
#include "experiments/advise.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/option.h"

enum { PLAYED_MOST = 16 };
static const double fit_share = 1.0 / 3;
static const double violation_tolerance = 0.03, p99_tolerance = 0.25, imbalance_tolerance = 0.15;

struct advising {
    const struct fore_query_log *log;
    const struct lab_advise_options *options;
    struct fore_arena *arena, scratch;
    struct lab_advise *out;
    struct lab_advise_part fit, play;
    struct lab_advise_design design;
    size_t plays_expected;
};

/* ---- ranking --------------------------------------------------------------------------------- */

static double measure_of(const struct lab_advise_verdict *v, int criterion)
{
    if (criterion == 0) return v->violation_share;
    if (criterion == 1) return v->p99_ns;
    return criterion == 2 ? v->imbalance : v->parts_mean;
}

/* Drops from `left` whoever is worse than the best by more than the tolerance. */
static size_t keep_best(const struct lab_advise_verdict *const *verdict, int criterion,
                        size_t *left, size_t count)
{
    double best = (double)INFINITY;
    for (size_t i = 0; i < count; i++)
        best = fmin(best, measure_of(verdict[left[i]], criterion));
    double most = criterion == 0   ? best + violation_tolerance
                  : criterion == 1 ? best * (1 + p99_tolerance)
                  : criterion == 2 ? best * (1 + imbalance_tolerance)
                                   : best * (1 + 0.005);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (measure_of(verdict[left[i]], criterion) <= most) left[kept++] = left[i];
    return kept;
}

void lab_advise_rank(const struct lab_advise_verdict *const *verdict,
                     const struct fore_key *const *key, size_t count, size_t *order)
{
    bool taken[FORE_KEY_CANDIDATES] = {false};
    FORE_ASSERT(count <= FORE_KEY_CANDIDATES);
    for (size_t place = 0; place < count; place++) {
        size_t left[FORE_KEY_CANDIDATES], n = 0;
        for (size_t i = 0; i < count; i++)
            if (!taken[i]) left[n++] = i;
        for (int criterion = 0; criterion < 4; criterion++)
            n = keep_best(verdict, criterion, left, n);
        size_t best = left[0];
        for (size_t i = 1; i < n; i++) {
            const struct fore_key *a = key[left[i]], *b = key[best];
            if (a->columns < b->columns || (a->columns == b->columns && a->kind < b->kind))
                best = left[i];
        }
        taken[best] = true;
        order[place] = best;
    }
}

/* ---- playing --------------------------------------------------------------------------------- */

static void play(struct advising *a, uint16_t table, const struct fore_key *key, bool later,
                 struct lab_advise_verdict *out)
{
    struct lab_advise_part fit = later ? a->out->known : a->fit;
    struct lab_advise_judging judging = {.log = a->log,
                                         .design = &a->design,
                                         .cluster = &a->out->cluster,
                                         .table = table,
                                         .play = later ? a->out->later : a->play};
    if (!later) judging.known = a->out->known;
    lab_advise_design_set(&a->design, a->log, table, key, &fit, &a->scratch);
    lab_advise_design_own(&a->design, a->log, &fit, &a->out->cluster);
    lab_advise_judge(&judging, &a->scratch, out);
    a->out->played++;
    if (a->options->progress != NULL)
        a->options->progress(a->options->progress_self,
                             fmin(1, (double)a->out->played / (double)a->plays_expected));
}

static size_t playable(const struct lab_advise_result *r)
{
    size_t count = 0;
    while (count < r->key_count && !r->key[count].candidate.pruned)
        count++;
    return count;
}

static void rank_now(struct lab_advise_result *r, struct fore_arena *scratch)
{
    const struct lab_advise_verdict *verdict[FORE_KEY_CANDIDATES];
    const struct fore_key *key[FORE_KEY_CANDIDATES];
    size_t order[FORE_KEY_CANDIDATES], count = playable(r);
    struct lab_advise_key *copy = FORE_NEW(scratch, struct lab_advise_key, count);
    for (size_t i = 0; i < count; i++) {
        verdict[i] = &r->key[i].verdict;
        key[i] = &r->key[i].candidate.key;
    }
    lab_advise_rank(verdict, key, count, order);
    memcpy(copy, r->key, count * sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        r->key[i] = copy[order[i]];
        r->key[i].rank = (uint32_t)(i + 1);
    }
}

static void rank_later(struct lab_advise_result *r)
{
    const struct lab_advise_verdict *verdict[FORE_KEY_CANDIDATES];
    const struct fore_key *key[FORE_KEY_CANDIDATES];
    size_t order[FORE_KEY_CANDIDATES], count = playable(r);
    for (size_t i = 0; i < count; i++) {
        verdict[i] = &r->key[i].later;
        key[i] = &r->key[i].candidate.key;
    }
    lab_advise_rank(verdict, key, count, order);
    for (size_t i = 0; i < count; i++)
        r->key[order[i]].rank_later = (uint32_t)(i + 1);
    if (count > 0) r->picked_later_rank = r->key[0].rank_later;
}

static void decide(struct advising *a, struct lab_advise_result *r)
{
    size_t count = playable(r);
    for (size_t i = 0; i < count; i++)
        play(a, r->table, &r->key[i].candidate.key, false, &r->key[i].verdict);
    rank_now(r, &a->scratch);
    if (count > 0)
        lab_advise_design_set(&a->design, a->log, r->table, &r->key[0].candidate.key, &a->fit,
                              &a->scratch);
}

/* Every design's later fate, the other tables keeping what was chosen. */
static void look_back(struct advising *a)
{
    for (size_t i = 0; i < a->out->result_count; i++) {
        struct lab_advise_result *r = &a->out->result[i];
        if (playable(r) > 0)
            lab_advise_design_set(&a->design, a->log, r->table, &r->key[0].candidate.key,
                                  &a->out->known, &a->scratch);
    }
    lab_advise_size(a->log, &a->out->later, &a->out->cluster);
    for (size_t i = 0; i < a->out->result_count; i++) {
        struct lab_advise_result *r = &a->out->result[i];
        size_t count = playable(r);
        for (size_t k = 0; k < count; k++)
            play(a, r->table, &r->key[k].candidate.key, true, &r->key[k].later);
        rank_later(r);
        if (count > 0)
            lab_advise_design_set(&a->design, a->log, r->table, &r->key[0].candidate.key,
                                  &a->out->known, &a->scratch);
    }
}

/* ---- words ----------------------------------------------------------------------------------- */

static void say(struct lab_advise_result *r)
{
    if (playable(r) == 0) {
        r->word = LAB_ADVISE_NONE;
        r->why = r->key_count == 0 ? "no query gives any of its columns a value"
                                   : "no candidate is left";
        return;
    }
    const struct lab_advise_key *best = &r->key[0];
    const struct lab_advise_verdict *v = &best->verdict;
    r->word = best->candidate.key.kind == FORE_KEY_COPY ? LAB_ADVISE_COPY : LAB_ADVISE_GOOD;
    if (best->candidate.key.kind == FORE_KEY_COPY) return;
    if (best->candidate.reason[0] != '\0' || v->single_share < 0.5) {
        r->word = LAB_ADVISE_NONE;
        r->why = best->candidate.reason[0] != '\0'
                     ? best->candidate.reason
                     : "under every candidate most of its queries go to several nodes";
    } else if (v->violation_share > 0.2) {
        r->word = LAB_ADVISE_FAIR;
        r->why = "the best there is still breaks the latency target often";
    } else if (v->single_share < 0.8) {
        r->word = LAB_ADVISE_FAIR;
        r->why = "a fifth or more of its queries still go to several nodes";
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int heavier(const struct fore_query_log *log, uint16_t a, uint16_t b)
{
    return log->table[a].queries > log->table[b].queries;
}

static enum fore_err choose_tables(struct advising *a, struct fore_diag *diag)
{
    const struct fore_query_log *log = a->log;
    const char **name = FORE_NEW(a->arena, const char *, log->table_count);
    struct lab_advise_result *result =
        FORE_NEW(a->arena, struct lab_advise_result, log->table_count);
    size_t count = 0;
    bool found = a->options->only == NULL;
    for (uint16_t t = 0; t < log->table_count; t++) {
        name[t] = log->table[t].name;
        found = found || strcmp(name[t], a->options->only) == 0;
        size_t at = count++;
        for (; at > 0 && heavier(log, t, result[at - 1].table); at--)
            result[at] = result[at - 1];
        result[at] = (struct lab_advise_result){.table = t};
    }
    a->out->result = result;
    a->out->result_count = count;
    if (found) return FORE_E_OK;
    const char *nearest = fore_option_nearest(a->options->only, name, log->table_count);
    return fore_err_set(diag, FORE_E_FORMAT, "--table: the log has no table \"%.60s\"%s%s",
                        a->options->only, nearest != NULL ? "; did you mean " : "",
                        nearest != NULL ? nearest : "");
}

/* Candidates, unpruned ones first; the first becomes the table's key for now. */
static void find_candidates(struct advising *a, struct lab_advise_result *r)
{
    struct fore_key_candidate candidate[FORE_KEY_CANDIDATES];
    struct fore_key_request request = {.log = a->log,
                                       .table = r->table,
                                       .from = a->out->known.from,
                                       .to = a->out->known.to,
                                       .nodes = a->out->cluster.nodes};
    size_t count = fore_key_candidates(&request, candidate, &a->scratch), at = 0, played = 0;
    r->key = FORE_NEW(a->arena, struct lab_advise_key, count);
    for (size_t i = 0; i < count; i++) {
        if (!candidate[i].pruned && ++played > PLAYED_MOST) {
            candidate[i].pruned = true;
            (void)snprintf(candidate[i].reason, sizeof candidate[i].reason, "%s",
                           "bound less often than those played");
        }
        if (!candidate[i].pruned) r->key[at++].candidate = candidate[i];
    }
    for (size_t i = 0; i < count; i++)
        if (candidate[i].pruned) r->key[at++].candidate = candidate[i];
    r->key_count = count;
    const struct fore_key copy = {.kind = FORE_KEY_COPY};
    lab_advise_design_set(&a->design, a->log, r->table,
                          count > 0 ? &r->key[0].candidate.key : &copy, &a->fit, &a->scratch);
    a->plays_expected += playable(r);
}

static bool joins(const struct fore_query_log *log)
{
    for (size_t i = 0; i < log->term_count; i++)
        if (log->term[i].role == FORE_TERM_JOIN) return true;
    return false;
}

static void cut_parts(struct advising *a)
{
    double span = (double)fore_query_log_span(a->log);
    fore_ns end = (fore_ns)span, known = (fore_ns)(span * (1 - a->options->holdout));
    a->out->known = lab_advise_part(a->log, 0, known);
    a->out->later = lab_advise_part(a->log, known, end);
    fore_ns fit = (fore_ns)((double)known * fit_share);
    a->fit = lab_advise_part(a->log, 0, fit);
    a->play = lab_advise_part(a->log, fit, known);
}

enum fore_err lab_advise_run(const struct fore_query_log *log,
                             const struct lab_advise_options *options, struct fore_arena *arena,
                             struct lab_advise *out, struct fore_diag *diag)
{
    struct advising a = {.log = log, .options = options, .arena = arena, .out = out};
    *out = (struct lab_advise){.cluster = options->cluster};
    cut_parts(&a);
    if (a.fit.from == a.fit.to || a.play.from == a.play.to ||
        (options->holdout > 0 && out->later.from == out->later.to))
        return fore_err_set(
            diag, FORE_E_RANGE,
            "the log is too short: %zu queries over %.3g s leave a part without any",
            log->query_count, (double)fore_query_log_span(log) / (double)FORE_SEC);
    FORE_TRY(choose_tables(&a, diag));
    lab_advise_size(log, &out->known, &out->cluster);
    lab_advise_design_init(&a.design, log, arena);
    for (size_t i = 0; i < out->result_count; i++)
        find_candidates(&a, &out->result[i]);
    int passes = out->result_count > 1 && joins(log) ? 2 : 1;
    a.plays_expected *= (size_t)passes + (options->holdout > 0);
    for (int pass = 0; pass < passes; pass++)
        for (size_t i = 0; i < out->result_count; i++)
            decide(&a, &out->result[i]);
    struct lab_advise_cluster sized = out->cluster;
    if (options->holdout > 0) look_back(&a);
    out->cluster = sized;
    for (size_t i = 0; i < out->result_count; i++) {
        struct lab_advise_result *r = &out->result[i];
        say(r);
        r->split =
            fore_column_advise(log, r->table, out->known.from, out->known.to, arena, &a.scratch);
    }
    fore_arena_fini(&a.scratch);
    return FORE_E_OK;
}

const char *lab_advise_key_name(const struct fore_query_log *log, const struct fore_key *key,
                                struct fore_arena *arena)
{
    if (key->kind == FORE_KEY_COPY) return "a copy on every node";
    const char *names = log->column[key->column[0]].name;
    for (int c = 1; c < key->columns; c++)
        names = fore_arena_printf(arena, "%s, %s", names, log->column[key->column[c]].name);
    return fore_arena_printf(arena, "%s(%s)", key->kind == FORE_KEY_HASH ? "hash" : "range", names);
}
