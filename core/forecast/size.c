/* size.c - see size.h. */
#include "core/forecast/size.h"

#include <math.h>

enum { INCREMENTS_MIN = 4, BLOCKS_MIN = 4 };
static const double unsteady = 0.02; /* of what is expected to come: the least spread there is */

/* s^2 of increments over `by` points each, the newest ones first. */
static double variance(const struct fore_sizes_point *point, size_t count, size_t by, double rate)
{
    double sum = 0;
    size_t blocks = 0;
    for (size_t i = count - 1; i >= by; i -= by, blocks++) {
        double d = (double)(point[i].at - point[i - by].at) / 1e9;
        double off = point[i].bytes - point[i - by].bytes - rate * d;
        sum += off * off / d;
    }
    return sum / (double)(blocks - 1);
}

struct fore_size_model fore_size_fit(const struct fore_sizes_point *point, size_t count)
{
    struct fore_size_model model = {0};
    if (count == 0 || !isfinite(point[count - 1].bytes) || point[count - 1].bytes < 0) return model;
    model.now_bytes = point[count - 1].bytes;
    if (count < INCREMENTS_MIN + 1) return model;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(point[i].bytes) || (i > 0 && point[i].at <= point[i - 1].at)) return model;
    model.span_s = (double)(point[count - 1].at - point[0].at) / 1e9;
    model.rate = (point[count - 1].bytes - point[0].bytes) / model.span_s;
    model.freedom = (double)(count - 2);
    double most = variance(point, count, 1, model.rate);
    for (size_t by = 2; (count - 1) / by >= BLOCKS_MIN; by++)
        most = fmax(most, variance(point, count, by, model.rate));
    model.volatility = sqrt(most);
    model.known = true;
    return model;
}

double fore_size_mean(const struct fore_size_model *model, double ahead_s)
{
    double mean = model->known ? model->now_bytes + model->rate * ahead_s : model->now_bytes;
    return fmax(mean, 0);
}

double fore_size_spread(const struct fore_size_model *model, double ahead_s)
{
    if (!model->known) return 0;
    double wander = model->volatility * sqrt(ahead_s + ahead_s * ahead_s / model->span_s);
    return fmax(wander, unsteady * fabs(model->rate) * ahead_s);
}

double fore_size_student_tail(double t, unsigned freedom)
{
    FORE_ASSERT(freedom > 0);
    double angle = atan(fabs(t) / sqrt((double)freedom)), c = cos(angle), s = sin(angle);
    double term = freedom % 2 == 0 ? 1 : c, sum = freedom == 1 ? 0 : term;
    for (unsigned k = freedom % 2 == 0 ? 2 : 3; k < freedom; k += 2) {
        term *= c * c * (double)(k - 1) / (double)k;
        sum += term;
    }
    double within = freedom % 2 == 0 ? s * sum : (angle + s * sum) / acos(0); /* P(|T| < |t|) */
    double tail = fmax(0.5 * (1 - within), 0);
    return t < 0 ? 1 - tail : tail;
}

double fore_size_above(const struct fore_size_model *model, double bytes, double ahead_s)
{
    double spread = fore_size_spread(model, ahead_s);
    if (!model->known || !(spread > 0)) return fore_size_mean(model, ahead_s) > bytes ? 1 : 0;
    /* Not of the mean cut off at 0: it is the distribution that is shifted. */
    double off = bytes - model->now_bytes - model->rate * ahead_s;
    return fore_size_student_tail(off / spread, (unsigned)model->freedom);
}

double fore_size_most(const struct fore_size_model *model, double ahead_s)
{
    double most = fore_size_mean(model, ahead_s) + 2 * fore_size_spread(model, ahead_s);
    return fmax(most, model->now_bytes);
}

struct fore_size_outlook fore_size_look(const struct fore_size_model *model, double max_bytes,
                                        double horizon_s, double ends_s)
{
    double until_s = fmin(horizon_s, ends_s);
    struct fore_size_outlook look = {.when_s = horizon_s,
                                     .now_bytes = model->now_bytes,
                                     .mean_bytes = fore_size_mean(model, until_s),
                                     .spread_bytes = fore_size_spread(model, until_s),
                                     .max_bytes = max_bytes,
                                     .rate = model->rate,
                                     .grown_bytes = fore_size_most(model, horizon_s),
                                     .known = model->known};
    if (max_bytes == HUGE_VAL) return look;
    if (model->now_bytes > max_bytes) {
        look.probability = 1;
        look.when_s = 0;
        return look;
    }
    /* Of one that shrinks while it wanders the riskiest time is not the last. */
    for (int part = 1; part <= 8; part *= 2)
        look.probability =
            fmax(look.probability, fore_size_above(model, max_bytes, until_s / part));
    if (model->known && model->rate > 0)
        look.when_s = fmin(horizon_s, (max_bytes - model->now_bytes) / model->rate);
    return look;
}
