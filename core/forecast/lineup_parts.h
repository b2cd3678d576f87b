/*
 * lineup_parts.h - what lineup.h's functions share: lineup.c (slots, fits, predictions, judging),
 * lineup_train.c (nets), lineup_state.c (bytes). Private to core/forecast.
 */
#ifndef FORE_LINEUP_PARTS_H
#define FORE_LINEUP_PARTS_H

#include "core/forecast/lineup.h"

enum {
    FORE_LINEUP_LEADS = 4,    /* at which what was said is remembered */
    FORE_LINEUP_ORIGINS = 16, /* whose truth has not all come */
    FORE_LINEUP_LESSONS = 32,
};

struct fore_lineup_slot { /* one partition */
    void *state[FORE_MEMBERS_MAX];
    bool fitted[FORE_MEMBERS_MAX];
    size_t fit_at[FORE_MEMBERS_MAX]; /* fit when it has so many points; SIZE_MAX: at the next all */
    struct fore_ensemble *ensemble;  /* malloc'd; NULL in a line-up of one */
    bool speaks;
};

struct fore_lineup_origin {
    uint64_t points; /* known then */
    uint32_t rows;
    uint32_t told; /* leads whose truth has come */
    float *said;   /* [rows][LEADS][members + 1], the combination last; NaN: nothing */
};

struct fore_lineup {
    struct fore_lineup_options options;
    size_t leads, lead[FORE_LINEUP_LEADS];
    size_t width;                   /* floats a row of `said` */
    struct fore_lineup_slot **slot; /* [partition_cap] */
    struct fore_arena states[2];
    int states_now;

    float *now; /* [rows][width]: what was last said */
    uint32_t now_rows;
    struct fore_lineup_origin origin[FORE_LINEUP_ORIGINS];
    uint32_t first, pending;

    struct fore_lineup_net {
        struct fore_net *net;
        struct fore_trainer *trainer;
        size_t training_series;
        uint64_t train_at;   /* points */
        uint64_t train_wait; /* from the first refresh after a restart; then 0 */
    } net[FORE_MEMBERS_MAX][FORE_LINEUP_GROUPS];
    struct fore_lineup_lesson lesson[FORE_LINEUP_LESSONS];
    uint64_t lessons;
};

void *fore_lineup_memory(void *old, size_t count, size_t size); /* zeroed when old is NULL */
struct fore_lineup_slot *fore_lineup_slot(struct fore_lineup *lineup, uint32_t index);
/* Whether a member has enough to go by. */
bool fore_lineup_enough(const struct fore_lineup *lineup, size_t member,
                        const struct fore_series_view *view);
/* lineup_train.c */
void fore_lineup_train(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet,
                       struct fore_arena *scratch);
/* What the nets of a member say of fleet->view[from..from + count), rows horizon apart; NaN first:
 * nothing. */
void fore_lineup_net_says(const struct fore_lineup *lineup, size_t member,
                          const struct fore_lineup_fleet *fleet, size_t from, size_t count,
                          struct fore_arena *scratch, float *mean);
static inline uint32_t fore_lineup_group(const struct fore_lineup_fleet *fleet, size_t i)
{
    return fleet->group ? fleet->group[i] : 0;
}

#endif
