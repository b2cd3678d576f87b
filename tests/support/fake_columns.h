/*
 * fake_columns.h - the fake cluster's rows have FAKE_COLUMNS columns: the bytes of their values.
 *
 * A node keeps the rows of siblings in a second store, each value with the bytes of the sibling's
 * columns only. What a vertical move has copied so far waits in the move's own store until its
 * cut-over, so that a copy under way is never taken for rows of a partition. Internal to the fake.
 */
#ifndef TEST_FAKE_COLUMNS_H
#define TEST_FAKE_COLUMNS_H

#include "tests/support/fake_driver.h"

enum { FAKE_COLUMNS = 8 };

struct fake_move {
    struct fore_move move;
    enum fore_move_phase phase;
    uint64_t first, last; /* the partition's range when it began */
    bool apart;           /* it was a sibling's */
    double bytes_done, bytes_total;
    double bytes_per_sec_max;
    uint32_t partition_new;
    struct fake_store stage; /* VERTICAL_*: what was copied */
    uint64_t mask;           /* of it: bytes of a value */
};

static inline bool fake_move_open(const struct fake_move *move) /* before its cut-over */
{
    return move->phase <= FORE_PHASE_READY;
}
static inline bool fake_move_copies(const struct fake_move *move) /* whole rows */
{
    return move->move.kind == FORE_MOVE_MOVE || move->move.kind == FORE_MOVE_ADD_REPLICA;
}
/* The bytes of a value that these columns are. */
uint64_t fake_columns_bytes(uint64_t columns);
/* The bytes that a partition holds of every value. */
uint64_t fake_columns_mask(const struct fore_partition *partition);
/* Sum over columns, so that parts of a row add up to it. 0 for NULL. */
uint64_t fake_columns_hash(const struct fake_key *key, uint64_t mask);
/* Where a node keeps the rows of siblings, or of all other partitions. */
struct fake_store *fake_columns_store(const struct fake *fake, bool apart, uint16_t node);

/* Fills in what a vertical move copies: `bytes_total`, `mask`. */
void fake_columns_begin(struct fake *fake, struct fake_move *move);
/* Copies the first `rows`. */
void fake_columns_copy(struct fake *fake, struct fake_move *move, uint64_t rows);
/* The topology has changed: the stage becomes the sibling's rows, or joins the base's. */
void fake_columns_cutover(struct fake *fake, struct fake_move *move);
void fake_columns_sweep(struct fake *fake, struct fake_move *move);
/* A client's write reaches the copy of a READY move. */
void fake_columns_follow(struct fake_move *move, struct fake_key key);
/* The driver's operation. */
enum fore_err fake_columns_compare(struct fake *fake, const struct fake_move *move, uint64_t *rows,
                                   uint64_t *copy);

#endif
