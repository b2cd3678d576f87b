/*
 * reader_record.c - traces of fixed-size binary records.
 *
 * One loop reads records out of the file's buffer; a layout says how long they are and what is
 * where. Byte order is the format's, never the machine's.
 *
 *   oracleGeneral  u32 second, u64 object, u32 size, i64 next access   24 bytes, little-endian
 *   vscsi 1        u32 serial, u32 bytes, u32 segments, u16 command, u16 version, u64 block,
 *                  u64 microsecond                                     32 bytes, little-endian
 *   vscsi 2        u16 command, u16 version, u32 serial, u32 bytes, u32 segments, u64 block,
 *                  u64 microsecond, u64 response time                  40 bytes, little-endian
 *   be32           u32 key                                             4 bytes, big-endian
 */
#include "workloads/reader_digits.h"
#include "workloads/reader_format.h"
#include "workloads/reader_ops.h"

#include <stdio.h>

enum { ORACLE_SIZE = 24, VSCSI1_SIZE = 32, VSCSI2_SIZE = 40, BE32_SIZE = 4 };

static uint64_t le(const char *p, unsigned bytes)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < bytes; i++)
        word |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return word;
}

struct record {
    uint64_t key, ns;
    uint32_t bytes;
    uint8_t scsi; /* command; 0: none, a read */
    bool sound;
};

static struct record oracle_decode(const char *p)
{
    return (struct record){.ns = le(p, 4) * FORE_SEC,
                           .key = wl_load_le64(p + 4),
                           .bytes = (uint32_t)le(p + 12, 4),
                           .sound = true};
}

/* The version tag's high byte is the version. */
static bool vscsi1_tagged(const char *p)
{
    return p[15] == 1;
}

static bool vscsi2_tagged(const char *p)
{
    return p[3] == 2;
}

static struct record vscsi_decode(const char *p, unsigned command_at, unsigned bytes_at,
                                  bool tagged)
{
    uint64_t us = wl_load_le64(p + 24);
    return (struct record){.ns = us * FORE_US,
                           .key = wl_load_le64(p + 16),
                           .bytes = (uint32_t)le(p + bytes_at, 4),
                           .scsi = (uint8_t)p[command_at],
                           .sound = tagged && us <= INT64_MAX / FORE_US};
}

static struct record vscsi1_decode(const char *p)
{
    return vscsi_decode(p, 12, 4, vscsi1_tagged(p));
}

static struct record vscsi2_decode(const char *p)
{
    return vscsi_decode(p, 0, 8, vscsi2_tagged(p));
}

static struct record be32_decode(const char *p)
{
    uint64_t word = le(p, 4);
    uint32_t key = __builtin_bswap32((uint32_t)word);
    return (struct record){.key = key, .sound = true};
}

struct layout {
    size_t size;
    struct record (*decode)(const char *p);
};
static const struct layout oracle = {ORACLE_SIZE, oracle_decode};
static const struct layout vscsi1 = {VSCSI1_SIZE, vscsi1_decode};
static const struct layout vscsi2 = {VSCSI2_SIZE, vscsi2_decode};
static const struct layout be32 = {BE32_SIZE, be32_decode};

struct records {
    const struct layout *layout;
    struct wl_op_slot ops[WL_OP_CACHE];
};

/* SCSI READ(6,10,12,16) and WRITE; the rest (cache flushes, ...) by number. */
static uint8_t scsi_type(struct wl_reader *reader, uint8_t command)
{
    switch (command) {
    case 0x00:
    case 0x08:
    case 0x28:
    case 0xA8:
    case 0x88: return FORE_QUERY_READ;
    case 0x0A:
    case 0x2A:
    case 0xAA:
    case 0x8A: return FORE_QUERY_WRITE;
    default: break;
    }
    struct records *records = reader->state;
    char name[16];
    int len = snprintf(name, sizeof name, "scsi 0x%02x", command);
    return wl_ops_type(records->ops, reader, name, (size_t)len);
}

static enum fore_err record_error(const struct wl_reader *reader, const char *problem,
                                  struct fore_diag *diag)
{
    return fore_err_set(diag, FORE_E_FORMAT, "%s: %s record %llu %s", wl_file_path(reader->file),
                        reader->format->name, (unsigned long long)reader->records + 1, problem);
}

