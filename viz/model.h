/*
 * model.h - everything the panels draw, folded from a journal's records up to one moment.
 *
 * core/cluster/snapshot.h knows the state now; the model adds what a picture needs besides: the
 * past by time bucket (heat matrix, tape), the newest forecast of every partition, alerts with
 * their times, and the names from the header. Records go in one at a time and in order; a record
 * that makes no sense is counted and left out, never half-applied.
 */
#ifndef VIZ_MODEL_H
#define VIZ_MODEL_H

#include "core/cluster/journal.h"
#include "core/cluster/snapshot.h"
#include "viz/matrix.h"
#include "viz/metric.h"
#include "viz/plans.h"
#include "viz/tape.h"
#include "viz/watch.h"

struct viz_forecast {
    fore_ns at; /* made; step k covers at + k*step .. at + (k+1)*step */
    fore_ns step_ns;
    uint32_t steps; /* 0: none */
    float *q;       /* q10[steps], q50[steps], q90[steps] */
    char model[16];
};

struct viz_alert {
    fore_ns at;
    uint8_t severity, code;
};
struct viz_asked { /* of a NOTE "asked: ...; by ADDRESS", which a daemon writes */
    fore_ns at;
    char text[200]; /* without "asked: " */
};
enum { VIZ_ASKED = 64 };
enum { VIZ_ALERTS = 512, VIZ_VERIFIES = 256 }; /* rings */

/* What the model is to keep beyond the state; in force from the next reset on. */
struct viz_want {
    enum viz_metric metric; /* of the heat */
    bool expect;            /* also what was forecast, to be held against it */
    uint32_t watch;         /* partition; UINT32_MAX: none */
};

struct viz_later;
struct viz_heatmap;
struct viz_model {
    struct viz_want want;
    /* from the header and NOTEs */
    char name[64], policy[32];
    char label[200]; /* "composite of ...", "" if none */
    uint64_t seed, start_unix_s;

    struct fore_snapshot snapshot;
    struct viz_matrix heat;   /* want.metric by partition and time */
    struct viz_matrix expect; /* cores: q50 forecast for then at least expect_lead before */
    fore_ns expect_lead;      /* a quarter of the horizon; 0: nothing forecast yet */
    struct viz_watch watch;
    struct viz_plans plans;
    struct viz_tape tape;
    struct viz_forecast *forecast; /* [forecast_cap] by partition */
    uint32_t forecast_cap;
    size_t forecast_floats;
    uint64_t forecast_refused; /* for want of room */
    fore_ns forecast_at;       /* newest; 0: none seen */
    fore_ns forecast_before;   /* when the round before it was made */
    uint64_t forecast_version; /* moves on with every change of one */
    struct viz_later *later;   /* see later.h */
    struct viz_heatmap *map;   /* see heatmap.h */
    fore_ns horizon_ns;
    fore_ns period_ns; /* between two loads */
    fore_ns load_at;   /* newest load */
    fore_ns score_at;  /* newest score */
    struct viz_alert alert[VIZ_ALERTS];
    uint64_t alert_total;
    struct viz_asked asked[VIZ_ASKED]; /* a ring: what operators had done */
    uint64_t asked_total;
    struct fore_event_verify verify[VIZ_VERIFIES];
    uint64_t verify_total;

    uint32_t *order; /* living partitions in key order */
    uint32_t order_count, order_cap;
    bool order_stale;
    uint32_t *run_end; /* order index behind each run of partitions of one table */
    uint32_t run_count;
    uint64_t odd; /* records left out */
};

void viz_model_init(struct viz_model *model, const struct fore_journal_header *header,
                    const char *path);
void viz_model_fini(struct viz_model *model);
/* Forgets all but the names; buckets of `bucket_ns`, so many of them. */
void viz_model_reset(struct viz_model *model, fore_ns bucket_ns, uint32_t buckets);
void viz_model_fold(struct viz_model *model, fore_ns at, enum fore_event_kind kind,
                    const void *body, size_t len);
/* Brings `order` up to date; call before drawing. */
void viz_model_sort(struct viz_model *model);

/* The quantile q (0: q10, 1: q50, 2: q90) of a partition's load at a moment; NaN: not known. */
double viz_model_forecast(const struct viz_model *model, uint32_t partition, fore_ns at, int q);
/* The partition one would look at first: of the highest score, else of the highest load;
 * UINT32_MAX: none lives. */
uint32_t viz_model_focus(const struct viz_model *model);
/* The newest check of a move; NULL: none. */
const struct fore_event_verify *viz_model_verify(const struct viz_model *model, uint64_t ticket);
bool viz_model_move_over(const struct fore_snapshot_move *move);

#endif
