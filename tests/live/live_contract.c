/* live_contract.c - the Redis driver keeps the contract of every driver, on a real cluster. */
#include "live/base/clock.h"
#include "live/redis/driver.h"
#include "tests/live/ground.h"
#include "tests/support/contract_suite.h"

#include <stdio.h>
#include <unistd.h>

static struct ground *ground;

/* Three shards share the slots, a fourth has none. Partitions of four slots, some with data. */
static struct fore_driver create(uint64_t seed)
{
    (void)seed;
    ground_reset(ground);
    for (int i = 0; i < 1600; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "%d-01234567890123456", i);
        ground_put(ground, (uint16_t)(i % 32), name,
                   "a value of fifty bytes, or not quite as many");
    }
    static int number; /* what a test leaves unfinished is undone above, so it is forgotten too */
    char journal[32];
    (void)snprintf(journal, sizeof journal, "journal-%d.db", number++);
    const char *path = ground_path(ground, journal);
    struct live_driver_options options = {
        .seed = &ground->node[0].address,
        .seed_count = 1,
        .access = ground->access,
        .journal = path,
        .partitions = 4096,
        .window = 200 * FORE_MS,
        .cancel_wait_ms = 5000,
        .mover = {.slot = {.verify = true}, .pace = {.keys_first = 8, .keys_max = 8}}
    };
    struct live_driver *driver = NULL;
    struct fore_diag diag = {0};
    if (live_driver_open(&driver, &options, &diag) != FORE_E_OK) {
        (void)fprintf(stderr, "live_driver_open: %s\n", diag.text);
        FORE_ASSERT(driver != NULL);
    }
    live_clock_sleep_ms(1100); /* what was moved home just now stays for a second: see mover.h */
    return live_driver_door(driver);
}

static void advance(struct fore_driver driver, fore_ns ns)
{
    live_driver_run(live_driver_of(driver), ns);
}

int main(void)
{
    static const struct contract_subject subject = {.create = create,
                                                    .advance = advance,
                                                    .step_ns = 50 * FORE_MS,
                                                    .patience_ns = 20 * FORE_SEC};
    if (!ground_possible()) return 0;
    ground = ground_begin("3 -e 1");
    int failed = contract_suite_run("live/redis", &subject);
    ground_end(ground);
    return failed;
}
