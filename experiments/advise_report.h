/* advise_report.h - advice as Markdown for people, as JSON for programs. */
#ifndef LAB_ADVISE_REPORT_H
#define LAB_ADVISE_REPORT_H

#include "core/base/json.h"
#include "experiments/advise.h"
#include "workloads/query_read.h"

struct lab_advise_report {
    const char *path; /* of the log */
    const struct fore_query_log *log;
    const struct wl_query_read_report *read;
    const struct lab_advise *advice;
    const char *only; /* this table; NULL: all */
};
void lab_advise_markdown(const struct lab_advise_report *report, struct fore_buf *out);
void lab_advise_json(const struct lab_advise_report *report, struct fore_buf *out);

#endif
