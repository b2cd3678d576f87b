#include "core/forecast/lstm_fit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dist.h"
#include "core/base/rng.h"
#include "tests/support/near.h"

enum { ROWS = 5, SERIES = 8, N = 600, DAY = 24, HORIZON = 12 };
static const struct fore_lstm_dims small = {.patch = 6, .patches = 3, .hidden = 4, .horizon = 5};
static struct fore_arena arena;
static float load[SERIES][N];

static int teardown(void **state)
{
    fore_arena_fini(&arena);
    return 0;
}

static void fill(struct fore_rng *rng, float *x, size_t count, double sd)
{
    for (size_t i = 0; i < count; i++)
        x[i] = (float)(sd * fore_dist_normal(rng));
}

static double loss_of(float *weight, struct fore_lstm_batch *batch)
{
    fore_lstm_forward(&small, weight, batch);
    return fore_lstm_backward(&small, weight, batch, NULL);
}

/* Central differences against backward, a dozen weights of every group. */
static void gradients_are_those_of_the_loss(void **state)
{
    struct fore_rng rng = fore_rng_stream(1, "gradient", 0);
    struct fore_lstm_layout at = fore_lstm_layout_of(&small);
    float *weight = FORE_NEW(&arena, float, at.count), *slope = FORE_NEW(&arena, float, at.count);
    struct fore_lstm_batch batch;
    fore_lstm_batch_make(&batch, &small, ROWS, true, &arena);
    batch.rows = ROWS;
    fill(&rng, weight, at.count, 0.4);
    fill(&rng, batch.x, ROWS * small.patch * small.patches, 1.0);
    fill(&rng, batch.skip, (size_t)ROWS * small.horizon * FORE_LSTM_SKIPS, 1.0);
    fill(&rng, batch.target, (size_t)ROWS * small.horizon, 3.0);
    batch.target[3] = NAN;
    fore_lstm_forward(&small, weight, &batch);
    (void)fore_lstm_backward(&small, weight, &batch, slope);
    const size_t group[] = {at.input,     at.recurrent, at.bias, at.head,
                            at.head_bias, at.skip,      at.count};
    for (size_t g = 0; g + 1 < FORE_COUNTOF(group); g++) {
        double wrong = 0, size = 0;
        for (size_t k = 0; k < 12; k++) {
            size_t i = group[g] + (k * 37) % (group[g + 1] - group[g]);
            float kept = weight[i];
            const float by = 2e-2f;
            weight[i] = kept + by;
            double up = loss_of(weight, &batch);
            weight[i] = kept - by;
            double down = loss_of(weight, &batch);
            weight[i] = kept;
            double numeric = (up - down) / (2 * (double)by);
            wrong += fabs(numeric - (double)slope[i]);
            size += fabs(numeric);
        }
        assert_true(size > 0);
        assert_true(wrong < 0.05 * size); /* the loss has kinks, the floats 24 bits */
    }
}

static struct fore_panel panel_of(struct fore_series_view *view, size_t n)
{
    for (int s = 0; s < SERIES; s++) {
        struct fore_rng rng = fore_rng_stream(3, "lstm-load", (uint64_t)s);
        for (int i = 0; i < N; i++)
            load[s][i] = (float)((100 + 20 * s) * exp(0.8 * sin((i + 3 * s) * 6.283185307 / DAY) +
                                                      0.05 * fore_dist_normal(&rng)));
        view[s] = (struct fore_series_view){.y = load[s], .n = n, .step_s = 3600, .period = {DAY}};
    }
    return (struct fore_panel){.series = view, .count = SERIES};
}

static struct fore_net *trained(const struct fore_panel *panel, const struct fore_net *warm)
{
    const struct fore_global *lstm = fore_model_find("lstm")->global;
    struct fore_net_shape shape = {.horizon = HORIZON, .period = {DAY}};
    struct fore_trainer *trainer = lstm->begin(&shape, warm, panel, 5);
    assert_non_null(trainer);
    int slices = 1;
    while (!lstm->step(trainer, 200))
        slices++;
    assert_true(slices > 2); /* it stops when its work is done and goes on later */
    return lstm->finish(trainer);
}

static double error_of(const struct fore_net *net, const struct fore_panel *panel, float *grid)
{
    static float mean[SERIES * HORIZON];
    fore_model_find("lstm")->global->predict(net, panel, &arena, mean, grid);
    double sum = 0;
    for (size_t s = 0; s < SERIES; s++)
        for (size_t h = 0; h < HORIZON; h++)
            sum += fabs((double)mean[s * HORIZON + h] / (double)load[s][N - HORIZON + h] - 1);
    return sum / (SERIES * HORIZON);
}

static void it_learns_a_season_and_its_quantiles_do_not_cross(void **state)
{
    struct fore_series_view view[SERIES];
    struct fore_panel panel = panel_of(view, N - HORIZON);
    struct fore_net *net = trained(&panel, NULL);
    static float grid[SERIES * HORIZON * FORE_LEVELS];
    double error = error_of(net, &panel, grid);
    assert_true(error < 0.055); /* the noise alone is .04, yesterday's and today's .056 */
    for (size_t i = 0; i < FORE_COUNTOF(grid); i++) {
        assert_true(grid[i] > 0.0f);
        if (i % FORE_LEVELS > 0) assert_true(grid[i] >= grid[i - 1]);
    }
    fore_lstm_destroy(net);
}

static void a_saved_net_says_the_same_and_a_damaged_one_nothing(void **state)
{
    struct fore_series_view view[SERIES];
    struct fore_panel panel = panel_of(view, N - HORIZON);
    struct fore_net *net = trained(&panel, NULL), *again = NULL;
    const struct fore_global *lstm = fore_model_find("lstm")->global;
    struct fore_buf bytes = {0};
    struct fore_diag diag = {0};
    fore_net_save(lstm, net, &bytes);
    assert_int_equal(fore_net_load(lstm, bytes.data, bytes.len, &again, &diag), FORE_E_OK);
    expect_near(error_of(net, &panel, NULL), error_of(again, &panel, NULL), 0.0);
    fore_lstm_destroy(again);
    for (size_t at = 0; at < bytes.len; at += bytes.len / 40) {
        bytes.data[at] ^= 0x10;
        assert_int_equal(fore_net_load(lstm, bytes.data, bytes.len, &again, &diag), FORE_E_FORMAT);
        assert_null(again);
        bytes.data[at] ^= 0x10;
        assert_int_equal(fore_net_load(lstm, bytes.data, at, &again, &diag), FORE_E_FORMAT);
    }
    fore_buf_fini(&bytes);
    fore_lstm_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_the_loss),
        cmocka_unit_test(it_learns_a_season_and_its_quantiles_do_not_cross),
        cmocka_unit_test(a_saved_net_says_the_same_and_a_damaged_one_nothing),
    };
    return cmocka_run_group_tests_name("core/forecast/lstm", tests, NULL, teardown);
}
