/*
 * grid_claims.c - claims read, and judged.
 */
#include "experiments/grid_claims.h"

#include "core/base/rng.h"
#include "core/base/series.h"
#include "experiments/grid_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 5, RESAMPLES = 2000 };
static const double nothing_node_min = .5; /* less than this on both sides is not compared */

/* ---- reading ---- */

static char *trimmed(char *text)
{
    text += strspn(text, " \t\n");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\n", text[len - 1]) != NULL)
        text[--len] = '\0';
    return text;
}

/* The target as a ratio or a share: "-50%" 0.5, "1.05x" 1.05, "60%" 0.6. False: not a number. */
static bool target(const char *text, double *out)
{
    char *end;
    double x = strtod(text, &end);
    if (end == text) return false;
    if (*end == '%') x = text[0] == '-' ? 1 + x / 100 : x / 100;
    if (*end == '%' || *end == 'x') end++;
    *out = x;
    return *end == '\0' && isfinite(x);
}

enum fore_err lab_claim_parse(const char *text, struct fore_arena *arena, struct lab_claim *out,
                              struct fore_diag *diag)
{
    char *field[FIELDS] = {0}, *rest = fore_arena_strdup(arena, text);
    size_t count = 0;
    for (char *next = rest; next != NULL && count < FIELDS; count++) {
        char *here = next;
        next = strchr(here, ':');
        if (next != NULL) *next++ = '\0';
        field[count] = trimmed(here);
    }
    double number;
    if (count != FIELDS || !target(field[3], &number) || !target(field[4], &number))
        return fore_err_set(diag, FORE_E_FORMAT,
                            "grid.claims: '%.120s' is not NAME: CELLS: MEASURE: MUST: STRETCH",
                            text);
    *out = (struct lab_claim){field[0], field[1], field[2], field[3], field[4]};
    return FORE_E_OK;
}

/* One of "a=x|y" as a word of the name, which starts with a space before every word but one. */
static bool word_matches(const char *word, size_t len, const char *name)
{
    const char *equals = memchr(word, '=', len);
    size_t stem = equals != NULL ? (size_t)(equals - word) + 1 : 0;
    for (const char *value = word + stem; value < word + len;) {
        const char *bar = memchr(value, '|', (size_t)(word + len - value));
        size_t value_len = (size_t)((bar != NULL ? bar : word + len) - value);
        for (const char *at = name; at != NULL; at = strchr(at, ' ')) {
            at += *at == ' ';
            size_t have = strcspn(at, " ");
            if (have == stem + value_len && strncmp(at, word, stem) == 0 &&
                strncmp(at + stem, value, value_len) == 0)
                return true;
        }
        value += value_len + 1;
    }
    return false;
}

bool lab_claim_matches(const struct lab_claim *claim, const char *cell_name)
{
    for (const char *word = claim->cells; *word != '\0';) {
        size_t len = strcspn(word, " ");
        if (!word_matches(word, len, cell_name)) return false;
        word += len;
        word += strspn(word, " ");
    }
    return true;
}

/* "rrs.NAME" is of the run in which nothing is done; "rrs_idle.NAME" of ours, while it acts, put to
 * the same question (core/risk/risk_watch.h). NULL: it is neither. */
static const char *rrs_name(const char *measure)
{
    if (strncmp(measure, "rrs.", 4) == 0) return measure + 4;
    return strncmp(measure, "rrs_idle.", 9) == 0 ? measure + 9 : NULL;
}

static bool known_measure(const struct lab_grid *grid, const char *measure)
{
    FORE_ASSERT(measure != NULL);
    static const char *const rrs[] = {"brier_skill", "brier_skill_vs_persistence", "ece", "auc",
                                      NULL};
    if (strcmp(measure, "peer") == 0 || strcmp(measure, "peer-bytes") == 0 ||
        strcmp(measure, "gap") == 0)
        return true;
    const char *name = rrs_name(measure);
    for (size_t i = 0; name != NULL && rrs[i] != NULL; i++)
        if (strcmp(name, rrs[i]) == 0) return true;
    return lab_grid_policy(grid, measure) != SIZE_MAX;
}

