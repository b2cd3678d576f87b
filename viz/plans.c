/* plans.c - see plans.h. Bodies are copied field by field's size: nothing here trusts a count. */
#include "viz/plans.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void viz_plans_init(struct viz_plans *plans)
{
    *plans = (struct viz_plans){.plan = calloc(VIZ_PLANS, sizeof *plans->plan)};
    plans->gain = calloc(VIZ_GAINS, sizeof *plans->gain);
    FORE_ASSERT(plans->plan != NULL && plans->gain != NULL);
}

void viz_plans_fini(struct viz_plans *plans)
{
    free(plans->plan);
    free(plans->gain);
    *plans = (struct viz_plans){0};
}

/* The first `room` of `count` rows of `size` bytes at *offset; false if the body ends before. */
static bool take_rows(const char *body, size_t len, size_t *offset, uint32_t count, size_t size,
                      uint32_t room, void *out, uint32_t *kept)
{
    if (*offset > len || (len - *offset) / size < count) return false;
    *kept = count < room ? count : room;
    memcpy(out, body + *offset, (size_t)*kept * size);
    *offset += (size_t)count * size;
    return true;
}

bool viz_plans_fold(struct viz_plans *plans, fore_ns at, const void *body, size_t len)
{
    struct viz_plan plan = {.at = at};
    size_t offset = sizeof plan.plan;
    if (len < offset) return false;
    memcpy(&plan.plan, body, sizeof plan.plan);
    if (!take_rows(body, len, &offset, plan.plan.move_count, sizeof *plan.move, VIZ_PLAN_MOVES,
                   plan.move, &plan.move_count))
        return false;
    (void)snprintf(plan.reason, sizeof plan.reason, "%.*s", (int)(len - offset),
                   (const char *)body + offset);
    plans->plan[plans->total++ % VIZ_PLANS] = plan;
    return true;
}

/* A line for each alternative; those that are missing stay empty. */
static void read_lines(struct viz_plan *plan, const char *text, size_t len)
{
    for (uint32_t i = 0; i < VIZ_PLAN_OTHERS; i++) {
        const char *end = len > 0 ? memchr(text, '\n', len) : NULL;
        size_t line = end != NULL ? (size_t)(end - text) : len;
        (void)snprintf(plan->text[i], sizeof plan->text[i], "%.*s", (int)line, text);
        size_t used = end != NULL ? line + 1 : line;
        text += used;
        len -= used;
    }
}

bool viz_plans_explain(struct viz_plans *plans, const void *body, size_t len)
{
    struct fore_event_why why;
    if (len < sizeof why) return false;
    memcpy(&why, body, sizeof why);
    const struct viz_plan *found = viz_plans_find(plans, why.plan);
    if (found == NULL) return true; /* older than what is held */
    struct viz_plan *plan = &plans->plan[found - plans->plan];
    size_t offset = sizeof why;
    plan->explained = false;
    if (!take_rows(body, len, &offset, why.node_count, sizeof *plan->node, VIZ_PLAN_NODES,
                   plan->node, &plan->node_count) ||
        !take_rows(body, len, &offset, why.other_count, sizeof *plan->other, VIZ_PLAN_OTHERS,
                   plan->other, &plan->other_count))
        return false;
    read_lines(plan, (const char *)body + offset, len - offset);
    plan->why = why;
    plan->explained = true;
    return true;
}

bool viz_plans_gained(struct viz_plans *plans, const void *body, size_t len)
{
    struct fore_event_gain *gain = &plans->gain[plans->gain_total % VIZ_GAINS];
    if (len < sizeof *gain) return false;
    memcpy(gain, body, sizeof *gain);
    plans->gain_total++;
    if (isnan(gain->predicted_s) || isnan(gain->realised_s)) return true;
    plans->predicted_s += (double)gain->predicted_s;
    plans->realised_s += (double)gain->realised_s;
    return true;
}

const struct fore_event_gain *viz_plans_gain(const struct viz_plans *plans, uint64_t ticket)
{
    uint64_t total = plans->gain_total;
    for (uint64_t i = total; i > 0 && i + VIZ_GAINS > total; i--)
        if (plans->gain[(i - 1) % VIZ_GAINS].ticket == ticket)
            return &plans->gain[(i - 1) % VIZ_GAINS];
    return NULL;
}

const struct viz_plan *viz_plans_newest(const struct viz_plans *plans, uint64_t i)
{
    if (i >= plans->total || i >= VIZ_PLANS) return NULL;
    return &plans->plan[(plans->total - 1 - i) % VIZ_PLANS];
}

const struct viz_plan *viz_plans_find(const struct viz_plans *plans, uint64_t id)
{
    const struct viz_plan *plan;
    for (uint64_t i = 0; (plan = viz_plans_newest(plans, i)) != NULL; i++)
        if (plan->plan.plan == id) return plan;
    return NULL;
}

const struct viz_plan *viz_plans_about(const struct viz_plans *plans, uint32_t partition)
{
    const struct viz_plan *plan;
    for (uint64_t i = 0; (plan = viz_plans_newest(plans, i)) != NULL; i++)
        for (uint32_t m = 0; plan->plan.admitted && m < plan->move_count; m++)
            if (plan->move[m].partition == partition) return plan;
    return NULL;
}
