/*
 * entry.h - from the "live" section to what a link needs: addresses and the way in. The password
 * is read from its file, kept here and wiped at the end.
 */
#ifndef LIVE_ENTRY_H
#define LIVE_ENTRY_H

#include "live/config.h"
#include "live/redis/link.h"

struct live_entry { /* does not move while links use it */
    struct live_address seed[8];
    size_t seed_count;
    struct live_access access;
    char password[512], holder[64];
};

/* `what` this process does, for people who find its lease. IO: the password's file. */
FORE_MUST_USE enum fore_err live_entry_open(const struct live_options *options, const char *what,
                                            struct live_entry *out, struct fore_diag *diag);
void live_entry_close(struct live_entry *entry);

#endif
