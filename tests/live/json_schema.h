/* json_schema.h - enough of JSON Schema to hold an answer against what OpenAPI says of it: type,
 * properties, required, additionalProperties, items, enum, oneOf, $ref into the same document. */
#ifndef TEST_JSON_SCHEMA_H
#define TEST_JSON_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Does `value` fit the schema? `why` says where it does not. */
bool json_schema_fits(const json_t *document, const json_t *schema, const json_t *value, char *why,
                      size_t why_size);
/* The schema a "$ref" names; NULL: there is none. */
const json_t *json_schema_of(const json_t *document, const char *ref);

#endif
