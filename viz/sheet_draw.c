/*
 * sheet_draw.c - a sheet as a card over the veiled page: lines broken where words end, choices as
 * buttons in a row, or one below the other where it is a menu. The one under the cursor has a
 * thick edge and an arrow, so that it is told without colour.
 */
#include "viz/sheet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PITCH 20.0
#define WIDE  640.0

/* How much of `text` fits into a line: up to a blank, or all of it. */
static size_t fits(struct viz_canvas *canvas, const struct viz_type *type, const char *text,
                   double width, char *line, size_t size)
{
    size_t best = 0, len = strlen(text);
    if (len >= size) len = size - 1;
    for (size_t at = 1; at <= len; at++) {
        if (at < len && text[at] != ' ') continue;
        (void)snprintf(line, size, "%.*s", (int)at, text);
        if (best > 0 && viz_canvas_width(canvas, type, line) > width) break;
        best = at;
    }
    (void)snprintf(line, size, "%.*s", (int)best, text);
    return best;
}

/* Draws, or only counts, the lines of a paragraph. */
static uint32_t paragraph(struct viz_canvas *canvas, const struct viz_type *type, double x,
                          double y, double width, const char *text, bool draw)
{
    char line[VIZ_SHEET_LINE];
    uint32_t count = 0;
    double hang = text[0] == ' ' ? 14 * canvas->u : 0;
    while (*text == ' ')
        text++;
    for (const char *at = text; *at != '\0'; count++) {
        at += fits(canvas, type, at, width - hang, line, sizeof line);
        if (draw)
            viz_canvas_text(canvas, type, x + hang, y + count * PITCH * canvas->u, width - hang,
                            line);
        while (*at == ' ')
            at++;
    }
    return count;
}

static double field(struct viz_canvas *canvas, const struct viz_sheet *sheet, double x, double y)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u;
    struct viz_rect box = {round(x), round(y), round(120 * u), round(34 * u)};
    struct viz_type type = {.size = 16, .bold = true, .colour = t->ink};
    viz_canvas_pill(canvas, box, 5 * u, t->page);
    viz_canvas_outline(canvas, box, 5 * u, t->accent);
    double end = box.x + 12 * u +
                 viz_canvas_text(canvas, &type, box.x + 12 * u, box.y + 23 * u, 0, sheet->typed);
    viz_canvas_upright(canvas, end + 2 * u, box.y + 7 * u, box.y + 27 * u, 1.5 * u, t->accent);
    return box.h + 12 * u;
}

static void button(struct viz_canvas *canvas, const struct viz_choice *choice, bool focus,
                   bool wide)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u;
    struct viz_rect r = choice->where;
    bool deed = choice->kind == VIZ_CHOICE_DEED && !wide;
    struct viz_type type = {.size = 13,
                            .bold = focus,
                            .align = wide ? VIZ_LEFT : VIZ_CENTRE,
                            .colour = deed ? t->accent : t->ink};
    viz_canvas_pill(canvas, r, 6 * u, focus ? t->track : t->card);
    viz_canvas_outline(canvas, r, 6 * u, focus ? t->accent : t->faint);
    if (focus) {
        struct viz_rect inner = {r.x + 1, r.y + 1, r.w - 2, r.h - 2};
        viz_canvas_outline(canvas, inner, 5 * u, t->accent);
        viz_canvas_mark(canvas, VIZ_MARK_ARROW, r.x + 11 * u, r.y + r.h / 2, 9, t->accent);
    }
    double x = wide ? r.x + 24 * u : r.x + r.w / 2 + (focus ? 6 * u : 0);
    viz_canvas_text(canvas, &type, x, r.y + r.h / 2 + 4.5 * u, r.w - 30 * u, choice->label);
    if (!wide || choice->key == '\0') return;
    char key[2] = {choice->key, '\0'};
    struct viz_type sign = {.size = 13, .bold = true, .align = VIZ_RIGHT, .colour = t->accent};
    viz_canvas_text(canvas, &sign, r.x + r.w - 12 * u, r.y + r.h / 2 + 4.5 * u, 0, key);
}

