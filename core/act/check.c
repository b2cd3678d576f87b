/*
 * check.c - see check.h. The range is asked for part by part, as the topology divides it now: one
 * part before a split and two after it, the other way round for a merge. Their sums add up either
 * way, so one question serves every kind of move. The index of ranges finds them, so that a look
 * costs what the range and the nodes are, not what the cluster's partitions are.
 */
#include "core/act/check.h"

#include "core/cluster/topology_index.h"

#include <stdio.h>

struct reading { /* one node's rows of the whole range, all column groups */
    uint64_t rest, rows_rest;
    uint32_t holds, hosts, parts; /* of the parts: rows or a place there; replicas; all */
    uint32_t stray;               /* a part that it holds and does not host */
};

static bool inside(const struct fore_partition *p, uint16_t table, uint16_t group, uint64_t first,
                   uint64_t last)
{
    return p->alive && p->table == table && p->column_group == group && p->first <= last &&
           p->last >= first;
}

/* MOOT when the parts no longer begin and end where the range does. */
static enum fore_err read_node(const struct fore_check *check, struct fore_driver driver,
                               const struct fore_topology *topology, uint16_t node,
                               struct reading *out, bool *moot)
{
    const struct fore_topology_index *index = topology->index;
    uint32_t at = fore_topology_index_search(index, check->first, check->column_group);
    *out = (struct reading){.stray = FORE_PARTITION_NONE};
    for (; at < index->entry_count; at++) {
        if (index->entry[at].first > check->last) break;
        if (index->entry[at].column_group != check->column_group) break;
        uint32_t p = index->entry[at].partition;
        const struct fore_partition *part = &topology->partition[p];
        struct fore_content content = {0};
        if (!inside(part, check->table, check->column_group, check->first, check->last)) continue;
        if (part->first < check->first || part->last > check->last || part->apart != check->apart)
            *moot = true;
        if (*moot) return FORE_E_OK;
        out->parts++;
        bool hosts = fore_topology_hosts(topology, p, node);
        out->hosts += hosts;
        enum fore_err err = fore_driver_content(driver, p, node, &content);
        if (err == FORE_E_RANGE) continue;
        FORE_TRY(err);
        out->holds++;
        out->rest += content.sum - content.written;
        out->rows_rest += content.rows - content.rows_written;
        if (!hosts) out->stray = p;
    }
    return FORE_E_OK;
}

static void describe(struct fore_check_result *out, enum fore_check_verdict verdict, uint16_t node,
                     uint64_t rows_off)
{
    out->verdict = verdict;
    out->node = node;
    out->rows_off = (int64_t)rows_off;
}

/* Does a node that has no business with the part hold rows of it? */
static enum fore_err find_stranger(struct fore_driver driver, const struct fore_topology *topology,
                                   uint32_t part, uint16_t but, struct fore_check_result *out)
{
    for (uint32_t n = 0; n < topology->node_count; n++) {
        struct fore_content content;
        uint16_t node = (uint16_t)n;
        if (node == but || !topology->node[n].up || fore_topology_hosts(topology, part, node))
            continue;
        enum fore_err err = fore_driver_content(driver, part, node, &content);
        if (err == FORE_E_RANGE) continue;
        FORE_TRY(err);
        out->partition = part;
        describe(out, FORE_CHECK_STRANGER, node, 0);
        return FORE_E_OK;
    }
    return FORE_E_OK;
}

/* A base and its sibling, or the base alone; `rest` is over both. */
static enum fore_err read_pair(const struct fore_check *check, struct fore_driver driver,
                               const struct fore_topology *topology, uint16_t but, uint64_t *rest,
                               struct fore_check_result *out)
{
    uint32_t parts = 0;
    *rest = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        struct fore_content content;
        if (!inside(part, check->table, part->column_group, check->first, check->last)) continue;
        if (part->column_group != 0 && part->column_group != FORE_GROUP_APART) continue;
        if (part->first != check->first || part->last != check->last || part->replica_count != 1 ||
            (part->apart != 0 && part->apart != check->apart)) {
            describe(out, FORE_CHECK_MOOT, FORE_NODE_NONE, 0);
            return FORE_E_OK;
        }
        parts++;
        enum fore_err err = fore_driver_content(driver, p, part->replica[0], &content);
        FORE_TRY(err == FORE_E_RANGE ? FORE_E_AGAIN : err);
        *rest += content.sum - content.written;
        if (check->taken && content.rows - content.rows_written != check->rows_rest) {
            describe(out, FORE_CHECK_DIFFERS, part->replica[0],
                     content.rows - content.rows_written - check->rows_rest);
            return FORE_E_OK;
        }
        FORE_TRY(find_stranger(driver, topology, p, but, out));
        if (out->verdict != FORE_CHECK_SAME) return FORE_E_OK;
    }
    if (parts == 0) describe(out, FORE_CHECK_MOOT, FORE_NODE_NONE, 0);
    return FORE_E_OK;
}

