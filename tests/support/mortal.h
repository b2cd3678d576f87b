/*
 * mortal.h - a driver whose caller dies: at its `last_call` the caller learns nothing any more,
 * whether the cluster carried that call out (`answered`) or not. Included by one file a test.
 */
#ifndef TEST_MORTAL_H
#define TEST_MORTAL_H

#include "core/cluster/driver.h"

static struct mortal {
    struct fore_driver_ops inner;
    uint64_t calls, last_call; /* 0: it lives */
    bool answered, dead;
} mortal;

/* Runs `call` unless the caller is dead by then; dead callers learn nothing and change nothing. */
#define MORTAL(call)                                                    \
    do {                                                                \
        if (mortal.dead) return FORE_E_UNREACHABLE;                     \
        mortal.dead = ++mortal.calls == mortal.last_call;               \
        if (mortal.dead && !mortal.answered) return FORE_E_UNREACHABLE; \
        enum fore_err err = mortal.inner.call;                          \
        return mortal.dead ? FORE_E_UNREACHABLE : err;                  \
    } while (0)

static inline enum fore_err m_topology(void *self, const struct fore_topology **out)
{
    MORTAL(topology(self, out));
}
static inline enum fore_err m_begin(void *self, const struct fore_move *move, fore_ticket *out)
{
    MORTAL(begin(self, move, out));
}
static inline enum fore_err m_poll(void *self, fore_ticket ticket, struct fore_move_status *out)
{
    MORTAL(poll(self, ticket, out));
}
static inline enum fore_err m_cancel(void *self, fore_ticket ticket)
{
    MORTAL(cancel(self, ticket));
}
static inline enum fore_err m_digest(void *self, uint32_t partition, uint16_t node, uint64_t *out)
{
    MORTAL(digest(self, partition, node, out));
}
static inline enum fore_err m_content(void *self, uint32_t partition, uint16_t node,
                                      struct fore_content *out)
{
    MORTAL(content(self, partition, node, out));
}
static inline enum fore_err m_probe(void *self, uint64_t position, uint32_t partition,
                                    uint16_t node, uint64_t *out)
{
    MORTAL(probe(self, position, partition, node, out));
}
static inline enum fore_err m_tickets(void *self, struct fore_driver_ticket *out, uint32_t cap,
                                      uint32_t *count)
{
    MORTAL(tickets(self, out, cap, count));
}
static inline enum fore_err m_compare(void *self, fore_ticket ticket, uint64_t *rows,
                                      uint64_t *copy)
{
    MORTAL(compare(self, ticket, rows, copy));
}
static inline enum fore_err m_cutover(void *self, fore_ticket ticket)
{
    MORTAL(cutover(self, ticket));
}
static inline enum fore_err m_sweep(void *self, fore_ticket ticket, uint64_t *orphans)
{
    MORTAL(sweep(self, ticket, orphans));
}

static inline void make_mortal(struct fore_driver_ops *ops)
{
    mortal.inner = *ops;
    ops->topology = m_topology;
    ops->begin = m_begin;
    ops->poll = m_poll;
    ops->cancel = m_cancel;
    ops->digest = m_digest;
    ops->content = m_content;
    ops->probe = m_probe;
    ops->tickets = m_tickets;
    ops->compare = m_compare;
    ops->cutover = m_cutover;
    ops->sweep = m_sweep;
}

#endif
