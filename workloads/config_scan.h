/*
 * config_scan.h - what libconfig 1.5 would get silently wrong, found in the text beforehand;
 * private to config.c.
 */
#ifndef WL_CONFIG_SCAN_H
#define WL_CONFIG_SCAN_H

#include "core/base/err.h"

/* Integers beyond 32 bits (64 with the suffix L), nesting beyond 16, @include: FORE_E_FORMAT with
 * name:line. Everything else is left to the real parser. */
FORE_MUST_USE enum fore_err wl_config_scan(const char *text, const char *name,
                                           struct fore_diag *diag);

#endif
