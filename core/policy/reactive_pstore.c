/* reactive_pstore.c - P-Store's reactive rival: the last three samples, inflated, all above what
 * the nodes carry: one more; all below what one fewer would carry: one fewer. */
#include "core/policy/elastic.h"
#include "core/policy/rows.h"

struct memory {
    struct fore_elastic_samples samples;
    uint32_t want;
    bool settled;
};

static void *begin(const struct fore_topology *topology, uint64_t seed, struct fore_arena *perm)
{
    (void)seed;
    struct memory *memory = FORE_NEW(perm, struct memory, 1);
    memory->want = fore_topology_in_use(topology);
    return memory;
}

/* One change at a time: while data moves nothing is decided, and samples from before it are not
 * held against the nodes there are after it. */
static void propose(const struct fore_policy_view *view, void *self, struct fore_arena *scratch,
                    struct fore_plan *out)
{
    struct memory *memory = self;
    memory->settled = fore_elastic_steer(view, memory->want, scratch, out);
    if (!memory->settled) {
        memory->samples.count = 0;
        return;
    }
    if (!fore_elastic_sample(view, &memory->samples)) return;
    uint32_t want = fore_elastic_react(view, &memory->samples, memory->want);
    if (want == memory->want) return;
    memory->want = want;
    (void)fore_elastic_steer(view, want, scratch, out);
}

static const struct fore_policy_knob knobs[] = {
    {"elastic.inflation", "1 1.15 1.3" },
    {"elastic.node_load", "55% 65% 75%"},
    {NULL,                NULL         }
};

const struct fore_policy fore_policy_reactive_pstore = {
    .name = "reactive-pstore",
    .section = &fore_elastic_section,
    .options_at = offsetof(struct fore_policy_options, elastic),
    .about = "one node more or fewer when three samples in a row say so",
    .terms = fore_elastic_terms,
    .begin = begin,
    .propose = propose,
    .knob = knobs,
};
