/* calibration.c - two numbers, and how sure we are of each. */
#include "core/decide/calibration.h"

#include <math.h>

/* Outcomes of one hour come together: each counts as a tenth of one. */
static const double together = 0.1;
static const double forgets = 1.0 + 1e-4; /* of the covariance, an outcome */

struct fore_calibration fore_calibration_prior(double a, double b, double sd)
{
    return (struct fore_calibration){.a = a, .b = b, .aa = sd * sd, .bb = sd * sd};
}

double fore_calibration_logit(double p)
{
    double kept = fmin(fmax(p, 1e-6), 1.0 - 1e-6);
    return log(kept / (1.0 - kept));
}

double fore_calibration_apply(const struct fore_calibration *c, double x)
{
    return 1.0 / (1.0 + exp(-(c->a + c->b * x)));
}

void fore_calibration_learn(struct fore_calibration *c, double x, bool happened)
{
    double q = fore_calibration_apply(c, x), weight = together * q * (1.0 - q);
    double ka = c->aa + c->ab * x, kb = c->ab + c->bb * x; /* covariance times (1, x) */
    double scale = weight / (1.0 + weight * (ka + kb * x));
    c->aa = fmin((c->aa - scale * ka * ka) * forgets, 100.0);
    c->ab = (c->ab - scale * ka * kb) * forgets;
    c->bb = fmin((c->bb - scale * kb * kb) * forgets, 100.0);
    double miss = together * ((happened ? 1.0 : 0.0) - q);
    c->a += (c->aa + c->ab * x) * miss;
    c->b += (c->ab + c->bb * x) * miss;
    c->seen++;
    c->happened += happened ? 1 : 0;
}