enum fore_err lab_grid_check_claims(const struct lab_grid *grid, struct fore_diag *diag)
{
    struct fore_arena arena;
    enum fore_err err = FORE_E_OK;
    fore_arena_init(&arena);
    for (size_t i = 0; err == FORE_E_OK && i < grid->options.claims.count; i++) {
        struct lab_claim claim = {0};
        err = lab_claim_parse(grid->options.claims.item[i], &arena, &claim, diag);
        if (err == FORE_E_OK && !known_measure(grid, claim.measure))
            err = fore_err_set(diag, FORE_E_FORMAT,
                               "grid.claims: '%.40s' measures nothing known; a policy of "
                               "grid.policies, peer, peer-bytes, gap, rrs.NAME or rrs_idle.NAME",
                               claim.measure);
    }
    fore_arena_fini(&arena);
    return err;
}

/* ---- judging ---- */

/* The two sums a measure is the ratio of, for one cell and seed. */
struct pair {
    double above, below;
};

struct question {
    const struct lab_grid *grid;
    size_t ours, base, oracle; /* policies; SIZE_MAX: there is none */
    const struct lab_metric *metric;
    enum { RATIO, GAP, SCORE } kind;
    bool higher_is_better;
};

static struct question question_of(const struct lab_grid *grid, const struct lab_claim *claim)
{
    struct question q = {.grid = grid,
                         .ours = lab_grid_policy(grid, "predictive"),
                         .base = SIZE_MAX,
                         .oracle = lab_grid_policy(grid, "oracle"),
                         .metric = lab_metric_find(NULL, "slo_violation_node_min")};
    if (strcmp(claim->measure, "peer-bytes") == 0) q.metric = lab_metric_find(NULL, "bytes_moved");
    if (strcmp(claim->measure, "gap") == 0) {
        q.kind = GAP;
        q.base = lab_grid_policy(grid, "static");
        q.higher_is_better = true;
    } else if (rrs_name(claim->measure) != NULL) {
        bool acting = claim->measure[3] == '_';
        q.kind = SCORE;
        if (!acting) q.ours = lab_grid_policy(grid, "static");
        q.metric = lab_metric_find(acting ? "rrs_idle" : "rrs", rrs_name(claim->measure));
        q.higher_is_better = strcmp(rrs_name(claim->measure), "ece") != 0;
    } else if (strncmp(claim->measure, "peer", 4) != 0) {
        q.base = lab_grid_policy(grid, claim->measure);
    }
    return q;
}

static bool read_seed(const struct question *q, size_t cell, size_t policy, size_t seed,
                      double *out)
{
    if (policy == SIZE_MAX) return false;
    const struct lab_grid_entry *entry = lab_grid_at(q->grid, cell, policy);
    if (!entry->have[seed]) return false;
    *out = lab_answer_metric(&entry->answer[seed], q->metric);
    return isfinite(*out);
}

static bool pair_of(const struct question *q, size_t cell, size_t base, size_t seed,
                    struct pair *out)
{
    double ours, other = 1, best = 0;
    if (!read_seed(q, cell, q->ours, seed, &ours)) return false;
    if (q->kind == SCORE) {
        *out = (struct pair){ours, 1};
        return true;
    }
    if (!read_seed(q, cell, base, seed, &other)) return false;
    *out = (struct pair){ours, other};
    if (q->kind != GAP) return true;
    if (!read_seed(q, cell, q->oracle, seed, &best)) return false;
    *out = (struct pair){other - ours, other - best};
    return true;
}

/* Sums of one cell over its seeds; false where there is nothing to compare. */
static bool cell_sums(const struct question *q, size_t cell, size_t base, struct pair *out)
{
    size_t n = 0;
    *out = (struct pair){0};
    for (size_t s = 0; s < q->grid->options.seeds; s++) {
        struct pair pair;
        if (!pair_of(q, cell, base, s, &pair)) continue;
        out->above += pair.above;
        out->below += pair.below;
        n++;
    }
    double little = nothing_node_min * (double)n;
    if (q->kind == RATIO && out->above < little && out->below < little) return false;
    if (q->kind == GAP && out->below < little) return false;
    return n > 0;
}

static double ratio(struct pair sum)
{
    if (sum.below > 0) return sum.above / sum.below;
    return sum.above > 0 ? (double)INFINITY : 1;
}

