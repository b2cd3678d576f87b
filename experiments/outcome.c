/*
 * outcome.c - exit codes by kind of failure.
 */
#include "experiments/outcome.h"

#include <stdio.h>

int lab_outcome_exit(const char *command, enum fore_err err, const struct fore_diag *diag)
{
    if (err == FORE_E_OK) return 0;
    const char *text = diag->text[0] != '\0' ? diag->text : fore_err_text(err);
    (void)fprintf(stderr, "foreshard %s: %s\n", command, text);
    bool world = err == FORE_E_IO || err == FORE_E_UNREACHABLE || err == FORE_E_AGAIN;
    return world ? 3 : 2;
}
