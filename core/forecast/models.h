/* models.h - the rows of the model table, one per file; private to core/forecast. */
#ifndef FORE_MODELS_H
#define FORE_MODELS_H

#include "core/forecast/model.h"

extern const struct fore_model fore_model_naive;    /* model_naive.c */
extern const struct fore_model fore_model_seasonal; /* model_seasonal.c */
extern const struct fore_model fore_model_seasonal_short;
extern const struct fore_model fore_model_ses;     /* model_ses.c */
extern const struct fore_model fore_model_average; /* model_average.c */
extern const struct fore_model fore_model_ar;      /* model_ar.c */
extern const struct fore_model fore_model_spar;    /* model_spar.c */
extern const struct fore_model fore_model_spar_log;
extern const struct fore_model fore_model_mean_spar;
extern const struct fore_model fore_model_additive;     /* model_additive.c */
extern const struct fore_model fore_model_trees;        /* model_trees.c */
extern const struct fore_model fore_model_lstm;         /* model_lstm.c */
extern const struct fore_model fore_model_holt_winters; /* model_holt_winters.c */

#endif
