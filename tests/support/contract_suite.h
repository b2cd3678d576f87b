/*
 * contract_suite.h - what every driver promises, as tests: core/cluster/driver.h made executable.
 *
 * A driver's own file, tests/contract/contract_<driver>.c, says how to make a small quiet cluster
 * and how to let time pass; the suite does the rest, through the checked calls only. The cluster
 * that `create` returns must have
 *   - at least 3 nodes, all up, and room for a few more partitions than it has,
 *   - at least 4 living partitions that hold data (bytes > 0) and are hosted by fewer nodes than
 *     there are, all in column group 0,
 *   - no faults and nothing moving; client traffic is welcome but not needed,
 *   - bandwidth for a partition's bytes within some 40 `step_ns`.
 * Capabilities that the driver does not have are not tested, except that using them answers
 * UNSUPPORTED. Equal seeds must give equal clusters.
 */
#ifndef TEST_CONTRACT_SUITE_H
#define TEST_CONTRACT_SUITE_H

#include "core/cluster/driver.h"

struct contract_subject {
    struct fore_driver (*create)(uint64_t seed);
    /* Lets `ns` pass in the cluster; `driver` is what create returned. */
    void (*advance)(struct fore_driver driver, fore_ns ns);
    /* NULL: fore_driver_close releases everything. */
    void (*destroy)(struct fore_driver driver);
    fore_ns step_ns;     /* how much time the suite lets pass between two polls */
    fore_ns patience_ns; /* an unthrottled move is READY, and a sample is there, within this */
};

/* Runs every test on fresh clusters; main() returns the result (the number of failed tests). */
int contract_suite_run(const char *name, const struct contract_subject *subject);

#endif
