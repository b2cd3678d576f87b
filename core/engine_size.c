/*
 * engine_size.c - the ceiling on what a partition holds (decide.size_max): sizes are followed, and
 * what they will be over the horizon is looked at once a decision.
 */
#include "core/engine_state.h"

void fore_engine_size_begin(struct fore_engine *engine)
{
    const struct fore_engine_options *options = engine->setup.options;
    fore_ns step = options->forecast.horizon / (FORE_SIZES_POINTS - 1);
    if (options->decide.size_max == 0) return;
    engine->sizes = fore_sizes_create(engine->partition_cap, step > 0 ? step : 1);
}

/* Which part grows how fast nobody knows: both begin anew. */
void fore_engine_size_changed(struct fore_engine *engine, uint32_t partition, uint32_t other)
{
    if (engine->sizes == NULL) return;
    fore_sizes_forget(engine->sizes, partition);
    fore_sizes_forget(engine->sizes, other);
}

const struct fore_size_outlook *fore_engine_size_look(struct fore_engine *engine,
                                                      const struct fore_topology *topology)
{
    if (engine->sizes == NULL) return NULL;
    const struct fore_engine_options *options = engine->setup.options;
    double horizon_s = (double)options->forecast.horizon / 1e9;
    struct fore_size_outlook *out =
        FORE_NEW(&engine->scratch, struct fore_size_outlook, topology->partition_cap);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        struct fore_sizes_point point[FORE_SIZES_POINTS + 1];
        if (!topology->partition[p].alive) continue;
        struct fore_size_model model =
            fore_size_fit(point, fore_sizes_read(engine->sizes, p, point));
        out[p] = fore_size_look(&model, (double)options->decide.size_max, horizon_s);
    }
    return out;
}
