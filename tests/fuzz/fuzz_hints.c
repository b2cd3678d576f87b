/* fuzz_hints.c - any bytes as a hint file: understood and useful, or refused with a sentence and
 * nothing taken; what is understood prints as text that reads back as the same hint. */
#include "core/forecast/hints.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { POINTS = 60, HORIZON = 20 };

static void read_back(const struct fore_hint *hint, struct fore_arena *arena)
{
    struct fore_buf text = {0};
    struct fore_diag diag = {0};
    struct fore_hints again;
    fore_hints_init(&again, NULL, arena);
    fore_buf_puts(&text, "a ");
    fore_hint_print(hint, &text);
    enum fore_err err = fore_hints_parse(&again, text.data, text.len, &diag);
    /* Six digits of a factor may round to 1. */
    FORE_ASSERT(err == FORE_E_OK || fabs(hint->multiplier - 1) < 1e-5);
    if (err == FORE_E_OK) {
        FORE_ASSERT(again.count == 1 && again.hint->kind == hint->kind);
        FORE_ASSERT(again.hint->from == hint->from && again.hint->to == hint->to);
        FORE_ASSERT(again.hint->weekdays == hint->weekdays && again.hint->per_s == hint->per_s);
    }
    fore_buf_fini(&text);
}

static void apply(const struct fore_hints *hints, double start_s, struct fore_arena *arena)
{
    static const struct fore_model_params params = {.floor_share = 0.8};
    struct fore_arena scratch = {0};
    float y[POINTS];
    for (int i = 0; i < POINTS; i++)
        y[i] = i % 7 == 3 ? NAN : (float)(i % 24);
    struct fore_hint_series series = {
        .name = "a",
        .view = {.y = y, .n = POINTS, .step_s = 3600, .start_s = start_s, .period = {24}},
        .horizon = HORIZON,
    };
    struct fore_hint_effect effect;
    fore_hints_effect(hints, &series, &params, arena, &scratch, &effect);
    for (size_t i = 0; i < POINTS + HORIZON; i++)
        FORE_ASSERT(isfinite(effect.log_effect[i]));
    for (size_t i = 0; i < effect.findings; i++)
        FORE_ASSERT(effect.finding[i].reason != NULL && effect.finding[i].multiplier > 0);
    fore_arena_fini(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct fore_hints hints;
    fore_hints_init(&hints, "input", &arena);
    const char *text = size > 0 ? (const char *)data : "";
    enum fore_err err = fore_hints_parse(&hints, text, size, &diag);
    FORE_ASSERT((err == FORE_E_OK) == (diag.code == FORE_E_OK));
    FORE_ASSERT(err == FORE_E_OK || (diag.text[0] != '\0' && hints.count == 0));
    for (size_t i = 0; i < hints.count; i++)
        read_back(&hints.hint[i], &arena);
    apply(&hints, 0, &arena);
    apply(&hints, 1488758400, &arena);
    fore_arena_fini(&arena);
    return 0;
}
