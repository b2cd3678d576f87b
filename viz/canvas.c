/* canvas.c - see canvas.h. Marks are in mark.c. */
#include "viz/canvas.h"

#include <math.h>
#include <pango/pangocairo.h>

static PangoFontDescription *font(int weight)
{
    PangoFontDescription *d = pango_font_description_new();
    pango_font_description_set_family(d, "Inter, DejaVu Sans Condensed, DejaVu Sans, sans-serif");
    pango_font_description_set_weight(d, (PangoWeight)weight);
    pango_font_description_set_stretch(d, PANGO_STRETCH_SEMI_CONDENSED);
    return d;
}

void viz_canvas_init(struct viz_canvas *canvas, cairo_surface_t *surface,
                     const struct viz_theme *theme, double u)
{
    *canvas = (struct viz_canvas){.cr = cairo_create(surface), .theme = theme, .u = u};
    canvas->layout = pango_cairo_create_layout(canvas->cr);
    canvas->regular = font(PANGO_WEIGHT_NORMAL);
    canvas->bold = font(PANGO_WEIGHT_SEMIBOLD);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_ON);
    pango_cairo_context_set_font_options(pango_layout_get_context(canvas->layout), options);
    cairo_font_options_destroy(options);
    PangoAttrList *attributes = pango_attr_list_new();
    pango_attr_list_insert(attributes, pango_attr_font_features_new("tnum=1"));
    pango_layout_set_attributes(canvas->layout, attributes);
    pango_attr_list_unref(attributes);
    pango_layout_set_single_paragraph_mode(canvas->layout, TRUE);
}

void viz_canvas_fini(struct viz_canvas *canvas)
{
    pango_font_description_free(canvas->regular);
    pango_font_description_free(canvas->bold);
    g_object_unref(canvas->layout);
    cairo_destroy(canvas->cr);
}

static void lay_out(struct viz_canvas *canvas, const struct viz_type *type, const char *text)
{
    PangoFontDescription *d = type->bold ? canvas->bold : canvas->regular;
    pango_font_description_set_absolute_size(d, type->size * canvas->u * PANGO_SCALE);
    pango_layout_set_font_description(canvas->layout, d);
    pango_layout_set_width(canvas->layout, -1);
    pango_layout_set_ellipsize(canvas->layout, PANGO_ELLIPSIZE_NONE);
    /* A journal's text may hold anything; pango wants valid UTF-8. */
    char *valid = g_utf8_make_valid(text, -1);
    pango_layout_set_text(canvas->layout, valid, -1);
    g_free(valid);
}

double viz_canvas_width(struct viz_canvas *canvas, const struct viz_type *type, const char *text)
{
    int w = 0;
    lay_out(canvas, type, text);
    pango_layout_get_size(canvas->layout, &w, NULL);
    return (double)w / PANGO_SCALE;
}

double viz_canvas_text(struct viz_canvas *canvas, const struct viz_type *type, double x, double y,
                       double width, const char *text)
{
    double w = viz_canvas_width(canvas, type, text);
    if (width > 0 && w > width) {
        if (width < type->size * canvas->u) return 0; /* not even one letter and the dots */
        pango_layout_set_width(canvas->layout, (int)(width * PANGO_SCALE));
        pango_layout_set_ellipsize(canvas->layout, PANGO_ELLIPSIZE_END);
        w = width;
    }
    double left = type->align == VIZ_RIGHT ? x - w : type->align == VIZ_CENTRE ? x - w / 2 : x;
    double base = (double)pango_layout_get_baseline(canvas->layout) / PANGO_SCALE;
    viz_canvas_colour(canvas, type->colour, 1);
    cairo_move_to(canvas->cr, round(left), round(y - base));
    pango_cairo_show_layout(canvas->cr, canvas->layout);
    return w;
}

void viz_canvas_colour(struct viz_canvas *canvas, struct viz_rgb colour, double alpha)
{
    cairo_set_source_rgba(canvas->cr, colour.r, colour.g, colour.b, alpha);
}

void viz_canvas_tint(struct viz_canvas *canvas, struct viz_rect r, struct viz_rgb colour,
                     double alpha)
{
    viz_canvas_colour(canvas, colour, alpha);
    cairo_rectangle(canvas->cr, r.x, r.y, r.w, r.h);
    cairo_fill(canvas->cr);
}

void viz_canvas_fill(struct viz_canvas *canvas, struct viz_rect r, struct viz_rgb colour)
{
    viz_canvas_tint(canvas, r, colour, 1);
}

void viz_canvas_round(struct viz_canvas *canvas, struct viz_rect r, double radius)
{
    double k = fmin(radius, fmin(r.w, r.h) / 2);
    cairo_new_sub_path(canvas->cr);
    cairo_arc(canvas->cr, r.x + r.w - k, r.y + k, k, -G_PI_2, 0);
    cairo_arc(canvas->cr, r.x + r.w - k, r.y + r.h - k, k, 0, G_PI_2);
    cairo_arc(canvas->cr, r.x + k, r.y + r.h - k, k, G_PI_2, G_PI);
    cairo_arc(canvas->cr, r.x + k, r.y + k, k, G_PI, 3 * G_PI_2);
    cairo_close_path(canvas->cr);
}

