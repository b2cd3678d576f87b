/* What waits for another move when the daemon ends is told at the next start as dropped, once, with
 * the reason; and the note of it can be damaged in any way. The daemon runs whole, on the
 * simulator. */
#include "live/backend.h"
#include "live/daemon.h"
#include "live/waiting.h"
#include "sim/paced.h"
#include "tests/support/scratch.h"
#include "tests/support/slurp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct scratch scratch;
static char state[256], log_path[256], memory_path[280];
static struct fore_driver_ops ops;
static const struct fore_driver_ops *real;
static int stop;

static int begin(void **unused)
{
    (void)unused;
    scratch = scratch_begin();
    (void)snprintf(state, sizeof state, "%s", scratch_path(&scratch, "s.db"));
    (void)snprintf(log_path, sizeof log_path, "%s", scratch_path(&scratch, "log"));
    (void)snprintf(memory_path, sizeof memory_path, "%s.memory", state);
    return 0;
}

static int end(void **unused)
{
    (void)unused;
    scratch_end(&scratch);
    return 0;
}

/* ---- a daemon that is ended while something waits ---------------------------------------------
 */

/* The first split ends the run: what is bound to it has not begun by the end of that step. */
static enum fore_err begin_and_stop(void *self, const struct fore_move *move, fore_ticket *out)
{
    if (move->kind == FORE_MOVE_SPLIT) stop = 1;
    return real->begin(self, move, out);
}

static enum fore_err open_stopping(const char *scenario, fore_ns window, uint64_t seed, void **self,
                                   struct fore_driver *door, fore_ns *slo, struct fore_diag *diag)
{
    FORE_TRY(sim_paced_open(scenario, window, seed, self, door, slo, diag));
    real = door->ops;
    ops = *real;
    ops.begin = begin_and_stop;
    door->ops = &ops;
    return FORE_E_OK;
}

static const struct live_stand_in stopping = {
    .open = open_stopping, .window = sim_paced_window, .close = sim_paced_close};

/* Returns how its log begins. */
static char *run_daemon(const char *span)
{
    struct fore_arena arena = {0};
    struct live_config config;
    struct fore_diag diag = {.code = FORE_E_OK};
    char sets[3][300];
    (void)snprintf(sets[0], sizeof sets[0], "live.state=%s", state);
    (void)snprintf(sets[1], sizeof sets[1], "live.log=%s", log_path);
    (void)snprintf(sets[2], sizeof sets[2], "live.span=%s", span);
    const char *const set[] = {sets[0],
                               sets[1],
                               sets[2],
                               "live.scenario=workloads/scenarios/hot_range_5min.cfg",
                               "live.speed=900",
                               "live.warmup=10s",
                               "decide.bound=all",
                               "policy.name=nowcast",
                               "api.listen="};
    struct fore_strings list = {set, FORE_COUNTOF(set)};
    (void)remove(log_path);
    stop = 0;
    fore_arena_init(&arena);
    assert_int_equal(live_config_load("live/deploy/demo.cfg", &list, &arena, &config, &diag),
                     FORE_E_OK);
    const struct live_run run = {
        .config = &config, .simulator = &stopping, .seed = 1, .stop = &stop};
    assert_int_equal(live_daemon_run(&run, &arena, &diag), FORE_E_OK);
    fore_arena_fini(&arena);
    return slurp(log_path);
}

static char *noted(void)
{
    struct live_memory *memory;
    assert_int_equal(live_memory_open(memory_path, &memory, NULL), FORE_E_OK);
    char *text = live_memory_noted(memory, "waiting");
    live_memory_close(memory);
    return text;
}

static void what_waited_is_told_at_the_next_start_once(void **unused)
{
    (void)unused;
    char *first = run_daemon("20min");
    assert_int_equal(stop, 1); /* there was a split, and something bound to it */
    char *note = noted();
    assert_non_null(note);
    assert_non_null(strstr(note, "its leader being through"));
    assert_null(strstr(first, "when the daemon ended"));
    char *second = run_daemon("3s");
    const char *told = strstr(second, "when the daemon ended: dropped");
    assert_non_null(told);
    assert_non_null(strstr(second, "\"state\":\"cancelled\""));
    assert_null(noted());
    char *third = run_daemon("3s");
    assert_null(strstr(third, "when the daemon ended"));
    free(first);
    free(note);
    free(second);
    free(third);
}

/* ---- the note ----------------------------------------------------------------------------------
 */

static struct fore_migration running[3];

