/* resume.h - moves from before a restart: how far did the cluster get? Internal to act/. */
#ifndef FORE_RESUME_H
#define FORE_RESUME_H

#include "core/act/step.h"

/* What the cluster carries out and nobody here knows of joins the running moves. Tried again at the
 * next tick when the cluster does not answer. */
void fore_resume_adopt(struct fore_step *step);
/* Before the first transition of a move that was loaded or taken over: true when its state is the
 * cluster's again and it may go on. */
bool fore_resume_settle(struct fore_step *step, struct fore_migration *m);

#endif