/* In a row from the right, or one below the other. */
static void place_choices(struct viz_canvas *canvas, struct viz_sheet *sheet, struct viz_rect card,
                          double y)
{
    double u = canvas->u, x = card.x + 24 * u;
    bool menu = sheet->kind == VIZ_SHEET_MENU;
    struct viz_type type = {.size = 13, .bold = true, .colour = canvas->theme->ink};
    for (uint32_t i = 0; i < sheet->choice_count; i++) {
        struct viz_choice *choice = &sheet->choice[i];
        double w = menu ? card.w - 48 * u : viz_canvas_width(canvas, &type, choice->label) + 48 * u;
        choice->where = (struct viz_rect){round(x), round(y), round(w), round(32 * u)};
        if (menu)
            y += 37 * u;
        else
            x += w + 12 * u;
    }
}

static double height_of(struct viz_canvas *canvas, const struct viz_sheet *sheet,
                        const struct viz_type *type, double width)
{
    double u = canvas->u, h = 62 * u;
    for (uint32_t i = 0; i < sheet->line_count; i++)
        h += paragraph(canvas, type, 0, 0, width, sheet->line[i], false) * PITCH * u + 4 * u;
    if (sheet->kind == VIZ_SHEET_THRESHOLD) h += 46 * u;
    bool menu = sheet->kind == VIZ_SHEET_MENU;
    h += menu ? sheet->choice_count * 37 * u + 14 * u : sheet->choice_count > 0 ? 58 * u : 0;
    return h;
}

void viz_sheet_draw(struct viz_sheet *sheet, cairo_surface_t *surface,
                    const struct viz_layout *layout, const struct viz_theme *theme)
{
    struct viz_canvas canvas;
    viz_canvas_init(&canvas, surface, theme, layout->u);
    double u = layout->u, wide = fmin(WIDE * u, layout->width - 40 * u);
    struct viz_type text = {.size = 13, .colour = theme->ink};
    struct viz_type title = {.size = 17, .bold = true, .colour = theme->ink};
    double inner = wide - 48 * u, tall = height_of(&canvas, sheet, &text, inner);
    struct viz_rect card = {round((layout->width - wide) / 2),
                            round(fmax((layout->height - tall) / 3, 10 * u)), round(wide),
                            round(tall)};
    struct viz_rect all = {0, 0, layout->width, layout->height};
    viz_canvas_tint(&canvas, all, theme->page, 0.55);
    viz_canvas_tint(&canvas, (struct viz_rect){card.x + 3 * u, card.y + 5 * u, card.w, card.h},
                    (struct viz_rgb){0, 0, 0}, 0.18);
    viz_canvas_pill(&canvas, card, 10 * u, theme->card);
    viz_canvas_outline(&canvas, card, 10 * u, sheet->bad ? theme->warn : theme->accent);
    double x = card.x + 24 * u, y = card.y + 34 * u;
    if (sheet->bad)
        viz_canvas_mark(&canvas, VIZ_MARK_TRIANGLE, x + 8 * u, y - 6 * u, 15, theme->warn);
    double shift = sheet->bad ? 26 * u : 0;
    viz_canvas_text(&canvas, &title, x + shift, y, inner - shift, sheet->title);
    y += 30 * u;
    for (uint32_t i = 0; i < sheet->line_count; i++)
        y += paragraph(&canvas, &text, x, y, inner, sheet->line[i], true) * PITCH * u + 4 * u;
    y -= 12 * u;
    if (sheet->kind == VIZ_SHEET_THRESHOLD) y += field(&canvas, sheet, x, y);
    y += 8 * u;
    place_choices(&canvas, sheet, card, y);
    for (uint32_t i = 0; i < sheet->choice_count; i++)
        button(&canvas, &sheet->choice[i], i == sheet->focus, sheet->kind == VIZ_SHEET_MENU);
    viz_canvas_fini(&canvas);
    cairo_surface_flush(surface);
}
