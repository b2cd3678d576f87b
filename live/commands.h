/*
 * commands.h - which argument of a command is its key, and whether it reads or writes: the server's
 * own table (COMMAND), so that heat is counted right for commands nobody thought of.
 */
#ifndef LIVE_COMMANDS_H
#define LIVE_COMMANDS_H

#include "live/link.h"

enum { LIVE_COMMANDS_MAX = 512, LIVE_COMMAND_NAME = 24 };

struct live_commands {
    struct live_command_row {
        char name[LIVE_COMMAND_NAME]; /* lower case */
        uint16_t first_key;           /* 0: none, or not at a fixed place */
        bool write;
    } row[LIVE_COMMANDS_MAX];
    uint32_t count;
};

FORE_MUST_USE enum fore_err live_commands_load(struct live_commands *commands,
                                               struct live_link *link);
/* NULL: not a command on keys, or one that only moves or measures data (MIGRATE, RESTORE, DUMP). */
const struct live_command_row *live_commands_find(const struct live_commands *commands,
                                                  const char *name, size_t len);

#endif
