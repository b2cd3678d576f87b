/*
 * subject.h - which partitions a rule of the operator's is about, as a word.
 *
 *   *            all
 *   users        a table
 *   20%..26%     a part of every table's key space, as in forecast hints: a tenant, say
 *   users:17     a partition of a table, by index (users/p17 and p17 say the same)
 *
 * A partition is named by its index, but meant is its key range, taken when the word is read: the
 * parts it is split into, and what it is merged into, stay what the rule is about.
 */
#ifndef FORE_SUBJECT_H
#define FORE_SUBJECT_H

#include "core/cluster/topology.h"

/* Ascending in how much is said: of several rules the last kind wins. */
enum fore_subject_kind {
    FORE_SUBJECT_ALL,
    FORE_SUBJECT_TABLE,
    FORE_SUBJECT_SHARE,
    FORE_SUBJECT_PARTITION
};

struct fore_subject {
    enum fore_subject_kind kind;
    uint16_t table;       /* TABLE, PARTITION */
    double from, to;      /* SHARE: percent of the key space */
    uint64_t first, last; /* PARTITION: positions, both included */
};

/* `field` opens the sentence: "placement.pin: \"usres\" names no table; did you mean \"users\"?" */
FORE_MUST_USE enum fore_err fore_subject_parse(const char *text,
                                               const struct fore_topology *topology,
                                               const char *field, struct fore_subject *out,
                                               struct fore_diag *diag);
/* Some of the partition is meant (of a SHARE: at least a hundredth of the partition). */
bool fore_subject_meets(const struct fore_subject *subject, const struct fore_topology *topology,
                        uint32_t partition);

#endif