void viz_canvas_pill(struct viz_canvas *canvas, struct viz_rect r, double radius,
                     struct viz_rgb colour)
{
    if (r.w <= 0 || r.h <= 0) return;
    viz_canvas_round(canvas, r, radius);
    viz_canvas_colour(canvas, colour, 1);
    cairo_fill(canvas->cr);
}

void viz_canvas_outline(struct viz_canvas *canvas, struct viz_rect r, double radius,
                        struct viz_rgb colour)
{
    viz_canvas_round(canvas, (struct viz_rect){r.x + .5, r.y + .5, r.w - 1, r.h - 1}, radius);
    viz_canvas_colour(canvas, colour, 1);
    cairo_set_line_width(canvas->cr, 1);
    cairo_stroke(canvas->cr);
}

void viz_canvas_upright(struct viz_canvas *canvas, double x, double y0, double y1, double thick,
                        struct viz_rgb colour)
{
    double w = fmax(1, round(thick));
    viz_canvas_fill(canvas, (struct viz_rect){round(x - w / 2), y0, w, y1 - y0}, colour);
}

void viz_canvas_level(struct viz_canvas *canvas, double x0, double x1, double y, double thick,
                      struct viz_rgb colour)
{
    double h = fmax(1, round(thick));
    viz_canvas_fill(canvas, (struct viz_rect){x0, round(y - h / 2), x1 - x0, h}, colour);
}

void viz_canvas_dashes(struct viz_canvas *canvas, double x0, double x1, double y,
                       struct viz_rgb colour)
{
    const double dash[] = {5 * canvas->u, 4 * canvas->u};
    cairo_save(canvas->cr);
    cairo_set_dash(canvas->cr, dash, 2, 0);
    cairo_set_line_width(canvas->cr, fmax(1, round(1.25 * canvas->u)));
    viz_canvas_colour(canvas, colour, 1);
    cairo_move_to(canvas->cr, x0, y);
    cairo_line_to(canvas->cr, x1, y);
    cairo_stroke(canvas->cr);
    cairo_restore(canvas->cr);
}

void viz_canvas_hatch(struct viz_canvas *canvas, struct viz_rect r, double gap,
                      struct viz_rgb colour, double alpha)
{
    if (r.w <= 0 || r.h <= 0) return;
    double step = fmax(3, gap * canvas->u);
    cairo_save(canvas->cr);
    cairo_rectangle(canvas->cr, r.x, r.y, r.w, r.h);
    cairo_clip(canvas->cr);
    cairo_set_line_width(canvas->cr, fmax(1, 0.9 * canvas->u));
    viz_canvas_colour(canvas, colour, alpha);
    /* Lines keep one phase over the whole page, so that neighbouring patches join. */
    double from = floor((r.x - r.h - r.y) / step) * step + r.y;
    int count = (int)ceil((r.x + r.w + r.h - from) / step);
    for (int i = 0; i < count; i++) {
        cairo_move_to(canvas->cr, from + i * step, r.y + r.h);
        cairo_line_to(canvas->cr, from + i * step + r.h, r.y);
    }
    cairo_stroke(canvas->cr);
    cairo_restore(canvas->cr);
}

double viz_canvas_card(struct viz_canvas *canvas, struct viz_rect r, const char *title,
                       const char *about, double about_width)
{
    const struct viz_theme *t = canvas->theme;
    double u = canvas->u, y = r.y + 23 * u, x = r.x + 16 * u;
    viz_canvas_pill(canvas, r, 8 * u, t->card);
    viz_canvas_outline(canvas, r, 8 * u, t->edge);
    x += viz_canvas_text(canvas, &(struct viz_type){.size = 13.5, .bold = true, .colour = t->ink},
                         x, y, 0, title);
    if (about[0] == '\0') return x;
    x += 10 * u;
    return x + viz_canvas_text(canvas, &(struct viz_type){.size = VIZ_SMALL, .colour = t->muted}, x,
                               y, about_width > 0 ? about_width : r.x + r.w - 16 * u - x, about);
}

/*
 * fontconfig keeps its tables until the process ends and drops the last pointer to some; only a
 * build that hunts leaks has to be told. (LeakSanitizer asks for this name.)
 */
#if defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define VIZ_LEAKS_ARE_COUNTED
#    endif
#elif defined(__SANITIZE_ADDRESS__)
#    define VIZ_LEAKS_ARE_COUNTED
#endif
#ifdef VIZ_LEAKS_ARE_COUNTED
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0"; /* standard error is for our own sentences */
}
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libpango\nleak:libSDL2\n";
}
#endif
