/*
 * fleet_state.c - a fleet's calibration as bytes: how wrong every partition's forecasts have been
 * (two spreads a lead), the shape of those errors, what the line-up has learned, and which
 * partitions are parts of what was one.
 *
 * Series are not here: the history keeps them, and a fleet takes them from it. The residual paths
 * are not kept either; the spreads they taught speak until as many new ones are finished as a
 * spread needs. State for other options is refused whole, damage too. State from before kin were
 * kept ends without them: all else of it is taken, and no two are kin.
 */
#include "core/base/bytes.h"
#include "core/forecast/fleet_parts.h"
#include "core/forecast/spread.h"

#include <stdlib.h>
#include <string.h>

static const char kind_of_state[] = "fleet";

static void write_partition(const struct fore_fleet *fleet, uint32_t index, struct fore_buf *out)
{
    const struct fore_fleet_partition *p = fleet->partition[index];
    fore_bytes_put_u32(out, index);
    fore_bytes_put_double(out, p->level);
    fore_bytes_put_float(out, p->peak);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        for (size_t h = 0; h < fleet->steps; h++) {
            fore_bytes_put_float(out, p->common[kind][h]);
            fore_bytes_put_float(out, p->own[kind][h]);
        }
    }
}

/* Who has kin, ascending, and the next in the circle. */
static void write_kin(const struct fore_fleet *fleet, struct fore_buf *out)
{
    uint32_t parts = 0;
    for (uint32_t i = 0; i < fleet->partition_cap; i++)
        if (fleet->kin[i] != i) parts++;
    fore_bytes_put_u32(out, parts);
    for (uint32_t i = 0; i < fleet->partition_cap; i++) {
        if (fleet->kin[i] == i) continue;
        fore_bytes_put_u32(out, i);
        fore_bytes_put_u32(out, fleet->kin[i]);
    }
}

void fore_fleet_save(const struct fore_fleet *fleet, struct fore_buf *out)
{
    struct fore_buf state = {0};
    uint32_t known = 0;
    fore_bytes_put_u64(&state, fleet->step);
    fore_bytes_put_u32(&state, (uint32_t)fleet->steps);
    fore_bytes_put_u32(&state, fleet->partition_cap);
    for (int i = 0; i < FORE_PERIODS_MAX; i++)
        fore_bytes_put_u32(&state, fleet->period[i]);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++)
        fore_bytes_put_u32(&state, fleet->learned[kind]);
    fore_bytes_put_u32(&state, (uint32_t)fleet->shape_count);
    for (size_t i = 0; i < fleet->shape_count; i++)
        fore_bytes_put_double(&state, fleet->shape[i]);
    for (uint32_t i = 0; i < fleet->count; i++)
        if (fleet->partition[i]) known++;
    fore_bytes_put_u32(&state, known);
    for (uint32_t i = 0; i < fleet->count; i++)
        if (fleet->partition[i]) write_partition(fleet, i, &state);
    fore_lineup_write(fleet->lineup, fleet->points, &state);
    write_kin(fleet, &state);
    fore_frame_write(kind_of_state, &state, out);
    fore_buf_fini(&state);
}

/* ---- back ------------------------------------------------------------------------------------ */

static void read_partition(struct fore_fleet *fleet, uint32_t index, struct fore_bytes_cursor *c)
{
    struct fore_fleet_partition *p = fore_fleet_partition(fleet, index);
    p->level = fore_bytes_get_double(c);
    p->peak = fore_bytes_get_float(c);
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++) {
        for (size_t h = 0; h < fleet->steps; h++) {
            p->common[kind][h] = fore_bytes_get_float(c);
            p->own[kind][h] = fore_bytes_get_float(c);
            c->sound = c->sound && p->own[kind][h] >= 0.0f;
        }
    }
    c->sound = c->sound && p->level >= 0.0 && p->peak >= 0.0f;
}

static void read_spreads(struct fore_fleet *fleet, struct fore_bytes_cursor *c)
{
    uint32_t period[FORE_PERIODS_MAX], least = 0, last = 0;
    for (int i = 0; i < FORE_PERIODS_MAX; i++) {
        period[i] = fore_bytes_get_u32(c);
        c->sound = c->sound && (period[i] == 0 || (period[i] > last && period[i] < UINT32_MAX / 8));
        last = period[i] > 0 ? period[i] : UINT32_MAX;
    }
    if (fleet->told[0] == 0) memcpy(fleet->period, period, sizeof(period));
    for (int kind = 0; kind < FORE_SCENARIO_KINDS; kind++)
        fleet->learned[kind] = fore_bytes_get_u32(c) != 0;
    uint32_t shapes = fore_bytes_get_u32(c);
    c->sound = c->sound && shapes <= FORE_FLEET_SHAPE;
    for (uint32_t i = 0; c->sound && i < shapes; i++) {
        fleet->shape[i] = fore_bytes_get_double(c);
        c->sound = c->sound && (i == 0 || fleet->shape[i] >= fleet->shape[i - 1]);
    }
    fleet->shape_count = c->sound ? shapes : 0;
    uint32_t known = fore_bytes_get_u32(c);
    for (uint32_t i = 0; i < known && c->sound; i++) {
        uint32_t index = fore_bytes_get_u32(c);
        c->sound = c->sound && index >= least && index < fleet->partition_cap;
        if (!c->sound) break;
        read_partition(fleet, index, c);
        least = index + 1;
        if (least > fleet->count) fleet->count = least;
    }
}

/* Circles of known partitions: each that has a next one is the next of exactly one. */
static void read_kin(struct fore_fleet *fleet, struct fore_bytes_cursor *c)
{
    uint8_t *told = fore_fleet_memory(NULL, fleet->partition_cap, 1);
    uint32_t parts = fore_bytes_get_u32(c);
    for (uint32_t i = 0, least = 0; i < parts && c->sound; i++) {
        uint32_t index = fore_bytes_get_u32(c), next = fore_bytes_get_u32(c);
        c->sound = c->sound && index >= least && index < fleet->partition_cap &&
                   next < fleet->partition_cap && next != index && told[next] == 0 &&
                   fleet->partition[index] != NULL;
        if (!c->sound) break;
        fleet->kin[index] = next;
        told[next] = 1;
        least = index + 1;
    }
    for (uint32_t i = 0; i < fleet->partition_cap; i++)
        c->sound = c->sound && (fleet->kin[i] != i) == (told[i] != 0);
    free(told);
}

enum fore_err fore_fleet_load(struct fore_fleet *fleet, const void *bytes, size_t size,
                              struct fore_diag *diag)
{
    struct fore_bytes_cursor c;
    FORE_ASSERT(!fleet->started);
    FORE_TRY(fore_frame_read(kind_of_state, bytes, size, &c, diag));
    if (fore_bytes_get_u64(&c) != fleet->step || fore_bytes_get_u32(&c) != fleet->steps ||
        fore_bytes_get_u32(&c) != fleet->partition_cap)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "the state was made with another forecast.horizon, observe.mid_step or "
                            "number of partitions");
    read_spreads(fleet, &c);
    if (c.sound) FORE_TRY(fore_lineup_read(fleet->lineup, &c, diag));
    if (c.sound && c.at != c.end) read_kin(fleet, &c);
    if (!c.sound || c.at != c.end)
        return fore_err_set(diag, FORE_E_FORMAT, "the parts of the state do not fit together");
    return FORE_E_OK;
}
