/* mend.h - makes the checksums of a mutated journal right again, so that what lies behind them is
 * reached. */
#ifndef FUZZ_MEND_H
#define FUZZ_MEND_H

#include "core/base/buf.h"
#include "core/cluster/journal_format.h"

#include <string.h>

static inline void mend(struct fore_buf *bytes)
{
    struct fore_journal_file_head head;
    struct fore_journal_frame_head frame;
    if (bytes->len < sizeof head) return;
    memcpy(&head, bytes->data, sizeof head);
    if (head.text_len > bytes->len - sizeof head) return;
    head.crc32c = fore_journal_file_crc(head, bytes->data + sizeof head);
    memcpy(bytes->data, &head, sizeof head);
    size_t at = sizeof head + head.text_len;
    while (bytes->len - at > sizeof frame) {
        memcpy(&frame, bytes->data + at, sizeof frame);
        if (frame.stored_len > bytes->len - at - sizeof frame) return;
        frame.crc32c = fore_journal_frame_crc(frame, bytes->data + at + sizeof frame);
        memcpy(bytes->data + at, &frame, sizeof frame);
        at += sizeof frame + frame.stored_len;
    }
}

#endif
