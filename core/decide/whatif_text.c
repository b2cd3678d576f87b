/* whatif_text.c - an explanation for people. */
#include "core/decide/whatif.h"

#include <math.h>
#include <stdio.h>

enum { TEXT_MAX = 32, ALTERNATIVES_TOLD = 8 };

static const char *clock_text(fore_ns at, char out[TEXT_MAX])
{
    unsigned long long s = at / FORE_SEC, days = s / 86400;
    if (days > 0)
        (void)snprintf(out, TEXT_MAX, "%llu d %02llu:%02llu:%02llu", days, s / 3600 % 24,
                       s / 60 % 60, s % 60);
    else
        (void)snprintf(out, TEXT_MAX, "%02llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
    return out;
}

static const char *span_text(double seconds, char out[TEXT_MAX])
{
    if (seconds < 120)
        (void)snprintf(out, TEXT_MAX, "%.3g s", seconds);
    else if (seconds < 7200)
        (void)snprintf(out, TEXT_MAX, "%.3g min", seconds / 60);
    else
        (void)snprintf(out, TEXT_MAX, "%.3g h", seconds / 3600);
    return out;
}

static const char *bytes_text(double bytes, char out[TEXT_MAX])
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t u = 0;
    for (; bytes >= 1024 && u + 1 < FORE_COUNTOF(unit); u++)
        bytes /= 1024;
    (void)snprintf(out, TEXT_MAX, "%.3g %s", bytes, unit[u]);
    return out;
}

static const char *ms_text(double ms, char out[TEXT_MAX])
{
    if (isnan(ms))
        (void)snprintf(out, TEXT_MAX, "unknown");
    else if (isinf(ms))
        (void)snprintf(out, TEXT_MAX, "overload");
    else if (ms < 1000)
        (void)snprintf(out, TEXT_MAX, "%.3g ms", ms);
    else
        (void)snprintf(out, TEXT_MAX, "%.3g s", ms / 1e3);
    return out;
}

static const char *name_of(const struct fore_whatif *whatif, uint16_t node)
{
    for (uint32_t i = 0; i < whatif->node_count; i++)
        if (whatif->node[i].node == node) return whatif->node[i].name;
    return "?";
}

/* "then, once ... is done: ", under the move it waits for. */
static void print_leader(const struct fore_plan *plan, const struct fore_plan_move *m,
                         struct fore_buf *out)
{
    const struct fore_plan_move *leader = &plan->move[m->after - 1];
    fore_buf_printf(
        out, "      then, once the %s of %sp%u is done: ", fore_move_kind_text(leader->move.kind),
        leader->on_new ? "the new part of " : "", leader->move.partition);
}

static void print_move(const struct fore_whatif *whatif, uint32_t at, struct fore_buf *out)
{
    const struct fore_plan_move *m = &whatif->plan.move[at];
    char bytes[TEXT_MAX], span[TEXT_MAX], columns[TEXT_MAX];
    const struct fore_move *move = &m->move;
    bool leads = fore_plan_leads(&whatif->plan, at);
    if (m->after != 0) print_leader(&whatif->plan, m, out);
    fore_buf_printf(out, "%s%s", m->after != 0 ? "" : "    ", fore_move_kind_text(move->kind));
    if (m->on_new)
        fore_buf_printf(out, " the new part of p%u", move->partition);
    else if (!fore_move_of_node(move->kind))
        fore_buf_printf(out, " p%u", move->partition);
    if (fore_move_joins(move->kind)) fore_buf_printf(out, " with p%u", move->other);
    if (m->for_size)
        fore_buf_puts(out, ", for its size");
    else if (m->for_grain)
        fore_buf_puts(out, ", for the grain");
    else if (leads && move->kind == FORE_MOVE_SPLIT)
        fore_buf_printf(out, " at %.0f %%", 100 * (1 - move->split_right_share));
    else if (m->then_copies > 0)
        fore_buf_printf(out, ", then %u more to read its hotter part from:", m->then_copies);
    else if (move->kind == FORE_MOVE_SPLIT)
        fore_buf_printf(out, ", then %.0f %% of it", 100 * move->split_right_share);
    if (move->kind == FORE_MOVE_VERTICAL_SPLIT) {
        fore_vertical_columns_text(move->columns, columns, sizeof columns);
        fore_buf_printf(out, " columns %s", columns);
    }
    if (move->source != FORE_NODE_NONE) fore_buf_printf(out, " %s", name_of(whatif, move->source));
    bool stays = leads && move->kind == FORE_MOVE_SPLIT; /* what follows says where to */
    if (move->target != FORE_NODE_NONE && !stays)
        fore_buf_printf(out, " -> %s", name_of(whatif, move->target));
    for (uint32_t k = 1; k < m->then_copies && !stays; k++)
        fore_buf_printf(out, ", %s", name_of(whatif, m->then_target[k]));
    if (m->then_back && !leads) fore_buf_printf(out, ", then p%u back", m->then_partner);
    if (m->bytes > 0) fore_buf_printf(out, ": %s", bytes_text(m->bytes, bytes));
    if (m->duration_s > 0 && !stays) fore_buf_printf(out, " in %s", span_text(m->duration_s, span));
    if (m->gain_s < 0 || m->gain_s > 0) /* peers do not price what they do */
        fore_buf_printf(out, "; %s %.0f node-s", m->gain_s < 0 ? "costs" : "gains",
                        fabs(m->gain_s));
    fore_buf_puts(out, m->binding ? ", but a rule of placement asks for it\n" : "\n");
}

