/* canvas.c - see canvas.h. Marks are in mark.c. */
#include "viz/canvas.h"

#include "viz/text.h"

#include <math.h>

void viz_canvas_init(struct viz_canvas *canvas, cairo_surface_t *surface,
                     const struct viz_theme *theme, double u)
{
    *canvas = (struct viz_canvas){.cr = cairo_create(surface), .theme = theme, .u = u};
}

void viz_canvas_fini(struct viz_canvas *canvas)
{
    if (canvas->hatch.pattern != NULL) cairo_pattern_destroy(canvas->hatch.pattern);
    cairo_destroy(canvas->cr);
}

void viz_canvas_limit(struct viz_canvas *canvas, struct viz_rect limit)
{
    canvas->limit = limit;
}

/* Only said of what is drawn where the page is neither moved nor turned. */
bool viz_canvas_sees(const struct viz_canvas *canvas, struct viz_rect r)
{
    const struct viz_rect *l = &canvas->limit;
    if (l->w <= 0) return true;
    double x = r.x, y = r.y;
    cairo_user_to_device(canvas->cr, &x, &y);
    if (x != r.x || y != r.y) return true;
    return r.x < l->x + l->w && r.x + r.w > l->x && r.y < l->y + l->h && r.y + r.h > l->y;
}

static struct viz_text_line *line_of(const struct viz_canvas *canvas, const struct viz_type *type,
                                     const char *text, double width)
{
    return viz_text_line(&(struct viz_text_key){
        .text = text, .px = type->size * canvas->u, .bold = type->bold, .width = width});
}

double viz_canvas_width(struct viz_canvas *canvas, const struct viz_type *type, const char *text)
{
    return line_of(canvas, type, text, 0)->width;
}

/* Not turned, and in pixels: a mask of the ink will do. */
static bool is_plain(cairo_t *cr)
{
    cairo_matrix_t m;
    cairo_get_matrix(cr, &m);
    return m.xx == 1 && m.yy == 1 && m.xy == 0 && m.yx == 0 && m.x0 == floor(m.x0) &&
           m.y0 == floor(m.y0) &&
           cairo_surface_get_type(cairo_get_target(cr)) == CAIRO_SURFACE_TYPE_IMAGE;
}

static void draw_line(cairo_t *cr, struct viz_text_line *line, double x, double y)
{
    if (is_plain(cr)) {
        viz_text_mask(line);
        cairo_mask_surface(cr, line->mask, x + line->mask_x, y + line->mask_y);
        return;
    }
    cairo_move_to(cr, x, y);
    pango_cairo_show_layout(cr, line->layout);
}

double viz_canvas_text(struct viz_canvas *canvas, const struct viz_type *type, double x, double y,
                       double width, const char *text)
{
    struct viz_text_line *line = line_of(canvas, type, text, 0);
    double w = line->width;
    if (width > 0 && w > width) {
        if (width < type->size * canvas->u) return 0; /* not even one letter and the dots */
        line = line_of(canvas, type, text, width);
        w = width;
    }
    double left = type->align == VIZ_RIGHT ? x - w : type->align == VIZ_CENTRE ? x - w / 2 : x;
    double px = type->size * canvas->u;
    if (!viz_canvas_sees(canvas, (struct viz_rect){left - px, y - 2 * px, w + 2 * px, 3 * px}))
        return w;
    viz_canvas_colour(canvas, type->colour, 1);
    draw_line(canvas->cr, line, round(left), round(y - line->baseline));
    return w;
}

void viz_canvas_colour(struct viz_canvas *canvas, struct viz_rgb colour, double alpha)
{
    cairo_set_source_rgba(canvas->cr, colour.r, colour.g, colour.b, alpha);
}

void viz_canvas_tint(struct viz_canvas *canvas, struct viz_rect r, struct viz_rgb colour,
                     double alpha)
{
    if (!viz_canvas_sees(canvas, r)) return;
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

/*
 * A tile of one diagonal, repeated: long lines cost milliseconds, a pattern does not. It begins at
 * the page's corner, so that neighbouring patches join.
 */
static cairo_pattern_t *hatch_pattern(struct viz_canvas *canvas, int step, struct viz_rgb colour,
                                      double alpha)
{
    struct viz_hatch *h = &canvas->hatch;
    if (h->pattern != NULL && h->step == step && h->alpha == alpha && h->colour.r == colour.r &&
        h->colour.g == colour.g && h->colour.b == colour.b)
        return h->pattern;
    if (h->pattern != NULL) cairo_pattern_destroy(h->pattern);
    cairo_surface_t *tile = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, step, step);
    cairo_t *cr = cairo_create(tile);
    cairo_set_source_rgba(cr, colour.r, colour.g, colour.b, alpha);
    cairo_set_line_width(cr, fmax(1, 0.9 * canvas->u));
    for (int i = -1; i <= 1; i++) {
        cairo_move_to(cr, i * step - 1, step + 1);
        cairo_line_to(cr, i * step + step + 1, -1);
    }
    cairo_stroke(cr);
    cairo_destroy(cr);
    *h = (struct viz_hatch){cairo_pattern_create_for_surface(tile), step, colour, alpha};
    cairo_surface_destroy(tile);
    cairo_pattern_set_extend(h->pattern, CAIRO_EXTEND_REPEAT);
    cairo_pattern_set_filter(h->pattern, CAIRO_FILTER_NEAREST);
    return h->pattern;
}

void viz_canvas_hatch(struct viz_canvas *canvas, struct viz_rect r, double gap,
                      struct viz_rgb colour, double alpha)
{
    if (r.w <= 0 || r.h <= 0) return;
    int step = (int)fmax(3, round(gap * canvas->u));
    cairo_set_source(canvas->cr, hatch_pattern(canvas, step, colour, alpha));
    cairo_rectangle(canvas->cr, r.x, r.y, r.w, r.h);
    cairo_fill(canvas->cr);
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
