/*
 * stretch.h - by how much a way is longer, or shorter, at a server that is at work for some share
 * of its time (request mode; cluster.link_stretch, measured by `foreshard calibrate`).
 *
 * Both happen: a processor that is hardly used leaves its deep idle states for every request, so
 * that what is asked often is answered sooner; and where clients and servers share processors both
 * wait for them long before there is a queue at the server.
 *
 * As text a list of knots, "LOAD=FACTOR", loads rising: "4%=1, 18%=0.8, 100%=2". Between two of
 * them a line, outside the nearest.
 */
#ifndef SIM_STRETCH_H
#define SIM_STRETCH_H

#include "core/base/err.h"
#include "core/base/option.h"

enum { SIM_STRETCH_KNOTS = 16 };

struct sim_stretch { /* no knots: 1 everywhere */
    struct {
        double load, factor;
    } knot[SIM_STRETCH_KNOTS];
    uint32_t count;
};

/* FORMAT: no such list; RANGE: a load outside [0, 1] or not above the one before, a factor outside
 * [0, 100], or too many. `what` is the field's name, for the sentence. */
FORE_MUST_USE enum fore_err sim_stretch_parse(const struct fore_strings *list, const char *what,
                                              struct sim_stretch *out, struct fore_diag *diag);
double sim_stretch_at(const struct sim_stretch *stretch, double load);

#endif