static struct fore_migrate chain(void)
{
    running[0] = (struct fore_migration){
        .id = 1,
        .ticket = 9,
        .state = FORE_MIGRATE_COPY,
        .move = {.kind = FORE_MOVE_MOVE, .partition = 3, .source = 0, .target = 2}
    };
    running[1] = (struct fore_migration){
        .id = 2,
        .leader = 1,
        .plan = 7,
        .waits = true,
        .move = {.kind = FORE_MOVE_MERGE,
                 .partition = 2,
                 .other = 3,
                 .source = FORE_NODE_NONE,
                 .target = FORE_NODE_NONE}
    };
    running[2] = (struct fore_migration){
        .id = 3,
        .leader = 2,
        .plan = 7,
        .waits = true,
        .move = {.kind = FORE_MOVE_MOVE, .partition = 2, .source = 2, .target = 1}
    };
    return (struct fore_migrate){.migration = running, .running = 3};
}

static struct {
    struct fore_event_move event[4];
    char note[4][300];
    uint32_t count;
} heard;

static void hear(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    (void)self;
    (void)at;
    assert_int_equal(kind, FORE_EV_MOVE);
    assert_true(heard.count < 4 && len > sizeof heard.event[0]);
    memcpy(&heard.event[heard.count], body, sizeof heard.event[0]);
    (void)snprintf(heard.note[heard.count++], sizeof heard.note[0], "%s",
                   (const char *)body + sizeof heard.event[0]);
}
static const struct fore_sink ear = {.put = hear};

static void a_note_names_what_each_waited_for(void **unused)
{
    (void)unused;
    struct fore_migrate migrate = chain();
    struct fore_buf text = {0};
    bool damaged = false;
    memset(&heard, 0, sizeof heard);
    live_waiting_text(&migrate, &text);
    assert_int_equal(live_waiting_tell(text.data, ear, 5, &damaged), 2);
    assert_false(damaged);
    assert_int_equal(heard.event[0].kind, FORE_MOVE_MERGE);
    assert_int_equal(heard.event[0].partition, 2);
    assert_int_equal(heard.event[0].other, 3);
    assert_int_equal(heard.event[0].plan, 7);
    assert_int_equal(heard.event[0].state, FORE_MIGRATE_CANCELLED);
    assert_string_equal(heard.note[0], "it waited for the move of p3 when the daemon ended: "
                                       "dropped, the next plan decides anew");
    assert_int_equal(heard.event[1].target, 1);
    assert_non_null(strstr(heard.note[1], "the merge of p2"));
    fore_buf_fini(&text);
}

static void the_memory_follows_who_waits(void **unused)
{
    (void)unused;
    struct live_memory *memory;
    struct fore_migrate migrate = chain();
    struct fore_buf told = {0};
    assert_int_equal(live_memory_open(memory_path, &memory, NULL), FORE_E_OK);
    assert_int_equal(live_waiting_keep(memory, &migrate, &told, NULL), FORE_E_OK);
    char *first = live_memory_noted(memory, "waiting");
    assert_non_null(first);
    assert_string_equal(first, told.data);
    migrate.running = 2; /* one is over */
    assert_int_equal(live_waiting_keep(memory, &migrate, &told, NULL), FORE_E_OK);
    char *then = live_memory_noted(memory, "waiting");
    assert_true(then != NULL && strlen(then) < strlen(first));
    migrate.running = 1;
    assert_int_equal(live_waiting_keep(memory, &migrate, &told, NULL), FORE_E_OK);
    assert_null(live_memory_noted(memory, "waiting"));
    free(first);
    free(then);
    fore_buf_fini(&told);
    live_memory_close(memory);
}

static void a_damaged_note_is_told_as_far_as_it_can_be_read(void **unused)
{
    (void)unused;
    static const char *const bad[] = {
        "nonsense\n",
        "7 0 2 3 0 1\n",                    /* not what for */
        "7 99 2 3 0 1 the move of p3\n",    /* no such kind */
        "7 0 2 3 0 70000 the move of p3\n", /* no such node */
        "-7 0 2 3 0 1 the move of p3\n",
        "7 0 2 3 0 1 the\tmove\n",
        "7 0 2 3 0 1 the move of p3", /* cut short */
        "\n",
    };
    for (size_t i = 0; i < FORE_COUNTOF(bad); i++) {
        char text[200];
        bool damaged = false;
        memset(&heard, 0, sizeof heard);
        (void)snprintf(text, sizeof text, "7 0 2 3 0 1 the move of p3\n%s", bad[i]);
        assert_int_equal(live_waiting_tell(text, ear, 5, &damaged), 1);
        assert_true(damaged);
        assert_int_equal(heard.count, 1);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_waited_is_told_at_the_next_start_once),
        T(a_note_names_what_each_waited_for),
        T(the_memory_follows_who_waits),
        T(a_damaged_note_is_told_as_far_as_it_can_be_read),
    };
    return cmocka_run_group_tests_name("live/waiting", tests, NULL, NULL);
}
