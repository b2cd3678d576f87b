/*
 * commands.h - which argument of a command is its first key, and whether it reads or writes: the
 * server's own table (COMMAND, with the key specifications of 7.0), so that heat is counted right
 * for commands nobody thought of. All keys of a command are in one slot.
 */
#ifndef LIVE_COMMANDS_H
#define LIVE_COMMANDS_H

#include "live/redis/link.h"

enum { LIVE_COMMANDS_MAX = 512, LIVE_COMMAND_NAME = 24, LIVE_COMMAND_WORD = 12 };

struct live_commands {
    struct live_command_row {
        char name[LIVE_COMMAND_NAME];    /* lower case; of a container's part "xgroup|create" */
        uint16_t first_key;              /* place; with a keyword, behind it; 0: a container */
        uint16_t count_at;               /* place of the number of keys; 0: not told */
        char keyword[LIVE_COMMAND_WORD]; /* "": first_key counts from the command's name */
        uint16_t keyword_from;           /* place to look for it from */
        bool write;
    } row[LIVE_COMMANDS_MAX];
    uint32_t count;
};

FORE_MUST_USE enum fore_err live_commands_load(struct live_commands *commands,
                                               struct live_link *link);
/* NULL: not a command on keys, or one that is no load itself: it only moves or measures data
 * (MIGRATE, RESTORE, DUMP), or runs a script, whose commands are counted. */
const struct live_command_row *live_commands_find(const struct live_commands *commands,
                                                  const char *name, size_t len);

/* A command whose arguments are read one after the other; `take` says false where there is none. */
struct live_command_words {
    bool (*take)(void *self, uint16_t place, const char **text, size_t *len);
    void *self;
};
/* The first key's place, and its row; 0: it has none. */
uint16_t live_commands_key(const struct live_commands *commands,
                           const struct live_command_words *words,
                           const struct live_command_row **row);

#endif
