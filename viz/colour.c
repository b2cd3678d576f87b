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

/* Sixteenths (cividis: ninths) of the published tables; between them straight lines in sRGB, which
 * differ from the tables by less than an eye can tell. */
static const uint32_t viridis[] = {0x440154, 0x481a6c, 0x472f7d, 0x414487, 0x39568c, 0x31688e,
                                   0x2a788e, 0x23888e, 0x1f988b, 0x22a884, 0x35b779, 0x54c568,
                                   0x7ad151, 0xa5db36, 0xd2e21b, 0xfde725};
static const uint32_t inferno[] = {0x000004, 0x0c0826, 0x240c4f, 0x420a68, 0x5d126e, 0x781c6d,
                                   0x932667, 0xae305c, 0xc73e4c, 0xdd513a, 0xed6925, 0xf8850f,
                                   0xfca50a, 0xfac62d, 0xf2e661, 0xfcffa4};
static const uint32_t cividis[] = {0x00204d, 0x00336f, 0x39486b, 0x575c6d, 0x707173,
                                   0x8a8779, 0xa69d75, 0xc4b56c, 0xe4cf5b, 0xffea46};
static const uint32_t error_tone[] = {0x0b1f5e, 0x2a4f9e, 0x6f88b0, 0x9a9a9a,
                                      0xc4aa6a, 0xe8bf3f, 0xffe873};

static const struct palette {
    const char *name;
    const uint32_t *colour; /* NULL: viz_colour_heat() */
    size_t count;
} palettes[VIZ_PALETTES] = {
    [VIZ_PALETTE_VIRIDIS] = {"viridis", viridis, FORE_COUNTOF(viridis)},
    [VIZ_PALETTE_CIVIDIS] = {"cividis", cividis, FORE_COUNTOF(cividis)},
    [VIZ_PALETTE_INFERNO] = {"inferno", inferno, FORE_COUNTOF(inferno)},
    [VIZ_PALETTE_NIGHT] = {"night",   NULL,    0                    },
};

const char *viz_colour_palette_name(enum viz_palette palette)
{
    return palettes[palette].name;
}

bool viz_colour_palette_named(const char *name, enum viz_palette *out)
{
    for (int p = 0; p < VIZ_PALETTES; p++)
        if (strcmp(palettes[p].name, name) == 0) {
            *out = (enum viz_palette)p;
            return true;
        }
    return false;
}

static struct viz_rgb between(const uint32_t *colour, size_t count, double x)
{
    double at = fmin(fmax(x, 0), 1) * (double)(count - 1);
    size_t i = at < (double)(count - 1) ? (size_t)at : count - 2;
    struct viz_rgb low = HEX(colour[i]), high = HEX(colour[i + 1]);
    return viz_colour_mix(low, high, at - (double)i);
}

struct viz_rgb viz_colour_palette(enum viz_palette palette, double x)
{
    const struct palette *p = &palettes[palette];
    return p->colour != NULL ? between(p->colour, p->count, x) : viz_colour_heat(x);
}

struct viz_rgb viz_colour_error(double x)
{
    return between(error_tone, FORE_COUNTOF(error_tone), (x + 1) / 2);
}

struct viz_rgb viz_colour_seen(enum viz_sight sight, struct viz_rgb c)
{
    static const double seen[VIZ_SIGHTS][3][3] = {
        [VIZ_SIGHT_FULL] = {{1, 0, 0},                       {0, 1, 0}, {0, 0, 1}},
        [VIZ_SIGHT_PROTAN] = {{0.152286, 1.052583, -0.204868},
                            {0.114503, 0.786281, 0.099216},
                            {-0.003882, -0.048116, 1.051998}                     },
        [VIZ_SIGHT_DEUTAN] = {{0.367322, 0.860646, -0.227968},
                            {0.280085, 0.672501, 0.047413},
                            {-0.011820, 0.042940, 0.968881}                      },
    };
    const double in[3] = {linear_of(c.r), linear_of(c.g), linear_of(c.b)};
    double out[3];
    for (int i = 0; i < 3; i++) {
        out[i] = 0;
        for (int k = 0; k < 3; k++)
            out[i] += seen[sight][i][k] * in[k];
        out[i] = gamma_of(out[i]);
    }
    return (struct viz_rgb){out[0], out[1], out[2]};
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
