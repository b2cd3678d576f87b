/*
 * colour.h - the dashboard's colours: two themes, the heat palettes, and how colour-blind eyes see.
 *
 * Every palette's luminance rises strictly, also as deutans and protans see it. The ramp of our own
 * runs from dark violet to pale yellow through control points in OKLab, where equal steps
 * look equal; its lightness rises strictly, so heat survives a grey printer and every kind of
 * colour blindness. Nothing on the screen is told by colour alone: states also have a glyph or
 * word.
 */
#ifndef VIZ_COLOUR_H
#define VIZ_COLOUR_H

#include "core/base/base.h"

struct viz_rgb {
    double r, g, b; /* 0..1, sRGB */
};

struct viz_theme {
    const char *name;
    struct viz_rgb page;   /* behind the cards */
    struct viz_rgb card;   /* a panel's ground */
    struct viz_rgb edge;   /* hairlines round cards */
    struct viz_rgb track;  /* the empty part of a bar, grid lines */
    struct viz_rgb ink;    /* numbers and names */
    struct viz_rgb muted;  /* labels */
    struct viz_rgb faint;  /* units, hints */
    struct viz_rgb accent; /* load now, selection */
    struct viz_rgb soft;   /* accent, quiet: forecast intervals */
    struct viz_rgb good;   /* done, verified */
    struct viz_rgb warn;   /* moves, warnings */
    struct viz_rgb bad;    /* SLO broken, failed */
    struct viz_rgb cold;   /* heat: no load */
    struct viz_rgb veil;   /* what the forecast columns are mixed with */
    double veil_share;
};

/* "light" or "dark"; NULL if there is no such theme. */
const struct viz_theme *viz_colour_theme(const char *name);
/* The other one. */
const struct viz_theme *viz_colour_other(const struct viz_theme *theme);

enum { VIZ_RAMP = 256 };
/* viridis and inferno: S. van der Walt, N. Smith (2015); cividis: Nunez, Anderton, Renslow (2018);
 * night: our own, evenly spaced in OKLab. */
enum viz_palette {
    VIZ_PALETTE_VIRIDIS,
    VIZ_PALETTE_CIVIDIS,
    VIZ_PALETTE_INFERNO,
    VIZ_PALETTE_NIGHT,
    VIZ_PALETTES
};
const char *viz_colour_palette_name(enum viz_palette palette);
bool viz_colour_palette_named(const char *name, enum viz_palette *out);
/* A palette at x in 0..1. */
struct viz_rgb viz_colour_palette(enum viz_palette palette, double x);
/* Forecast against truth, x in -1..1: far below the truth is dark blue, right is grey, far above is
 * yellow; lightness rises all the way, so the sign is told without hue. */
struct viz_rgb viz_colour_error(double x);

/* How a colour looks to an eye without L cones (protan) or M cones (deutan): Machado, Oliveira,
 * Fernandes (2009), severity 1. */
enum viz_sight { VIZ_SIGHT_FULL, VIZ_SIGHT_PROTAN, VIZ_SIGHT_DEUTAN, VIZ_SIGHTS };
struct viz_rgb viz_colour_seen(enum viz_sight sight, struct viz_rgb colour);

/* Our own ramp at x in 0..1. */
struct viz_rgb viz_colour_heat(double x);
/* The ramp as cairo RGB24 pixels, coldest first. */
void viz_colour_ramp(uint32_t out[VIZ_RAMP]);
uint32_t viz_colour_pixel(struct viz_rgb colour);
struct viz_rgb viz_colour_mix(struct viz_rgb a, struct viz_rgb b, double share_of_b);
/* Relative luminance (WCAG 2), 0..1. */
double viz_colour_luminance(struct viz_rgb colour);

#endif
