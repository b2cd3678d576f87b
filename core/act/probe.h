/*
 * probe.h - the same reads of both copies before the owner changes. Sums compare what lies there;
 * a read also goes through whatever finds it: an index that lost a row, a copy that answers from
 * elsewhere. Read are keys that clients have asked for lately, the hottest and a sample of the
 * partition's range: what they would notice first.
 */
#ifndef FORE_PROBE_H
#define FORE_PROBE_H

#include "core/cluster/driver.h"
#include "core/observe/observe.h"

enum { FORE_PROBES_MAX = 1024 };

struct fore_probe_result {
    uint32_t asked, differ;
    uint64_t position; /* of the first difference */
};
/*
 * Asks `source` and `target` for up to `wanted` keys of the partition. A key that differs is read
 * on the source once more: if that has changed meanwhile it was a write, and the key is passed
 * over.
 */
FORE_MUST_USE enum fore_err fore_probe_compare(struct fore_driver driver,
                                               const struct fore_observe *observe,
                                               const struct fore_move *move, uint32_t wanted,
                                               struct fore_probe_result *out);

#endif
