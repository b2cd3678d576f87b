/*
 * reader_ops.h - what a trace calls its operations; private to reader*.c.
 *
 * Names are told apart once and remembered in a small direct-mapped cache, so a row costs a
 * multiplication and a comparison. Names that are neither read, write nor scan are
 * FORE_QUERY_OTHER and counted under their own name (the first of them, then "(others)").
 */
#ifndef WL_READER_OPS_H
#define WL_READER_OPS_H

#include "workloads/reader_format.h"

enum { WL_OP_CACHE = 64 };

struct wl_op_slot {
    uint64_t id;   /* of the name; 0: empty */
    uint8_t type;  /* enum fore_query_type */
    uint8_t other; /* row in reader->other, when type is FORE_QUERY_OTHER */
};

/* The type of the operation called text[0..len); an empty name is a read. */
uint8_t wl_ops_type(struct wl_op_slot *cache, struct wl_reader *reader, const char *text,
                    size_t len);

#endif
