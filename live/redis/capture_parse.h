/*
 * capture_parse.h - from packets on the wire to the slots of the commands in them.
 *
 * A packet is link header (Ethernet, Linux cooked, raw or null), IPv4 or IPv6, TCP. What clients
 * send to a server is a stream of RESP arrays; each connection has a parser that keeps the first
 * words of the command it is in, as far as a key can be, and nothing else. A segment that is
 * missing makes the connection start anew at the next segment that begins like a command, and is
 * counted as a gap. Segments seen twice are left out. Bytes come from a network: any of them may be
 * anything. Inline commands, TLS and RESP inside of other protocols are not understood, and not
 * counted.
 */
#ifndef LIVE_CAPTURE_PARSE_H
#define LIVE_CAPTURE_PARSE_H

#include "core/cluster/placement.h"
#include "live/redis/commands.h"

enum { LIVE_CAPTURE_FLOWS = 2048, LIVE_CAPTURE_WORDS = 8, LIVE_CAPTURE_WORD = 512 };
enum live_capture_link { LIVE_LINK_ETHERNET, LIVE_LINK_COOKED, LIVE_LINK_RAW, LIVE_LINK_NULL };

struct live_capture_flow {
    uint64_t id; /* hash of addresses and ports; 0: free */
    uint32_t next_seq;
    bool in_step;  /* next_seq is known, and the parser is where the stream is */
    uint64_t used; /* by this packet number last */
    /* the command it is in */
    uint32_t words_left; /* of the array; 0: between commands */
    uint32_t word;       /* index of the one that comes */
    uint64_t skip;       /* bytes of the word still to come, with its CR LF */
    bool in_word;
    char head[24]; /* "*3" or "$10" so far */
    uint32_t head_len;
    uint16_t
        kept[LIVE_CAPTURE_WORDS]; /* bytes of each word; more than fit: all of LIVE_CAPTURE_WORD */
    char text[LIVE_CAPTURE_WORDS][LIVE_CAPTURE_WORD];
};

struct live_capture_counts {
    uint32_t reads[FORE_SLOT_COUNT], writes[FORE_SLOT_COUNT];
    uint64_t commands, packets, gaps, strange; /* strange: bytes that are no command */
};

struct live_capture_parser {
    const struct live_commands *commands; /* borrowed */
    struct live_capture_flow flow[LIVE_CAPTURE_FLOWS];
    struct live_capture_counts counts; /* the caller may clear them */
};

void live_capture_packet(struct live_capture_parser *parser, enum live_capture_link link,
                         const unsigned char *bytes, size_t len);

#endif
