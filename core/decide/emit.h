/* emit.h - a chosen change becomes moves of a plan, and what must follow is bound to what comes
 * first. Internal to decide/. */
#ifndef FORE_EMIT_H
#define FORE_EMIT_H

#include "core/decide/candidate.h"

/*
 * Appends the candidate. As decide.bound says, a split takes along what it was priced with, the
 * move of a part or copies of the hotter one, or leaves that to the plan made once it stands; so
 * does a swap with its second half, whatever is bound. A merge of neighbours from two nodes always
 * follows the move that brings them together. Where a plan has no room for a whole chain only its
 * first move is told.
 */
void fore_emit(const struct fore_search *search, const struct fore_candidate *candidate,
               struct fore_plan *out);

/* Will what follows the split be planned with it? */
bool fore_emit_binds(const struct fore_search *search, const struct fore_candidate *candidate);

#endif
