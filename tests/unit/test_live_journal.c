/* What the mover's journal knows of slots that are handed over together. */
#include "live/base/clock.h"
#include "live/redis/journal.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Slots of one transaction, in the direction of the last step; none of another move or of before.
 */
static void the_journal_knows_the_group_in_work(void **state)
{
    (void)state;
    struct scratch scratch = scratch_begin();
    struct live_journal *journal = NULL;
    assert_int_equal(
        live_journal_open(scratch_path(&scratch, "journal.db"), "me", 200, &journal, NULL),
        FORE_E_OK);
    struct live_journal_move move = {.first = 4, .last = 40, .from = 1, .to = 2}, found[4];
    struct live_journal_move other = {.first = 50, .last = 60, .from = 1, .to = 2};
    struct live_journal_step row[3 * LIVE_STEPS];
    uint16_t slot[8];
    uint64_t id[FORE_COUNTOF(row)];
    assert_int_equal(live_journal_begin(journal, &move), FORE_E_OK);
    assert_int_equal(live_journal_begin(journal, &other), FORE_E_OK);
    for (uint32_t g = 0; g < 2; g++) {
        for (uint32_t i = 0; i < FORE_COUNTOF(row); i++)
            row[i] = (struct live_journal_step){.move = move.id,
                                                .step = (enum live_step)(i % LIVE_STEPS),
                                                .slot = (uint16_t)(4 + 3 * g + i / LIVE_STEPS),
                                                .from = 1,
                                                .to = 2};
        assert_int_equal(live_journal_steps(journal, row, FORE_COUNTOF(row), id), FORE_E_OK);
        live_clock_sleep_ms(5);
    }
    for (uint32_t i = 0; i < FORE_COUNTOF(row); i++)
        row[i].move = other.id, row[i].slot = 55;
    assert_int_equal(live_journal_steps(journal, row, FORE_COUNTOF(row), id), FORE_E_OK);
    assert_int_equal(live_journal_unfinished(journal, found, 4), 2);
    assert_int_equal(live_journal_in_work(journal, &found[0], slot, 8), 3);
    assert_true(slot[0] == 7 && slot[1] == 8 && slot[2] == 9);
    assert_int_equal(live_journal_in_work(journal, &found[0], slot, 2), 2);
    assert_int_equal(live_journal_in_work(journal, &found[1], slot, 8), 1);
    found[0].slot_from = 2; /* the other way round there was none */
    assert_int_equal(live_journal_in_work(journal, &found[0], slot, 8), 0);
    live_journal_close(journal);
    scratch_end(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_journal_knows_the_group_in_work),
    };
    return cmocka_run_group_tests_name("live: journal", tests, NULL, NULL);
}
