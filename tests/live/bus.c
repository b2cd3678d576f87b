/* bus.c - see bus.h. Offsets are those of struct clusterMsg; numbers are in network order. */
#include "tests/live/bus.h"

#include "live/base/clock.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LENGTH = 2256,
    AT_TOTAL = 4,
    AT_VERSION = 8,
    AT_PORT = 10,
    AT_TYPE = 12,
    AT_CURRENT_EPOCH = 16,
    AT_CONFIG_EPOCH = 24,
    AT_SENDER = 40,
    AT_SLOTS = 80,
    AT_BUS_PORT = 2248,
    AT_FLAGS = 2250,
    PONG = 1,
    PRIMARY = 1
};

static void put(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--, value >>= 8)
        at[i] = (unsigned char)value;
}

static void write_message(const struct live_cluster *cluster, const struct bus_late *late,
                          unsigned char *out)
{
    const struct live_instance *sender = &cluster->instance[late->sender];
    memset(out, 0, LENGTH);
    memcpy(out, "RCmb", 4);
    put(out + AT_TOTAL, LENGTH, 4);
    put(out + AT_VERSION, 1, 2);
    put(out + AT_PORT, sender->link.address.port, 2);
    put(out + AT_TYPE, PONG, 2);
    put(out + AT_CURRENT_EPOCH, sender->config_epoch, 8);
    put(out + AT_CONFIG_EPOCH, sender->config_epoch, 8);
    memcpy(out + AT_SENDER, sender->id, LIVE_ID_LEN);
    put(out + AT_BUS_PORT, sender->bus_port, 2);
    put(out + AT_FLAGS, PRIMARY, 2);
    for (uint32_t slot = 0; slot < FORE_SLOT_COUNT; slot++) {
        bool ours = cluster->own[slot] == late->sender;
        if (slot >= late->first && slot <= late->last) ours = late->claimed;
        if (ours) out[AT_SLOTS + slot / 8] |= (unsigned char)(1u << slot % 8);
    }
}

bool bus_send_late(const struct live_cluster *cluster, const struct bus_late *late)
{
    unsigned char message[LENGTH];
    const struct live_instance *receiver = &cluster->instance[late->receiver];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(receiver->bus_port)};
    write_message(cluster, late, message);
    int link = socket(AF_INET, SOCK_STREAM, 0);
    bool sent = link >= 0 && inet_pton(AF_INET, receiver->link.address.host, &to.sin_addr) == 1 &&
                connect(link, (const struct sockaddr *)&to, sizeof to) == 0 &&
                write(link, message, sizeof message) == (ssize_t)sizeof message;
    live_clock_sleep_ms(50); /* a link that is closed at once is not read */
    if (link >= 0) (void)close(link);
    return sent;
}
