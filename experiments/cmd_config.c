/*
 * cmd_config.c - `foreshard config`: what can be set, and what is set.
 *
 *   config --explain [SECTION...]   every option row: kind, default, bounds, meaning
 *   config --policies               who may decide
 *   config [SCENARIO.cfg]           the scenario in force, defaults filled in, in its own syntax
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/args.h"
#include "core/base/json.h"
#include "experiments/commands.h"
#include "experiments/outcome.h"
#include "sim/scenario.h"
#include "workloads/help.h"

struct wish {
    bool explain, policies, json;
    struct fore_strings sets;
};

static void explain_json(const struct fore_option_section *section, struct fore_json *json)
{
    static const char *const kinds[] = {
        [FORE_OPT_BOOL] = "bool",         [FORE_OPT_COUNT] = "count", [FORE_OPT_REAL] = "real",
        [FORE_OPT_DURATION] = "duration", [FORE_OPT_BYTES] = "bytes", [FORE_OPT_RATE] = "rate",
        [FORE_OPT_BYTERATE] = "byterate", [FORE_OPT_SHARE] = "share", [FORE_OPT_TEXT] = "text",
        [FORE_OPT_CHOICE] = "choice",     [FORE_OPT_LIST] = "list",
    };
    fore_json_array(json, section->name);
    for (size_t i = 0; i < section->row_count; i++) {
        const struct fore_option *row = &section->row[i];
        fore_json_object(json, NULL);
        fore_json_string(json, "name", row->name);
        fore_json_string(json, "kind", kinds[row->kind]);
        fore_json_string(json, "default", row->fallback);
        if (row->min < 0 || row->min > 0 || row->max < 0 || row->max > 0) {
            fore_json_f64(json, "min", row->min);
            fore_json_f64(json, "max", row->max);
        }
        if (row->choices != NULL) {
            fore_json_array(json, "choices");
            for (size_t k = 0; row->choices[k] != NULL; k++)
                fore_json_string(json, NULL, row->choices[k]);
            fore_json_array_end(json);
        }
        fore_json_string(json, "help", row->help);
        fore_json_object_end(json);
    }
    fore_json_array_end(json);
}

/* The text between the quotes of a dumped value, its escapes undone. Returns what follows. */
static const char *unquote(const char *from, struct fore_buf *out)
{
    fore_buf_reset(out);
    while (*from != '"' && *from != '\0') {
        char c = *from++;
        if (c == '\\' && *from == 'x' && strlen(from) >= 3) {
            char digits[3] = {from[1], from[2], '\0'};
            c = (char)strtol(digits, NULL, 16);
            from += 3;
        } else if (c == '\\' && *from != '\0') {
            c = *from++;
        }
        fore_buf_append(out, &c, 1);
    }
    return from;
}

static void values_json(struct fore_option_binding binding, struct fore_json *json)
{
    struct fore_buf dump = {0}, value = {0};
    fore_option_dump(binding, &dump);
    const char *at = dump.data;
    fore_json_object(json, binding.section->name);
    for (size_t i = 0; i < binding.section->row_count; i++) {
        at = strchr(at, '"');
        FORE_ASSERT(at != NULL); /* the dump has a line for every row */
        at = unquote(at + 1, &value) + 1;
        fore_json_string(json, binding.section->row[i].name, value.len > 0 ? value.data : "");
    }
    fore_json_object_end(json);
    fore_buf_fini(&value);
    fore_buf_fini(&dump);
}

static const struct fore_option_section *find(const struct fore_option_binding *binding,
                                              size_t count, const char *name,
                                              struct fore_diag *diag)
{
    const char *known[SIM_SECTION_MAX];
    for (size_t i = 0; i < count; i++) {
        known[i] = binding[i].section->name;
        if (strcmp(known[i], name) == 0) return binding[i].section;
    }
    const char *near = fore_option_nearest(name, known, count);
    enum fore_err err =
        near != NULL
            ? fore_err_set(diag, FORE_E_FORMAT, "no section '%.40s'; did you mean '%s'?", name,
                           near)
            : fore_err_set(diag, FORE_E_FORMAT,
                           "no section '%.40s'; `foreshard config --explain` lists them", name);
    FORE_ASSERT(err != FORE_E_OK);
    return NULL;
}

