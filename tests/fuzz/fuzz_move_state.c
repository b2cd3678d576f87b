/* fuzz_move_state.c - any bytes as saved moves, framed with a right checksum so that the parts
 * themselves are read: refused with a sentence, or taken, saved again byte for byte, and carried to
 * an end by a cluster that answers whatever the bytes make it answer. */
#include "core/act/migrate.h"
#include "core/base/bytes.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NODES = 4, PARTITIONS = 4, CAP = 8, TICKS = 50 };

static struct fore_topology topology;
static struct fore_arena arena;
static uint64_t dice; /* what the cluster answers next */

static uint64_t roll(void)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return dice >> 40;
}

static fore_ns f_now(void *self)
{
    return 0;
}
static enum fore_err f_topology(void *self, const struct fore_topology **out)
{
    *out = &topology;
    return roll() % 16 == 0 ? FORE_E_UNREACHABLE : FORE_E_OK;
}
static enum fore_err f_sample(void *self, struct fore_sample *out)
{
    return FORE_E_AGAIN;
}
static enum fore_err f_begin(void *self, const struct fore_move *move, fore_ticket *out)
{
    *out = 1 + roll();
    return roll() % 4 == 0 ? FORE_E_CONFLICT : FORE_E_OK;
}
static enum fore_err f_poll(void *self, fore_ticket ticket, struct fore_move_status *out)
{
    *out = (struct fore_move_status){.phase = (enum fore_move_phase)(roll() % FORE_MOVE_PHASES),
                                     .bytes_total = 1000,
                                     .partition_new = FORE_PARTITION_NONE};
    bool over = out->phase == FORE_PHASE_SWEEPING || out->phase == FORE_PHASE_DONE;
    if (over) out->partition_new = CAP - 1;
    return roll() % 4 == 0 ? FORE_E_RANGE : FORE_E_OK;
}
static enum fore_err f_throttle(void *self, fore_ticket ticket, double rate)
{
    return FORE_E_OK;
}
static enum fore_err f_ticket(void *self, fore_ticket ticket)
{
    return roll() % 4 == 0 ? FORE_E_CONFLICT : FORE_E_OK;
}
static enum fore_err f_digest(void *self, uint32_t partition, uint16_t node, uint64_t *out)
{
    FORE_ASSERT(node < NODES);
    *out = roll() % 2;
    return partition < PARTITIONS ? FORE_E_OK : FORE_E_RANGE;
}
static enum fore_err f_content(void *self, uint32_t partition, uint16_t node,
                               struct fore_content *out)
{
    FORE_ASSERT(partition < PARTITIONS && node < NODES);
    *out = (struct fore_content){.sum = roll() % 2};
    return roll() % 4 == 0 ? FORE_E_RANGE : FORE_E_OK;
}
static enum fore_err f_tickets(void *self, struct fore_driver_ticket *out, uint32_t cap,
                               uint32_t *count)
{
    *count = 1;
    if (cap > 0)
        out[0] = (struct fore_driver_ticket){
            .ticket = 1 + roll() % 4,
            .move = {.kind = (enum fore_move_kind)(roll() % FORE_MOVE_KINDS),
                     .partition = (uint32_t)(roll() % (CAP + 1)),
                     .other = (uint32_t)(roll() % CAP),
                     .source = (uint16_t)(roll() % (NODES + 1)),
                     .target = (uint16_t)(roll() % (NODES + 1))}
        };
    return FORE_E_OK;
}
static enum fore_err f_sweep(void *self, fore_ticket ticket, uint64_t *orphans)
{
    *orphans = roll() % 2;
    return FORE_E_OK;
}
static const struct fore_driver_ops ops = {
    .name = "dice",
    .caps = FORE_CAP_MOVE | FORE_CAP_SPLIT | FORE_CAP_REPLICA | FORE_CAP_THROTTLE |
            FORE_CAP_CANCEL | FORE_CAP_DIGEST | FORE_CAP_NODES | FORE_CAP_CONTENT |
            FORE_CAP_TICKETS,
    .now = f_now,
    .topology = f_topology,
    .sample = f_sample,
    .begin = f_begin,
    .poll = f_poll,
    .throttle = f_throttle,
    .cancel = f_ticket,
    .digest = f_digest,
    .content = f_content,
    .tickets = f_tickets,
    .cutover = f_ticket,
    .sweep = f_sweep,
};

static void build_topology(void)
{
    fore_topology_init(&topology, &arena, NODES, 1, CAP);
    topology.table[0] = (struct fore_table){.name = "t", .last = 3999, .column_groups = 1};
    for (uint32_t n = 0; n < NODES; n++)
        topology.node[n] = (struct fore_node){.cores = 1, .bandwidth_bytes = 1e6, .up = true};
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        struct fore_partition part = {.first = (uint64_t)p * 1000,
                                      .last = (uint64_t)p * 1000 + 999,
                                      .replica_count = 1,
                                      .replica = {(uint16_t)p}};
        FORE_ASSERT(fore_topology_add(&topology, &part, NULL) == FORE_E_OK);
    }
    FORE_ASSERT(fore_topology_check(&topology, NULL) == FORE_E_OK);
}

static void carry_out(struct fore_migrate *migrate, struct fore_observe *observe)
{
    struct fore_alerts alerts;
    struct fore_migrate_change change[8];
    struct fore_sink nowhere = {0};
    struct fore_driver driver = {.ops = &ops};
    fore_alert_init(&alerts, &arena, CAP, FORE_SEC);
    for (fore_ns i = 1; i <= TICKS; i++)
        (void)fore_migrate_tick(migrate, driver, observe, &alerts, nowhere, (1000 + i) * FORE_SEC,
                                change, FORE_COUNTOF(change));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fore_act_options options;
    struct fore_migrate migrate;
    struct fore_observe_node node[NODES] = {{0}};
    struct fore_observe_partition part[CAP] = {{0}};
    struct fore_observe observe = {
        .node = node, .partition = part, .node_count = NODES, .partition_cap = CAP};
    struct fore_buf payload = {0}, framed = {0}, again = {0};
    struct fore_diag diag = {0};
    fore_arena_init(&arena);
    build_topology();
    fore_option_defaults((struct fore_option_binding){&fore_act_section, &options}, &arena);
    fore_migrate_init(&migrate, &options, &arena, NODES);
    fore_buf_append(&payload, data, size);
    fore_frame_write("moves", &payload, &framed);
    fore_ns now = 1000 * FORE_SEC;
    dice = size > 0 ? data[size - 1] : 0;
    enum fore_err err = fore_migrate_load(&migrate, &topology, framed.data, framed.len, now, &diag);
    FORE_ASSERT(err == FORE_E_OK || (diag.text[0] != '\0' && migrate.running == 0));
    if (err == FORE_E_OK) {
        struct fore_migrate copy;
        fore_migrate_save(&migrate, now, &again);
        fore_migrate_init(&copy, &options, &arena, NODES);
        FORE_ASSERT(fore_migrate_load(&copy, &topology, again.data, again.len, now, &diag) ==
                    FORE_E_OK);
        FORE_ASSERT(copy.running == migrate.running);
        carry_out(&migrate, &observe);
    }
    fore_buf_fini(&payload);
    fore_buf_fini(&framed);
    fore_buf_fini(&again);
    fore_arena_fini(&arena);
    return 0;
}
