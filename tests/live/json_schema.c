/* json_schema.c - see json_schema.h. */
#include "tests/live/json_schema.h"

#include <stdio.h>
#include <string.h>

const json_t *json_schema_of(const json_t *document, const char *ref)
{
    static const char prefix[] = "#/components/schemas/";
    if (strncmp(ref, prefix, sizeof prefix - 1) != 0) return NULL;
    return json_object_get(json_object_get(json_object_get(document, "components"), "schemas"),
                           ref + sizeof prefix - 1);
}

static bool is_type(const char *type, const json_t *value)
{
    if (strcmp(type, "object") == 0) return json_is_object(value);
    if (strcmp(type, "array") == 0) return json_is_array(value);
    if (strcmp(type, "string") == 0) return json_is_string(value);
    if (strcmp(type, "boolean") == 0) return json_is_boolean(value);
    if (strcmp(type, "integer") == 0) return json_is_integer(value);
    if (strcmp(type, "number") == 0) return json_is_number(value);
    return strcmp(type, "null") == 0 && json_is_null(value);
}

static bool type_fits(const json_t *type, const json_t *value)
{
    size_t i;
    json_t *one;
    if (type == NULL) return true;
    if (json_is_string(type)) return is_type(json_string_value(type), value);
    json_array_foreach(type, i, one)
    {
        if (is_type(json_string_value(one), value)) return true;
    }
    return false;
}

static bool wrong(char *why, size_t size, const char *what, const char *where)
{
    (void)snprintf(why, size, "%s: %s", what, where);
    return false;
}

static bool members_fit(const json_t *document, const json_t *schema, const json_t *value,
                        char *why, size_t size)
{
    const char *key;
    json_t *member, *name;
    size_t i;
    json_t *properties = json_object_get(schema, "properties");
    json_array_foreach(json_object_get(schema, "required"), i, name)
    {
        if (json_object_get(value, json_string_value(name)) == NULL)
            return wrong(why, size, "missing", json_string_value(name));
    }
    union { /* jansson's loop takes a pointer it may write through, and does not */
        const json_t *read;
        json_t *write;
    } object = {.read = value};
    json_object_foreach(object.write, key, member)
    {
        const json_t *of = json_object_get(properties, key);
        if (of == NULL && json_is_false(json_object_get(schema, "additionalProperties")))
            return wrong(why, size, "not described", key);
        if (of != NULL && !json_schema_fits(document, of, member, why, size)) {
            if (strlen(why) + strlen(key) + 8 < size) {
                (void)strncat(why, " in ", size - strlen(why) - 1);
                (void)strncat(why, key, size - strlen(why) - 1);
            }
            return false;
        }
    }
    return true;
}

bool json_schema_fits(const json_t *document, const json_t *schema, const json_t *value, char *why,
                      size_t why_size)
{
    size_t i;
    json_t *one;
    const json_t *ref = json_object_get(schema, "$ref"), *any = json_object_get(schema, "oneOf");
    if (ref != NULL) schema = json_schema_of(document, json_string_value(ref));
    if (schema == NULL) return wrong(why, why_size, "no such schema", json_string_value(ref));
    if (any != NULL) {
        json_array_foreach(any, i, one)
        {
            if (json_schema_fits(document, one, value, why, why_size)) return true;
        }
        return false;
    }
    const json_t *type = json_object_get(schema, "type"), *list = json_object_get(schema, "enum");
    if (!type_fits(type, value))
        return wrong(why, why_size, "type", json_is_string(type) ? json_string_value(type) : "?");
    bool listed = list == NULL;
    json_array_foreach(list, i, one)
    {
        listed = listed || json_equal(one, value);
    }
    if (!listed) return wrong(why, why_size, "not one of its enum", "");
    if (json_is_object(value)) return members_fit(document, schema, value, why, why_size);
    json_array_foreach(value, i, one)
    {
        const json_t *of = json_object_get(schema, "items");
        if (of != NULL && !json_schema_fits(document, of, one, why, why_size)) return false;
    }
    return true;
}