static enum fore_err explain(const struct fore_strings *sections, bool json,
                             struct fore_arena *perm, struct fore_buf *out, struct fore_diag *diag)
{
    struct fore_option_binding binding[SIM_SECTION_MAX];
    struct sim_scenario *scenario = FORE_NEW(perm, struct sim_scenario, 1);
    size_t count = sim_scenario_bindings(scenario, binding);
    struct fore_json writer = fore_json_begin(out, true);
    size_t wanted = sections->count > 0 ? sections->count : count;
    if (json) fore_json_object(&writer, NULL);
    for (size_t i = 0; i < wanted; i++) {
        const struct fore_option_section *section =
            sections->count > 0 ? find(binding, count, sections->item[i], diag)
                                : binding[i].section;
        if (section == NULL) return diag->code;
        if (json) {
            explain_json(section, &writer);
            continue;
        }
        if (i > 0) fore_buf_puts(out, "\n");
        fore_option_explain(section, out);
    }
    if (json) {
        fore_json_object_end(&writer);
        fore_buf_puts(out, "\n");
    }
    return FORE_E_OK;
}

static enum fore_err in_force(const struct wish *wish, const struct fore_strings *operands,
                              struct fore_arena *perm, struct fore_buf *out, struct fore_diag *diag)
{
    struct fore_option_binding binding[SIM_SECTION_MAX];
    struct sim_scenario *scenario = FORE_NEW(perm, struct sim_scenario, 1);
    size_t count = sim_scenario_bindings(scenario, binding);
    if (operands->count > 1)
        return fore_err_set(diag, FORE_E_FORMAT, "one scenario at a time; '%.40s' is a second one",
                            operands->item[1]);
    if (operands->count == 1) {
        FORE_TRY(sim_scenario_load(operands->item[0], &wish->sets, perm, scenario, diag));
    } else {
        for (size_t i = 0; i < count; i++)
            fore_option_defaults(binding[i], perm);
        for (size_t i = 0; i < wish->sets.count; i++)
            FORE_TRY(fore_option_assign(binding, count, perm, wish->sets.item[i], "--set", diag));
    }
    if (!wish->json) {
        sim_scenario_dump(scenario, out);
        return FORE_E_OK;
    }
    struct fore_json json = fore_json_begin(out, true);
    fore_json_object(&json, NULL);
    for (size_t i = 0; i < count; i++)
        values_json(binding[i], &json);
    fore_json_object_end(&json);
    fore_buf_puts(out, "\n");
    return FORE_E_OK;
}

/* The table of policies, as it is. */
static enum fore_err list_policies(struct fore_buf *out)
{
    for (size_t i = 0; fore_policies[i] != NULL; i++)
        fore_buf_printf(out, "%-22s %s\n", fore_policies[i]->name, fore_policies[i]->about);
    return FORE_E_OK;
}

int lab_cmd_config(int argc, char **argv)
{
    struct wish wish = {0};
    const struct fore_arg rows[] = {
        {"explain",  FORE_ARG_FLAG,   &wish.explain,  NULL,
         "every option with its kind, default, bounds and meaning"                                   },
        {"policies", FORE_ARG_FLAG,   &wish.policies, NULL,                 "every policy, in a line"},
        {"set",      FORE_ARG_REPEAT, &wish.sets,     "SECTION.NAME=VALUE", "override an option"     },
        {"json",     FORE_ARG_FLAG,   &wish.json,     NULL,                 "print JSON"             },
    };
    const struct fore_args args = {
        .usage = "foreshard config --explain [SECTION...] | foreshard config [SCENARIO.cfg]",
        .about =
            "Explains the options, or prints a scenario in force with every default filled in.",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 0,
        .operand_max = SIM_SECTION_MAX};
    struct fore_arena perm;
    struct fore_buf out = {0};
    struct fore_diag diag = {.code = FORE_E_OK};
    struct fore_strings operands = {0};
    bool help = false;
    fore_arena_init(&perm);
    enum fore_err err = fore_args_parse(&args, argc, argv, &perm, &operands, &help, &diag);
    if (help)
        wl_help_print(&args);
    else if (err == FORE_E_OK)
        err = wish.policies  ? list_policies(&out)
              : wish.explain ? explain(&operands, wish.json, &perm, &out, &diag)
                             : in_force(&wish, &operands, &perm, &out, &diag);
    if (!help && err == FORE_E_OK) (void)fwrite(out.data, 1, out.len, stdout);
    int code = help ? 0 : lab_outcome_exit("config", err, &diag);
    fore_buf_fini(&out);
    fore_arena_fini(&perm);
    return code;
}
