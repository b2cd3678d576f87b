/*
 * option_value.h - quantities as text: "250us", "5GiB", "40k/s", "75%". Private to base; the rows
 * of option.c and the arguments of args.c read and print through it.
 */
#ifndef FORE_OPTION_VALUE_H
#define FORE_OPTION_VALUE_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/option.h"

/* Whole numbers with k, M, G. */
FORE_MUST_USE enum fore_err fore_option_value_count(const char *text, uint64_t *out);
/* Per second, from "/s", "/min", "/h" or nothing. */
FORE_MUST_USE enum fore_err fore_option_value_rate(const char *text, double *out);
FORE_MUST_USE enum fore_err fore_option_value_byterate(const char *text, double *out);
FORE_MUST_USE enum fore_err fore_option_value_share(const char *text, double *out);
FORE_MUST_USE enum fore_err fore_option_value_bool(const char *text, bool *out);

/* What a kind accepts, for a sentence: "a duration such as \"250us\" ...". */
const char *fore_option_value_form(enum fore_option_kind kind);
/* Printers choose the largest unit that keeps the number exact, so the text reads back equal. */
void fore_option_value_print_duration(struct fore_buf *out, fore_ns ns);
void fore_option_value_print_bytes(struct fore_buf *out, uint64_t bytes);
void fore_option_value_print_real(struct fore_buf *out, double x);
/* A bound of a row, which is a double whatever the kind. */
void fore_option_value_print_bound(struct fore_buf *out, enum fore_option_kind kind, double bound);

#endif
