/* milestone.c - see milestone.h. Backwards it reads stretches that grow until one holds an event.
 */
#include "viz/milestone.h"

static bool counts(enum viz_milestone what, enum fore_event_kind kind)
{
    if (kind == FORE_EV_ALERT) return true;
    if (what == VIZ_MILESTONE_ALERT) return false;
    return kind == FORE_EV_PLAN || kind == FORE_EV_MOVE || kind == FORE_EV_TOPOLOGY ||
           kind == FORE_EV_FAULT || kind == FORE_EV_FALLBACK || kind == FORE_EV_RESOLVED ||
           kind == FORE_EV_ORDER;
}

/* The first such record after `after` and before `before`, or the last one; false if none. */
static bool scan(struct fore_journal_reader *reader, enum viz_milestone what, fore_ns after,
                 fore_ns before, bool want_last, fore_ns *at)
{
    struct fore_journal_record record;
    struct fore_diag diag = {0};
    bool found = false;
    if (fore_journal_reader_seek(reader, after, &diag) != FORE_E_OK) return false;
    while (fore_journal_reader_next(reader, &record, &diag) == FORE_E_OK) {
        if (record.at >= before) break;
        if (record.at <= after || !counts(what, record.kind)) continue;
        *at = record.at;
        found = true;
        if (!want_last) break;
    }
    return found;
}

bool viz_milestone_find(struct viz_feed *feed, enum viz_milestone what, fore_ns from, bool back,
                        fore_ns *at)
{
    struct fore_journal_reader *reader;
    struct fore_diag diag = {0};
    if (fore_journal_reader_open(viz_feed_in(feed), &reader, &diag) != FORE_E_OK) return false;
    bool found = false;
    if (!back) {
        found = scan(reader, what, from, UINT64_MAX, false, at);
    } else {
        fore_ns stretch = 60 * FORE_SEC, start = from;
        while (!found && start > 0) {
            start = from > stretch ? from - stretch : 0;
            found = scan(reader, what, start > 0 ? start - 1 : 0, from, true, at);
            stretch = stretch < UINT64_MAX / 8 ? stretch * 4 : UINT64_MAX;
        }
    }
    fore_journal_reader_close(reader);
    return found;
}
