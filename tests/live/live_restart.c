/* live_restart.c - the driver is started again: an engine that was saved polls the tickets it had,
 * and must not be told of moves that have been begun since. */
#include "tests/live/ground_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LIVES = 4, MOVES = 3 };

static struct ground *ground;

static fore_ticket begin_split(struct fore_driver door, uint32_t partition)
{
    const struct fore_topology *topology;
    fore_ticket ticket = 0;
    assert_int_equal(fore_driver_topology(door, &topology), FORE_E_OK);
    const struct fore_partition *whole = &topology->partition[partition];
    struct fore_move move = {.kind = FORE_MOVE_SPLIT,
                             .partition = partition,
                             .other = FORE_PARTITION_NONE,
                             .source = whole->replica[0],
                             .target = whole->replica[0],
                             .split_at = whole->first + (whole->last - whole->first) / 2 + 1,
                             .split_right_share = 0.5};
    assert_int_equal(fore_driver_begin(door, &move, &ticket), FORE_E_OK);
    return ticket;
}

static void expect_unknown(struct fore_driver door, fore_ticket ticket)
{
    struct fore_move_status status;
    uint64_t orphans = 0;
    assert_int_equal(fore_driver_poll(door, ticket, &status), FORE_E_RANGE);
    assert_int_equal(fore_driver_throttle(door, ticket, 1), FORE_E_RANGE);
    assert_int_equal(fore_driver_cancel(door, ticket), FORE_E_RANGE);
    assert_int_equal(fore_driver_cutover(door, ticket), FORE_E_RANGE);
    assert_int_equal(fore_driver_sweep(door, ticket, &orphans), FORE_E_RANGE);
}

static void a_ticket_of_an_earlier_life_is_not_taken_for_a_new_one(void **state)
{
    (void)state;
    fore_ticket had[LIVES * MOVES];
    for (int life = 0, count = 0; life < LIVES; life++) {
        struct fore_driver door = ground_driver(ground);
        struct fore_move_status status;
        for (uint32_t i = 0; i < MOVES; i++) {
            fore_ticket ticket = begin_split(door, i);
            assert_in_range(ticket, 1, UINT64_C(1) << 53);
            for (int k = 0; k < count; k++)
                assert_int_not_equal(ticket, had[k]);
            had[count++] = ticket;
            assert_int_equal(fore_driver_poll(door, ticket, &status), FORE_E_OK);
            for (int k = 0; k < life * MOVES; k++)
                expect_unknown(door, had[k]);
        }
        expect_unknown(door, 0);
        expect_unknown(door, had[count - 1] + 1);
        expect_unknown(door, UINT64_MAX);
        fore_driver_close(door);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ticket_of_an_earlier_life_is_not_taken_for_a_new_one),
    };
    if (!ground_possible()) return 0;
    ground = ground_begin("3");
    int failed = cmocka_run_group_tests_name("live: a driver started again", tests, NULL, NULL);
    ground_end(ground);
    return failed;
}
