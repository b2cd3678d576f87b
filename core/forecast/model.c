/*
 * model.c - the line-up. Order is the order `--help` and error sentences show; the first row is
 * the reference every other model is compared with.
 */
#include "core/forecast/models.h"

#include <string.h>

const struct fore_model *const fore_models[] = {
    &fore_model_naive,          &fore_model_seasonal,
    &fore_model_seasonal_short, &fore_model_ses,
    &fore_model_average,        &fore_model_ar,
    &fore_model_holt_winters,   &fore_model_spar,
    &fore_model_spar_log,       &fore_model_mean_spar,
    &fore_model_additive,       &fore_model_trees,
    &fore_model_lstm,           NULL,
};

const struct fore_model *fore_model_find(const char *name)
{
    for (size_t i = 0; fore_models[i]; i++)
        if (strcmp(fore_models[i]->name, name) == 0) return fore_models[i];
    return NULL;
}
