/* desk_orders.c - how an order gets from the desk to the engine: past the tape, which must see it
 * before what it makes the engine ask of the cluster. */
#include "live/api/desk.h"

#include <stdarg.h>
#include <string.h>

enum fore_err live_desk_order(struct live_desk *desk, struct live_order *order,
                              struct live_order_outcome *outcome, struct fore_diag *diag)
{
    struct live_order_outcome unseen = {.taken = 0};
    order->now = fore_driver_now(desk->backend->door);
    if (desk->order_seen != NULL) desk->order_seen(desk->order_self, order);
    enum fore_err err =
        live_order_do(desk->engine, order, outcome != NULL ? outcome : &unseen, diag);
    desk->touched = true;
    return err;
}

void live_desk_note(struct live_desk *desk, enum fore_order_kind kind, uint64_t plan,
                    const char *format, ...)
{
    struct fore_buf said = {0};
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fore_buf_puts(&said, text);
    struct live_order order = {.kind = kind, .plan_id = plan, .done = true, .said = said.data};
    enum fore_err err = live_desk_order(desk, &order, NULL, NULL);
    FORE_ASSERT(err == FORE_E_OK);
    fore_buf_fini(&said);
}

/* Redis takes a key's slot from what is between the first { and the next }, where that is not
 * nothing; else from all of it. */
void live_desk_sharding_advice(const struct live_desk *desk, const char *key, struct fore_buf *out)
{
    const char *open = strchr(key, '{');
    int len = open != NULL ? (int)strcspn(open + 1, "}") : 0;
    fore_buf_puts(out, "");
    if (key[0] == '\0') return;
    fore_buf_puts(out, "advice: ");
    if (desk->config->live.driver == LIVE_DRIVER_SIM)
        fore_buf_puts(out, "the simulated cluster's keys are its workload's; on Redis ");
    if (open != NULL)
        fore_buf_printf(out,
                        "the slot of such a key is that of \"%.*s\", so keys that share it stay "
                        "together whatever is moved",
                        len, open + 1);
    else
        fore_buf_printf(out,
                        "the whole key is hashed; keys that are to stay together share a part in "
                        "braces, as \"{%s}\"",
                        key);
    fore_buf_puts(out,
                  "; applications choose their keys' names, so none is renamed or moved for it");
}
