/* hindsight.c - two fading sums. */
#include "core/decide/hindsight.h"

#include "core/base/dist.h"
#include "core/risk/normal_loss.h"

#include <math.h>

static const double half_life_s = 2 * 86400, known_s = 600, share_least = 0.05;
static const double gap_most_s = 3600; /* between plans; longer ones are not made up for */

static double violation(const struct fore_planner_input *input)
{
    const struct fore_decide_options *options = input->options;
    double sum = 0, spread = fmax(options->utilization_spread, 1e-6);
    for (uint32_t n = 0; n < input->topology->node_count; n++) {
        double use = input->observe->node[n].utilization;
        if (!fore_node_serves(&input->topology->node[n]) || !(use > 0)) continue;
        double z = (options->utilization_limit - use) / spread;
        if (z > 6) continue;
        struct fore_normal_loss at = fore_normal_loss_at(z);
        sum += (double)at.tail + options->excess_weight * spread * (double)at.loss;
    }
    return sum;
}

void fore_hindsight_add(struct fore_hindsight *hindsight, const struct fore_planner_input *input,
                        double left_s, double span_s)
{
    fore_ns before = hindsight->at;
    hindsight->at = input->now;
    if (before == 0 || input->now <= before || !(span_s > 0)) return;
    double gap_s = fmin((double)(input->now - before) / 1e9, gap_most_s);
    double fade = exp2(-gap_s / half_life_s);
    hindsight->said_s = fade * hindsight->said_s + gap_s * left_s / span_s;
    hindsight->seen_s = fade * hindsight->seen_s + gap_s * violation(input);
}

double fore_hindsight_share(const struct fore_hindsight *hindsight)
{
    double share = (known_s + hindsight->seen_s) / (known_s + hindsight->said_s);
    return fmin(fmax(share, share_least), 1);
}
