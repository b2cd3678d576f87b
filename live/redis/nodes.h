/*
 * nodes.h - one instance's view of its cluster: the text of CLUSTER NODES, taken apart.
 *
 *   id host:port@busport[,name] flags primary-id|- ping pong config-epoch link slot slot-slot ...
 *   and on the line of the one that was asked: [slot->-id] (gives away), [slot-<-id] (takes in)
 *
 * A view is one opinion and may be old or wrong; cluster.h makes one picture of all of them. The
 * text is not trusted: a line that is not well formed makes the whole view FORMAT.
 */
#ifndef LIVE_NODES_H
#define LIVE_NODES_H

#include "core/cluster/placement.h"
#include "live/redis/reply.h"

enum { LIVE_NODES_MAX = 128, LIVE_NODES_OPEN_MAX = 1024, LIVE_ID_LEN = 40 };

enum live_node_flags {
    LIVE_NODE_MYSELF = 1u << 0,
    LIVE_NODE_PRIMARY = 1u << 1,
    LIVE_NODE_REPLICA = 1u << 2,
    LIVE_NODE_PFAIL = 1u << 3, /* this one cannot reach it */
    LIVE_NODE_FAIL = 1u << 4,  /* a majority agreed that it is gone */
    LIVE_NODE_HANDSHAKE = 1u << 5,
    LIVE_NODE_NOADDR = 1u << 6,
};

struct live_nodes_line {
    char id[LIVE_ID_LEN + 1];
    char primary_id[LIVE_ID_LEN + 1]; /* "": none */
    struct live_address address;
    uint16_t bus_port; /* 0: not said */
    uint32_t flags;
    uint64_t config_epoch;
};

struct live_nodes_open { /* a slot that the asked instance gives away or takes in */
    uint16_t slot;
    bool importing;
    char peer_id[LIVE_ID_LEN + 1]; /* to whom, or from whom */
};

struct live_nodes {
    struct live_nodes_line line[LIVE_NODES_MAX];
    uint32_t line_count;
    uint32_t myself; /* index */
    struct live_nodes_open open[LIVE_NODES_OPEN_MAX];
    uint32_t open_count;            /* may be more than fit */
    int16_t owner[FORE_SLOT_COUNT]; /* line index; -1: nobody */
};

FORE_MUST_USE enum fore_err live_nodes_parse(const char *text, size_t len, struct live_nodes *out);

#endif
