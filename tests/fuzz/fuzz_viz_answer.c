/*
 * Any bytes as a daemon's answer over HTTP: split, read as a plan, a list of plans, a setting and
 * an error, and what came of it asked on a sheet and drawn.
 */
#include "viz/answer.h"
#include "viz/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct viz_model *model(void)
{
    static struct viz_model kept;
    static const struct fore_journal_header header = {.major = 1, .text = ""};
    if (kept.plans.plan != NULL) return &kept;
    viz_model_init(&kept, &header, "fuzz");
    viz_model_reset(&kept, FORE_SEC, 16);
    return &kept;
}

static void show(struct viz_sheet *sheet)
{
    static cairo_surface_t *page;
    if (page == NULL) page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 960, 540);
    struct viz_layout layout = viz_layout_sized(960, 540, 1);
    viz_sheet_draw(sheet, page, &layout, viz_colour_theme("light"));
    static const char *const keys[] = {"Tab", "Left", "Down", "y", "Return"};
    for (size_t i = 0; i < FORE_COUNTOF(keys); i++) {
        int chosen = viz_sheet_key(sheet, keys[i]);
        FORE_ASSERT(chosen >= -1 && chosen < (int)sheet->choice_count);
    }
}

static void read_all(const struct viz_http_answer *answer)
{
    struct viz_outcome out = {.deed = {.kind = VIZ_DEED_APPROVE}, .status = answer->status};
    struct viz_control_plan plan;
    struct viz_sheet sheet;
    struct fore_buf text = {0};
    char setting[256];
    uint64_t id;
    if (viz_answer_plan(answer, &plan)) {
        viz_sheet_plan(&sheet, model(), &plan);
        show(&sheet);
    }
    (void)viz_answer_find_plan(answer, 0, &id, out.text, sizeof out.text);
    (void)viz_answer_find_plan(answer, answer->len % 32, &id, out.text, sizeof out.text);
    viz_answer_approved(answer, out.text, sizeof out.text);
    viz_answer_error(answer, out.text, sizeof out.text);
    FORE_ASSERT(out.text[0] != '\0' && strlen(out.text) < sizeof out.text);
    viz_sheet_refused(&sheet, &out);
    show(&sheet);
    if (viz_answer_setting(answer, setting, sizeof setting)) {
        viz_answer_with_general(setting, 0.25, &text);
        FORE_ASSERT(text.len >= 6 && strcmp(text.data + text.len - 6, "*=0.25") == 0);
    }
    fore_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct viz_http http = {.host = "fuzz", .port = "1"};
    struct viz_http_answer answer = {0};
    struct fore_diag diag = {0};
    fore_buf_append(&answer.bytes, data, size);
    if (viz_http_split(&http, &answer, &diag) == FORE_E_OK)
        read_all(&answer);
    else
        FORE_ASSERT(diag.text[0] != '\0');
    viz_http_answer_fini(&answer);
    /* The same bytes as a body alone, so that mutations need not count. */
    struct viz_http_answer body = {.status = 200 + (unsigned)(size % 300)};
    body.body = (const char *)data;
    body.len = size;
    read_all(&body);
    return 0;
}
