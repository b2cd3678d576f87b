#include "core/risk/normal_loss.h"
#include "tests/support/near.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static double tail(double z)
{
    return 0.5 * erfc(z / sqrt(2));
}

static double loss(double z)
{
    return exp(-0.5 * z * z) / sqrt(2 * acos(-1)) - z * tail(z);
}

static void the_table_agrees_with_the_formulas(void **state)
{
    for (double z = -7; z < 7; z += 0.00123) {
        struct fore_normal_loss at = fore_normal_loss_at(z);
        expect_near((double)at.tail, tail(z), 4e-5);
        expect_near((double)at.loss, loss(z), 8e-5);
    }
}

static void both_fall_as_the_threshold_rises(void **state)
{
    struct fore_normal_loss before = fore_normal_loss_at(-8);
    for (double z = -8; z < 8; z += 0.01) {
        struct fore_normal_loss at = fore_normal_loss_at(z);
        assert_true(at.tail <= before.tail && at.loss <= before.loss);
        before = at;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_agrees_with_the_formulas),
        cmocka_unit_test(both_fall_as_the_threshold_rises),
    };
    return cmocka_run_group_tests_name("core/decide/normal_loss", tests, NULL, NULL);
}
