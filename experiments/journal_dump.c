/*
 * journal_dump.c - walks a payload along its shape and says what it meets to one of two voices:
 * text ("name=value") or JSON.
 */
#include "experiments/journal_dump.h"

#include <math.h>
#include <string.h>

#include "core/act/migrate.h"
#include "experiments/journal_shape.h"

struct voice {
    struct fore_json *json; /* NULL: text */
    struct fore_buf *out;
};

static void say_text(struct voice voice, const char *name, const char *value)
{
    if (voice.json != NULL)
        fore_json_string(voice.json, name, value);
    else if (name != NULL)
        fore_buf_printf(voice.out, " %s=%s", name, value);
    else
        fore_buf_printf(voice.out, " %s", value);
}

static void say_u64(struct voice voice, const char *name, uint64_t value)
{
    if (voice.json != NULL)
        fore_json_u64(voice.json, name, value);
    else
        fore_buf_printf(voice.out, " %s=%llu", name, (unsigned long long)value);
}

static void say_real(struct voice voice, const char *name, double value)
{
    if (voice.json != NULL)
        fore_json_f64(voice.json, name, value);
    else if (name != NULL)
        fore_buf_printf(voice.out, isnan(value) ? " %s=-" : " %s=%.6g", name, value);
    else
        fore_buf_printf(voice.out, isnan(value) ? " -" : " %.4g", value);
}

static void say_none(struct voice voice, const char *name)
{
    if (voice.json != NULL)
        fore_json_null(voice.json, name);
    else
        fore_buf_printf(voice.out, " %s=-", name);
}

/* Text from a file: ends at its NUL or its room, control characters made visible. */
static void say_foreign(struct voice voice, const char *name, const unsigned char *text,
                        size_t room)
{
    struct fore_buf clean = {0};
    for (size_t i = 0; i < room && text[i] != '\0'; i++) {
        char c = text[i] < 0x20 || text[i] == 0x7f ? ' ' : (char)text[i];
        fore_buf_append(&clean, &c, 1);
    }
    const char *value = clean.len > 0 ? clean.data : "";
    if (voice.json != NULL)
        fore_json_string(voice.json, name, value);
    else
        fore_buf_printf(voice.out, " %s=\"%s\"", name, value);
    fore_buf_fini(&clean);
}

static void say_replicas(struct voice voice, const char *name, const unsigned char *at)
{
    uint16_t count, node;
    memcpy(&count, at - sizeof count, sizeof count);
    if (count > FORE_REPLICAS_MAX) count = FORE_REPLICAS_MAX;
    if (voice.json != NULL)
        fore_json_array(voice.json, name);
    else
        fore_buf_printf(voice.out, " %s=", name);
    for (uint16_t i = 0; i < count; i++) {
        memcpy(&node, at + i * sizeof node, sizeof node);
        if (voice.json != NULL)
            fore_json_u64(voice.json, NULL, node);
        else
            fore_buf_printf(voice.out, "%s%u", i > 0 ? "+" : "", (unsigned)node);
    }
    if (voice.json != NULL) fore_json_array_end(voice.json);
}

/* The name of a small number, NULL if it has none or a newer writer made it up. */
static const char *byte_text(enum lab_field_kind kind, uint8_t byte)
{
    static const char *const severity[] = {"info", "warning", "critical"};
    if (kind == LAB_FIELD_MOVE_KIND && byte < FORE_MOVE_KINDS)
        return fore_move_kind_text((enum fore_move_kind)byte);
    if (kind == LAB_FIELD_STATE && byte < FORE_MIGRATE_STATES)
        return fore_migrate_state_text((enum fore_migrate_state)byte);
    if (kind == LAB_FIELD_PHASE && byte < FORE_MOVE_PHASES)
        return fore_move_phase_text((enum fore_move_phase)byte);
    if (kind == LAB_FIELD_ALERT && byte < FORE_ALERT_CODES)
        return fore_alert_code_text((enum fore_alert_code)byte);
    if (kind == LAB_FIELD_ORDER) return fore_order_kind_text((enum fore_order_kind)byte);
    if (kind == LAB_FIELD_SEVERITY && byte < FORE_COUNTOF(severity)) return severity[byte];
    return NULL;
}

static void say_byte(struct voice voice, const struct lab_field *field, uint8_t byte)
{
    const char *text = byte_text(field->kind, byte);
    if (text != NULL)
        say_text(voice, field->name, text);
    else if (field->kind != LAB_FIELD_BOOL)
        say_u64(voice, field->name, byte);
    else if (voice.json != NULL)
        fore_json_bool(voice.json, field->name, byte != 0);
    else
        say_text(voice, field->name, byte != 0 ? "yes" : "no");
}

static void say_hex(struct voice voice, const char *name, uint64_t value)
{
    static const char digit[] = "0123456789abcdef";
    char text[17] = {0};
    for (int i = 0; i < 16; i++)
        text[i] = digit[value >> (60 - 4 * i) & 15];
    say_text(voice, name, text);
}

