/* fuzz_live_nodes.c - CLUSTER NODES and redirections from a server that may say anything. */
#include "live/redis/nodes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void redirect(const uint8_t *data, size_t size)
{
    struct live_redirect out;
    char *text = malloc(size + 1);
    if (text == NULL) abort();
    memcpy(text, data, size);
    redisReply reply = {.type = REDIS_REPLY_ERROR, .str = text, .len = size};
    if (live_reply_redirect(&reply, &out) == FORE_E_OK)
        FORE_ASSERT(out.slot < FORE_SLOT_COUNT && out.address.port != 0 &&
                    memchr(out.address.host, '\0', LIVE_HOST_MAX) != NULL);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct live_nodes nodes;
    char *text = malloc(size + 1);
    if (text == NULL) abort();
    memcpy(text, data, size);
    if (live_nodes_parse(text, size, &nodes) == FORE_E_OK) {
        FORE_ASSERT(nodes.line_count <= LIVE_NODES_MAX && nodes.myself < nodes.line_count);
        for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++)
            FORE_ASSERT(nodes.owner[slot] < (int)nodes.line_count);
    }
    free(text);
    redirect(data, size);
    return 0;
}
