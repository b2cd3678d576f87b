/*
 * candidate.h - the changes the planner may choose from, and their prices. Internal to decide/.
 */
#ifndef FORE_CANDIDATE_H
#define FORE_CANDIDATE_H

#include "core/decide/planner.h"
#include "core/decide/room.h"
#include "core/decide/targets.h"

struct fore_search {
    const struct fore_planner_input *input;
    struct fore_arena *scratch;
    struct fore_load load; /* the picture, with what was already chosen */
    double window_s;       /* from now: what takes longer must not begin */
    double offset_s;       /* from the scenarios' origin to now */
    uint8_t *slots;        /* by node, left */
    struct fore_room room; /* for data */
    struct fore_links links;
    bool *busy;             /* by partition */
    bool *grown;            /* by partition: only further copies may be made of it */
    uint32_t cluster_slots; /* left */
    uint32_t split_room;    /* partitions that may still be made */
    struct fore_cut {
        bool asked, known;
        struct fore_keyrange_cut at;
    } * cut; /* by partition: where it would be split, asked for once a plan */
    struct fore_column_choice {
        bool asked;
        struct fore_vertical best;
    } * columns;      /* by partition; NULL: none may be split by column */
    double byte_cost; /* told and found */
    double *brings;   /* by partition: cores one replica brings, mean over the horizon */
    double *peak;     /* by partition: the same where it brings most */
    uint32_t *hosted, *hosted_at; /* partitions of node n: hosted[hosted_at[n]..hosted_at[n + 1]) */
    uint64_t *asked;              /* prices, so far */
    bool thorough; /* swaps of what is alike on average, too: it may be hot at another time */
    struct fore_targets targets;
    struct fore_targets *confined; /* by class of the rules: of its own nodes; NULL: no rules */
    struct fore_constraint_state rules; /* asked only where `confined` is there */
};

enum { FORE_CANDIDATE_CHANGES = 3 * FORE_REPLICAS_MAX };

struct fore_shortlist;
struct fore_candidate {
    double gain_s; /* after price and gain_min; the best is the largest */
    struct fore_shortlist
        *shortlist;      /* of a bar: where all that beat it go; NULL: the best stays */
    bool found;          /* for tidying up, which is done for no gain */
    bool swap;           /* `partner` is to come back afterwards */
    const char *repairs; /* the rule that is broken until then; NULL: none */
    uint32_t partner;
    uint32_t extra_copies; /* ADD_REPLICA: this one and those to follow */
    struct fore_plan_move move;
    double work_saved; /* core-seconds: splits by column when nothing is in trouble */
    char say[120];     /* of moves by column: for people */
    uint16_t then_source, then_target; /* SPLIT: where its part is to go */
    bool then_left;                    /* and it is the left one (bound moves only) */
    bool then_merge; /* MOVE: brings a cold neighbour, and these are merged afterwards (join.c) */
    uint32_t merge_left, merge_right;
    struct fore_load_change change[FORE_CANDIDATE_CHANGES];
    uint32_t change_count;
};

/* The picture before anything is chosen (planner.c). */
void fore_planner_search(struct fore_search *search, const struct fore_planner_input *input,
                         struct fore_arena *scratch);
/* Its own threshold keeps it from being changed for load; `never`: from being tidied up, too. */
static inline bool fore_candidate_held(const struct fore_search *search, uint32_t partition)
{
    return search->input->partition_held != NULL &&
           search->input->partition_held[partition] != FORE_HOLD_NONE;
}
static inline bool fore_candidate_never(const struct fore_search *search, uint32_t partition)
{
    return search->input->partition_held != NULL &&
           search->input->partition_held[partition] == FORE_HOLD_NEVER;
}
/* Replaces *best if something that relieves `source` gains more (relieve.c). */
void fore_candidate_relieve(const struct fore_search *search, uint16_t source,
                            struct fore_candidate *best);
/* Replaces *best if a swap of this partition gains more. */
void fore_candidate_swap(const struct fore_search *search, uint16_t source, uint32_t partition,
                         struct fore_candidate *best);
/* What breaks a rule of placement, and where it would go at the least harm. True: found one. */
bool fore_candidate_repair(struct fore_search *search, struct fore_candidate *best);
/* May columns be split off here? */
bool fore_candidate_columns_allowed(const struct fore_search *search);
/* Nothing is in trouble: the split by column that saves most work, or the merge that does. */
void fore_candidate_save_columns(const struct fore_search *search, struct fore_candidate *best);
/* Nothing is in trouble: drop a replica that is not needed, merge cold neighbours. */
void fore_candidate_tidy(const struct fore_search *search, struct fore_candidate *best);
/* The same of cold neighbours on two nodes; `for_room`: whatever it costs, the cap is near. */
void fore_candidate_join_idle(const struct fore_search *search, bool for_room,
                              struct fore_candidate *best);
/* The partition cap is near: the coldest neighbours that may be merged. */
void fore_candidate_make_room(const struct fore_search *search, struct fore_candidate *best);

#endif
