/*
 * standin.h - synthetic series for whoever does not have the measured ones.
 *
 * Each family is drawn once, from one fixed seed, with the statistics that its original's
 * description states (size, number and skew of partitions, daily and weekly correlation, how often
 * the hottest changes, share of zeros). A result on a stand-in says how the program behaves, not
 * how the world does, and every report that used one says so.
 */
#ifndef LAB_STANDIN_H
#define LAB_STANDIN_H

#include "core/base/err.h"

/* Writes to `out` what stands for the file `path`, told by its name: taxi zones, function calls,
 * the World Cup's requests, VM volumes. UNSUPPORTED: no family goes by that name. */
FORE_MUST_USE enum fore_err lab_standin_write(const char *path, const char *out,
                                              struct fore_diag *diag);

#endif
