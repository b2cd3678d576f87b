/*
 * colour.c - themes as two const rows, and the ramp: seven control points in OKLab (Ottosson 2020)
 * joined by straight lines. The points were placed by hand so that lightness rises evenly while
 * the hue turns from violet over blue and green to yellow.
 */
#include "viz/colour.h"

#include <math.h>
#include <string.h>

#define HEX(v)                                                                   \
    {                                                                            \
        (double)(((v) >> 16) & 255) / 255.0, (double)(((v) >> 8) & 255) / 255.0, \
            (double)((v)&255) / 255.0                                            \
    }

static const struct viz_theme themes[] = {
    {.name = "light",
     .page = HEX(0xf3f4f7),
     .card = HEX(0xffffff),
     .edge = HEX(0xe1e4ea),
     .track = HEX(0xe9ecf1),
     .ink = HEX(0x161b26),
     .muted = HEX(0x566074),
     .faint = HEX(0x8a93a5),
     .accent = HEX(0x2f5fd0),
     .soft = HEX(0xa9c0f0),
     .good = HEX(0x1d8a5f),
     .warn = HEX(0xc77700),
     .bad = HEX(0xc93434),
     .cold = HEX(0x1d1535),
     .veil = HEX(0xffffff),
     .veil_share = 0.30},
    {.name = "dark",
     .page = HEX(0x0d1016),
     .card = HEX(0x151a22),
     .edge = HEX(0x262d39),
     .track = HEX(0x262d39),
     .ink = HEX(0xe9edf4),
     .muted = HEX(0xa2acbd),
     .faint = HEX(0x717c8f),
     .accent = HEX(0x6c9bff),
     .soft = HEX(0x34507f),
     .good = HEX(0x45c28d),
     .warn = HEX(0xf0a83c),
     .bad = HEX(0xff6b66),
     .cold = HEX(0x140f26),
     .veil = HEX(0x8d97aa),
     .veil_share = 0.26},
};

const struct viz_theme *viz_colour_theme(const char *name)
{
    for (size_t i = 0; i < FORE_COUNTOF(themes); i++)
        if (strcmp(themes[i].name, name) == 0) return &themes[i];
    return NULL;
}

const struct viz_theme *viz_colour_other(const struct viz_theme *theme)
{
    return theme == &themes[0] ? &themes[1] : &themes[0];
}

struct lab {
    double L, a, b;
};
static const struct lab ramp[] = {
    {0.215, 0.020,  -0.075}, /* night violet */
    {0.340, 0.015,  -0.125}, /* indigo */
    {0.465, -0.030, -0.110}, /* blue */
    {0.590, -0.080, -0.045}, /* teal */
    {0.715, -0.125, 0.045 }, /* green */
    {0.840, -0.090, 0.140 }, /* lime */
    {0.965, -0.015, 0.135 }, /* pale yellow */
};

static double gamma_of(double linear)
{
    if (linear <= 0) return 0;
    double v = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
    return v > 1 ? 1 : v;
}

static double linear_of(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static struct viz_rgb rgb_of(struct lab c)
{
    double l = c.L + 0.3963377774 * c.a + 0.2158037573 * c.b;
    double m = c.L - 0.1055613458 * c.a - 0.0638541728 * c.b;
    double s = c.L - 0.0894841775 * c.a - 1.2914855480 * c.b;
    l = l * l * l;
    m = m * m * m;
    s = s * s * s;
    return (struct viz_rgb){
        .r = gamma_of(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
        .g = gamma_of(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
        .b = gamma_of(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
    };
}

struct viz_rgb viz_colour_heat(double x)
{
    const size_t last = FORE_COUNTOF(ramp) - 1;
    double at = fmin(fmax(x, 0), 1) * (double)last;
    size_t i = at < (double)last ? (size_t)at : last - 1;
    double f = at - (double)i;
    return rgb_of((struct lab){
        .L = ramp[i].L + f * (ramp[i + 1].L - ramp[i].L),
        .a = ramp[i].a + f * (ramp[i + 1].a - ramp[i].a),
        .b = ramp[i].b + f * (ramp[i + 1].b - ramp[i].b),
    });
}

void viz_colour_ramp(uint32_t out[VIZ_RAMP])
{
    for (int i = 0; i < VIZ_RAMP; i++)
        out[i] = viz_colour_pixel(viz_colour_heat((double)i / (VIZ_RAMP - 1)));
}

uint32_t viz_colour_pixel(struct viz_rgb c)
{
    uint32_t r = (uint32_t)lround(c.r * 255), g = (uint32_t)lround(c.g * 255);
    return r << 16 | g << 8 | (uint32_t)lround(c.b * 255);
}

struct viz_rgb viz_colour_mix(struct viz_rgb a, struct viz_rgb b, double share_of_b)
{
    return (struct viz_rgb){
        .r = a.r + share_of_b * (b.r - a.r),
        .g = a.g + share_of_b * (b.g - a.g),
        .b = a.b + share_of_b * (b.b - a.b),
    };
}

double viz_colour_luminance(struct viz_rgb c)
{
    return 0.2126 * linear_of(c.r) + 0.7152 * linear_of(c.g) + 0.0722 * linear_of(c.b);
}
