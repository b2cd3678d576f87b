/* driver.c - the table of operations; the work is done in moves.c and ticket.c. */
#include "sim/driver.h"

static fore_ns now(void *self)
{
    const struct sim_driver *driver = self;
    return driver->now;
}

static enum fore_err topology(void *self, const struct fore_topology **out)
{
    const struct sim_driver *driver = self;
    *out = &driver->cluster->topology;
    return FORE_E_OK;
}

static enum fore_err sample(void *self, struct fore_sample *out)
{
    struct sim_driver *driver = self;
    if (driver->sample == NULL) return FORE_E_AGAIN;
    *out = *driver->sample;
    driver->sample = NULL;
    return FORE_E_OK;
}

static enum fore_err begin(void *self, const struct fore_move *move, fore_ticket *out)
{
    struct sim_driver *driver = self;
    return sim_moves_begin(driver->moves, move, out);
}

static enum fore_err poll(void *self, fore_ticket ticket, struct fore_move_status *out)
{
    struct sim_driver *driver = self;
    return sim_moves_poll(driver->moves, ticket, out);
}

static enum fore_err throttle(void *self, fore_ticket ticket, double bytes_per_sec_max)
{
    struct sim_driver *driver = self;
    return sim_moves_throttle(driver->moves, ticket, bytes_per_sec_max);
}

static enum fore_err cancel(void *self, fore_ticket ticket)
{
    struct sim_driver *driver = self;
    return sim_moves_cancel(driver->moves, ticket);
}

static enum fore_err digest(void *self, uint32_t partition, uint16_t node, uint64_t *out)
{
    struct sim_driver *driver = self;
    return sim_moves_digest(driver->moves, partition, node, out);
}

static enum fore_err content(void *self, uint32_t partition, uint16_t node,
                             struct fore_content *out)
{
    struct sim_driver *driver = self;
    return sim_moves_content(driver->moves, partition, node, out);
}

static enum fore_err tickets(void *self, struct fore_driver_ticket *out, uint32_t cap,
                             uint32_t *count)
{
    struct sim_driver *driver = self;
    return sim_moves_tickets(driver->moves, out, cap, count);
}

static enum fore_err compare(void *self, fore_ticket ticket, uint64_t *rows, uint64_t *copy)
{
    struct sim_driver *driver = self;
    return sim_moves_compare(driver->moves, ticket, rows, copy);
}

static enum fore_err cutover(void *self, fore_ticket ticket)
{
    struct sim_driver *driver = self;
    return sim_moves_cutover(driver->moves, ticket);
}

static enum fore_err sweep(void *self, fore_ticket ticket, uint64_t *orphans)
{
    struct sim_driver *driver = self;
    return sim_moves_sweep(driver->moves, ticket, orphans);
}

static void split_cost(void *self, struct fore_split_cost *out)
{
    struct sim_driver *driver = self;
    *out = driver->cluster->split_cost;
}

static void close_door(void *self)
{
    (void)self;
}

static const struct fore_driver_ops sim_ops = {
    .name = "sim",
    .caps = FORE_CAP_MOVE | FORE_CAP_SPLIT | FORE_CAP_REPLICA | FORE_CAP_THROTTLE |
            FORE_CAP_CANCEL | FORE_CAP_DIGEST | FORE_CAP_KEYS | FORE_CAP_NODES | FORE_CAP_VERTICAL |
            FORE_CAP_TICKETS,
    .now = now,
    .topology = topology,
    .sample = sample,
    .begin = begin,
    .poll = poll,
    .throttle = throttle,
    .cancel = cancel,
    .digest = digest,
    .content = content,
    .tickets = tickets,
    .compare = compare,
    .cutover = cutover,
    .sweep = sweep,
    .split_cost = split_cost,
    .close = close_door,
};

struct fore_driver sim_driver_door(struct sim_driver *driver)
{
    driver->ops = sim_ops;
    if (!driver->cluster->elastic) driver->ops.caps &= ~(uint32_t)FORE_CAP_NODES;
    if (driver->cluster->content) driver->ops.caps |= FORE_CAP_CONTENT;
    if (!driver->cluster->columns) driver->ops.caps &= ~(uint32_t)FORE_CAP_VERTICAL;
    return (struct fore_driver){.ops = &driver->ops, .self = driver};
}
