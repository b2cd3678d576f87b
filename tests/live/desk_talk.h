/* desk_talk.h - what tests of the API ask and read again and again, on the case of desk_case.h. */
#ifndef TESTS_DESK_TALK_H
#define TESTS_DESK_TALK_H

#include "tests/live/desk_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EARLY = 60, HOT = 400 }; /* windows; when the first report is on */

static inline int begin(void **state)
{
    static const char *const sets[] = {"live.mode=propose", NULL};
    (void)state;
    desk_case_open(NULL, sets);
    desk_case_run(EARLY);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    desk_case_close();
    return 0;
}

static inline uint32_t get(const char *path)
{
    return desk_case_ask("GET", path, NULL, NULL);
}

static inline uint32_t change(const char *method, const char *path, const char *body)
{
    return desk_case_ask(method, path, body, desk_case_token);
}

/* Partition 40 from where it is, told in `owner`, to another node: a body for /v1/reshard. */
static inline const char *move_away(char owner[FORE_NAME_MAX])
{
    static char body[160];
    assert_int_equal(get("/v1/partitions/40"), 200);
    const json_t *nodes = json_object_get(dc.json, "nodes");
    (void)snprintf(owner, FORE_NAME_MAX, "%s", json_string_value(json_array_get(nodes, 0)));
    (void)snprintf(body, sizeof body, "{\"partition\":40,\"target\":\"%s\"}",
                   strcmp(owner, "node-07") == 0 ? "node-06" : "node-07");
    return body;
}

static inline const char *member(const char *name)
{
    return json_string_value(json_object_get(dc.json, name));
}

static inline json_int_t number(const char *name)
{
    return json_integer_value(json_object_get(dc.json, name));
}

static inline const char *code(void)
{
    return json_string_value(json_object_get(json_object_get(dc.json, "error"), "code"));
}

#endif
