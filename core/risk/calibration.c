/*
 * calibration.c - decayed sums at knots, one Newton step a settling, and three memories mixed.
 *
 * An outcome is shared between the knots to its left and right. The penalised likelihood has a
 * Hessian with two diagonals on either side, so a step costs one small elimination; the curve of
 * the settling before is where it starts from, and one step each time stays at the optimum.
 */
#include "core/risk/calibration.h"

#include <math.h>

enum { KNOTS = FORE_CALIBRATION_KNOTS, MEMORIES = FORE_CALIBRATION_MEMORIES, BAND = 3 };

/* Outcomes of one hour come together: each counts as a tenth of one. */
static const double together = 0.1;
static const double half_lives[MEMORIES] = {60, 200, 2000}; /* settlings */
static const double share = 0.001;                          /* of trust that is dealt out anew */
static const double curvature = 3, pull = 0.05;             /* penalties */
static const double rises = 0.02; /* at least, from knot to knot: order stays */
static const double jump = 4;     /* at most, of a knot in one step */

static double sigmoid(double logit)
{
    return 1.0 / (1.0 + exp(-logit));
}

static double prior_at(const struct fore_calibration *c, int knot)
{
    return c->a + c->b * (c->low + knot * c->step);
}

struct fore_calibration fore_calibration_prior(double a, double b, double low, double high)
{
    FORE_ASSERT(b > 0 && high > low);
    struct fore_calibration c = {.low = low, .step = (high - low) / (KNOTS - 1), .a = a, .b = b};
    for (int m = 0; m < MEMORIES; m++) {
        c.memory[m].keep = pow(0.5, 1 / half_lives[m]);
        c.memory[m].trust = 1.0 / MEMORIES;
        for (int k = 0; k < KNOTS; k++)
            c.memory[m].logit[k] = prior_at(&c, k);
    }
    return c;
}

double fore_calibration_logit(double p)
{
    double kept = fmin(fmax(p, 1e-6), 1.0 - 1e-6);
    return log(kept / (1.0 - kept));
}

struct place { /* between two knots */
    int left;
    double right_part;
};

static struct place place_of(const struct fore_calibration *c, double x)
{
    double u = fmin(fmax((x - c->low) / c->step, 0), KNOTS - 1);
    int left = u < KNOTS - 2 ? (int)u : KNOTS - 2;
    return (struct place){.left = left, .right_part = u - left};
}

static double told(const struct fore_calibration_memory *m, struct place at)
{
    double logit = m->logit[at.left];
    return sigmoid(logit + (m->logit[at.left + 1] - logit) * at.right_part);
}

double fore_calibration_apply(const struct fore_calibration *c, double x)
{
    struct place at = place_of(c, x);
    double p = 0;
    for (int m = 0; m < MEMORIES; m++)
        p += c->memory[m].trust * told(&c->memory[m], at);
    return p;
}

void fore_calibration_learn(struct fore_calibration *c, double x, bool happened)
{
    struct place at = place_of(c, x);
    for (int i = 0; i < MEMORIES; i++) {
        struct fore_calibration_memory *m = &c->memory[i];
        double p = fmin(fmax(told(m, at), 1e-4), 1 - 1e-4);
        m->loss -= together * log(happened ? p : 1 - p);
        for (int k = 0; k < 2; k++) {
            double part = together * (k == 0 ? 1 - at.right_part : at.right_part);
            m->seen[at.left + k] += part;
            m->came[at.left + k] += happened ? part : 0;
        }
    }
    c->seen++;
    c->happened += happened ? 1 : 0;
}

/* Row k of a symmetric matrix, [0] on the diagonal; and the right side. */
struct system {
    double row[KNOTS][BAND], right[KNOTS];
};

static void add_curvature(struct system *s)
{
    static const double difference[BAND] = {1, -2, 1};
    for (int k = 0; k + 2 < KNOTS; k++)
        for (int i = 0; i < BAND; i++)
            for (int j = i; j < BAND; j++)
                s->row[k + i][j - i] += curvature * difference[i] * difference[j];
}

/* Cholesky's elimination without roots; the matrix is positive definite by `pull`. */
static void solve(struct system *s, double *x)
{
    for (int k = 0; k < KNOTS; k++)
        for (int i = 1; i < BAND && k + i < KNOTS; i++) {
            double factor = s->row[k][i] / s->row[k][0];
            for (int j = i; j < BAND; j++)
                s->row[k + i][j - i] -= factor * s->row[k][j];
            s->right[k + i] -= factor * s->right[k];
        }
    for (int k = KNOTS - 1; k >= 0; k--) {
        double rest = s->right[k];
        for (int i = 1; i < BAND && k + i < KNOTS; i++)
            rest -= s->row[k][i] * x[k + i];
        x[k] = rest / s->row[k][0];
    }
}

static void fit(const struct fore_calibration *c, struct fore_calibration_memory *m)
{
    struct system s = {0};
    double next[KNOTS] = {0};
    for (int k = 0; k < KNOTS; k++) {
        double p = sigmoid(m->logit[k]), weight = m->seen[k] * fmax(p * (1 - p), 1e-3);
        s.row[k][0] = weight + pull;
        s.right[k] = weight * m->logit[k] + m->came[k] - m->seen[k] * p + pull * prior_at(c, k);
    }
    add_curvature(&s);
    solve(&s, next);
    for (int k = 0; k < KNOTS; k++) {
        double step = fmin(fmax(next[k] - m->logit[k], -jump), jump);
        m->logit[k] += step;
        if (k > 0) m->logit[k] = fmax(m->logit[k], m->logit[k - 1] + rises);
    }
}

static void weigh(struct fore_calibration *c)
{
    double least = c->memory[0].loss, sum = 0;
    for (int m = 1; m < MEMORIES; m++)
        least = fmin(least, c->memory[m].loss);
    for (int m = 0; m < MEMORIES; m++) {
        c->memory[m].trust *= exp(least - c->memory[m].loss);
        c->memory[m].loss = 0;
        sum += c->memory[m].trust;
    }
    for (int m = 0; m < MEMORIES; m++)
        c->memory[m].trust = c->memory[m].trust / sum * (1 - share) + share / MEMORIES;
}

void fore_calibration_settle(struct fore_calibration *c)
{
    weigh(c);
    for (int i = 0; i < MEMORIES; i++) {
        struct fore_calibration_memory *m = &c->memory[i];
        fit(c, m);
        for (int k = 0; k < KNOTS; k++) {
            m->seen[k] *= m->keep;
            m->came[k] *= m->keep;
        }
    }
}
