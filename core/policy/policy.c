/* policy.c - the table of policies, and the options they share. */
#include "core/policy/policy.h"

#include "core/policy/rows.h"

#include <string.h>

const struct fore_policy *const fore_policies[] = {
    &fore_policy_static,
    &fore_policy_reactive,
    &fore_policy_nowcast,
    &fore_policy_nowcast_weekly,
    &fore_policy_predictive,
    &fore_policy_oracle,
    &fore_policy_estore_greedy,
    &fore_policy_estore_greedy_extended,
    &fore_policy_estore_first_fit,
    &fore_policy_redis_count,
    &fore_policy_citus_disk,
    &fore_policy_citus_count,
    &fore_policy_mongo_size,
    &fore_policy_crdb,
    &fore_policy_pd_hot,
    &fore_policy_hbase_stochastic,
    &fore_policy_slicer,
    &fore_policy_clay,
    &fore_policy_nashdb,
    &fore_policy_random,
    &fore_policy_static_weekly,
    &fore_policy_static_peak,
    &fore_policy_static_mean,
    &fore_policy_schedule,
    &fore_policy_reactive_pstore,
    &fore_policy_pstore,
    &fore_policy_pstore_oracle,
    &fore_policy_aws_predictive,
    NULL,
};

const struct fore_policy *fore_policy_find(const char *name)
{
    for (size_t i = 0; fore_policies[i] != NULL; i++)
        if (strcmp(fore_policies[i]->name, name) == 0) return fore_policies[i];
    return NULL;
}

size_t fore_policy_bindings(struct fore_policy_options *options,
                            struct fore_option_binding out[FORE_POLICY_SECTIONS])
{
    size_t count = 0;
    out[count++] = (struct fore_option_binding){&fore_policy_section, options};
    for (size_t i = 0; fore_policies[i] != NULL; i++) {
        const struct fore_policy *policy = fore_policies[i];
        bool known = policy->section == NULL;
        for (size_t k = 0; k < count && !known; k++)
            known = out[k].section == policy->section; /* several policies may share one */
        if (known) continue;
        FORE_ASSERT(count < FORE_POLICY_SECTIONS);
        out[count++] =
            (struct fore_option_binding){policy->section, (char *)options + policy->options_at};
    }
    return count;
}

#define AT(field) FORE_OPTION_AT(struct fore_policy_options, field)

static const char *const picks[] = {"hottest", "fit", "coldest", NULL};

static const struct fore_option rows[] = {
    {"name",              FORE_OPT_TEXT,     AT(name),              "predictive", 0,    0,    NULL,
     "who decides; `foreshard config --policies` lists them"                              },
    {"reactive_high",     FORE_OPT_SHARE,    AT(reactive_high),     "80%",        0.05, 2,    NULL,
     "reactive: a node above this utilisation sheds a partition"                          },
    {"reactive_low",      FORE_OPT_SHARE,    AT(reactive_low),      "75%",        0.05, 2,    NULL,
     "reactive: until it is below this"                                                   },
    {"reactive_hold",     FORE_OPT_DURATION, AT(reactive_hold),     "0s",         0,    1e18, NULL,
     "reactive: it must have been above for this long"                                    },
    {"reactive_every",    FORE_OPT_DURATION, AT(reactive_every),    "1s",         1e6,  1e18, NULL,
     "reactive: how often it looks"                                                       },
    {"reactive_cooldown", FORE_OPT_DURATION, AT(reactive_cooldown), "10min",      0,    1e18, NULL,
     "reactive: a partition that has moved rests this long"                               },
    {"reactive_pick",     FORE_OPT_CHOICE,   AT(reactive_pick),     "hottest",    0,    0,    picks,
     "reactive: which partition goes: hottest that fits, best fit for the excess, coldest"},
    {"reactive_split",    FORE_OPT_BOOL,     AT(reactive_split),    "true",       0,    0,    NULL,
     "reactive: split, or replicate, a partition that fits nowhere"                       },
};

const struct fore_option_section fore_policy_section = {
    .name = "policy",
    .help = "who decides, and how the reactive peer is tuned",
    .row = rows,
    .row_count = FORE_COUNTOF(rows),
};
