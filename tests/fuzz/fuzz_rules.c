/* fuzz_rules.c - any text as rules of placement, a timetable and thresholds: read and usable, or
 * refused with one sentence. First byte: which of them; the rest: the text. */
#include "core/decide/constraint.h"
#include "core/decide/options.h"
#include "core/decide/threshold.h"
#include "core/decide/timetable.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NODES = 4, PARTITIONS = 6 };

/* Two tables of three partitions on four nodes in two zones of two racks. */
static void build(struct fore_topology *topology, struct fore_arena *arena)
{
    static const char *const table[] = {"users", "orders"};
    fore_topology_init(topology, arena, NODES, 2, 2 * PARTITIONS);
    for (uint32_t n = 0; n < NODES; n++) {
        topology->node[n] = (struct fore_node){
            .cores = 1, .zone = (uint16_t)(n % 2), .rack = (uint16_t)(n / 2), .up = n != 3};
        (void)snprintf(topology->node[n].name, sizeof topology->node[n].name, "node-%02u", n);
    }
    for (uint16_t t = 0; t < 2; t++) {
        topology->table[t] = (struct fore_table){.first = t * 3000u, .last = t * 3000u + 2999};
        (void)snprintf(topology->table[t].name, sizeof topology->table[t].name, "%s", table[t]);
        for (uint32_t p = 0; p < PARTITIONS / 2; p++) {
            struct fore_partition part = {
                .first = t * 3000u + p * 1000u,
                .last = t * 3000u + p * 1000u + 999,
                .table = t,
                .replica_count = (uint16_t)(1 + p % 2),
                .replica = {(uint16_t)p, 3}
            };
            FORE_ASSERT(fore_topology_add(topology, &part, NULL) == FORE_E_OK);
        }
    }
    FORE_ASSERT(fore_topology_check(topology, NULL) == FORE_E_OK);
}

static void place(const struct fore_placement_options *options,
                  const struct fore_topology *topology, struct fore_arena *arena,
                  struct fore_diag *diag)
{
    struct fore_constraints rules;
    struct fore_constraint_state state;
    if (fore_constraint_compile(options, topology, arena, &rules, diag) != FORE_E_OK) return;
    bool possible = true;
    for (int serving = 0; serving < 2; serving++) {
        struct fore_diag why = {0};
        bool can =
            fore_constraint_check(&rules, topology, NULL, serving == 1, arena, &why) == FORE_E_OK;
        FORE_ASSERT(can == (why.text[0] == '\0'));
        FORE_ASSERT(possible || !can); /* fewer nodes make nothing possible */
        possible = can;
    }
    fore_constraint_begin(&rules, topology, arena, &state);
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        (void)fore_constraint_broken(&state, p, 0);
        for (uint16_t n = 0; n < NODES; n++)
            if (fore_constraint_allows(&state, p, FORE_NODE_NONE, n))
                fore_constraint_take(&state, p, n);
    }
}

static void keep_time(const struct fore_timetable_options *options, struct fore_arena *arena,
                      struct fore_diag *diag)
{
    struct fore_timetable timetable;
    if (fore_timetable_compile(options, arena, &timetable, diag) != FORE_E_OK) return;
    FORE_ASSERT(fore_timetable_longest_s(&timetable) >= 0);
    for (double at = 0; at < 10 * 86400; at += 4321.5) {
        double left = fore_timetable_left_s(&timetable, at);
        FORE_ASSERT(left >= 0 && !isnan(left));
        if (left > 1 && left < 1e9) FORE_ASSERT(fore_timetable_left_s(&timetable, at + 0.5) < left);
    }
}

static void set_thresholds(const struct fore_strings *list, const struct fore_topology *topology,
                           struct fore_arena *arena, struct fore_diag *diag)
{
    struct fore_thresholds thresholds;
    if (fore_threshold_compile(list, topology, arena, &thresholds, diag) != FORE_E_OK) return;
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        bool named;
        double at = fore_threshold_of(&thresholds, topology, p, 0.1, &named);
        FORE_ASSERT(at >= 0 && at <= 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const name[] = {"pin", "apart", "forbidden"};
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct fore_topology topology;
    if (size == 0) return 0;
    const char *text = fore_arena_printf(&arena, "%.*s", (int)(size - 1), (const char *)data + 1);
    struct fore_placement_options placement = {.replicas_apart = data[0] / 6 % 3};
    struct fore_option_binding binding = {&fore_placement_section, &placement};
    build(&topology, &arena);
    uint32_t which = data[0] % 6;
    enum fore_err err =
        fore_option_set(binding, &arena, name[which < 3 ? which : 0], text, "input", &diag);
    if (which < 3 && err == FORE_E_OK)
        place(&placement, &topology, &arena, &diag);
    else if (which == 3)
        keep_time(&(struct fore_timetable_options){.quiet = text}, &arena, &diag);
    else if (which == 4)
        keep_time(&(struct fore_timetable_options){.finish_before = text}, &arena, &diag);
    else if (which == 5 && err == FORE_E_OK)
        set_thresholds(&placement.pin, &topology, &arena, &diag);
    FORE_ASSERT(diag.code == FORE_E_OK || diag.text[0] != '\0');
    fore_arena_fini(&arena);
    return 0;
}
