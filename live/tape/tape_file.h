/* tape_file.h - inside of a tape: records in frames, see tape.h. */
#ifndef LIVE_TAPE_FILE_H
#define LIVE_TAPE_FILE_H

#include "core/base/buf.h"
#include "core/cluster/driver.h"
#include "live/tape/tape.h"

#include <stdio.h>

enum live_tape_op {
    LIVE_TAPE_STEP = 1,
    LIVE_TAPE_NOW,
    LIVE_TAPE_TOPOLOGY,
    LIVE_TAPE_SAMPLE,
    LIVE_TAPE_BEGIN,
    LIVE_TAPE_POLL,
    LIVE_TAPE_THROTTLE,
    LIVE_TAPE_CANCEL,
    LIVE_TAPE_DIGEST,
    LIVE_TAPE_CUTOVER,
    LIVE_TAPE_SWEEP,
    LIVE_TAPE_ORDER,
};

struct live_tape_header {
    char magic[8];
    uint32_t version, node_size, table_size, partition_size, sample_size, sample_node_size,
        move_size, status_size, key_size, plan_size, caps;
    struct live_tape_run run;
};
struct live_tape_header live_tape_header_of(uint32_t caps, const struct live_tape_run *run);

struct live_tape_record {
    uint8_t op, answer;
    uint32_t len;
    const char *body; /* valid until the next record is read */
};

struct live_tape_file {
    FILE *file;
    struct fore_buf raw; /* the frame being filled, or read */
    size_t at;           /* read up to here */
    bool failed;
};

void live_tape_file_put(struct live_tape_file *file, enum live_tape_op op, enum fore_err answer,
                        const void *body, size_t len);
void live_tape_file_flush(struct live_tape_file *file);
/* AGAIN at the end; FORMAT. A frame that was cut off is the end. */
FORE_MUST_USE enum fore_err live_tape_file_next(struct live_tape_file *file,
                                                struct live_tape_record *out);
void live_tape_file_close(struct live_tape_file *file);

#endif