static enum fore_err check_pair(const struct fore_check *check, struct fore_driver driver,
                                const struct fore_topology *topology, uint16_t but,
                                struct fore_check_result *out)
{
    uint64_t rest;
    FORE_TRY(read_pair(check, driver, topology, but, &rest, out));
    if (out->verdict == FORE_CHECK_SAME && rest != check->rest)
        describe(out, FORE_CHECK_DIFFERS, topology->partition[check->partition].replica[0], 0);
    return FORE_E_OK;
}

/* What a vertical move's data adds up to before it begins. */
static enum fore_err take_pair(struct fore_check *check, struct fore_driver driver,
                               const struct fore_topology *topology, const struct fore_move *move,
                               struct fore_check_result *out)
{
    const struct fore_partition *base = &topology->partition[move->partition];
    struct fore_content content;
    check->pair = true;
    check->apart = move->kind == FORE_MOVE_VERTICAL_SPLIT ? move->columns : base->apart;
    *out = (struct fore_check_result){.partition = move->partition, .node = FORE_NODE_NONE};
    FORE_TRY(fore_driver_content(driver, move->partition, base->replica[0], &content));
    check->rows_rest = content.rows - content.rows_written;
    FORE_TRY(read_pair(check, driver, topology, FORE_NODE_NONE, &check->rest, out));
    if (out->verdict != FORE_CHECK_SAME) return FORE_E_OK;
    check->taken = true;
    FORE_TRY(check_pair(check, driver, topology, FORE_NODE_NONE, out));
    check->taken = out->verdict == FORE_CHECK_SAME;
    return FORE_E_OK;
}

enum fore_err fore_check_now(const struct fore_check *check, struct fore_driver driver,
                             uint16_t also, uint16_t but, struct fore_check_result *out)
{
    const struct fore_topology *topology;
    FORE_ASSERT(check->taken);
    FORE_TRY(fore_driver_topology(driver, &topology));
    *out = (struct fore_check_result){.partition = check->partition, .node = FORE_NODE_NONE};
    if (check->pair) return check_pair(check, driver, topology, but, out);
    for (uint32_t n = 0; n < topology->node_count; n++) {
        uint16_t node = (uint16_t)n;
        struct reading seen;
        bool moot = false;
        if (node == but || !topology->node[n].up) continue;
        FORE_TRY(read_node(check, driver, topology, node, &seen, &moot));
        if (moot || seen.parts == 0) {
            describe(out, FORE_CHECK_MOOT, FORE_NODE_NONE, 0);
            return FORE_E_OK;
        }
        if (node == also || seen.hosts == seen.parts) {
            if (seen.rest == check->rest && seen.rows_rest == check->rows_rest) continue;
            describe(out, FORE_CHECK_DIFFERS, node, seen.rows_rest - check->rows_rest);
            return FORE_E_OK;
        }
        if (seen.hosts > 0) { /* the parts went separate ways: each has checks of its own since */
            describe(out, FORE_CHECK_MOOT, FORE_NODE_NONE, 0);
            return FORE_E_OK;
        }
        if (seen.stray == FORE_PARTITION_NONE) continue;
        out->partition = seen.stray;
        describe(out, FORE_CHECK_STRANGER, node, 0);
        return FORE_E_OK;
    }
    return FORE_E_OK;
}

enum fore_err fore_check_take(struct fore_check *check, struct fore_driver driver,
                              const struct fore_move *move, uint16_t but,
                              struct fore_check_result *out)
{
    const struct fore_topology *topology;
    FORE_TRY(fore_driver_topology(driver, &topology));
    if (move->partition >= topology->partition_count) return FORE_E_CONFLICT;
    const struct fore_partition *left = &topology->partition[move->partition], *right = left;
    if (move->kind == FORE_MOVE_MERGE && move->other < topology->partition_count)
        right = &topology->partition[move->other];
    if (!left->alive || !right->alive) return FORE_E_CONFLICT;
    *check = (struct fore_check){.misses = check->misses,
                                 .first = left->first,
                                 .last = right->last,
                                 .partition = move->partition,
                                 .table = left->table,
                                 .column_group = left->column_group,
                                 .apart = left->apart};
    if (fore_move_of_columns(move->kind)) return take_pair(check, driver, topology, move, out);
    struct reading owner;
    bool moot = false;
    FORE_TRY(read_node(check, driver, topology, left->replica[0], &owner, &moot));
    check->rest = owner.rest;
    check->rows_rest = owner.rows_rest;
    check->taken = true;
    enum fore_err err = fore_check_now(check, driver, FORE_NODE_NONE, but, out);
    check->taken = err == FORE_E_OK && out->verdict == FORE_CHECK_SAME;
    return err;
}

void fore_check_say(const struct fore_check_result *result, char *out, size_t size)
{
    switch (result->verdict) {
    case FORE_CHECK_SAME: (void)snprintf(out, size, "all copies add up"); return;
    case FORE_CHECK_MOOT: (void)snprintf(out, size, "the range changed meanwhile"); return;
    case FORE_CHECK_STRANGER:
        (void)snprintf(out, size, "p%u: node %u holds rows that do not belong there",
                       result->partition, result->node);
        return;
    case FORE_CHECK_DIFFERS: break;
    }
    (void)snprintf(out, size,
                   "p%u: the copy on node %u is not what was agreed and written (%+lld rows)",
                   result->partition, result->node, (long long)result->rows_off);
}
