/*
 * check.h - is the data still what it was? Sums of rows less sums of acknowledged writes stand
 * still (struct fore_content), so what every copy must add up to is known from a move's first
 * moment to its last, whatever clients write meanwhile. Two copies that agree may be wrong
 * together: a row lost before it was copied is missing in both. This finds that too.
 *
 * A vertical move's parts may lie on two nodes: their sums are added up over both, and each must
 * have every row.
 */
#ifndef FORE_CHECK_H
#define FORE_CHECK_H

#include "core/cluster/driver.h"

enum fore_check_verdict {
    FORE_CHECK_SAME,
    FORE_CHECK_DIFFERS,  /* a copy does not add up */
    FORE_CHECK_STRANGER, /* a node that has no business with the range holds rows of it */
    FORE_CHECK_MOOT      /* the range changed by other hands: it is no longer the same question */
};

struct fore_check {           /* {0}: nothing agreed yet */
    uint64_t rest, rows_rest; /* sum - written and rows - rows_written, over all parts */
    uint64_t first, last;
    uint32_t partition;
    uint16_t table, column_group;
    uint64_t apart; /* what is split off by column: then, or, of a vertical move, before or after */
    bool pair;      /* of a vertical move: both parts of the range, wherever they are */
    uint32_t misses; /* looks in a row that showed a difference */
    bool taken;
};

struct fore_check_result {
    enum fore_check_verdict verdict;
    uint32_t partition;
    uint16_t node;    /* that differs, or the stranger */
    int64_t rows_off; /* rows too many (+) or too few (-) there */
};

/* Agrees on what the data adds up to before `move` begins: all replicas must say the same. `but`
 * is not looked at: a copy that is being filled, where a move is taken over; or FORE_NODE_NONE. */
FORE_MUST_USE enum fore_err fore_check_take(struct fore_check *check, struct fore_driver driver,
                                            const struct fore_move *move, uint16_t but,
                                            struct fore_check_result *out);
/*
 * Every replica of the range, and `also` (a copy that is ready; or FORE_NODE_NONE), against what
 * was agreed; every other node but `but` must hold nothing. Asks each node of the cluster once.
 */
FORE_MUST_USE enum fore_err fore_check_now(const struct fore_check *check,
                                           struct fore_driver driver, uint16_t also, uint16_t but,
                                           struct fore_check_result *out);
/* One line for people. */
void fore_check_say(const struct fore_check_result *result, char *out, size_t size);

#endif
