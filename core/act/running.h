/*
 * running.h - the moves under way as a list: what they are, what they hold, who waits for whom.
 * Internal to act/; what others may ask of it is declared in migrate.h.
 */
#ifndef FORE_RUNNING_H
#define FORE_RUNNING_H

#include "core/act/migrate.h"

/* Does the kind carry data, and so need a slot, digests and a sweep? */
bool fore_migrate_copies(enum fore_move_kind kind);
bool fore_migrate_makes_partition(enum fore_move_kind kind);
/* Do they ask for the same change? */
bool fore_migrate_same(const struct fore_move *a, const struct fore_move *b);
/* A QUEUED migration for the move, with what its nodes look like now. */
struct fore_migration *fore_migrate_enlist(struct fore_migrate *migrate,
                                           const struct fore_move *move,
                                           const struct fore_topology *topology,
                                           const struct fore_observe *observe, fore_ns now);
/* What the ends of a copy look like before it. */
void fore_migrate_look_before(struct fore_migration *m, const struct fore_observe *observe);
/* Whom it is bound to; NULL: nobody, or it is forgotten. */
struct fore_migration *fore_migrate_leader(const struct fore_migrate *migrate,
                                           const struct fore_migration *m);
/* Has it changed owners for good, so that a follower may begin? */
bool fore_migrate_through(const struct fore_migration *m);

#endif
