/*
 * driver.c - the checked calls: one place that holds every driver, and its caller, to the contract.
 *
 * Before a call: the caller's arguments make sense and the driver has the capability (if not, the
 * answer is UNSUPPORTED and the driver is not asked). After it: what came back is what driver.h
 * promises. A broken promise is a bug in a driver, so it stops here and not three layers up.
 */
#include "core/cluster/driver.h"

const char *fore_move_kind_text(enum fore_move_kind kind)
{
    static const char *const text[] = {
#define X(name, words) words,
        FORE_MOVE_KIND_MAP(X)
#undef X
    };
    FORE_ASSERT((size_t)kind < FORE_COUNTOF(text));
    return text[kind];
}

const char *fore_move_phase_text(enum fore_move_phase phase)
{
    static const char *const text[] = {
#define X(name, words) words,
        FORE_MOVE_PHASE_MAP(X)
#undef X
    };
    FORE_ASSERT((size_t)phase < FORE_COUNTOF(text));
    return text[phase];
}

uint32_t fore_driver_caps_for(enum fore_move_kind kind)
{
    switch (kind) {
    case FORE_MOVE_MOVE: return FORE_CAP_MOVE;
    case FORE_MOVE_SPLIT:
    case FORE_MOVE_MERGE: return FORE_CAP_SPLIT;
    case FORE_MOVE_ADD_REPLICA:
    case FORE_MOVE_DROP_REPLICA: return FORE_CAP_REPLICA;
    case FORE_MOVE_ADD_NODE:
    case FORE_MOVE_REMOVE_NODE: return FORE_CAP_NODES;
    case FORE_MOVE_VERTICAL_SPLIT:
    case FORE_MOVE_VERTICAL_MERGE: return FORE_CAP_VERTICAL;
    case FORE_MOVE_KINDS: break;
    }
    return UINT32_MAX;
}

static enum fore_err promise_known(enum fore_err err)
{
    FORE_ASSERT(err >= FORE_E_OK && err <= FORE_E_REFUSED);
    return err;
}

bool fore_driver_can(struct fore_driver driver, uint32_t caps)
{
    return (driver.ops->caps & caps) == caps;
}

fore_ns fore_driver_now(struct fore_driver driver)
{
    return driver.ops->now(driver.self);
}

enum fore_err fore_driver_topology(struct fore_driver driver, const struct fore_topology **out)
{
    FORE_ASSERT(out != NULL);
    FORE_TRY(promise_known(driver.ops->topology(driver.self, out)));
    FORE_ASSERT(*out != NULL);
    FORE_ASSERT((*out)->partition_count <= (*out)->partition_cap);
    FORE_ASSERT((*out)->alive_count <= (*out)->partition_count);
    return FORE_E_OK;
}

enum fore_err fore_driver_sample(struct fore_driver driver, struct fore_sample *out)
{
    FORE_ASSERT(out != NULL);
    FORE_TRY(promise_known(driver.ops->sample(driver.self, out)));
    FORE_ASSERT(out->begin < out->end);
    FORE_ASSERT(out->partition_count == 0 || out->partition != NULL);
    FORE_ASSERT(out->node_count == 0 || out->node != NULL);
    FORE_ASSERT(out->key_count == 0 || out->key != NULL);
    return FORE_E_OK;
}

enum fore_err fore_driver_begin(struct fore_driver driver, const struct fore_move *move,
                                fore_ticket *out)
{
    FORE_ASSERT(move != NULL && out != NULL);
    FORE_ASSERT(move->bytes_per_sec_max >= 0.0);
    FORE_ASSERT((unsigned)move->kind < FORE_MOVE_KINDS);
    if (!fore_driver_can(driver, fore_driver_caps_for(move->kind))) return FORE_E_UNSUPPORTED;
    FORE_TRY(promise_known(driver.ops->begin(driver.self, move, out)));
    FORE_ASSERT(*out != 0);
    return FORE_E_OK;
}

enum fore_err fore_driver_poll(struct fore_driver driver, fore_ticket ticket,
                               struct fore_move_status *out)
{
    FORE_ASSERT(out != NULL);
    FORE_TRY(promise_known(driver.ops->poll(driver.self, ticket, out)));
    FORE_ASSERT((unsigned)out->phase < FORE_MOVE_PHASES);
    bool cut_over = out->phase == FORE_PHASE_SWEEPING || out->phase == FORE_PHASE_DONE;
    FORE_ASSERT(out->partition_new == FORE_PARTITION_NONE || cut_over);
    return FORE_E_OK;
}

