/* A row of {u8 kind, u16 length, payload} folded into one snapshot, which must stay drawable. */
#include "core/cluster/snapshot.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_drawable(struct fore_snapshot *s)
{
    if (!s->has_topology) return;
    FORE_ASSERT(fore_topology_check(&s->topology, NULL) == FORE_E_OK);
    for (uint32_t i = 0; i < s->move_count; i++)
        FORE_ASSERT(s->move[i].move.partition < s->topology.partition_cap);
    for (uint32_t i = 0; i < s->topology.partition_cap; i++)
        FORE_ASSERT(s->partition_load[i].partition == i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fore_snapshot snapshot;
    fore_snapshot_init(&snapshot);
    for (fore_ns at = 1; size >= 3; at++) {
        uint16_t len;
        memcpy(&len, data + 1, sizeof len);
        size_t take = len < size - 3 ? len : size - 3;
        (void)fore_snapshot_fold(&snapshot, at, (enum fore_event_kind)data[0], data + 3, take);
        data += 3 + take;
        size -= 3 + take;
    }
    expect_drawable(&snapshot);
    fore_snapshot_fini(&snapshot);
    return 0;
}
