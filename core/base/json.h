/*
 * json.h - writes JSON into a buffer; commas, quoting and nesting are its business.
 * Numbers: NaN and infinities become null. Doubles use the shortest of %.15g/%.17g that reads back.
 */
#ifndef FORE_JSON_H
#define FORE_JSON_H

#include "core/base/buf.h"

struct fore_json {
    struct fore_buf *out; /* borrowed */
    uint32_t depth;
    bool comma;  /* a value was written at this depth */
    bool indent; /* one member a line */
};

struct fore_json fore_json_begin(struct fore_buf *out, bool indent);
void fore_json_object(struct fore_json *json, const char *key); /* key NULL inside an array */
void fore_json_object_end(struct fore_json *json);
void fore_json_array(struct fore_json *json, const char *key);
void fore_json_array_end(struct fore_json *json);
void fore_json_string(struct fore_json *json, const char *key, const char *value);
void fore_json_u64(struct fore_json *json, const char *key, uint64_t value);
void fore_json_i64(struct fore_json *json, const char *key, int64_t value);
void fore_json_f64(struct fore_json *json, const char *key, double value);
void fore_json_bool(struct fore_json *json, const char *key, bool value);
void fore_json_null(struct fore_json *json, const char *key);

#endif
