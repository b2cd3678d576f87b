/* engine_kept.c - what an engine has learned, as bytes, for the one that comes after it. */
#include "core/base/bytes.h"
#include "core/engine_state.h"

static const char kind_of_state[] = "engine";

static void put_part(const struct fore_buf *part, struct fore_buf *out)
{
    fore_bytes_put_u64(out, part->len);
    fore_buf_append(out, part->data, part->len);
}

void fore_engine_save(const struct fore_engine *engine, struct fore_buf *out)
{
    struct fore_buf state = {0}, part = {0};
    fore_observe_save(engine->observe, &part);
    put_part(&part, &state);
    fore_buf_reset(&part);
    fore_fleet_save(engine->fleet, &part);
    put_part(&part, &state);
    if (engine->sizes != NULL) {
        fore_buf_reset(&part);
        fore_sizes_save(engine->sizes, &part);
        put_part(&part, &state);
    }
    fore_frame_write(kind_of_state, &state, out);
    fore_buf_fini(&part);
    fore_buf_fini(&state);
}

/* The next part lies at the cursor. */
static bool take_part(struct fore_bytes_cursor *c, const void **bytes, size_t *size)
{
    uint64_t len = fore_bytes_get_u64(c);
    c->sound = c->sound && len <= (uint64_t)(c->end - c->at);
    if (!c->sound) return false;
    *bytes = c->at;
    *size = (size_t)len;
    c->at += len;
    return true;
}

enum fore_err fore_engine_load(struct fore_engine *engine, const void *bytes, size_t size,
                               struct fore_diag *diag)
{
    struct fore_bytes_cursor c;
    const void *history, *fleet, *sizes = NULL;
    size_t history_size, fleet_size, sizes_size = 0;
    FORE_ASSERT(engine->observe->windows == 0);
    FORE_TRY(fore_frame_read(kind_of_state, bytes, size, &c, diag));
    if (!take_part(&c, &history, &history_size) || !take_part(&c, &fleet, &fleet_size) ||
        (c.at != c.end && !take_part(&c, &sizes, &sizes_size)) || c.at != c.end)
        return fore_err_set(diag, FORE_E_FORMAT, "the parts of the state do not fit together");
    FORE_TRY(fore_observe_load(engine->observe, history, history_size, diag));
    if (sizes != NULL && engine->sizes != NULL) /* kept since there has been a ceiling */
        FORE_TRY(fore_sizes_load(engine->sizes, sizes, sizes_size, diag));
    return fore_fleet_load(engine->fleet, fleet, fleet_size, diag);
}

void fore_engine_seed(struct fore_engine *engine, fore_ns end, const float *load,
                      uint32_t partition_count)
{
    fore_observe_seed(engine->observe, end, load, partition_count);
}
