/*
 * answer.h - what the daemon's answers say (live/api, JSON). Whatever comes is looked at with care:
 * a member that is missing, of another type or absurd is as if it were not there, never a crash.
 */
#ifndef VIZ_ANSWER_H
#define VIZ_ANSWER_H

#include "viz/control.h"

/* Why it was refused: the daemon's own sentence, with what to do about a token that is not taken;
 * where there is none, the status. */
void viz_answer_error(const struct viz_http_answer *answer, char *out, size_t size);
/* A plan, explained or not. False: it is none. */
bool viz_answer_plan(const struct viz_http_answer *answer, struct viz_control_plan *out);
/* In a list of plans the one with this number of the engine's, or, for 0, the newest that may be
 * approved and moves something. False, and a sentence: there is none. */
bool viz_answer_find_plan(const struct viz_http_answer *answer, uint64_t engine_plan, uint64_t *id,
                          char *out, size_t size);
/* "carried out as plan 7: 2 moves begun; left out: ..." */
void viz_answer_approved(const struct viz_http_answer *answer, char *out, size_t size);
/* The value of a setting that is a text. */
bool viz_answer_setting(const struct viz_http_answer *answer, char *out, size_t size);
/* A text of thresholds, "orders:17=0.9, *=0.2", with this for all the others. */
void viz_answer_with_general(const char *text, double threshold, struct fore_buf *out);

#endif
