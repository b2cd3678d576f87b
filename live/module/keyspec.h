/*
 * keyspec.h - where a command's first key is, for the module's command filter, in some nanoseconds.
 *
 * The table is filled from the server's own COMMAND when the module is loaded. In a cluster all
 * keys of a command are in one slot, so the first key is enough. Three kinds of commands need more
 * than a place: containers ("XGROUP CREATE"), whose parts have rows of their own under
 * "xgroup|create"; those whose keys move with their arguments (XREAD, ZUNION), for which the server
 * is asked; and scripts, which are not counted, because the commands they run are.
 */
#ifndef LIVE_MODULE_KEYSPEC_H
#define LIVE_MODULE_KEYSPEC_H

#include "core/base/base.h"

enum { LIVE_KEYSPEC_NAME = 24, LIVE_KEYSPEC_ROWS = 2048 };

enum live_keyspec_kind {
    LIVE_KEYSPEC_FIXED,     /* the key is argument `first` */
    LIVE_KEYSPEC_MOVABLE,   /* ask the server */
    LIVE_KEYSPEC_CONTAINER, /* look up "name|argument" */
};

struct live_keyspec_row {
    uint64_t name[LIVE_KEYSPEC_NAME / 8]; /* folded, padded with zeros */
    uint8_t len;                          /* 0: free */
    uint8_t kind;                         /* enum live_keyspec_kind */
    uint8_t first;                        /* argument, 1.. */
    bool write;
    int16_t arity; /* with the name; negative: at least so many */
};

struct live_keyspec {
    struct live_keyspec_row row[LIVE_KEYSPEC_ROWS]; /* open addressing, at most half full */
    uint32_t count;
};

/* As the server tells it. What is no load is left out, and so are names that do not fit. */
struct live_keyspec_command {
    const char *name;
    size_t name_len;
    int arity, first_key;
    bool write, movable, container;
};
void live_keyspec_add(struct live_keyspec *spec, const struct live_keyspec_command *command);
/* NULL: not a command on keys. */
const struct live_keyspec_row *live_keyspec_find(const struct live_keyspec *spec, const char *name,
                                                 size_t len);
/* The row of a container's part; NULL when it has no key. */
const struct live_keyspec_row *live_keyspec_part(const struct live_keyspec *spec,
                                                 const struct live_keyspec_row *container,
                                                 const char *part, size_t len);
/* The slot of a key, as fore_hash_slot() says it, without a table: a cold table costs more. */
uint16_t live_keyspec_slot(const char *key, size_t len);
/* False: it moves or measures data (MIGRATE, RESTORE, DUMP, OBJECT ...), or runs a script, whose
 * commands are counted instead. The name is in lower case. */
bool live_keyspec_is_load(const char *name);

#endif
