/* backend_stand_in.c - a cluster that is stepped, paced by our clock (backend.h). */
#include "live/backend.h"
#include "live/base/clock.h"
#include "live/config.h"

#include <stdlib.h>

enum { NAP_MS = 5 };

struct stand_in {
    const struct live_stand_in *table;
    void *self;
};

static void work(void *self, fore_ns span)
{
    (void)self;
    uint64_t ms = span / FORE_MS;
    live_clock_sleep_ms(ms < NAP_MS ? ms : NAP_MS);
}

static enum fore_err pass(void *self, fore_ns window, bool *ended, struct fore_diag *diag)
{
    struct stand_in *s = self;
    (void)window; /* it was opened with it */
    return s->table->window(s->self, ended, diag);
}

static void close_stand_in(void *self)
{
    struct stand_in *s = self;
    if (s->self != NULL) s->table->close(s->self);
    free(s);
}

static const struct live_backend_ops stand_in_ops = {
    .name = "sim", .work = work, .pass = pass, .close = close_stand_in};

enum fore_err live_backend_stand_in(const struct live_config *config,
                                    const struct live_stand_in *stand_in, uint64_t seed,
                                    struct live_backend *out, struct fore_diag *diag)
{
    if (stand_in == NULL)
        return fore_err_set(diag, FORE_E_UNSUPPORTED,
                            "live.driver = \"sim\": this program was built without the simulator");
    struct stand_in *s = calloc(1, sizeof *s);
    FORE_ASSERT(s != NULL);
    s->table = stand_in;
    *out = (struct live_backend){.ops = &stand_in_ops, .self = s};
    return stand_in->open(config->live.scenario, config->engine.observe.window, seed, &s->self,
                          &out->door, &out->slo, diag);
}
