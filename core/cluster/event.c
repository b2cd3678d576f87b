/*
 * event.c - names of event kinds, and the two payloads that are not one plain struct.
 *
 * Every field of a payload is written, padding included, so equal runs give equal bytes.
 */
#include "core/cluster/event.h"

#include "core/base/buf.h"
#include "core/cluster/topology.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "payloads are written as they lie");
_Static_assert(FORE_NAME_MAX == sizeof((struct fore_event_node *)0)->name, "names are copied");
_Static_assert(FORE_REPLICAS_MAX == 8, "part of the file format");

enum {
    EVENT_KIND_NONE, /* kinds count from 1 */
#define X(number, name, what) EVENT_KIND_##name,
    FORE_EVENT_MAP(X)
#undef X
        EVENT_KINDS
};

const char *fore_event_kind_text(enum fore_event_kind kind)
{
    static const char *const text[] = {
        [FORE_EV_KEYFRAME] = "keyframe",
        [FORE_EV_CLUSTER_LOAD] = "cluster-load",
        [FORE_EV_NODE_LOAD] = "node-load",
        [FORE_EV_PARTITION_LOAD] = "partition-load",
        [FORE_EV_HOT_KEY] = "hot-key",
        [FORE_EV_FORECAST] = "forecast",
        [FORE_EV_SCORE] = "score",
        [FORE_EV_PLAN] = "plan",
        [FORE_EV_MOVE] = "move",
        [FORE_EV_VERIFY] = "verify",
        [FORE_EV_TOPOLOGY] = "topology",
        [FORE_EV_FAULT] = "fault",
        [FORE_EV_ALERT] = "alert",
        [FORE_EV_NOTE] = "note",
        [FORE_EV_RESULT] = "result",
        [FORE_EV_FALLBACK] = "fallback",
        [FORE_EV_RESOLVED] = "resolved",
        [FORE_EV_GAIN] = "gain",
        [FORE_EV_WHY] = "why",
        [FORE_EV_ORDER] = "order",
    };
    _Static_assert(FORE_COUNTOF(text) == EVENT_KINDS, "a kind has no name");
    return (size_t)kind < FORE_COUNTOF(text) ? text[kind] : NULL;
}

const char *fore_order_kind_text(enum fore_order_kind kind)
{
    static const char *const text[] = {
#define X(number, name, words) [number] = words,
        FORE_ORDER_MAP(X)
#undef X
    };
    return (size_t)kind < FORE_COUNTOF(text) ? text[kind] : NULL;
}

/* A score and its reason fit here; longer ones take the heap. */
enum { TEXT_EVENT_SMALL = 1024 };

void fore_sink_put_text(struct fore_sink sink, fore_ns at, enum fore_event_kind kind,
                        const void *body, size_t len, const char *text)
{
    if (sink.put == NULL) return;
    size_t text_len = strlen(text) + 1;
    if (len + text_len <= TEXT_EVENT_SMALL) {
        _Alignas(8) char small[TEXT_EVENT_SMALL];
        memcpy(small, body, len);
        memcpy(small + len, text, text_len);
        fore_sink_put(sink, at, kind, small, len + text_len);
        return;
    }
    struct fore_buf large = {0};
    fore_buf_append(&large, body, len);
    fore_buf_append(&large, text, text_len);
    fore_sink_put(sink, at, kind, large.data, large.len);
    fore_buf_fini(&large);
}

static void put_node(const struct fore_node *node, struct fore_buf *out)
{
    struct fore_event_node wire = {.cores = node->cores,
                                   .zone = node->zone,
                                   .up = node->up,
                                   .standby = node->standby,
                                   .rack = node->rack};
    for (size_t i = 0; i + 1 < sizeof wire.name && node->name[i] != '\0'; i++)
        wire.name[i] = node->name[i];
    fore_buf_append(out, &wire, sizeof wire);
}

static void put_table(const struct fore_table *table, struct fore_buf *out)
{
    struct fore_event_table wire = {.first = table->first, .last = table->last};
    for (size_t i = 0; i + 1 < sizeof wire.name && table->name[i] != '\0'; i++)
        wire.name[i] = table->name[i];
    fore_buf_append(out, &wire, sizeof wire);
}

static void put_partition(const struct fore_partition *partition, struct fore_buf *out)
{
    struct fore_event_partition wire = {0};
    if (partition->alive) {
        wire.first = partition->first;
        wire.last = partition->last;
        wire.bytes = partition->bytes;
        wire.generation = partition->generation;
        wire.table = partition->table;
        wire.column_group = partition->column_group;
        wire.replica_count = partition->replica_count;
        for (uint32_t i = 0; i < partition->replica_count; i++)
            wire.replica[i] = partition->replica[i];
    }
    fore_buf_append(out, &wire, sizeof wire);
}

static void put_apart(const struct fore_topology *topology, uint32_t partition,
                      struct fore_buf *out)
{
    struct fore_event_apart wire = {.columns = topology->partition[partition].apart,
                                    .partition = partition};
    if (wire.columns != 0) fore_buf_append(out, &wire, sizeof wire);
}

void fore_event_keyframe_build(const struct fore_topology *topology, struct fore_buf *out)
{
    struct fore_event_keyframe head = {.epoch = topology->epoch,
                                       .node_count = topology->node_count,
                                       .table_count = topology->table_count,
                                       .partition_count = topology->partition_count};
    for (uint32_t i = 0; i < topology->partition_count; i++)
        head.apart_count += topology->partition[i].apart != 0;
    fore_buf_reset(out);
    fore_buf_append(out, &head, sizeof head);
    for (uint32_t i = 0; i < topology->node_count; i++)
        put_node(&topology->node[i], out);
    for (uint32_t i = 0; i < topology->table_count; i++)
        put_table(&topology->table[i], out);
    for (uint32_t i = 0; i < topology->partition_count; i++)
        put_partition(&topology->partition[i], out);
    for (uint32_t i = 0; i < topology->partition_count; i++)
        put_apart(topology, i, out);
}
