/* fuzz_live_capture.c - packets from a wire, and the counters that the module tells: bytes that
 * come over a network. Input: {u8 link, u16 length, packet} again and again. */
#include "live/module/counters.h"
#include "live/redis/capture_parse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct live_commands commands = {
    .row = {{.name = "get", .first_key = 1},
            {.name = "set", .first_key = 1, .write = true},
            {.name = "xgroup"},
            {.name = "xgroup|create", .first_key = 2, .write = true},
            {.name = "xread", .first_key = 1, .keyword = "STREAMS", .keyword_from = 1},
            {.name = "zunion", .first_key = 2, .count_at = 1}},
    .count = 6
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct live_capture_parser parser;
    static struct live_counters counters;
    memset(&parser, 0, sizeof parser);
    parser.commands = &commands;
    enum fore_err err = live_counters_read((const char *)data, size, &counters);
    FORE_ASSERT(err == FORE_E_OK || err == FORE_E_FORMAT);
    while (size >= 3) {
        enum live_capture_link link = (enum live_capture_link)(data[0] & 3);
        size_t len = (size_t)data[1] << 8 | data[2];
        data += 3;
        size -= 3;
        if (len > size) len = size;
        uint8_t *packet = malloc(len + 1); /* of its own, so that a step too far is seen */
        if (packet == NULL) abort();
        memcpy(packet, data, len);
        live_capture_packet(&parser, link, packet, len);
        free(packet);
        data += len;
        size -= len;
    }
    FORE_ASSERT(parser.counts.commands <= parser.counts.packets * 65536);
    return 0;
}
