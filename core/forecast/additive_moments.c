/*
 * additive_moments.c - the normal equations of the additive model, without its design matrix.
 *
 * Waves are periodic in `bins` steps, so whatever is multiplied with one is first folded: points of
 * equal phase are added up, and a short Fourier sum over the phases is left. Two waves need no sums
 * of their own at all: cos a cos b = (cos(a - b) + cos(a + b)) / 2 and its like turn their products
 * into Fourier sums of the folded weights, which are few and shared.
 */
#include "core/forecast/additive.h"
#include "core/forecast/lanes.h"

#include <math.h>

struct folding {
    struct fore_additive_system *system;
    uint32_t bins;           /* the waves' common period */
    size_t room;             /* bins that points fall into, rounded up to even; the rest is 0 */
    double *cosine, *sine;   /* [bins], of one turn */
    double *folded;          /* [plain columns][room], weighted */
    double *wave_c, *wave_s; /* [room], of the wave at hand */
};

static double dot(const double *a, const double *b, size_t n)
{
    fore_v2 s0 = {0}, s1 = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s0 += fore_v2_load(a + i) * fore_v2_load(b + i);
        s1 += fore_v2_load(a + i + 2) * fore_v2_load(b + i + 2);
    }
    s0 += s1;
    double sum = s0[0] + s0[1];
    for (; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The place of a plain column among the unknowns; z, the last one, has none. */
static size_t place(const struct fore_additive_system *system, size_t column)
{
    return column < system->trends ? column : column + 2 * (size_t)system->additive->waves;
}

static void put(struct fore_additive_system *system, size_t i, size_t j, double value)
{
    if (i < j)
        system->gram[j * system->size + i] = value;
    else
        system->gram[i * system->size + j] = value;
}

/* Plain columns with each other, and folded. */
static void plain_moments(struct folding *f, struct fore_arena *scratch)
{
    struct fore_additive_system *system = f->system;
    size_t n = system->additive->n, z = system->trends + system->regressors;
    double *weighted = FORE_NEW(scratch, double, n);
    for (size_t i = 0; i <= z; i++) {
        const double *column = system->plain + i * n;
        for (size_t t = 0; t < n; t++)
            weighted[t] = system->weight[t] * column[t];
        for (size_t j = 0; j < i; j++) {
            double sum = dot(weighted, system->plain + j * n, n);
            if (i == z)
                system->right[place(system, j)] = sum;
            else
                put(system, place(system, i), place(system, j), sum);
        }
        double own = dot(weighted, column, n);
        if (i < z)
            put(system, place(system, i), place(system, i), own);
        else
            system->square = own;
        if (f->bins == 0) continue;
        double *folded = f->folded + i * f->room;
        for (size_t t = 0, bin = 0; t < n; t++) {
            folded[bin] += weighted[t];
            bin = bin + 1 == f->bins ? 0 : bin + 1;
        }
    }
}

static uint32_t turns(const struct folding *f, uint32_t wave)
{
    const struct fore_additive_wave *w = &f->system->additive->wave[wave];
    return w->times * (f->bins / w->period);
}

static void draw(struct folding *f, uint32_t times)
{
    size_t used = f->system->additive->n < f->bins ? f->system->additive->n : f->bins;
    for (size_t p = 0, at = 0; p < used; p++) {
        f->wave_c[p] = f->cosine[at];
        f->wave_s[p] = f->sine[at];
        at += times;
        if (at >= f->bins) at -= f->bins;
    }
}

static void wave_with_plain(struct folding *f, uint32_t wave)
{
    struct fore_additive_system *system = f->system;
    size_t z = system->trends + system->regressors, at = system->trends + 2 * (size_t)wave;
    draw(f, turns(f, wave));
    for (size_t i = 0; i <= z; i++) {
        double c = dot(f->folded + i * f->room, f->wave_c, f->room);
        double s = dot(f->folded + i * f->room, f->wave_s, f->room);
        if (i == z) {
            system->right[at] = c;
            system->right[at + 1] = s;
        } else {
            put(system, at, place(system, i), c);
            put(system, at + 1, place(system, i), s);
        }
    }
}

/* Fourier sums of the weights at every difference and sum of two waves' turns. */
struct spectrum {
    double *c, *s; /* [turns] */
    bool *known;
};

static void need(struct folding *f, struct spectrum *spectrum, uint32_t times)
{
    if (spectrum->known[times]) return;
    spectrum->known[times] = true;
    draw(f, times % f->bins);
    /* The level's column is all ones: folded, it is the folded weights. */
    spectrum->c[times] = dot(f->folded, f->wave_c, f->room);
    spectrum->s[times] = dot(f->folded, f->wave_s, f->room);
}

static void wave_with_wave(struct folding *f, struct spectrum *spectrum, uint32_t i, uint32_t j)
{
    struct fore_additive_system *system = f->system;
    uint32_t a = turns(f, i), b = turns(f, j), apart = a > b ? a - b : b - a;
    need(f, spectrum, apart);
    need(f, spectrum, a + b);
    double c_sum = spectrum->c[a + b], c_apart = spectrum->c[apart];
    double s_sum = spectrum->s[a + b], s_apart = a > b ? spectrum->s[apart] : -spectrum->s[apart];
    size_t row = system->trends + 2 * (size_t)i, column = system->trends + 2 * (size_t)j;
    double *gram = system->gram + row * system->size + column;
    gram[0] = 0.5 * (c_apart + c_sum);
    gram[1] = 0.5 * (s_sum - s_apart); /* cos a sin b; above the diagonal where i == j */
    gram[system->size] = 0.5 * (s_sum + s_apart);
    gram[system->size + 1] = 0.5 * (c_apart - c_sum);
}

static void wave_moments(struct folding *f, struct fore_arena *scratch)
{
    uint32_t waves = f->system->additive->waves, most = 0;
    for (uint32_t i = 0; i < waves; i++)
        if (turns(f, i) > most) most = turns(f, i);
    struct spectrum spectrum = {
        .c = FORE_NEW(scratch, double, 2 * (size_t)most + 1),
        .s = FORE_NEW(scratch, double, 2 * (size_t)most + 1),
        .known = FORE_NEW(scratch, bool, 2 * (size_t)most + 1),
    };
    for (uint32_t i = 0; i < waves; i++) {
        wave_with_plain(f, i);
        for (uint32_t j = 0; j <= i; j++)
            wave_with_wave(f, &spectrum, i, j);
    }
}

void fore_additive_moments(struct fore_additive_system *system, struct fore_arena *scratch)
{
    struct fore_arena_mark mark = fore_arena_mark(scratch);
    const struct fore_additive *additive = system->additive;
    struct folding f = {.system = system, .bins = additive->bins};
    size_t used = additive->n < f.bins ? additive->n : f.bins;
    f.room = used + used % 2;
    f.cosine = FORE_NEW(scratch, double, f.bins);
    f.sine = FORE_NEW(scratch, double, f.bins);
    for (uint32_t p = 0; p < f.bins; p++) {
        double angle = 6.283185307179586476925 * p / f.bins;
        f.cosine[p] = cos(angle);
        f.sine[p] = sin(angle);
    }
    f.folded = FORE_NEW(scratch, double, (system->trends + system->regressors + 1) * f.room);
    f.wave_c = FORE_NEW(scratch, double, f.room);
    f.wave_s = FORE_NEW(scratch, double, f.room);
    plain_moments(&f, scratch);
    system->weight_sum = system->gram[0];
    if (f.bins > 0) wave_moments(&f, scratch);
    fore_arena_reset(scratch, mark);
}
