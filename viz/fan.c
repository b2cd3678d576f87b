/*
 * fan.c - drawing a fan: history as a line, quantile pairs as bands that darken towards the median,
 * what came as dots, so that neither is told by colour alone.
 */
#include "viz/fan.h"

#include "viz/axis.h"
#include "viz/canvas.h"
#include "viz/format.h"
#include "viz/shot.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <errno.h>
#include <math.h>
#include <string.h>

struct plot {
    const struct viz_fan *fan;
    struct viz_canvas *canvas;
    struct viz_rect at;
    double high;  /* of the values shown; the low end is zero */
    double steps; /* from the first value to the last step of the fan */
};

static double x_of(const struct plot *p, double step)
{
    return p->at.x + p->at.w * step / fmax(p->steps - 1, 1);
}

static double y_of(const struct plot *p, double value)
{
    return p->at.y + p->at.h * (1 - fmin(value / p->high, 1));
}

static double largest(const double *value, size_t n, double most)
{
    for (size_t i = 0; i < n; i++)
        if (value[i] > most) most = value[i]; /* false for NaN */
    return most;
}

static struct plot plot_of(const struct viz_fan *fan, struct viz_canvas *canvas, struct viz_rect at)
{
    struct plot p = {.fan = fan, .canvas = canvas, .at = at};
    double most = largest(fan->history, fan->history_count, 0);
    most = largest(fan->truth, fan->truth_count, most);
    most = largest(fan->quantile, fan->steps * fan->levels, most);
    double unit = pow(10, floor(log10(fmax(most, 1e-12))));
    p.high = ceil(1.04 * most / unit * 4) / 4 * unit;
    if (!(p.high > 0)) p.high = 1;
    size_t ahead = fan->steps > fan->truth_count ? fan->steps : fan->truth_count;
    p.steps = (double)(fan->history_count + ahead);
    return p;
}

/* ---- scales ---------------------------------------------------------------------------------- */

static void value_axis(const struct plot *p)
{
    const struct viz_theme *t = p->canvas->theme;
    struct viz_type type = {.size = VIZ_SMALL, .align = VIZ_RIGHT, .colour = t->muted};
    for (int i = 0; i <= 4; i++) {
        double value = p->high * i / 4, y = y_of(p, value);
        viz_canvas_level(p->canvas, p->at.x, p->at.x + p->at.w, y, 1, t->track);
        viz_canvas_text(p->canvas, &type, p->at.x - 8 * p->canvas->u, y + 4 * p->canvas->u, 0,
                        (p->high < 100 ? viz_format_plain(value) : viz_format_count(value)).s);
    }
}

static void time_axis(const struct plot *p)
{
    const struct viz_fan *fan = p->fan;
    struct viz_type type = {
        .size = VIZ_SMALL, .align = VIZ_CENTRE, .colour = p->canvas->theme->muted};
    fore_ns step_ns = (fore_ns)(fan->step_s * 1e9), span = (fore_ns)(p->steps * fan->step_s * 1e9);
    if (step_ns == 0 || span <= step_ns) return;
    fore_ns every = viz_axis_step(span, p->at.w, 110 * p->canvas->u);
    uint64_t start = (uint64_t)fan->start_s;
    for (fore_ns at = viz_axis_first(0, every, start); at < span; at += every) {
        double x = x_of(p, (double)at / 1e9 / fan->step_s);
        if (x > p->at.x + p->at.w) break;
        viz_canvas_upright(p->canvas, x, p->at.y + p->at.h, p->at.y + p->at.h + 5 * p->canvas->u, 1,
                           p->canvas->theme->edge);
        viz_canvas_text(p->canvas, &type, x, p->at.y + p->at.h + 19 * p->canvas->u, 0,
                        viz_format_tick(at, every, start).s);
    }
}

/* ---- what is shown --------------------------------------------------------------------------- */

static void band(const struct plot *p, size_t low, size_t high, double alpha)
{
    const struct viz_fan *fan = p->fan;
    cairo_t *cr = p->canvas->cr;
    double origin = (double)fan->history_count;
    cairo_new_path(cr); /* text leaves a current point */
    for (size_t h = 0; h < fan->steps; h++)
        cairo_line_to(cr, x_of(p, origin + (double)h),
                      y_of(p, fan->quantile[h * fan->levels + high]));
    for (size_t h = fan->steps; h-- > 0;)
        cairo_line_to(cr, x_of(p, origin + (double)h),
                      y_of(p, fan->quantile[h * fan->levels + low]));
    cairo_close_path(cr);
    viz_canvas_colour(p->canvas, p->canvas->theme->accent, alpha);
    cairo_fill(cr);
}

static void line(const struct plot *p, const double *value, size_t stride, size_t n, double from,
                 struct viz_rgb colour)
{
    cairo_t *cr = p->canvas->cr;
    bool drawing = false;
    cairo_new_path(cr);
    for (size_t i = 0; i < n; i++) {
        double v = value[i * stride];
        if (isnan(v)) {
            drawing = false;
            continue;
        }
        if (drawing)
            cairo_line_to(cr, x_of(p, from + (double)i), y_of(p, v));
        else
            cairo_move_to(cr, x_of(p, from + (double)i), y_of(p, v));
        drawing = true;
    }
    viz_canvas_colour(p->canvas, colour, 1);
    cairo_set_line_width(cr, 1.6 * p->canvas->u);
    cairo_stroke(cr);
}

