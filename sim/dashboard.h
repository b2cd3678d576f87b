/* dashboard.h - starting foreshard-viz, which is a program of its own. */
#ifndef SIM_DASHBOARD_H
#define SIM_DASHBOARD_H

#include "core/base/base.h"

enum { SIM_DASHBOARD_NOT_FOUND = 127 };
extern const char sim_dashboard_missing[]; /* what to do when there is none */

/* Becomes foreshard-viz with these arguments (NULL-ended, without the program's name, at most
 * eight): the one beside this program first, then wherever PATH says. Returns only on failure. */
void sim_dashboard_exec(const char *const *arguments);
/* The same in a child; its exit code, SIM_DASHBOARD_NOT_FOUND, or -1: no child could be made. */
int sim_dashboard_run(const char *const *arguments);

#endif
