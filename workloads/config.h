/*
 * config.h - a scenario file (libconfig syntax) into option structs.
 *
 * A file is sections of settings:  sim: { fidelity = "fluid"; slo = "50ms"; };  Every setting is
 * looked up in the option rows of its section; an unknown section or setting is an error with
 * file:line and the nearest name. `include = "other.cfg";` at the top reads another file first
 * (relative to this file). --set comes last and wins.
 */
#ifndef WL_CONFIG_H
#define WL_CONFIG_H

#include "core/base/option.h"

/* Defaults into every binding, then the file (path NULL: none), then `sets` ("a.b=c"). */
FORE_MUST_USE enum fore_err wl_config_load(const char *path, const struct fore_strings *sets,
                                           const struct fore_option_binding *binding,
                                           size_t binding_count, struct fore_arena *perm,
                                           struct fore_diag *diag);
/* The same from memory; `name` stands for the file in messages. For tests and the fuzz harness. */
FORE_MUST_USE enum fore_err wl_config_parse(const char *text, const char *name,
                                            const struct fore_option_binding *binding,
                                            size_t binding_count, struct fore_arena *perm,
                                            struct fore_diag *diag);

#endif
