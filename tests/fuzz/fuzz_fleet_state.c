/* fuzz_fleet_state.c - any bytes as a fleet's saved state, framed with a right checksum so that the
 * parts themselves are read: taken and usable, or refused with a sentence. */
#include "core/base/bytes.h"
#include "core/forecast/fleet.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAP = 4, POINTS = 64, STEPS = 3 };

static struct fore_fleet *fleet_of(const struct fore_observe *observe)
{
    static const char *const members[] = {"naive", "ses", "trees"};
    const struct fore_forecast_options options = {
        .model = "ensemble",
        .members = {members, FORE_COUNTOF(members)},
        .horizon = STEPS * 60 * FORE_SEC,
        .refit_every = 3600 * FORE_SEC,
        .refresh_every = 60 * FORE_SEC,
        .origins = 8,
        .origin_every = 60 * FORE_SEC,
        .spar_periods = 2,
        .spar_recent = 2,
        .ridge = 1e-4,
        .floor_share = 0.8,
    };
    return fore_fleet_create(&options, observe, NULL);
}

static void use(struct fore_fleet *fleet, struct fore_observe *observe)
{
    struct fore_partition parts[CAP] = {{.alive = true}, {.alive = true}};
    struct fore_topology topology = {
        .partition = parts, .partition_cap = CAP, .partition_count = 2, .alive_count = 2};
    struct fore_arena scratch = {0};
    float load[2] = {1.0f, 2.0f};
    const float *const value[] = {load, load, load, load};
    for (fore_ns i = 1; i <= 20; i++) {
        fore_history_append(observe->history, i * 60 * FORE_SEC, value, 2);
        (void)fore_fleet_refresh(fleet, observe, &topology, i * 60 * FORE_SEC, &scratch);
    }
    const struct fore_scenario *said = fore_fleet_scenario(fleet, FORE_SCENARIO_FORECAST);
    for (size_t i = 0; i < (size_t)2 * STEPS; i++)
        FORE_ASSERT(isfinite(said->mean[i]) && said->mean[i] >= 0.0f);
    fore_arena_fini(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fore_history_shape shape = {
        .step = {60 * FORE_SEC, 60 * FORE_SEC, 3600 * FORE_SEC},
        .length = {4,             POINTS,        4              },
    };
    struct fore_observe_partition seen[CAP] = {{0}};
    struct fore_observe observe = {.partition = seen, .partition_cap = CAP};
    struct fore_buf payload = {0}, framed = {0};
    struct fore_diag diag = {0};
    observe.options.window = 60 * FORE_SEC;
    observe.history = fore_history_create(&shape, CAP);
    fore_buf_append(&payload, data, size);
    fore_frame_write("fleet", &payload, &framed);
    struct fore_fleet *fleet = fleet_of(&observe);
    enum fore_err err = fore_fleet_load(fleet, framed.data, framed.len, &diag);
    FORE_ASSERT(err == FORE_E_OK || diag.text[0] != '\0');
    if (err == FORE_E_OK) use(fleet, &observe);
    fore_fleet_destroy(fleet);
    fore_history_destroy(observe.history);
    fore_buf_fini(&payload);
    fore_buf_fini(&framed);
    return 0;
}
