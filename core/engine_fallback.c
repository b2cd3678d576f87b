/*
 * engine_fallback.c - predict or react: who leads, said when it changes.
 *
 * A policy that is told the forecast weighs the present load beside it. It falls back when that
 * weight passes a half, and more than the operator asked for: its error has lately been worse than
 * persistence's, or its intervals have just been missed. It is back well below a half.
 */
#include "core/engine_state.h"

#include <math.h>

static const double leads = 0.5, back = 0.4, beyond_asked = 0.05;

void fore_engine_look_back(struct fore_engine *engine, const struct fore_topology *topology,
                           double bytes_mean)
{
    /* Twice the time of a mean move: the lead that skill is asked at, too. */
    double rate = topology->node[0].bandwidth_bytes;
    fore_ns lead = rate > 0 ? (fore_ns)(2e9 * bytes_mean / rate) : 0;
    fore_coverage_look(
        &engine->coverage, fore_fleet_scenario(engine->fleet, FORE_SCENARIO_FORECAST),
        fore_fleet_scenario(engine->fleet, FORE_SCENARIO_NOWCAST), engine->observe, topology, lead,
        engine->setup.options->decide.utilization_limit, &engine->scratch);
}

/* The share of the nowcast among the scenarios; NaN: this policy does not ask the forecast. */
static double present_weight(const struct fore_engine *engine, const struct fore_engine_look *look)
{
    double weight = 0;
    bool forecast = false;
    for (uint32_t t = 0; t < look->term_count; t++) {
        if (look->term[t].scenario == look->view.nowcast) weight += look->term[t].weight;
        forecast = forecast || look->term[t].scenario == look->view.forecast;
    }
    bool was_active = engine->fallback_since != 0;
    return forecast || (was_active && look->view.forecast->ready) ? weight : (double)NAN;
}

static void say(struct fore_engine *engine, const struct fore_engine_look *look, double weight,
                fore_ns now)
{
    const struct fore_coverage *coverage = &engine->coverage;
    double skill = look->view.skill;
    bool active = engine->fallback_since == 0;
    struct fore_event_fallback event = {.active = active,
                                        .poor = !(skill < 1),
                                        .lost = look->view.forecast_lost,
                                        .weight = (float)weight,
                                        .skill = (float)skill,
                                        .outside = (float)coverage->outside};
    if (isnan(skill)) event.poor = 0;
    struct fore_buf text = {0};
    if (active && event.lost && fore_coverage_burst(coverage))
        fore_buf_printf(&text, "%s carries more than any forecast said",
                        look->load.topology->node[coverage->burst_node].name);
    else if (active && event.lost)
        fore_buf_printf(&text, "%.0f %% of the load came outside the forecast's 90 %% intervals",
                        100 * coverage->outside);
    else if (active)
        fore_buf_printf(&text, "the forecast's error is %.2f times that of persistence", skill);
    else
        fore_buf_printf(&text, "after %.0f s the forecast is relied on again",
                        (double)(now - engine->fallback_since) / 1e9);
    fore_buf_printf(&text, ": weight of the present load %.2f", weight);
    fore_sink_put_text(engine->setup.sink, now, FORE_EV_FALLBACK, &event, sizeof event, text.data);
    fore_buf_fini(&text);
}

void fore_engine_watch_fallback(struct fore_engine *engine, const struct fore_engine_look *look,
                                fore_ns now)
{
    double weight = present_weight(engine, look);
    double asked = fore_decide_nowcast_weight(&engine->setup.options->decide, look->view.move_s);
    if (isnan(weight)) return;
    bool active = engine->fallback_since != 0;
    bool more = weight > asked + beyond_asked;
    bool wanted = more && weight >= (active ? back : leads);
    if (wanted == active) return;
    say(engine, look, weight, now);
    engine->fallback_since = wanted ? now : 0;
}
