/*
 * hints.c - the collection: hints come in one by one, each checked, and are matched with names.
 */
#include "core/forecast/hints.h"

#include "core/base/option.h"

#include <math.h>
#include <string.h>

enum { DAY_S = 86400 };
static const double FACTOR_MOST = 1000.0;

void fore_hints_init(struct fore_hints *hints, const char *file, struct fore_arena *arena)
{
    *hints = (struct fore_hints){.arena = arena, .file = file != NULL ? file : "hints"};
}

/* What is wrong with it; NULL: nothing. */
static const char *fault(const struct fore_hint *hint)
{
    if (hint->series == NULL || hint->series[0] == '\0') return "series is empty";
    if (!(hint->multiplier >= 1 / FACTOR_MOST && hint->multiplier <= FACTOR_MOST))
        return "multiplier must be between 0.001 and 1000";
    if (hint->multiplier == 1.0) return "multiplier is 1, which says nothing";
    if (!(hint->prior_sd >= 0 && hint->prior_sd <= 100))
        return "prior_sd must be between 0 and 100";
    if (!isfinite(hint->from) || fabs(hint->from) > 1e12) return "from is not a time";
    if (!(hint->to > hint->from)) return "to must be after from";
    if (hint->kind == FORE_HINT_GROWTH)
        return hint->per_s >= 0 && hint->per_s <= 1e12 ? NULL : "per_s must be a time span";
    if (!(hint->to <= 1e12)) return "to is not a time";
    if (hint->kind == FORE_HINT_EVENT) return NULL;
    if (hint->in_steps) return "daily and weekly hints have times of day, not steps";
    if (hint->from < 0 || hint->from >= DAY_S) return "from must lie within a day";
    if (hint->to > hint->from + DAY_S) return "to must be at most a day after from";
    if (hint->kind == FORE_HINT_WEEKLY && (hint->weekdays == 0 || hint->weekdays > 0x7F))
        return "weekdays names no day";
    return NULL;
}

enum fore_err fore_hints_add(struct fore_hints *hints, const struct fore_hint *hint,
                             struct fore_diag *diag)
{
    const char *wrong = fault(hint);
    if (wrong != NULL && hint->line > 0)
        return fore_err_set(diag, FORE_E_RANGE, "%s:%zu: %s", hints->file, hint->line, wrong);
    if (wrong != NULL)
        return fore_err_set(diag, FORE_E_RANGE, "hint for \"%.60s\": %s",
                            hint->series != NULL ? hint->series : "", wrong);
    if (hints->count == FORE_HINTS_MAX)
        return fore_err_set(diag, FORE_E_RANGE, "%s: more than %d hints; use patterns", hints->file,
                            (int)FORE_HINTS_MAX);
    if (hints->count == hints->room) {
        size_t room = hints->room > 0 ? 2 * hints->room : 16;
        struct fore_hint *larger = FORE_NEW(hints->arena, struct fore_hint, room);
        if (hints->count > 0) memcpy(larger, hints->hint, hints->count * sizeof(*larger));
        hints->hint = larger;
        hints->room = room;
    }
    struct fore_hint *own = &hints->hint[hints->count++];
    *own = *hint;
    own->series = fore_arena_strdup(hints->arena, hint->series);
    return FORE_E_OK;
}

/* Only the last * need ever be reconsidered, so this is never worse than the product of lengths. */
bool fore_hint_matches(const struct fore_hint *hint, const char *series)
{
    const char *pattern = hint->series, *star = NULL, *resume = NULL;
    while (*series != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            resume = series;
        } else if (*pattern == *series || *pattern == '?') {
            pattern++;
            series++;
        } else if (star != NULL) {
            pattern = star;
            series = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

size_t fore_hints_unmatched(const struct fore_hints *hints, const char *const *name, size_t count,
                            struct fore_buf *out)
{
    size_t unmatched = 0;
    for (size_t i = 0; i < hints->count; i++) {
        const struct fore_hint *hint = &hints->hint[i];
        size_t k = 0;
        while (k < count && !fore_hint_matches(hint, name[k]))
            k++;
        if (k < count) continue;
        unmatched++;
        if (hint->line > 0) fore_buf_printf(out, "%s:%zu: ", hints->file, hint->line);
        fore_buf_printf(out, "no series is called \"%.60s\"", hint->series);
        const char *near = fore_option_nearest(hint->series, name, count);
        if (near != NULL) fore_buf_printf(out, "; did you mean \"%.60s\"?", near);
        fore_buf_puts(out, "\n");
    }
    return unmatched;
}
