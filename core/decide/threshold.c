/*
 * threshold.c - "what=share", an entry each.
 */
#include "core/decide/threshold.h"

#include <stdlib.h>
#include <string.h>

static const char field[] = "decide.thresholds";

static enum fore_err read_one(const char *text, const struct fore_topology *topology,
                              struct fore_arena *arena, struct fore_threshold *out,
                              struct fore_diag *diag)
{
    const char *equals = strrchr(text, '=');
    if (equals == NULL)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: \"%.40s\": wants \"WHAT=RRS\", as in \"users=0.3\"", field, text);
    size_t len = (size_t)(equals - text);
    while (len > 0 && text[len - 1] == ' ')
        len--;
    const char *value = equals + 1 + strspn(equals + 1, " ");
    char *end;
    out->at = strtod(value, &end);
    if (end == value || *end != '\0' || !(out->at >= 0 && out->at <= 1))
        return fore_err_set(diag, FORE_E_RANGE,
                            "%s: \"%.40s\": an RRS is a number from 0 (always) to 1 (never)", field,
                            text);
    return fore_subject_parse(fore_arena_printf(arena, "%.*s", (int)len, text), topology, field,
                              &out->subject, diag);
}

enum fore_err fore_threshold_compile(const struct fore_strings *list,
                                     const struct fore_topology *topology, struct fore_arena *arena,
                                     struct fore_thresholds *out, struct fore_diag *diag)
{
    *out = (struct fore_thresholds){0};
    out->rule = FORE_NEW(arena, struct fore_threshold, list->count);
    for (size_t i = 0; i < list->count; i++, out->count++)
        FORE_TRY(read_one(list->item[i], topology, arena, &out->rule[i], diag));
    return FORE_E_OK;
}

double fore_threshold_of(const struct fore_thresholds *thresholds,
                         const struct fore_topology *topology, uint32_t partition, double general,
                         bool *named)
{
    int most = -1;
    double at = general;
    for (size_t i = 0; i < thresholds->count; i++) {
        const struct fore_threshold *rule = &thresholds->rule[i];
        if ((int)rule->subject.kind < most) continue;
        if (!fore_subject_meets(&rule->subject, topology, partition)) continue;
        most = (int)rule->subject.kind;
        at = rule->at;
    }
    *named = most > FORE_SUBJECT_ALL;
    return at;
}
