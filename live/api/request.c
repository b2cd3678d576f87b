/* request.c - see request.h. */
#include "live/api/request.h"

#include <stdio.h>
#include <string.h>

void live_request_fini(struct live_request *request)
{
    if (request->json != NULL) json_decref(request->json);
    request->json = NULL;
}

void live_request_add_query(struct live_request *request, const char *name, const char *value)
{
    if (value == NULL) value = "";
    if (request->query_count == LIVE_QUERIES || strlen(name) >= sizeof request->query[0].name ||
        strlen(value) >= sizeof request->query[0].value) {
        request->query_overflow = true;
        return;
    }
    struct live_query *query = &request->query[request->query_count++];
    (void)snprintf(query->name, sizeof query->name, "%s", name);
    (void)snprintf(query->value, sizeof query->value, "%s", value);
}

const char *live_request_query(const struct live_request *request, const char *name)
{
    for (uint32_t i = 0; i < request->query_count; i++)
        if (strcmp(request->query[i].name, name) == 0) return request->query[i].value;
    return NULL;
}

bool live_number(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9' && i < 19; i++)
        value = 10 * value + (uint64_t)(text[i] - '0');
    *out = value;
    return i > 0 && text[i] == '\0' && value <= max;
}

bool live_request_number(const struct live_request *request, const char *name, uint64_t fallback,
                         uint64_t max, uint64_t *out)
{
    const char *text = live_request_query(request, name);
    *out = fallback;
    return text == NULL || live_number(text, max, out);
}
