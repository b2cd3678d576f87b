/*
 * rolling_parts.h - what rolling.h's functions share: rolling.c (life, origins, tasks),
 * rolling_tasks.c (members fit and predict), rolling_combine.c (the walk through the origins, the
 * weights), rolling_judge.c (intervals, scores).
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

struct fore_rolling_voice {         /* a member, or the ensemble */
    struct fore_residual *residual; /* made anew at each origin that is judged */
    struct fore_backtest score;
    const float *mean; /* now; NULL: silent */
    double log_width;  /* of the intervals, learned from how often they held */
    float *low, *high; /* [origins][horizon] of the 90 % interval; NaN: not given */
};

struct fore_rolling_walk { /* one series' way through its origins */
    struct fore_ensemble *ensemble;
    float *combined;                  /* [origins][FORE_COMBINATIONS][horizon] */
    float *chosen;                    /* [origins][horizon] */
    size_t *told;                     /* [origins] steps whose truth has been told */
    struct fore_rolling_voice *voice; /* [members + 1], the ensemble last */
    bool fallback;
};

struct fore_rolling_run {
    struct fore_rolling *rolling;
    struct fore_arena *scratch;
    struct fore_rolling_walk *walk;
    size_t horizon, members, origins;
    size_t kept;         /* earlier origins whose errors make the intervals */
    bool alone;          /* one member: it is the ensemble */
    float *then, *truth; /* [horizon], work space */
};

/* Points known at an origin: 0 is the oldest of all, origins - 1 the newest. */
size_t fore_rolling_known(const struct fore_rolling *rolling, size_t series, size_t origin);
/* What a member said at an origin; NULL where it could not. */
const float *fore_rolling_said(const struct fore_rolling *rolling, size_t series, size_t member,
                               size_t origin);
bool fore_rolling_has(const struct fore_rolling *rolling, size_t series, size_t origin);

/* rolling_combine.c: what the members said at an origin; false: none of them spoke. */
bool fore_rolling_members_at(const struct fore_rolling_run *run, size_t series, size_t origin,
                             const float **member);
/* rolling_judge.c: intervals at one origin, for those who want them; and what came of earlier ones:
 * `truth` of steps first..last-1 of an origin. */
void fore_rolling_judge(struct fore_rolling_run *run, size_t origin);
void fore_rolling_check_width(struct fore_rolling_run *run, size_t series, size_t origin,
                              size_t first, size_t last, const float *truth);

#endif
