/* outcome.h - how the commands of this room end: a sentence on stderr and an exit code. */
#ifndef LAB_OUTCOME_H
#define LAB_OUTCOME_H

#include "core/base/err.h"

/* 0; 2 for what the user can mend (input, options), 3 where the world failed. Says the sentence. */
int lab_outcome_exit(const char *command, enum fore_err err, const struct fore_diag *diag);

#endif