enum fore_err fore_driver_throttle(struct fore_driver driver, fore_ticket ticket,
                                   double bytes_per_sec_max)
{
    FORE_ASSERT(bytes_per_sec_max >= 0.0);
    if (!fore_driver_can(driver, FORE_CAP_THROTTLE)) return FORE_E_UNSUPPORTED;
    return promise_known(driver.ops->throttle(driver.self, ticket, bytes_per_sec_max));
}

enum fore_err fore_driver_cancel(struct fore_driver driver, fore_ticket ticket)
{
    if (!fore_driver_can(driver, FORE_CAP_CANCEL)) return FORE_E_UNSUPPORTED;
    return promise_known(driver.ops->cancel(driver.self, ticket));
}

enum fore_err fore_driver_digest(struct fore_driver driver, uint32_t partition, uint16_t node,
                                 uint64_t *out)
{
    FORE_ASSERT(out != NULL);
    if (!fore_driver_can(driver, FORE_CAP_DIGEST)) return FORE_E_UNSUPPORTED;
    return promise_known(driver.ops->digest(driver.self, partition, node, out));
}

enum fore_err fore_driver_content(struct fore_driver driver, uint32_t partition, uint16_t node,
                                  struct fore_content *out)
{
    FORE_ASSERT(out != NULL);
    if (!fore_driver_can(driver, FORE_CAP_CONTENT)) return FORE_E_UNSUPPORTED;
    return promise_known(driver.ops->content(driver.self, partition, node, out));
}

enum fore_err fore_driver_probe(struct fore_driver driver, uint64_t position, uint32_t partition,
                                uint16_t node, uint64_t *out)
{
    FORE_ASSERT(out != NULL);
    if (!fore_driver_can(driver, FORE_CAP_PROBE)) return FORE_E_UNSUPPORTED;
    return promise_known(driver.ops->probe(driver.self, position, partition, node, out));
}

enum fore_err fore_driver_tickets(struct fore_driver driver, struct fore_driver_ticket *out,
                                  uint32_t cap, uint32_t *count)
{
    FORE_ASSERT(count != NULL && (out != NULL || cap == 0));
    if (!fore_driver_can(driver, FORE_CAP_TICKETS)) return FORE_E_UNSUPPORTED;
    FORE_TRY(promise_known(driver.ops->tickets(driver.self, out, cap, count)));
    for (uint32_t i = 0; i < cap && i < *count; i++) {
        FORE_ASSERT(out[i].ticket != 0);
        FORE_ASSERT((unsigned)out[i].move.kind < FORE_MOVE_KINDS);
    }
    return FORE_E_OK;
}

enum fore_err fore_driver_compare(struct fore_driver driver, fore_ticket ticket, uint64_t *rows,
                                  uint64_t *copy)
{
    FORE_ASSERT(rows != NULL && copy != NULL);
    if (!fore_driver_can(driver, FORE_CAP_VERTICAL)) return FORE_E_UNSUPPORTED;
    return promise_known(driver.ops->compare(driver.self, ticket, rows, copy));
}

enum fore_err fore_driver_cutover(struct fore_driver driver, fore_ticket ticket)
{
    return promise_known(driver.ops->cutover(driver.self, ticket));
}

enum fore_err fore_driver_sweep(struct fore_driver driver, fore_ticket ticket, uint64_t *orphans)
{
    FORE_ASSERT(orphans != NULL);
    return promise_known(driver.ops->sweep(driver.self, ticket, orphans));
}

struct fore_split_cost fore_driver_split_cost(struct fore_driver driver)
{
    struct fore_split_cost cost = {0};
    if (driver.ops->split_cost != NULL) driver.ops->split_cost(driver.self, &cost);
    FORE_ASSERT(cost.overhead_share >= 0.0 && cost.overhead_share < 1.0);
    FORE_ASSERT(cost.pause_s >= 0.0);
    return cost;
}

void fore_driver_close(struct fore_driver driver)
{
    driver.ops->close(driver.self);
}
