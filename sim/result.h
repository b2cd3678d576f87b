/* result.h - a run's result as JSON and as a table for people. */
#ifndef SIM_RESULT_H
#define SIM_RESULT_H

#include "sim/run.h"

/* What equal runs have in common: everything but digest, times and memory. */
void sim_result_json_stable(const struct sim_result *result, struct fore_json *json);
/* A few aligned lines. */
void sim_result_print(const struct sim_result *result, const struct sim_scenario *scenario,
                      struct fore_buf *out);

#endif
