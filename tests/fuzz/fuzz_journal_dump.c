/* A record as a hostile journal may hold it: the first two bytes are its kind, the rest its body.
 */
#include "experiments/journal_dump.h"
#include "experiments/journal_report.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lab_report report;
    uint16_t kind;
    if (size < sizeof kind) return 0;
    memcpy(&kind, data, sizeof kind);
    struct fore_buf out = {0};
    const struct fore_journal_header header = {.text = ""};
    struct fore_journal_record record = {
        .kind = (enum fore_event_kind)kind, .body = data + sizeof kind, .len = size - sizeof kind};
    lab_journal_dump_text(&record, &out);
    lab_journal_dump_json(&record, &out);
    lab_report_init(&report);
    lab_report_add(&report, &record);
    lab_report_add(&report, &record);
    lab_report_print(&report, &header, &out);
    lab_report_fini(&report);
    fore_buf_fini(&out);
    return 0;
}
