/*
 * json.c - writes JSON into a buffer.
 *
 * Every value begins in `lead`, which puts the comma, the line break and the key; so the writers
 * of values know nothing of their surroundings. Strings come from traces and scenario files: bytes
 * that are not UTF-8 become U+FFFD, so that the output is always valid.
 */
#include "core/base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 2 };

struct fore_json fore_json_begin(struct fore_buf *out, bool indent)
{
    return (struct fore_json){.out = out, .indent = indent};
}

static void new_line(struct fore_json *json)
{
    if (!json->indent) return;
    fore_buf_puts(json->out, "\n");
    for (uint32_t i = 0; i < json->depth * INDENT; i++)
        fore_buf_append(json->out, " ", 1);
}

/* Length of the UTF-8 sequence at `p`, 0 if it is none (overlong, surrogate, cut short). */
static size_t utf8_length(const unsigned char *p)
{
    if (p[0] < 0x80) return 1;
    size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)) return 0;
    if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) return 0;
    return len;
}

static void put_character(struct fore_buf *out, const unsigned char *p, size_t len)
{
    switch (p[0]) {
    case '"': fore_buf_puts(out, "\\\""); break;
    case '\\': fore_buf_puts(out, "\\\\"); break;
    case '\n': fore_buf_puts(out, "\\n"); break;
    case '\r': fore_buf_puts(out, "\\r"); break;
    case '\t': fore_buf_puts(out, "\\t"); break;
    default:
        if (p[0] < 0x20)
            fore_buf_printf(out, "\\u%04x", (unsigned)p[0]);
        else
            fore_buf_append(out, p, len);
    }
}

static void put_quoted(struct fore_buf *out, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    fore_buf_puts(out, "\"");
    while (*p != '\0') {
        size_t len = utf8_length(p);
        if (len == 0) {
            fore_buf_puts(out, "\\ufffd");
            p++;
        } else {
            put_character(out, p, len);
            p += len;
        }
    }
    fore_buf_puts(out, "\"");
}

static void lead(struct fore_json *json, const char *key)
{
    if (json->comma) fore_buf_puts(json->out, ",");
    if (json->depth > 0) new_line(json);
    if (key != NULL) {
        put_quoted(json->out, key);
        fore_buf_puts(json->out, json->indent ? ": " : ":");
    }
    json->comma = true;
}

static void open_with(struct fore_json *json, const char *key, const char *bracket)
{
    lead(json, key);
    fore_buf_puts(json->out, bracket);
    json->depth++;
    json->comma = false;
}

static void close_with(struct fore_json *json, const char *bracket)
{
    FORE_ASSERT(json->depth > 0);
    json->depth--;
    if (json->comma) new_line(json); /* an empty one closes on its own line's end: {} */
    fore_buf_puts(json->out, bracket);
    json->comma = true;
}

void fore_json_object(struct fore_json *json, const char *key)
{
    open_with(json, key, "{");
}

void fore_json_object_end(struct fore_json *json)
{
    close_with(json, "}");
}

void fore_json_array(struct fore_json *json, const char *key)
{
    open_with(json, key, "[");
}

void fore_json_array_end(struct fore_json *json)
{
    close_with(json, "]");
}

void fore_json_string(struct fore_json *json, const char *key, const char *value)
{
    if (value == NULL) {
        fore_json_null(json, key);
        return;
    }
    lead(json, key);
    put_quoted(json->out, value);
}

void fore_json_u64(struct fore_json *json, const char *key, uint64_t value)
{
    lead(json, key);
    fore_buf_printf(json->out, "%llu", (unsigned long long)value);
}

void fore_json_i64(struct fore_json *json, const char *key, int64_t value)
{
    lead(json, key);
    fore_buf_printf(json->out, "%lld", (long long)value);
}

void fore_json_f64(struct fore_json *json, const char *key, double value)
{
    if (!isfinite(value)) {
        fore_json_null(json, key);
        return;
    }
    lead(json, key);
    char text[40];
    (void)snprintf(text, sizeof text, "%.15g", value);
    if (strtod(text, NULL) != value) (void)snprintf(text, sizeof text, "%.17g", value);
    fore_buf_puts(json->out, text);
}

void fore_json_bool(struct fore_json *json, const char *key, bool value)
{
    lead(json, key);
    fore_buf_puts(json->out, value ? "true" : "false");
}

void fore_json_null(struct fore_json *json, const char *key)
{
    lead(json, key);
    fore_buf_puts(json->out, "null");
}
