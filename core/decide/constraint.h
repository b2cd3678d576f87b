/*
 * constraint.h - where partitions must and must not be: the "placement" section.
 *
 *   pin              "users -> zone-1", "orders:17 -> node-03|node-04"
 *   apart            "users <> orders", "20%..30% <> 30%..40% by zone"
 *   forbidden        "node-07", "rack-0-2"
 *   replicas_apart   node (always), rack or zone
 *
 * Left of the arrow: subject.h. Right of it nodes by name, zone-N, or rack-N-M (rack M of zone N),
 * several joined by '|'. All of it is hard: no gain buys a placement that breaks a rule, and where
 * a rule is broken already, putting it right comes before everything else, at the usual price of a
 * move (repair.c).
 *
 * Rules may contradict each other. Partitions that the same rules are about are one class; rules
 * can hold if every class finds as many nodes as it has replicas, which a search with backtracking
 * settles exactly up to a bound on its steps (beyond it they are taken to be possible). Of what
 * cannot hold the smallest conflicting set is named.
 */
#ifndef FORE_CONSTRAINT_H
#define FORE_CONSTRAINT_H

#include "core/base/arena.h"
#include "core/base/option.h"
#include "core/decide/subject.h"

/* Domains a replica can fail with; a rack is part of a zone. */
enum fore_domain { FORE_DOMAIN_NODE, FORE_DOMAIN_RACK, FORE_DOMAIN_ZONE, FORE_DOMAINS };

struct fore_placement_options {
    struct fore_strings pin, apart, forbidden;
    uint32_t replicas_apart; /* enum fore_domain */
};
extern const struct fore_option_section fore_placement_section;

enum { FORE_CONSTRAINT_PINS = 32, FORE_CONSTRAINT_APARTS = 16, FORE_CONSTRAINT_CLASSES = 256 };

struct fore_constraint_pin { /* or a forbidden set, whose subject is not looked at */
    const char *text;
    struct fore_subject subject;
    bool *node; /* [node_count]: named */
};
struct fore_constraint_apart {
    const char *text;
    struct fore_subject side[2];
    enum fore_domain by;
};
struct fore_constraints {
    struct fore_constraint_pin *pin, *forbidden;
    struct fore_constraint_apart *apart;
    uint32_t pin_count, forbidden_count, apart_count;
    enum fore_domain replicas_apart;
    uint32_t node_count;
    uint16_t *domain[FORE_DOMAINS]; /* by node: number of its domain, from 0 */
};

/* Reads the options against a topology: tables, partitions and nodes must exist. Texts are
 * borrowed from the options; the rest is from `arena`. */
FORE_MUST_USE enum fore_err fore_constraint_compile(const struct fore_placement_options *options,
                                                    const struct fore_topology *topology,
                                                    struct fore_arena *arena,
                                                    struct fore_constraints *out,
                                                    struct fore_diag *diag);
bool fore_constraint_any(const struct fore_constraints *rules);
/* FORE_E_REFUSED, and the smallest conflicting set, when no placement can satisfy the rules.
 * `replicas` by partition: how many it must have; NULL: as many as it has. `serving`: only on nodes
 * that are up and in use; else on all there are. */
FORE_MUST_USE enum fore_err fore_constraint_check(const struct fore_constraints *rules,
                                                  const struct fore_topology *topology,
                                                  const uint16_t *replicas, bool serving,
                                                  struct fore_arena *scratch,
                                                  struct fore_diag *diag);

/* ---- the rules on a placement, for one plan ---- */

/* A move under way, or chosen: it holds both its ends. */
struct fore_constraint_state {
    const struct fore_constraints *rules;
    const struct fore_topology *topology;
    uint16_t *class_of; /* by partition */
    uint64_t *mask;     /* by class: bit i: pin i; bits 32 + 2j and 33 + 2j: a side of apart j */
    bool *allowed;      /* [class][node]: by pins and forbidden nodes */
    uint32_t class_count;
    uint32_t *held[FORE_CONSTRAINT_APARTS][2]; /* by domain: replicas of either side */
    uint8_t *side[FORE_CONSTRAINT_APARTS];     /* by domain: 0 free, 1 or 2: whose it is */
};
void fore_constraint_begin(const struct fore_constraints *rules,
                           const struct fore_topology *topology, struct fore_arena *scratch,
                           struct fore_constraint_state *out);
/* May `partition` get a replica on `to`, while the one on `from` goes (NONE: none goes)? */
bool fore_constraint_allows(const struct fore_constraint_state *state, uint32_t partition,
                            uint16_t from, uint16_t to);
/* May it be on both? For several copies made in one go. */
bool fore_constraint_together(const struct fore_constraint_state *state, uint16_t a, uint16_t b);
/* A replica comes to `to`. What leaves is counted until the next plan. */
void fore_constraint_take(struct fore_constraint_state *state, uint32_t partition, uint16_t to);
/* The rule that the replica of this rank breaks, as a person wrote it; NULL: none. */
const char *fore_constraint_broken(const struct fore_constraint_state *state, uint32_t partition,
                                   uint32_t rank);
/* Pins confine this class to a part of the nodes. */
bool fore_constraint_confined(const struct fore_constraint_state *state, uint32_t partition);

/* ---- shared by constraint*.c ---- */

uint64_t fore_constraint_mask(const struct fore_constraints *rules,
                              const struct fore_topology *topology, uint32_t partition);
/* Which rules are looked at: pins, forbidden sets, aparts by index, and replicas_apart. */
struct fore_constraint_subset {
    bool pin[FORE_CONSTRAINT_PINS], forbidden[FORE_CONSTRAINT_PINS], apart[FORE_CONSTRAINT_APARTS];
    bool replicas_apart;
};
struct fore_constraint_class {
    uint64_t mask;
    uint32_t replicas;                /* each partition of it must have */
    uint16_t home[FORE_REPLICAS_MAX]; /* out: nodes on which all of them could be */
    const uint32_t *likes;            /* by node: those with more are tried first; NULL: none */
};
struct fore_constraint_problem {
    const struct fore_constraints *rules;
    const struct fore_topology *topology;
    struct fore_constraint_subset active;
    bool serving;
    struct fore_constraint_class *class;
    uint32_t class_count;
};
/* False: it cannot be. Also true when the search was given up; *exact says which. */
bool fore_constraint_solve(struct fore_constraint_problem *problem, struct fore_arena *scratch,
                           bool *exact);
struct fore_constraint_subset fore_constraint_all(const struct fore_constraints *rules);

#endif
