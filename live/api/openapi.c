/*
 * openapi.c - the description of the API (OpenAPI 3.1), made from the table of routes, so that what
 * is served and what is described cannot differ. Schemas are in openapi_schemas.c.
 */
#include "live/api/openapi.h"

#include "core/base/json.h"
#include "live/api/api.h"

#include <stdio.h>
#include <string.h>

static void ref(struct fore_json *json, const char *key, const char *schema)
{
    char text[96];
    (void)snprintf(text, sizeof text, "#/components/schemas/%s", schema);
    fore_json_object(json, key);
    fore_json_string(json, "$ref", text);
    fore_json_object_end(json);
}

static void content(struct fore_json *json, const char *type, const char *schema)
{
    fore_json_object(json, "content");
    fore_json_object(json, type);
    ref(json, "schema", schema);
    fore_json_object_end(json);
    fore_json_object_end(json);
}

static void parameter(struct fore_json *json, const char *name, size_t len, const char *in)
{
    char text[LIVE_PARAM_MAX];
    (void)snprintf(text, sizeof text, "%.*s", (int)len, name);
    fore_json_object(json, NULL);
    fore_json_string(json, "name", text);
    fore_json_string(json, "in", in);
    if (strcmp(in, "path") == 0) fore_json_bool(json, "required", true);
    fore_json_object(json, "schema");
    fore_json_string(json, "type", "string");
    fore_json_object_end(json);
    fore_json_object_end(json);
}

static void parameters(struct fore_json *json, const struct live_route *route)
{
    fore_json_array(json, "parameters");
    for (const char *at = strchr(route->path, '{'); at != NULL; at = strchr(at, '{')) {
        size_t len = strcspn(++at, "}");
        parameter(json, at, len, "path");
    }
    for (const char *at = route->query; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, " ");
        parameter(json, at, len, "query");
        at += len + (at[len] == ' ');
    }
    fore_json_array_end(json);
}

static void response(struct fore_json *json, const char *status, const char *about,
                     const char *type, const char *schema)
{
    fore_json_object(json, status);
    fore_json_string(json, "description", about);
    content(json, type, schema);
    fore_json_object_end(json);
}

static void operation(struct fore_json *json, const struct live_route *route)
{
    char method[8] = {0};
    for (size_t i = 0; i + 1 < sizeof method && route->method[i] != '\0'; i++)
        method[i] = (char)(route->method[i] | 0x20); /* lower case */
    fore_json_object(json, method);
    fore_json_string(json, "operationId", route->id);
    fore_json_string(json, "summary", route->about);
    parameters(json, route);
    if (route->body != NULL) {
        fore_json_object(json, "requestBody");
        content(json, "application/json", route->body);
        fore_json_object_end(json);
    }
    fore_json_array(json, "security");
    if (route->writes) {
        fore_json_object(json, NULL);
        fore_json_array(json, "token");
        fore_json_array_end(json);
        fore_json_object_end(json);
    }
    fore_json_array_end(json);
    fore_json_object(json, "responses");
    response(json, "2XX", "done", route->type != NULL ? route->type : "application/json",
             route->reply);
    response(json, "default", "refused, with a reason", "application/json", "Error");
    fore_json_object_end(json);
    fore_json_object_end(json);
}

/* Paths in the order of the table; all methods of a path together. */
static void paths(struct fore_json *json)
{
    fore_json_object(json, "paths");
    for (size_t i = 0; i < live_route_count(); i++) {
        bool told = false;
        for (size_t j = 0; j < i; j++)
            told = told || strcmp(live_routes[j].path, live_routes[i].path) == 0;
        if (told) continue;
        fore_json_object(json, live_routes[i].path);
        for (size_t j = i; j < live_route_count(); j++)
            if (strcmp(live_routes[j].path, live_routes[i].path) == 0)
                operation(json, &live_routes[j]);
        fore_json_object_end(json);
    }
    fore_json_object_end(json);
}

void live_openapi(struct fore_buf *out)
{
    struct fore_json json = fore_json_begin(out, true);
    fore_json_object(&json, NULL);
    fore_json_string(&json, "openapi", "3.1.0");
    fore_json_object(&json, "info");
    fore_json_string(&json, "title", "foreshard live");
    fore_json_string(&json, "version", "1");
    fore_json_string(&json, "description",
                     "Where a sharded store will be hot, and what is done about it. Reads are free "
                     "on loopback; changes need the token. Plans are bound to the state they were "
                     "made for and refused when it has passed.");
    fore_json_object_end(&json);
    paths(&json);
    fore_json_object(&json, "components");
    fore_json_object(&json, "securitySchemes");
    fore_json_object(&json, "token");
    fore_json_string(&json, "type", "http");
    fore_json_string(&json, "scheme", "bearer");
    fore_json_object_end(&json);
    fore_json_object_end(&json);
    fore_buf_puts(out, ",\n    \"schemas\": {");
    for (size_t i = 0; live_openapi_schemas[i] != NULL; i++)
        fore_buf_printf(out, "%s\n      %s", i > 0 ? "," : "", live_openapi_schemas[i]);
    fore_buf_puts(out, "\n    }");
    fore_json_object_end(&json);
    fore_json_object_end(&json);
    fore_buf_puts(out, "\n");
}
