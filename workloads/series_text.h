/* series_text.h - the cells of a series file: split, numbers, times. */
#ifndef WL_SERIES_TEXT_H
#define WL_SERIES_TEXT_H

#include "core/base/base.h"

/* Cuts `line` in place at its separator (the first of tab ; , it holds), strips blanks and one pair
 * of quotes off each cell, and fills at most `cap` of them. Returns how many there are. */
size_t wl_series_text_split(char *line, char **cell, size_t cap);
/* A finite decimal number, nothing else around it. */
bool wl_series_text_number(const char *cell, double *out);
/* Seconds: a number, or "YYYY-MM-DD", "YYYY-MM-DD hh:mm", "YYYY-MM-DDThh:mm:ss". */
bool wl_series_text_time(const char *cell, double *out);

#endif
