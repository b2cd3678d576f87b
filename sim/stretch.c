/* stretch.c - see stretch.h. */
#include "sim/stretch.h"

#include <stdlib.h>
#include <string.h>

static const double FACTOR_MOST = 100;

/* "18%=0.8", or "0.18=0.8". */
static enum fore_err read_knot(const char *text, const char *what, double *load, double *factor,
                               struct fore_diag *diag)
{
    char *end;
    *load = strtod(text, &end);
    bool fine = end != text;
    if (fine && *end == '%') {
        *load /= 100;
        end++;
    }
    fine = fine && *end == '=';
    if (fine) {
        const char *value = end + 1;
        *factor = strtod(value, &end);
        fine = end != value && *end == '\0';
    }
    if (fine) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_FORMAT,
                        "%s: \"%.40s\": wants \"LOAD=FACTOR\", as in \"20%%=0.8\"", what, text);
}

enum fore_err sim_stretch_parse(const struct fore_strings *list, const char *what,
                                struct sim_stretch *out, struct fore_diag *diag)
{
    double before = -1;
    *out = (struct sim_stretch){.count = 0};
    if (list->count > SIM_STRETCH_KNOTS)
        return fore_err_set(diag, FORE_E_RANGE, "%s: %zu knots; %d at most", what, list->count,
                            (int)SIM_STRETCH_KNOTS);
    for (size_t i = 0; i < list->count; i++) {
        double load = 0, factor = 0;
        FORE_TRY(read_knot(list->item[i], what, &load, &factor, diag));
        if (!(load >= 0 && load <= 1) || !(load > before))
            return fore_err_set(diag, FORE_E_RANGE, "%s: \"%.40s\": loads rise from 0 to 100%%",
                                what, list->item[i]);
        if (!(factor >= 0 && factor <= FACTOR_MOST))
            return fore_err_set(diag, FORE_E_RANGE, "%s: \"%.40s\": a factor is from 0 to %g", what,
                                list->item[i], FACTOR_MOST);
        before = load;
        out->knot[i].load = load;
        out->knot[i].factor = factor;
        out->count++;
    }
    return FORE_E_OK;
}

double sim_stretch_at(const struct sim_stretch *stretch, double load)
{
    uint32_t n = stretch->count, i = 0;
    while (i < n && stretch->knot[i].load < load)
        i++;
    if (n == 0) return 1;
    if (i == 0) return stretch->knot[0].factor;
    if (i == n) return stretch->knot[n - 1].factor;
    double low = stretch->knot[i - 1].load, high = stretch->knot[i].load;
    double part = (load - low) / (high - low);
    return stretch->knot[i - 1].factor * (1 - part) + stretch->knot[i].factor * part;
}