static void say_field(struct voice voice, const struct lab_field *field, const unsigned char *body)
{
    const unsigned char *at = body + field->offset;
    uint64_t wide;
    uint32_t word;
    uint16_t half;
    float single;
    double real;
    switch (field->kind) {
    case LAB_FIELD_U64:
    case LAB_FIELD_NS:
    case LAB_FIELD_HEX:
        memcpy(&wide, at, sizeof wide);
        if (field->kind == LAB_FIELD_NS)
            say_real(voice, field->name, (double)wide / (double)FORE_SEC);
        else if (field->kind == LAB_FIELD_HEX)
            say_hex(voice, field->name, wide);
        else
            say_u64(voice, field->name, wide);
        break;
    case LAB_FIELD_U32:
    case LAB_FIELD_PARTITION:
        memcpy(&word, at, sizeof word);
        if (field->kind == LAB_FIELD_PARTITION && word == UINT32_MAX)
            say_none(voice, field->name);
        else
            say_u64(voice, field->name, word);
        break;
    case LAB_FIELD_U16:
    case LAB_FIELD_NODE:
        memcpy(&half, at, sizeof half);
        if (field->kind == LAB_FIELD_NODE && half == UINT16_MAX)
            say_none(voice, field->name);
        else
            say_u64(voice, field->name, half);
        break;
    case LAB_FIELD_F32:
        memcpy(&single, at, sizeof single);
        say_real(voice, field->name, (double)single);
        break;
    case LAB_FIELD_F64:
        memcpy(&real, at, sizeof real);
        say_real(voice, field->name, real);
        break;
    case LAB_FIELD_NAME24:
    case LAB_FIELD_NAME16:
        say_foreign(voice, field->name, at, lab_journal_field_bytes(field->kind));
        break;
    case LAB_FIELD_REPLICAS: say_replicas(voice, field->name, at); break;
    case LAB_FIELD_U8:
    case LAB_FIELD_BOOL:
    case LAB_FIELD_MOVE_KIND:
    case LAB_FIELD_STATE:
    case LAB_FIELD_PHASE:
    case LAB_FIELD_ALERT:
    case LAB_FIELD_SEVERITY:
    case LAB_FIELD_ORDER: say_byte(voice, field, *at); break;
    }
}

/* False when the payload ended before the last field. */
static bool say_fields(struct voice voice, const struct lab_field *field, size_t count,
                       const unsigned char *body, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (field[i].offset + lab_journal_field_bytes(field[i].kind) > len) return false;
        say_field(voice, &field[i], body);
    }
    return true;
}

static size_t wanted(const struct lab_array *array, const unsigned char *head, size_t left)
{
    uint32_t word = 0;
    uint16_t half = 0;
    if (array->counted_at == LAB_ARRAY_REST) return left / array->size;
    if (array->count_bytes == 2) {
        memcpy(&half, head + array->counted_at, sizeof half);
        return half;
    }
    memcpy(&word, head + array->counted_at, sizeof word);
    return word;
}

/* Says the elements and returns the bytes they took; *whole false when some are missing. */
static size_t say_array(struct voice voice, const struct lab_array *array,
                        const unsigned char *head, const unsigned char *at, size_t left,
                        bool *whole)
{
    size_t count = wanted(array, head, left), fit = left / array->size;
    if (count > fit) {
        count = fit;
        *whole = false;
    }
    bool plain = array->field[0].name == NULL;
    if (voice.json != NULL)
        fore_json_array(voice.json, array->name);
    else
        fore_buf_printf(voice.out, " %s[%zu]={", array->name, count);
    for (size_t i = 0; i < count; i++) {
        if (voice.json == NULL && !plain)
            fore_buf_printf(voice.out, "%s%zu:", i > 0 ? "; " : "", i);
        if (voice.json != NULL && !plain) fore_json_object(voice.json, NULL);
        (void)say_fields(voice, array->field, array->field_count, at + i * array->size,
                         array->size);
        if (voice.json != NULL && !plain) fore_json_object_end(voice.json);
    }
    if (voice.json != NULL)
        fore_json_array_end(voice.json);
    else
        fore_buf_puts(voice.out, "}");
    return count * array->size;
}

static void say_record(struct voice voice, const struct fore_journal_record *record)
{
    const struct lab_shape *shape = lab_journal_shape(record->kind);
    const unsigned char *body = record->body;
    size_t len = record->len;
    if (shape == NULL) {
        say_u64(voice, "bytes", len);
        return;
    }
    bool whole = say_fields(voice, shape->field, shape->field_count, body, len);
    size_t at = shape->head;
    for (size_t i = 0; i < shape->array_count && whole && at <= len; i++)
        at += say_array(voice, &shape->array[i], body, body + at, len - at, &whole);
    if (shape->text != NULL && whole && at < len)
        say_foreign(voice, shape->text, body + at, len - at);
    if (whole && at <= len) return;
    if (voice.json != NULL)
        fore_json_bool(voice.json, "short", true);
    else
        fore_buf_puts(voice.out, " (short)");
}

void lab_journal_dump_text(const struct fore_journal_record *record, struct fore_buf *out)
{
    const char *kind = fore_event_kind_text(record->kind);
    fore_buf_printf(out, "%.6f ", (double)record->at / (double)FORE_SEC);
    if (kind != NULL)
        fore_buf_puts(out, kind);
    else
        fore_buf_printf(out, "kind-%u", (unsigned)record->kind);
    say_record((struct voice){.out = out}, record);
    fore_buf_puts(out, "\n");
}

void lab_journal_dump_json(const struct fore_journal_record *record, struct fore_buf *out)
{
    struct fore_json json = fore_json_begin(out, false);
    const char *kind = fore_event_kind_text(record->kind);
    fore_json_object(&json, NULL);
    fore_json_f64(&json, "t_s", (double)record->at / (double)FORE_SEC);
    if (kind != NULL)
        fore_json_string(&json, "kind", kind);
    else
        fore_json_u64(&json, "kind", (uint64_t)record->kind);
    say_record((struct voice){.json = &json, .out = out}, record);
    fore_json_object_end(&json);
    fore_buf_puts(out, "\n");
}
