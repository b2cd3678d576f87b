/*
 * journal_shape.h - the payload of every event kind as rows: fields, arrays behind them, text at
 * the end. One table, so that the text dump and the JSON dump cannot disagree, and a new kind is a
 * few more rows.
 */
#ifndef LAB_JOURNAL_SHAPE_H
#define LAB_JOURNAL_SHAPE_H

#include "core/cluster/event.h"

enum lab_field_kind {
    LAB_FIELD_U64,
    LAB_FIELD_U32,
    LAB_FIELD_U16,
    LAB_FIELD_U8,
    LAB_FIELD_BOOL, /* uint8_t */
    LAB_FIELD_F32,
    LAB_FIELD_F64,
    LAB_FIELD_NS,        /* uint64_t nanoseconds, shown in seconds */
    LAB_FIELD_HEX,       /* uint64_t */
    LAB_FIELD_NAME24,    /* char[24] */
    LAB_FIELD_NAME16,    /* char[16] */
    LAB_FIELD_NODE,      /* uint16_t, may be none */
    LAB_FIELD_PARTITION, /* uint32_t, may be none */
    LAB_FIELD_REPLICAS,  /* uint16_t[8], as many as the uint16_t before them says */
    LAB_FIELD_MOVE_KIND, /* uint8_t */
    LAB_FIELD_STATE,     /* uint8_t, enum fore_migrate_state */
    LAB_FIELD_PHASE,     /* uint8_t */
    LAB_FIELD_ALERT,     /* uint8_t, enum fore_alert_code */
    LAB_FIELD_SEVERITY,  /* uint8_t */
    LAB_FIELD_ORDER,     /* uint8_t, enum fore_order_kind */
};

struct lab_field {
    const char *name;
    enum lab_field_kind kind;
    size_t offset;
};

struct lab_array {
    const char *name;
    size_t size; /* of an element */
    const struct lab_field *field;
    size_t field_count;
    size_t counted_at; /* offset of its count in the head; LAB_ARRAY_REST: as many as there are */
    uint8_t count_bytes;
};
#define LAB_ARRAY_REST SIZE_MAX

struct lab_shape {
    size_t head; /* bytes of the fixed struct */
    const struct lab_field *field;
    size_t field_count;
    const struct lab_array *array; /* they follow the head, one after the other */
    size_t array_count;
    const char *text; /* name of the NUL-ended text at the end; NULL: none */
};

/* NULL: a kind this build does not know. */
const struct lab_shape *lab_journal_shape(enum fore_event_kind kind);
size_t lab_journal_field_bytes(enum lab_field_kind kind);

#endif
