/*
 * driver_faulty.c - a driver in front of a driver that fails one chosen call.
 *
 * Running a script with fail_at = 1, 2, 3 ... until nothing fails any more visits every place where
 * the world can let the engine down. The failing call does not reach the cluster: a caller may only
 * conclude that it has to ask.
 */
#include "core/cluster/driver.h"

/* True when this is the call that fails. */
static bool fails(struct fore_driver_fault *fault)
{
    fault->calls++;
    return fault->calls == fault->fail_at;
}

static fore_ns faulty_now(void *self)
{
    struct fore_driver_fault *fault = self;
    return fore_driver_now(fault->inner);
}

static enum fore_err faulty_topology(void *self, const struct fore_topology **out)
{
    struct fore_driver_fault *fault = self;
    return fails(fault) ? fault->failure : fore_driver_topology(fault->inner, out);
}

static enum fore_err faulty_sample(void *self, struct fore_sample *out)
{
    struct fore_driver_fault *fault = self;
    return fails(fault) ? fault->failure : fore_driver_sample(fault->inner, out);
}

static enum fore_err faulty_begin(void *self, const struct fore_move *move, fore_ticket *out)
{
    struct fore_driver_fault *fault = self;
    return fails(fault) ? fault->failure : fore_driver_begin(fault->inner, move, out);
}

static enum fore_err faulty_poll(void *self, fore_ticket ticket, struct fore_move_status *out)
{
    struct fore_driver_fault *fault = self;
    return fails(fault) ? fault->failure : fore_driver_poll(fault->inner, ticket, out);
}

static enum fore_err faulty_throttle(void *self, fore_ticket ticket, double bytes_per_sec_max)
{
    struct fore_driver_fault *fault = self;
    if (fails(fault)) return fault->failure;
    return fore_driver_throttle(fault->inner, ticket, bytes_per_sec_max);
}

static enum fore_err faulty_cancel(void *self, fore_ticket ticket)
{
    struct fore_driver_fault *fault = self;
    return fails(fault) ? fault->failure : fore_driver_cancel(fault->inner, ticket);
}

static enum fore_err faulty_digest(void *self, uint32_t partition, uint16_t node, uint64_t *out)
{
    struct fore_driver_fault *fault = self;
    return fails(fault) ? fault->failure : fore_driver_digest(fault->inner, partition, node, out);
}

static enum fore_err faulty_content(void *self, uint32_t partition, uint16_t node,
                                    struct fore_content *out)
{
    struct fore_driver_fault *fault = self;
    return fails(fault) ? fault->failure : fore_driver_content(fault->inner, partition, node, out);
}

static enum fore_err faulty_probe(void *self, uint64_t position, uint32_t partition, uint16_t node,
                                  uint64_t *out)
{
    struct fore_driver_fault *fault = self;
    if (fails(fault)) return fault->failure;
    return fore_driver_probe(fault->inner, position, partition, node, out);
}

static enum fore_err faulty_tickets(void *self, struct fore_driver_ticket *out, uint32_t cap,
                                    uint32_t *count)
{
    struct fore_driver_fault *fault = self;
    return fails(fault) ? fault->failure : fore_driver_tickets(fault->inner, out, cap, count);
}

static enum fore_err faulty_compare(void *self, fore_ticket ticket, uint64_t *rows, uint64_t *copy)
{
    struct fore_driver_fault *fault = self;
    return fails(fault) ? fault->failure : fore_driver_compare(fault->inner, ticket, rows, copy);
}

static enum fore_err faulty_cutover(void *self, fore_ticket ticket)
{
    struct fore_driver_fault *fault = self;
    return fails(fault) ? fault->failure : fore_driver_cutover(fault->inner, ticket);
}

static enum fore_err faulty_sweep(void *self, fore_ticket ticket, uint64_t *orphans)
{
    struct fore_driver_fault *fault = self;
    return fails(fault) ? fault->failure : fore_driver_sweep(fault->inner, ticket, orphans);
}

static void faulty_split_cost(void *self, struct fore_split_cost *out)
{
    struct fore_driver_fault *fault = self;
    *out = fore_driver_split_cost(fault->inner);
}

static void faulty_close(void *self)
{
    struct fore_driver_fault *fault = self;
    fore_driver_close(fault->inner);
}

struct fore_driver fore_driver_faulty(struct fore_driver_fault *fault)
{
    FORE_ASSERT(fault->fail_at == 0 || fault->failure != FORE_E_OK);
    fault->ops = (struct fore_driver_ops){
        .name = fault->inner.ops->name,
        .caps = fault->inner.ops->caps,
        .now = faulty_now,
        .topology = faulty_topology,
        .sample = faulty_sample,
        .begin = faulty_begin,
        .poll = faulty_poll,
        .throttle = faulty_throttle,
        .cancel = faulty_cancel,
        .digest = faulty_digest,
        .content = faulty_content,
        .probe = faulty_probe,
        .tickets = faulty_tickets,
        .compare = faulty_compare,
        .cutover = faulty_cutover,
        .sweep = faulty_sweep,
        .split_cost = faulty_split_cost,
        .close = faulty_close,
    };
    return (struct fore_driver){.ops = &fault->ops, .self = fault};
}
