/*
 * rolling_parts.h - what rolling.h's functions share: rolling.c (life, origins, tasks),
 * rolling_tasks.c (members fit and predict), rolling_combine.c (weights, intervals, scores).
 * Private to core/forecast.
 */
#ifndef FORE_ROLLING_PARTS_H
#define FORE_ROLLING_PARTS_H

#include "core/forecast/rolling.h"

struct fore_rolling_series {
    struct fore_series_view view;
    size_t origins, oldest; /* how many fit; where, counted as the others' */
    float *mean;            /* [member][origins][horizon]; NaN first: the member cannot speak */
};

struct fore_rolling_task {
    uint32_t member;
    uint32_t series; /* UINT32_MAX: a global member, all series at once */
};

struct fore_rolling_scored { /* kept for plots and scores */
    float *mean, *grid;      /* [horizon], [horizon][FORE_LEVELS] */
};

struct fore_rolling {
    struct fore_rolling_options options;
    size_t count, origins; /* origins of the longest series; the last may be the forecast */
    struct fore_rolling_series *series;
    struct fore_rolling_task *task;
    size_t task_count;
    struct fore_rolling_nets given[FORE_MEMBERS_MAX];
    struct fore_net *held[FORE_MEMBERS_MAX], *full[FORE_MEMBERS_MAX]; /* learned here; may be one */
    struct fore_rolling_scored *scored;     /* [series][scored], the ensemble's */
    struct fore_backtest_score *score;      /* [series][member_count + 1] */
    struct fore_rolling_forecast *forecast; /* [series] */
    struct fore_arena arena;                /* everything above */
};

/* Points known at an origin: 0 is the oldest of all, origins - 1 the newest. */
size_t fore_rolling_known(const struct fore_rolling *rolling, size_t series, size_t origin);
/* What a member said at an origin; NULL where it could not. */
const float *fore_rolling_said(const struct fore_rolling *rolling, size_t series, size_t member,
                               size_t origin);
bool fore_rolling_has(const struct fore_rolling *rolling, size_t series, size_t origin);

#endif
