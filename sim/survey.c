/*
 * survey.c - walks a flow in blocks of five minutes.
 *
 * In a long run only the first step of a block is looked at: a quarter year in one-minute steps
 * costs 26,000 looks instead of 130,000, and rates hardly change within five minutes.
 */
#include "sim/survey.h"

#include <math.h>

enum { BLOCKS_FULL = 4096 }; /* runs of up to so many blocks are looked at step by step */
static const fore_ns block_ns = 300 * FORE_SEC;

struct pass {
    const struct sim_survey_request *request;
    struct sim_survey *out;
    double *reads, *writes; /* of one step */
    double mean_weight;     /* steps added to the means so far */
};

/* Total work per second in the step at `t`. */
static enum fore_err look(struct pass *pass, fore_ns t, double *work, struct fore_diag *diag)
{
    const struct sim_survey_request *request = pass->request;
    struct sim_survey *out = pass->out;
    FORE_TRY(wl_flow_rates(request->flow, t, pass->reads, pass->writes, diag));
    bool counts = t >= request->mean_from && t - request->mean_from < request->mean_span;
    double reads = 0, writes = 0;
    for (uint32_t b = 0; b < request->flow->bucket_count; b++) {
        reads += pass->reads[b];
        writes += pass->writes[b];
        if (!counts) continue;
        out->reads[b] += pass->reads[b];
        out->writes[b] += pass->writes[b];
    }
    pass->mean_weight += counts;
    *work = reads * request->read_cost + writes * request->write_cost;
    return FORE_E_OK;
}

static enum fore_err walk(struct pass *pass, struct fore_diag *diag)
{
    const struct sim_survey_request *request = pass->request;
    fore_ns step = request->flow->info.step;
    fore_ns block = step > block_ns ? step : block_ns / step * step;
    bool sparse = request->span / block > BLOCKS_FULL;
    for (fore_ns t = 0; t < request->span; t += block) {
        double sum = 0;
        uint32_t count = 0;
        fore_ns end = request->span - t < block ? request->span : t + block;
        for (fore_ns at = t; at < end && !(sparse && at > t); at += step) {
            double work = 0;
            FORE_TRY(look(pass, at, &work, diag));
            sum += work;
            count++;
        }
        pass->out->peak_work = fmax(pass->out->peak_work, sum / count);
    }
    return FORE_E_OK;
}

enum fore_err sim_survey_take(const struct sim_survey_request *request, struct fore_arena *perm,
                              struct sim_survey *out, struct fore_diag *diag)
{
    uint32_t buckets = request->flow->bucket_count;
    *out = (struct sim_survey){
        .reads = FORE_NEW(perm, double, buckets),
        .writes = FORE_NEW(perm, double, buckets),
    };
    struct pass pass = {
        .request = request,
        .out = out,
        .reads = FORE_NEW(perm, double, buckets),
        .writes = FORE_NEW(perm, double, buckets),
    };
    FORE_TRY(walk(&pass, diag));
    if (!(out->peak_work > 0))
        return fore_err_set(diag, FORE_E_RANGE,
                            "workload: there is not a single request in it; give it a rate above "
                            "0 (workload.rate) or data with load");
    double weight = fmax(pass.mean_weight, 1);
    for (uint32_t b = 0; b < buckets; b++) {
        out->reads_total += out->reads[b] /= weight;
        out->writes_total += out->writes[b] /= weight;
    }
    out->mean_work =
        out->reads_total * request->read_cost + out->writes_total * request->write_cost;
    return FORE_E_OK;
}
