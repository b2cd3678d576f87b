/*
 * engine_case.h - an engine on a cluster in memory, for tests of core/engine: loads are set,
 * windows run, events counted. One case at a time, in `ec`.
 */
#ifndef TEST_ENGINE_CASE_H
#define TEST_ENGINE_CASE_H

#include "core/engine_state.h"
#include "tests/support/fake_driver.h"

enum { ENGINE_CASE_WINDOW_S = 1, ENGINE_CASE_PARTITIONS = 8, ENGINE_CASE_NODES = 4 };

struct engine_case {
    struct fore_arena arena;
    struct fore_engine_options options;
    struct fore_engine_setup setup; /* nowcast; change it before the start */
    struct fake *fake;
    struct fore_engine *engine;
    struct fore_diag diag;
    uint32_t moved[8], moved_count; /* partitions of the first moves */
    uint32_t seen[32];              /* events by kind */
    uint32_t raised[FORE_ALERT_CODES], resolved[FORE_ALERT_CODES];
    uint64_t stream_sum; /* of all events */
};
extern struct engine_case ec;

/* Setup and teardown of cmocka. */
int engine_case_begin(void **state);
int engine_case_end(void **state);
void engine_case_start(void);
/* `cores` on one partition, a tenth of a core on every other one. */
void engine_case_load(uint32_t hot, double cores);
/* Windows of a second; `cores` as a share of a node. */
void engine_case_run(uint32_t windows, uint32_t hot, double cores);
uint64_t engine_case_moves_done(void);

#endif