static void dots(const struct plot *p)
{
    const struct viz_fan *fan = p->fan;
    for (size_t i = 0; i < fan->truth_count; i++) {
        if (isnan(fan->truth[i])) continue;
        cairo_new_path(p->canvas->cr);
        cairo_arc(p->canvas->cr, x_of(p, (double)(fan->history_count + i)), y_of(p, fan->truth[i]),
                  2.6 * p->canvas->u, 0, 6.2831853);
        viz_canvas_colour(p->canvas, p->canvas->theme->ink, 1);
        cairo_fill(p->canvas->cr);
    }
}

static void fan_itself(const struct plot *p)
{
    const struct viz_fan *fan = p->fan;
    if (fan->steps == 0) return;
    size_t pairs = fan->levels / 2;
    for (size_t i = 0; i < pairs; i++)
        band(p, i, fan->levels - 1 - i, 0.45 / (double)pairs + 0.04);
    line(p, fan->quantile + fan->levels / 2, fan->levels, fan->steps, (double)fan->history_count,
         p->canvas->theme->accent);
}

static void heading(const struct plot *p, double width)
{
    const struct viz_theme *t = p->canvas->theme;
    const struct viz_fan *fan = p->fan;
    double u = p->canvas->u, x = p->at.x;
    struct viz_type title = {.size = VIZ_HERO, .bold = true, .colour = t->ink};
    struct viz_type small = {.size = VIZ_BODY, .colour = t->muted};
    viz_canvas_text(p->canvas, &title, x, 40 * u, width - 2 * x, fan->title);
    viz_canvas_text(p->canvas, &small, x, 62 * u, width - 2 * x, fan->about);
    char key[200];
    double low = fan->levels > 1 ? fan->level[0] : 0.5;
    (void)snprintf(key, sizeof key,
                   "line: history and median    bands: down to the %.3g and up to the %.3g "
                   "quantile%s",
                   low, 1 - low, fan->truth_count > 0 ? "    dots: what then came" : "");
    viz_canvas_text(p->canvas, &small, x, 82 * u, width - 2 * x, key);
}

void viz_fan_draw(const struct viz_fan *fan, const struct viz_theme *theme,
                  cairo_surface_t *surface, int width, int height)
{
    struct viz_canvas canvas;
    double u = fmin(width / 1200.0, height / 560.0), w = width, h = height;
    viz_canvas_init(&canvas, surface, theme, u);
    viz_canvas_fill(&canvas, (struct viz_rect){0, 0, w, h}, theme->card);
    struct viz_rect at = {70 * u, 104 * u, w - 100 * u, h - 140 * u};
    struct plot p = plot_of(fan, &canvas, at);
    value_axis(&p);
    time_axis(&p);
    heading(&p, w);
    fan_itself(&p);
    line(&p, fan->history, 1, fan->history_count, 0, theme->ink);
    dots(&p);
    viz_canvas_fini(&canvas);
}

/* ---- the picture ----------------------------------------------------------------------------- */

static bool ends_in(const char *path, const char *with)
{
    size_t a = strlen(path), b = strlen(with);
    return a > b && strcmp(path + a - b, with) == 0;
}

/* Vector formats are written by cairo as they are drawn. */
static enum fore_err vector(const struct viz_fan *fan, const char *picture,
                            const struct viz_theme *theme, int width, int height,
                            struct fore_diag *diag)
{
    char part[4096];
    int n = snprintf(part, sizeof part, "%s.part", picture);
    if (n < 0 || (size_t)n >= sizeof part)
        return fore_err_set(diag, FORE_E_RANGE, "the picture's path is too long");
    cairo_surface_t *surface = ends_in(picture, ".svg")
                                   ? cairo_svg_surface_create(part, width, height)
                                   : cairo_pdf_surface_create(part, width, height);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
        viz_fan_draw(fan, theme, surface, width, height);
    cairo_surface_finish(surface);
    bool good = cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(surface);
    if (good && rename(part, picture) == 0) return FORE_E_OK;
    (void)remove(part);
    return fore_err_set(diag, FORE_E_UNREACHABLE, "cannot write %s", picture);
}

enum fore_err viz_fan_picture(const char *data, const char *picture, const struct viz_theme *theme,
                              int width, int height, struct fore_diag *diag)
{
    struct fore_arena arena = {0};
    struct viz_fan fan;
    FILE *file = fopen(data, "r");
    if (file == NULL) return fore_err_set(diag, FORE_E_FORMAT, "%.120s: %s", data, strerror(errno));
    enum fore_err err = viz_fan_read(file, &arena, &fan, diag);
    (void)fclose(file);
    if (err == FORE_E_OK && (ends_in(picture, ".svg") || ends_in(picture, ".pdf"))) {
        err = vector(&fan, picture, theme, width, height, diag);
    } else if (err == FORE_E_OK) {
        cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
        viz_fan_draw(&fan, theme, surface, width, height);
        err = viz_shot_write(surface, picture, diag);
        cairo_surface_destroy(surface);
    }
    fore_arena_fini(&arena);
    return err;
}
