/*
 * driver.h - the simulated cluster behind the one door (core/cluster/driver.h).
 */
#ifndef SIM_DRIVER_H
#define SIM_DRIVER_H

#include "sim/window.h"

struct sim_driver { /* in the caller's memory; everything borrowed */
    struct sim_cluster *cluster;
    struct sim_moves *moves;
    struct fore_driver_ops ops;       /* filled in by sim_driver_door */
    const struct fore_sample *sample; /* the window closed last; NULL once taken */
    fore_ns now;
};
/* Closing the door releases nothing: the parts belong to the caller. */
struct fore_driver sim_driver_door(struct sim_driver *driver);

#endif
