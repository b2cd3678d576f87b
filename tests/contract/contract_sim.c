/* contract_sim.c - the simulated cluster keeps the contract, with clients writing all the while. */
#include <stdlib.h>

#include "tests/support/contract_suite.h"
#include "tests/support/sim_world.h"

static const char *const options[] = {"workload.kind=synthetic",
                                      "workload.rate=200/s",
                                      "workload.span=1d",
                                      "workload.keys=10k",
                                      "workload.read_share=50%",
                                      "cluster.nodes=4",
                                      "cluster.nodes_max=6",
                                      "cluster.node_boot=5s",
                                      "cluster.cores=2",
                                      "cluster.partitions=16",
                                      "cluster.replicas=2",
                                      "workload.row_columns=a=8,b=24,c=400,d=600",
                                      "workload.row_sets=50% a b, 20% c, 20% b d, 10% *",
                                      "sim.byte_cost=50%",
                                      "sim.content=true",
                                      "observe.window=1s",
                                      "cluster.partition_bytes=8MiB",
                                      "cluster.bandwidth=1MiB/s",
                                      NULL};

static struct fore_driver create(uint64_t seed)
{
    struct sim_world *world = malloc(sizeof *world);
    FORE_ASSERT(world != NULL);
    sim_world_open(world, seed, options);
    return sim_driver_door(&world->driver);
}

static struct sim_world *world_of(struct fore_driver driver)
{
    return (struct sim_world *)(void *)((char *)driver.self - offsetof(struct sim_world, driver));
}

static void advance(struct fore_driver driver, fore_ns ns)
{
    for (fore_ns done = 0; done < ns; done += FORE_SEC)
        (void)sim_world_step(world_of(driver));
}

static void destroy(struct fore_driver driver)
{
    struct sim_world *world = world_of(driver);
    fore_driver_close(driver);
    sim_world_close(world);
    free(world);
}

int main(void)
{
    static const struct contract_subject subject = {.create = create,
                                                    .advance = advance,
                                                    .destroy = destroy,
                                                    .step_ns = FORE_SEC,
                                                    .patience_ns = 120 * FORE_SEC};
    return contract_suite_run("contract/sim", &subject);
}