static void print_outlook(const char *what, const char *name, const struct fore_whatif_outlook *x,
                          struct fore_buf *out)
{
    char p[3][TEXT_MAX], when[TEXT_MAX];
    fore_buf_printf(out, "    %-12s %-8s %.2f  %3.0f +- %2.0f %%  p99 %s (%s .. %s) in %s\n", name,
                    what, x->risk, 100 * x->utilization_mean, 100 * x->utilization_sd,
                    ms_text(x->p99_ms[1], p[1]), ms_text(x->p99_ms[0], p[0]),
                    ms_text(x->p99_ms[2], p[2]), span_text(x->when_s, when));
}

static void print_alternative(const struct fore_whatif_alternative *a, struct fore_buf *out)
{
    fore_buf_printf(out, "    %s p%u %s", a->swap ? "swap" : fore_move_kind_text(a->kind),
                    a->partition, a->source);
    if (a->target[0] != '\0') fore_buf_printf(out, " -> %s", a->target);
    fore_buf_printf(out, "  %s: %s\n", fore_whatif_why_text(a->why), a->text);
}

void fore_whatif_print(const struct fore_whatif *whatif, struct fore_buf *out)
{
    const struct fore_plan *plan = &whatif->plan;
    char at[TEXT_MAX], bytes[TEXT_MAX], span[TEXT_MAX], horizon[TEXT_MAX];
    if (plan->id > 0)
        fore_buf_printf(out, "plan %llu at %s", (unsigned long long)plan->id,
                        clock_text(whatif->at, at));
    else
        fore_buf_printf(out, "would be planned at %s", clock_text(whatif->at, at));
    fore_buf_printf(out, " [%s, %s ahead]: ", whatif->model, span_text(whatif->horizon_s, horizon));
    if (plan->move_count == 0)
        fore_buf_puts(out, "nothing");
    else
        fore_buf_printf(out, "%u change%s, %s, the longest %s", plan->move_count,
                        plan->move_count == 1 ? "" : "s", bytes_text(whatif->bytes, bytes),
                        span_text(whatif->duration_s, span));
    fore_buf_printf(out,
                    "\n  risk %.2f -> %.2f at the worst node, expected violation %.0f -> %.0f "
                    "node-s\n  why: %s\n",
                    whatif->risk_before, whatif->risk_after, whatif->violation_before_s,
                    whatif->violation_after_s, plan->reason);
    if (whatif->refused[0] != '\0') fore_buf_printf(out, "  not: %s\n", whatif->refused);
    if (whatif->calm) fore_buf_puts(out, "  no RRS has reached its threshold\n");
    for (uint32_t i = 0; i < plan->move_count; i++)
        print_move(whatif, i, out);
    if (whatif->node_count > 0) fore_buf_puts(out, "  nodes: risk, utilisation, p99 (80 %)\n");
    for (uint32_t i = 0; i < whatif->node_count; i++) {
        print_outlook("without", whatif->node[i].name, &whatif->node[i].before, out);
        if (plan->move_count == 0) continue;
        if (whatif->duration_s > 0) print_outlook("during", "", &whatif->node[i].during, out);
        print_outlook("after", "", &whatif->node[i].after, out);
    }
    if (whatif->alternative_count > 0) fore_buf_puts(out, "  looked at and not done\n");
    for (uint32_t i = 0; i < whatif->alternative_count && i < ALTERNATIVES_TOLD; i++)
        print_alternative(&whatif->alternative[i], out);
    fore_buf_puts(out, "\n");
}
