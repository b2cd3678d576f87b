/*
 * lineup.h - the members behind a fleet's forecast, for every partition: their fits, what each of
 * them says, the combination, and the global nets with their training.
 *
 * One model is a line-up of one; "ensemble" is the members of forecast.members. Per partition it
 * keeps one ensemble (ensemble.h) and the states of the local members; what was said is remembered
 * at a few leads only, so that 16,384 partitions fit in memory. Nets are learned in the background
 * of the refreshes, `train_work` milliseconds' worth of operations each time, from up to
 * `train_series` partitions, and take over only when they were better than the old one on the
 * newest origins, which neither has seen. Partitions may come in groups (by table, by users, by the
 * shape of their load); every group then has nets of its own, learned from its members.
 */
#ifndef FORE_LINEUP_H
#define FORE_LINEUP_H

#include "core/forecast/ensemble.h"
#include "core/forecast/global.h"

enum { FORE_LINEUP_GROUPS = 8 };

struct fore_lineup_options {
    const struct fore_model *member[FORE_MEMBERS_MAX];
    size_t member_count;
    struct fore_model_params params;
    struct fore_ensemble_options ensemble;
    size_t horizon;
    uint32_t partition_cap;
    uint64_t train_work;  /* milliseconds' worth of operations a refresh; 0: nets are not trained */
    uint64_t train_every; /* points between trainings */
    uint64_t train_series, seed;
};

/* Why a member was fitted or a net replaced, for the report and the journal. */
struct fore_lineup_lesson {
    uint64_t at;          /* points known then */
    const char *member;   /* "lstm" */
    const char *cause;    /* "first", "schedule", "periods changed" */
    uint32_t group;       /* whose net it is */
    size_t series;        /* it learned from */
    double before, after; /* mean absolute error of the old and the new on the newest origins, over
                             that of the naive forecast; NaN: there was none */
    bool taken;
};

struct fore_lineup;
struct fore_lineup *fore_lineup_create(const struct fore_lineup_options *options);
void fore_lineup_destroy(struct fore_lineup *lineup);

/*
 * One refresh. view[i] is partition index[i], ascending; every view has the same periods and ends
 * with point number `points`.
 *   learn    judges what was said of the points that have come since: call when there are new ones
 *   fit      partitions that are due (all of them when `all`), then a slice of net training;
 *            returns how many models were fitted
 *   predict  mean[index[i] * horizon + h] where some member speaks: fore_lineup_speaks()
 *   record   remembers what was just said as an origin
 */
struct fore_lineup_fleet {
    const struct fore_series_view *view;
    const uint32_t *index;
    const uint8_t *group; /* by view, below FORE_LINEUP_GROUPS; NULL: all in group 0 */
    size_t count;
    uint64_t points; /* since the first, of the fleet */
};
void fore_lineup_learn(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet);
size_t fore_lineup_fit(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet, bool all,
                       struct fore_arena *scratch);
void fore_lineup_predict(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet,
                         struct fore_arena *scratch, float *mean);
void fore_lineup_record(struct fore_lineup *lineup, const struct fore_lineup_fleet *fleet);
bool fore_lineup_speaks(const struct fore_lineup *lineup, uint32_t index);

/* Everything is fitted anew at the next fit: periods have changed. */
void fore_lineup_outdate(struct fore_lineup *lineup);
void fore_lineup_forget(struct fore_lineup *lineup, uint32_t index);
/* The child inherits the parent's weights; both are fitted anew. */
void fore_lineup_split(struct fore_lineup *lineup, uint32_t left, uint32_t right);
void fore_lineup_merge(struct fore_lineup *lineup, uint32_t left, uint32_t right);

/* One line on how a partition's forecast is made. */
void fore_lineup_reason(const struct fore_lineup *lineup, uint32_t index, struct fore_buf *out);
uint64_t fore_lineup_lesson_count(const struct fore_lineup *lineup); /* ever */
/* The newest lessons, oldest first; returns how many of `room`. */
size_t fore_lineup_lessons(const struct fore_lineup *lineup, struct fore_lineup_lesson *out,
                           size_t room);

/*
 * Nets, losses and weights as bytes, for the fleet's frame; `points` are those known now. Fits are
 * made anew from the series. Reading into a fresh line-up: FORE_E_FORMAT when it was another
 * line-up's or a net is damaged; the cursor is unsound when the rest is.
 */
struct fore_bytes_cursor;
void fore_lineup_write(const struct fore_lineup *lineup, uint64_t points, struct fore_buf *out);
FORE_MUST_USE enum fore_err fore_lineup_read(struct fore_lineup *lineup,
                                             struct fore_bytes_cursor *cursor,
                                             struct fore_diag *diag);

#endif