/* The cells that count, with their rival, into cell[] and base[]; fills the worst. */
static size_t gather(const struct question *q, const struct lab_claim *claim, size_t *cell,
                     size_t *base, struct pair *all, struct lab_claim_result *out)
{
    size_t count = 0;
    *all = (struct pair){0};
    for (size_t c = 0; c < q->grid->cell_count; c++) {
        struct pair sum;
        if (!lab_claim_matches(claim, q->grid->cell[c].name)) continue;
        bool peer = strncmp(claim->measure, "peer", 4) == 0;
        size_t rival = peer ? lab_grid_best_peer(q->grid, c) : q->base;
        if (!cell_sums(q, c, rival, &sum)) continue;
        double value = ratio(sum);
        bool worse = q->higher_is_better ? value < out->worst : value > out->worst;
        if (count == 0 || worse) {
            out->worst = value;
            out->worst_cell = q->grid->cell[c].name;
        }
        all->above += sum.above;
        all->below += sum.below;
        cell[count] = c;
        base[count++] = rival;
    }
    return count;
}

static void interval(const struct question *q, const size_t *cell, const size_t *base, size_t count,
                     struct lab_claim_result *out)
{
    size_t seeds = (size_t)q->grid->options.seeds;
    struct fore_rng rng = fore_rng_stream(1, "lab.claims", 0);
    double *sample = calloc(RESAMPLES, sizeof *sample);
    FORE_ASSERT(sample != NULL);
    for (size_t r = 0; r < RESAMPLES; r++) {
        struct pair sum = {0}, one;
        for (size_t s = 0; s < seeds; s++) {
            size_t seed = fore_rng_below(&rng, (uint32_t)seeds);
            for (size_t c = 0; c < count; c++)
                if (pair_of(q, cell[c], base[c], seed, &one)) {
                    sum.above += one.above;
                    sum.below += one.below;
                }
        }
        sample[r] = ratio(sum);
    }
    fore_series_sort(sample, RESAMPLES);
    out->low = seeds > 1 ? fore_series_quantile_sorted(sample, RESAMPLES, .025) : (double)NAN;
    out->high = seeds > 1 ? fore_series_quantile_sorted(sample, RESAMPLES, .975) : (double)NAN;
    free(sample);
}

static bool reaches(const struct question *q, double value, const char *text)
{
    double wanted = 0;
    (void)target(text, &wanted);
    return q->higher_is_better ? value >= wanted : value <= wanted;
}

struct lab_claim_result lab_claim_judge(const struct lab_grid *grid, const struct lab_claim *claim)
{
    struct lab_claim_result out = {.value = (double)NAN, .low = (double)NAN, .high = (double)NAN};
    struct question q = question_of(grid, claim);
    size_t *cell = calloc(grid->cell_count + 1, sizeof *cell);
    size_t *base = calloc(grid->cell_count + 1, sizeof *base);
    struct pair all;
    FORE_ASSERT(cell != NULL && base != NULL);
    out.cells = gather(&q, claim, cell, base, &all, &out);
    if (out.cells > 0) {
        out.value = ratio(all);
        interval(&q, cell, base, out.cells, &out);
        if (reaches(&q, out.worst, claim->stretch))
            out.verdict = LAB_STRETCH_MET;
        else if (reaches(&q, out.worst, claim->must))
            out.verdict = LAB_MET;
        else
            out.verdict = reaches(&q, out.value, claim->must) ? LAB_MET_ON_THE_WHOLE : LAB_MISSED;
    }
    free(base);
    free(cell);
    return out;
}

const char *lab_verdict_text(enum lab_verdict verdict)
{
    switch (verdict) {
    case LAB_NOT_PLAYED: return "nothing to compare";
    case LAB_MISSED: return "MISSED";
    case LAB_MET_ON_THE_WHOLE: return "met on the whole, missed in the worst cell";
    case LAB_MET: return "met";
    case LAB_STRETCH_MET: return "stretch met";
    }
    return "";
}

void lab_claim_number(const struct lab_claim *claim, double value, struct fore_buf *out)
{
    size_t len = strlen(claim->must);
    char last = len > 0 ? claim->must[len - 1] : '\0';
    if (isnan(value))
        fore_buf_puts(out, "-");
    else if (isinf(value))
        fore_buf_puts(out, "some against none");
    else if (last == '%' && claim->must[0] == '-')
        fore_buf_printf(out, "%+.0f %%", 100 * (value - 1));
    else if (last == '%')
        fore_buf_printf(out, "%.0f %%", 100 * value);
    else if (last == 'x')
        fore_buf_printf(out, "%.2fx", value);
    else
        fore_buf_printf(out, "%.3f", value);
}
