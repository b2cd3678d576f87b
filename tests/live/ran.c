/* ran.c - see ran.h. */
#include "tests/live/ran.h"

#include <stdio.h>

/* CPU time of a process' first thread, and the time it was ready and had no core, in ns. */
struct ran {
    uint64_t cpu, ready, slices;
};

static struct ran ran_by(const char *process)
{
    char path[64];
    struct ran ran = {0};
    (void)snprintf(path, sizeof path, "/proc/%s/schedstat", process);
    FILE *file = fopen(path, "r");
    if (file == NULL) return ran;
    unsigned long long cpu = 0, ready = 0, slices = 0;
    if (fscanf(file, "%llu %llu %llu", &cpu, &ready, &slices) == 3)
        ran = (struct ran){.cpu = cpu, .ready = ready, .slices = slices};
    (void)fclose(file);
    return ran;
}

void ran_tell(const struct ground *ground, bool tell)
{
    static struct ran before[GROUND_NODES + 1];
    for (uint32_t i = 0; i <= ground->node_count; i++) {
        char name[24] = "thread-self";
        if (i < ground->node_count) (void)snprintf(name, sizeof name, "%d", ground->node[i].pid);
        struct ran now = ran_by(name), *was = &before[i];
        bool node = i < ground->node_count;
        if (tell)
            (void)printf("# %s of shard %d: CPU %.2f s, ready and not running %.2f s, %llu turns\n",
                         node ? ground->node[i].role : "mover", node ? ground->node[i].shard : -1,
                         (double)(now.cpu - was->cpu) / 1e9, (double)(now.ready - was->ready) / 1e9,
                         (unsigned long long)(now.slices - was->slices));
        *was = now;
    }
}
