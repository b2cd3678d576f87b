/* tape_file.c - see tape_file.h. Lengths in a file are not believed until they fit. */
#include "live/tape/tape_file.h"

#include "core/base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { FRAME_RAW_MOST = 64 << 20, LEVEL = 1 };

struct frame {
    uint32_t raw, stored, crc, zero;
};
struct record {
    uint8_t op, answer;
    uint16_t zero;
    uint32_t len;
};

struct live_tape_header live_tape_header_of(uint32_t caps, const struct live_tape_run *run)
{
    struct live_tape_header header;
    memset(&header, 0, sizeof header);
    memcpy(header.magic, "FORETAPE", sizeof header.magic);
    header.version = 2;
    header.node_size = sizeof(struct fore_node);
    header.table_size = sizeof(struct fore_table);
    header.partition_size = sizeof(struct fore_partition);
    header.sample_size = sizeof(struct fore_partition_sample);
    header.sample_node_size = sizeof(struct fore_node_sample);
    header.move_size = sizeof(struct fore_move);
    header.status_size = sizeof(struct fore_move_status);
    header.key_size = sizeof(struct fore_key_sample);
    header.plan_size = sizeof(struct fore_plan);
    header.caps = caps;
    header.run = *run;
    return header;
}

void live_tape_file_put(struct live_tape_file *file, enum live_tape_op op, enum fore_err answer,
                        const void *body, size_t len)
{
    struct record record = {.op = (uint8_t)op, .answer = (uint8_t)answer, .len = (uint32_t)len};
    fore_buf_append(&file->raw, &record, sizeof record);
    if (len > 0) fore_buf_append(&file->raw, body, len);
}

void live_tape_file_flush(struct live_tape_file *file)
{
    if (file->raw.len == 0) return;
    size_t cap = ZSTD_compressBound(file->raw.len);
    char *stored = malloc(cap);
    FORE_ASSERT(stored != NULL);
    size_t len = ZSTD_compress(stored, cap, file->raw.data, file->raw.len, LEVEL);
    FORE_ASSERT(!ZSTD_isError(len));
    struct frame frame = {.raw = (uint32_t)file->raw.len,
                          .stored = (uint32_t)len,
                          .crc = fore_hash_crc32c(stored, len, 0)};
    file->failed |= fwrite(&frame, sizeof frame, 1, file->file) != 1 ||
                    fwrite(stored, len, 1, file->file) != 1 || fflush(file->file) != 0;
    fore_buf_reset(&file->raw);
    free(stored);
}

static bool read_frame(struct live_tape_file *file, bool *ended)
{
    struct frame frame;
    *ended = fread(&frame, sizeof frame, 1, file->file) != 1;
    if (*ended) return false;
    if (frame.raw == 0 || frame.raw > FRAME_RAW_MOST || frame.stored > 2 * FRAME_RAW_MOST)
        return false;
    char *stored = malloc((size_t)frame.stored + 1), *raw = malloc(frame.raw);
    FORE_ASSERT(stored != NULL && raw != NULL);
    *ended = fread(stored, 1, frame.stored, file->file) != frame.stored;
    bool sound = !*ended && fore_hash_crc32c(stored, frame.stored, 0) == frame.crc &&
                 ZSTD_decompress(raw, frame.raw, stored, frame.stored) == frame.raw;
    fore_buf_reset(&file->raw);
    file->at = 0;
    if (sound) fore_buf_append(&file->raw, raw, frame.raw);
    free(stored);
    free(raw);
    return sound;
}

enum fore_err live_tape_file_next(struct live_tape_file *file, struct live_tape_record *out)
{
    struct record record;
    bool ended = false;
    if (file->at == file->raw.len && !read_frame(file, &ended))
        return ended ? FORE_E_AGAIN : FORE_E_FORMAT;
    if (file->raw.len - file->at < sizeof record) return FORE_E_FORMAT;
    memcpy(&record, file->raw.data + file->at, sizeof record);
    file->at += sizeof record;
    if (record.len > file->raw.len - file->at) return FORE_E_FORMAT;
    *out = (struct live_tape_record){.op = record.op,
                                     .answer = record.answer,
                                     .len = record.len,
                                     .body = file->raw.data + file->at};
    file->at += record.len;
    return FORE_E_OK;
}

void live_tape_file_close(struct live_tape_file *file)
{
    if (file->file != NULL && fclose(file->file) != 0) file->failed = true;
    file->file = NULL;
    fore_buf_fini(&file->raw);
}
