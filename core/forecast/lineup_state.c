/*
 * lineup_state.c - what a line-up has learned, as bytes: who is trusted how much, and the nets.
 * Fits are not kept: they are made anew from the series in a moment. What had been said and not yet
 * judged is not kept either.
 */
#include "core/base/bytes.h"
#include "core/forecast/lineup_parts.h"

static void write_net(const struct fore_lineup_net *kept, const struct fore_global *global,
                      uint64_t points, struct fore_buf *out)
{
    struct fore_buf net = {0};
    if (kept->net) fore_net_save(global, kept->net, &net);
    fore_bytes_put_u64(out, kept->train_at > points ? kept->train_at - points : 0);
    fore_bytes_put_u64(out, net.len);
    if (net.len > 0) fore_buf_append(out, net.data, net.len);
    fore_buf_fini(&net);
}

void fore_lineup_write(const struct fore_lineup *lineup, uint64_t points, struct fore_buf *out)
{
    const struct fore_lineup_options *options = &lineup->options;
    fore_bytes_put_u32(out, (uint32_t)options->horizon);
    fore_bytes_put_u32(out, (uint32_t)options->member_count);
    for (size_t m = 0; m < options->member_count; m++)
        fore_bytes_put_text(out, options->member[m]->name);
    uint32_t told = 0;
    for (uint32_t i = 0; i < options->partition_cap; i++)
        if (lineup->slot[i] && lineup->slot[i]->ensemble) told++;
    fore_bytes_put_u32(out, told);
    for (uint32_t i = 0; i < options->partition_cap; i++) {
        if (!lineup->slot[i] || !lineup->slot[i]->ensemble) continue;
        fore_bytes_put_u32(out, i);
        fore_ensemble_write(lineup->slot[i]->ensemble, out);
    }
    for (size_t m = 0; m < options->member_count; m++)
        for (size_t g = 0; options->member[m]->global && g < FORE_LINEUP_GROUPS; g++)
            write_net(&lineup->net[m][g], options->member[m]->global, points, out);
}

/* ---- back ------------------------------------------------------------------------------------ */

static void read_slots(struct fore_lineup *lineup, struct fore_bytes_cursor *c)
{
    uint32_t told = fore_bytes_get_u32(c);
    for (uint32_t i = 0, least = 0; i < told && c->sound; i++) {
        uint32_t index = fore_bytes_get_u32(c);
        c->sound = c->sound && index >= least && index < lineup->options.partition_cap &&
                   lineup->options.member_count > 1;
        if (!c->sound) return;
        fore_ensemble_read(fore_lineup_slot(lineup, index)->ensemble, c);
        least = index + 1;
    }
}

static enum fore_err read_net(struct fore_lineup_net *kept, const struct fore_global *global,
                              struct fore_bytes_cursor *c, struct fore_diag *diag)
{
    uint64_t wait = fore_bytes_get_u64(c), size = fore_bytes_get_u64(c);
    c->sound = c->sound && size <= (uint64_t)(c->end - c->at);
    if (!c->sound || size == 0) return FORE_E_OK;
    FORE_TRY(fore_net_load(global, c->at, (size_t)size, &kept->net, diag));
    kept->train_wait = wait;
    c->at += size;
    return FORE_E_OK;
}

static enum fore_err read_nets(struct fore_lineup *lineup, struct fore_bytes_cursor *c,
                               struct fore_diag *diag)
{
    for (size_t m = 0; m < lineup->options.member_count; m++) {
        const struct fore_global *global = lineup->options.member[m]->global;
        for (size_t g = 0; global && c->sound && g < FORE_LINEUP_GROUPS; g++)
            FORE_TRY(read_net(&lineup->net[m][g], global, c, diag));
    }
    return FORE_E_OK;
}

enum fore_err fore_lineup_read(struct fore_lineup *lineup, struct fore_bytes_cursor *c,
                               struct fore_diag *diag)
{
    const struct fore_lineup_options *options = &lineup->options;
    bool same =
        fore_bytes_get_u32(c) == options->horizon && fore_bytes_get_u32(c) == options->member_count;
    for (size_t m = 0; same && m < options->member_count; m++)
        fore_bytes_expect_text(c, options->member[m]->name);
    if (!same || !c->sound)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "the state was made with another horizon or other members");
    read_slots(lineup, c);
    return read_nets(lineup, c, diag);
}
