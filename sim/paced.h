/*
 * paced.h - a simulated cluster whose time somebody else keeps: each call simulates one window and
 * leaves its sample behind the driver door. run.c plays a whole scenario with an engine of its own;
 * this is for an engine that is run from outside, such as the live daemon's. `self` is opaque, so
 * that a table of operations of another room can hold these functions.
 */
#ifndef SIM_PACED_H
#define SIM_PACED_H

#include "core/cluster/driver.h"

/* Workload, cluster and faults are the scenario's, its policy and engine sections are not looked
 * at; `window` takes the place of its observe.window. *slo: of the cluster's p99. */
FORE_MUST_USE enum fore_err sim_paced_open(const char *scenario, fore_ns window, uint64_t seed,
                                           void **self, struct fore_driver *door, fore_ns *slo,
                                           struct fore_diag *diag);
/* One window further. *ended: the workload is over, and there is no new window. */
FORE_MUST_USE enum fore_err sim_paced_window(void *self, bool *ended, struct fore_diag *diag);
void sim_paced_close(void *self);

#endif
