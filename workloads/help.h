/* help.h - what every command prints for --help. */
#ifndef WL_HELP_H
#define WL_HELP_H

#include "core/base/args.h"

/* The help of a command to standard output. */
void wl_help_print(const struct fore_args *args);

#endif
