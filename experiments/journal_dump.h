/*
 * journal_dump.h - one event, one line: for grep as text, for jq as JSON.
 */
#ifndef LAB_JOURNAL_DUMP_H
#define LAB_JOURNAL_DUMP_H

#include "core/base/json.h"
#include "core/cluster/journal.h"

/* Appends a line with its newline. Payloads come from a file: a short one is cut, marked
 * "short", and never read past its end. */
void lab_journal_dump_text(const struct fore_journal_record *record, struct fore_buf *out);
void lab_journal_dump_json(const struct fore_journal_record *record, struct fore_buf *out);

#endif
