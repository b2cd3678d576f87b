/* api_commands.h - what the files that answer on the engine's thread share. */
#ifndef LIVE_API_COMMANDS_H
#define LIVE_API_COMMANDS_H

#include "live/api/desk.h"

/* Every member of the body (or no body) is one of `names`; false: answered with 422. */
bool live_body_knows(const struct live_request *request, const char *const *names, size_t count,
                     struct live_response *reply);
/* NULL: answered. */
const struct fore_topology *live_desk_topology(struct live_desk *desk, struct live_response *reply);
/* A living partition's index; false: answered with 404. */
bool live_desk_partition(const struct fore_topology *topology, const char *text, uint32_t *out,
                         struct live_response *reply);

#endif
