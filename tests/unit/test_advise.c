/*
 * test_advise.c - the adviser on 20 generated schemas with known answers. It is given the first
 * half of each log; the second half is what comes later, on which all its candidates are played.
 */
#include "experiments/advise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/advise_schemas.h"
#include "tests/support/near.h"
#include "tests/support/scratch.h"
#include "workloads/query_csv.h"

#ifdef FORE_DEBUG
enum { QUERIES = 6000, SEEDS = 1 }; /* with sanitizers, at -O1 */
#else
enum { QUERIES = 24000, SEEDS = 3 };
#endif

struct advised {
    struct fore_query_log log;
    struct fore_arena arena;
    struct lab_advise advice;
};

static void read_text(struct fore_query_log *log, char *text, struct fore_arena *arena)
{
    struct fore_diag diag = {0};
    struct wl_query_csv *csv = wl_query_csv_begin(log, "schema", arena);
    uint64_t number = 1;
    for (char *line = text, *end; *line != '\0'; line = end + 1, number++) {
        end = strchr(line, '\n');
        *end = '\0';
        enum fore_err err = wl_query_csv_line(csv, line, number, &diag);
        if (err != FORE_E_OK) fail_msg("%s", diag.text);
    }
}

static void advise(struct advised *a, const struct advise_schema *schema, size_t queries,
                   uint64_t seed, double holdout)
{
    struct fore_buf text = {0};
    struct fore_diag diag = {0};
    *a = (struct advised){0};
    advise_schema_write(schema, queries, seed, &text);
    read_text(&a->log, text.data, &a->arena);
    fore_buf_fini(&text);
    struct lab_advise_options options = {
        .cluster = {.nodes = 8, .cores = 2, .utilization = 0.55, .seed = 1},
          .holdout = holdout
    };
    enum fore_err err = lab_advise_run(&a->log, &options, &a->arena, &a->advice, &diag);
    if (err != FORE_E_OK) fail_msg("%s: %s", schema->name, diag.text);
}

static const struct lab_advise_result *about(const struct advised *a, const char *table)
{
    for (size_t i = 0; i < a->advice.result_count; i++)
        if (strcmp(a->log.table[a->advice.result[i].table].name, table) == 0)
            return &a->advice.result[i];
    printf("no result about %s\n", table);
    abort();
}

static void release(struct advised *a)
{
    fore_query_log_fini(&a->log);
    fore_arena_fini(&a->arena);
}

static bool listed(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = list; at != NULL; at = strchr(at, '|'), at = at ? at + 1 : NULL)
        if (strncmp(at, name, len) == 0 && (at[len] == '|' || at[len] == '\0')) return true;
    return false;
}

static const char *best_later(struct advised *a, const struct lab_advise_result *r)
{
    for (size_t k = 0; k < r->key_count; k++)
        if (r->key[k].rank_later == 1)
            return lab_advise_key_name(&a->log, &r->key[k].candidate.key, &a->arena);
    return "nothing";
}

static void the_best_key_of_a_later_simulation_is_picked_on_18_of_20_schemas(void **state)
{
    (void)state;
    int agreed = 0, known = 0, tried = 0;
    for (int seed = 1; seed <= SEEDS; seed++)
        for (size_t i = 0; i < ADVISE_SCHEMAS; i++) {
            struct advised a;
            const struct advise_schema *schema = &advise_schemas[i];
            advise(&a, schema, QUERIES, (uint64_t)seed, 0.5);
            const struct lab_advise_result *r = about(&a, schema->table);
            const char *picked = lab_advise_key_name(&a.log, &r->key[0].candidate.key, &a.arena);
            bool right = listed(schema->answer, picked);
            printf("%-15s %-22s later best %-22s %s\n", schema->name, picked, best_later(&a, r),
                   right ? "" : "not the known answer");
            agreed += r->picked_later_rank == 1;
            known += right;
            tried++;
            release(&a);
        }
    printf("best by later simulation: %d of %d; known answer: %d of %d\n", agreed, tried, known,
           tried);
    assert_true(agreed >= 18 * SEEDS);
    assert_true(known >= 18 * SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_key_of_a_later_simulation_is_picked_on_18_of_20_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
