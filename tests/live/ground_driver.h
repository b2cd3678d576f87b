/* ground_driver.h - the Redis driver on a test's cluster: 16 partitions, short windows, the journal
 * in the test's folder, so that a second one opened there is its next life. */
#ifndef TEST_LIVE_GROUND_DRIVER_H
#define TEST_LIVE_GROUND_DRIVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "live/redis/driver.h"
#include "tests/live/ground.h"

/* Closed by the caller. A driver that does not open fails the test. */
static inline struct fore_driver ground_driver(struct ground *ground)
{
    struct live_driver_options options = {.seed = &ground->node[0].address,
                                          .seed_count = 1,
                                          .access = ground->access,
                                          .journal = ground_path(ground, "journal.db"),
                                          .partitions = 16,
                                          .window = 200 * FORE_MS};
    struct live_driver *driver = NULL;
    struct fore_diag diag = {.code = FORE_E_OK};
    if (live_driver_open(&driver, &options, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    return live_driver_door(driver);
}

#endif