static enum fore_err record_take(struct wl_reader *reader, const char *p, struct wl_request *out,
                                 struct fore_diag *diag)
{
    const struct records *records = reader->state;
    struct record record = records->layout->decode(p);
    if (!record.sound) return record_error(reader, "is damaged (version tag or time)", diag);
    if (reader->untimed) record.ns = reader->records * FORE_US;
    fore_ns t;
    if (!wl_reader_clock(reader, record.ns, &t))
        return record_error(reader, "goes back in time; sort the trace by time first", diag);
    *out = (struct wl_request){.t = t,
                               .key = record.key,
                               .bytes = record.bytes,
                               .op = record.scsi == 0 ? FORE_QUERY_READ
                                                      : scsi_type(reader, record.scsi)};
    reader->records++;
    return FORE_E_OK;
}

static enum fore_err records_next(struct wl_reader *reader, struct wl_request *out, size_t cap,
                                  size_t *count, struct fore_diag *diag)
{
    const struct records *records = reader->state;
    size_t size = records->layout->size;
    *count = 0;
    while (*count < cap) {
        char *data;
        size_t len;
        FORE_TRY(wl_file_view(reader->file, size, &data, &len, diag));
        if (len == 0) break;
        if (len < size) return record_error(reader, "is cut off; the file is truncated", diag);
        size_t here = len / size;
        if (here > cap - *count) here = cap - *count;
        for (size_t i = 0; i < here; i++)
            FORE_TRY(record_take(reader, data + i * size, &out[*count + i], diag));
        wl_file_skip(reader->file, here * size, 0);
        *count += here;
    }
    return FORE_E_OK;
}

static enum fore_err records_rewind(struct wl_reader *reader, struct fore_diag *diag)
{
    return FORE_E_OK;
}

static void records_begin(struct wl_reader *reader, const struct layout *layout, uint64_t key_max)
{
    struct records *records = FORE_NEW(reader->perm, struct records, 1);
    records->layout = layout;
    reader->state = records;
    reader->key_max = key_max;
}

static enum fore_err oracle_open(struct wl_reader *reader, const struct wl_reader_options *options,
                                 struct fore_diag *diag)
{
    records_begin(reader, &oracle, 0);
    return FORE_E_OK;
}

static enum fore_err be32_open(struct wl_reader *reader, const struct wl_reader_options *options,
                               struct fore_diag *diag)
{
    records_begin(reader, &be32, UINT32_MAX);
    reader->untimed = true;
    return FORE_E_OK;
}

/* Whether the first two records (or the only one) carry the tag. */
static bool all_tagged(const char *data, size_t len, size_t size, bool (*tagged)(const char *))
{
    return len >= size && tagged(data) && (len < 2 * size || tagged(data + size));
}

static const struct layout *vscsi_version(const char *data, size_t len)
{
    if (all_tagged(data, len, VSCSI2_SIZE, vscsi2_tagged)) return &vscsi2;
    if (all_tagged(data, len, VSCSI1_SIZE, vscsi1_tagged)) return &vscsi1;
    return NULL;
}

static enum fore_err vscsi_open(struct wl_reader *reader, const struct wl_reader_options *options,
                                struct fore_diag *diag)
{
    char *data;
    size_t len;
    FORE_TRY(wl_file_view(reader->file, (size_t)2 * VSCSI2_SIZE, &data, &len, diag));
    const struct layout *layout = vscsi_version(data, len);
    if (layout == NULL)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "%s: the first records carry neither vscsi version 1 nor 2; "
                            "is it another format?",
                            wl_file_path(reader->file));
    records_begin(reader, layout, 0);
    return FORE_E_OK;
}

bool wl_reader_looks_vscsi(const char *data, size_t len)
{
    return vscsi_version(data, len) != NULL;
}

/* Times that do not fall, sizes below 1 GiB, and next accesses that lie ahead or are absent. */
bool wl_reader_looks_oracle(const char *data, size_t len)
{
    if (len < ORACLE_SIZE || (len < WL_READER_SNIFF && len % ORACLE_SIZE != 0)) return false;
    uint64_t before_s = 0;
    const size_t size = ORACLE_SIZE;
    for (size_t i = 0; (i + 1) * size <= len; i++) {
        const char *p = data + i * size;
        uint64_t next = wl_load_le64(p + 16);
        bool absent = next == UINT64_MAX || next == INT64_MAX;
        if (le(p, 4) < before_s || le(p + 12, 4) >= UINT64_C(1) << 30) return false;
        if (!absent && (next <= i || next >= UINT64_C(1) << 40)) return false;
        before_s = le(p, 4);
    }
    return true;
}

const struct wl_reader_format wl_reader_oracle = {
    .name = "oracleGeneral", .open = oracle_open, .next = records_next, .rewind = records_rewind};
const struct wl_reader_format wl_reader_vscsi = {
    .name = "vscsi", .open = vscsi_open, .next = records_next, .rewind = records_rewind};
const struct wl_reader_format wl_reader_be32 = {
    .name = "be32", .open = be32_open, .next = records_next, .rewind = records_rewind};
