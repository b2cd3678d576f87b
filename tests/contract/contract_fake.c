/* contract_fake.c - the fake driver keeps the contract, with clients writing all the while. */
#include "core/base/hash.h"
#include "tests/support/contract_suite.h"
#include "tests/support/fake_driver.h"

static struct fore_driver create(uint64_t seed)
{
    struct fake_options options = {.seed = seed, .node_count = 6, .nodes_standby = 2};
    return fake_driver(fake_create(&options));
}

static void advance(struct fore_driver driver, fore_ns ns)
{
    static struct fore_key_sample key[8];
    struct fake *fake = fake_of(driver);
    uint64_t last = fake->topology.table[0].last;
    for (uint64_t i = 0; i < 8; i++) {
        uint64_t draw = fore_hash_u64(i, fake->now);
        key[i] = (struct fore_key_sample){.position = (draw % 256) * (last / 256), .weight = 1};
        fake_write(fake, key[i].position, draw);
    }
    fake->key_sample = key;
    fake->key_sample_count = FORE_COUNTOF(key);
    fake_advance(fake, ns);
}

/* No test of the suite may leave a key where it does not belong. */
static void destroy(struct fore_driver driver)
{
    struct fake *fake = fake_of(driver);
    bool sweeping = false;
    for (fore_ticket t = 1; t <= fake->move_count; t++) {
        struct fore_move_status status;
        FORE_ASSERT(fore_driver_poll(driver, t, &status) == FORE_E_OK);
        sweeping |= status.phase == FORE_PHASE_SWEEPING;
    }
    FORE_ASSERT(sweeping || fake_orphan_count(fake) == 0);
    fake_destroy(fake);
}

int main(void)
{
    static const struct contract_subject subject = {.create = create,
                                                    .advance = advance,
                                                    .destroy = destroy,
                                                    .step_ns = 200 * FORE_MS,
                                                    .patience_ns = 60 * FORE_SEC};
    return contract_suite_run("contract/fake", &subject);
}
