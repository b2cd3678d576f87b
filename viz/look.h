/*
 * look.h - how one looks at a journal: metric, palette, which part of it, what is selected. Plain
 * values, so that a picture, a window and a test say the same thing the same way; nothing of this
 * changes what was recorded.
 *
 * As text it is "metric=latency,palette=inferno,select=p41": what --look takes and `foreshard-viz`
 * prints when a view is copied.
 */
#ifndef VIZ_LOOK_H
#define VIZ_LOOK_H

#include "core/base/err.h"
#include "viz/colour.h"
#include "viz/metric.h"

#define VIZ_NONE      UINT32_MAX
#define VIZ_PLAN_NONE UINT64_MAX

enum viz_tab { VIZ_TAB_MOVES, VIZ_TAB_WHY, VIZ_TAB_FORECAST, VIZ_TAB_EVENTS, VIZ_TABS };
extern const char *const viz_tab_name[VIZ_TABS]; /* "moves" */

struct viz_look {
    enum viz_metric metric;
    enum viz_palette palette;
    int quantile;            /* of the forecast: 0 q10, 1 q50, 2 q90 */
    bool error;              /* the past as forecast over truth */
    enum viz_tab tab;        /* of the card at the lower right */
    uint32_t partition;      /* selected; VIZ_NONE */
    uint32_t node;           /* selected; VIZ_NONE */
    uint64_t plan;           /* selected; VIZ_PLAN_NONE */
    double row_from, row_to; /* the part of the key order that is shown, 0..1 */
    double text;             /* size of all text, 1 as usual */
    bool still;              /* reduced motion */
};
extern const struct viz_look viz_look_usual;

/* Changes what `text` names; FORE_E_FORMAT with a sentence names the first word not understood,
 * and leaves `look` as it was. */
FORE_MUST_USE enum fore_err viz_look_parse(const char *text, struct viz_look *look,
                                           struct fore_diag *diag);
/* What differs from viz_look_usual, as viz_look_parse() reads it; "" if nothing does. */
void viz_look_print(const struct viz_look *look, char *out, size_t size);
/* Shows `share` of the rows shown now, the one at `at` (0..1 of the rows shown) staying put. */
void viz_look_zoom_rows(struct viz_look *look, double share, double at);
void viz_look_pan_rows(struct viz_look *look, double by); /* in shares of what is shown */

#endif
