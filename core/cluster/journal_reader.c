/*
 * journal_reader.c - records out of any bytes, also hostile, cut or growing ones.
 *
 * Two ways through a file, both on the frame heads: `next` loads frames one behind the other and
 * trusts nothing it has not checked (checksum, lengths, record bounds); the survey notes first and
 * last time and the keyframes, for seek, from the index of a closed file, or by walking the heads
 * of one without. `surveyed` is the offset up to which the heads are known; `next` carries it on
 * when it reads what has grown. A lying index can only cost a failed seek: every frame proves
 * itself when it is loaded. No allocation is larger than the file or FORE_JOURNAL_RAW_MAX.
 */
#include "core/cluster/journal.h"
#include "core/cluster/journal_format.h"

#include <stdlib.h>
#include <zstd.h>

struct keyframe {
    uint64_t offset;
    fore_ns first;
};

struct fore_journal_reader {
    struct fore_journal_in in;
    struct fore_journal_header header;
    char *text;
    uint64_t data_offset;      /* of the first frame */
    uint64_t closed_at;        /* where the index begins; 0: no trailer seen */
    uint64_t surveyed;         /* frame heads before this offset are known */
    struct fore_buf keyframes; /* struct keyframe, ascending by offset */
    fore_ns first, last;       /* of the frames surveyed */
    uint64_t frame_offset;     /* of the frame in `raw` */
    uint64_t next_offset;      /* of the frame to load next */
    char *stored, *raw;
    size_t stored_cap, raw_cap;
    size_t raw_len, raw_at;
    uint32_t records_left;
    bool surveyed_any;
    bool truncated;
    uint64_t digest;
    ZSTD_DCtx *zstd;
};

/* ---- reading ------------------------------------------------------------------------------ */

static bool read_exact(struct fore_journal_reader *r, uint64_t offset, void *out, size_t len)
{
    return r->in.read_at(r->in.self, offset, out, len) == len;
}

/* At least `need` bytes; what they held is gone when they grow. */
static void *grown(char **memory, size_t *cap, size_t need)
{
    if (need > *cap) {
        free(*memory);
        *memory = malloc(need);
        FORE_ASSERT(*memory != NULL);
        *cap = need;
    }
    return *memory;
}

static enum fore_err damaged(struct fore_diag *diag, uint64_t offset, const char *what)
{
    return fore_err_set(diag, FORE_E_FORMAT,
                        "journal: damaged frame at byte %llu: %s; records before it can be used",
                        (unsigned long long)offset, what);
}

/* Fills `closed_at` once the file has an index and a trailer that fit each other. */
static void look_for_trailer(struct fore_journal_reader *r, struct fore_journal_index_head *head)
{
    struct fore_journal_trailer trailer;
    uint64_t size = r->in.size(r->in.self);
    if (size < r->data_offset + sizeof *head + sizeof trailer) return;
    if (!read_exact(r, size - sizeof trailer, &trailer, sizeof trailer)) return;
    if (memcmp(trailer.magic, FORE_JOURNAL_MAGIC_END, sizeof trailer.magic) != 0) return;
    uint64_t room = size - sizeof *head - sizeof trailer;
    if (trailer.index_offset < r->data_offset || trailer.index_offset > room) return;
    if (!read_exact(r, trailer.index_offset, head, sizeof *head)) return;
    if (memcmp(head->magic, FORE_JOURNAL_MAGIC_INDEX, sizeof head->magic) != 0) return;
    uint64_t entries = (uint64_t)head->count * sizeof(struct fore_journal_index_entry);
    if (room - trailer.index_offset == entries) r->closed_at = trailer.index_offset;
}

/* AGAIN: nothing whole here yet, or the end; FORMAT: no frame head of ours. */
static enum fore_err read_frame_head(struct fore_journal_reader *r, uint64_t offset,
                                     struct fore_journal_frame_head *head, struct fore_diag *diag)
{
    struct fore_journal_index_head index;
    if (r->closed_at == 0) look_for_trailer(r, &index);
    r->truncated = r->closed_at == 0;
    if (offset == r->closed_at) return FORE_E_AGAIN;
    uint64_t size = r->closed_at != 0 ? r->closed_at : r->in.size(r->in.self);
    size_t got = r->in.read_at(r->in.self, offset, head, sizeof *head);
    if (got < sizeof head->magic) return FORE_E_AGAIN;
    if (r->closed_at == 0 && memcmp(head->magic, FORE_JOURNAL_MAGIC_INDEX, sizeof head->magic) == 0)
        return FORE_E_AGAIN; /* cut off within the index */
    if (memcmp(head->magic, FORE_JOURNAL_MAGIC_FRAME, sizeof head->magic) != 0)
        return damaged(diag, offset, "it does not begin with FRAM");
    if (got < sizeof *head) return FORE_E_AGAIN;
    bool zstd = (head->flags & FORE_JOURNAL_ZSTD) != 0;
    if (head->raw_len > FORE_JOURNAL_RAW_MAX || head->stored_len > head->raw_len ||
        head->stored_len == 0 || (!zstd && head->stored_len != head->raw_len) ||
        head->record_count == 0 ||
        head->record_count > head->raw_len / sizeof(struct fore_journal_record_head))
        return damaged(diag, offset, "impossible lengths");
    if (offset > size || size - offset < sizeof *head + head->stored_len)
        return r->closed_at == 0 ? FORE_E_AGAIN : damaged(diag, offset, "it runs into the index");
    return FORE_E_OK;
}

/* ---- the survey --------------------------------------------------------------------------- */

static void note(struct fore_journal_reader *r, const struct fore_journal_index_entry *frame)
{
    if (!r->surveyed_any) r->first = r->last = frame->first_ns;
    r->surveyed_any = true;
    if (frame->last_ns > r->last) r->last = frame->last_ns;
    if ((frame->flags & FORE_JOURNAL_KEYFRAME) == 0) return;
    struct keyframe keyframe = {.offset = frame->offset, .first = frame->first_ns};
    fore_buf_append(&r->keyframes, &keyframe, sizeof keyframe);
}

static void note_head(struct fore_journal_reader *r, uint64_t offset,
                      const struct fore_journal_frame_head *head)
{
    struct fore_journal_index_entry frame = {.offset = offset,
                                             .first_ns = head->first_ns,
                                             .last_ns = head->last_ns,
                                             .flags = head->flags};
    note(r, &frame);
    r->surveyed = offset + sizeof *head + head->stored_len;
}

/* Walks the heads of what has not been surveyed. OK at the end of what is there. */
static enum fore_err survey(struct fore_journal_reader *r, struct fore_diag *diag)
{
    for (;;) {
        struct fore_journal_frame_head head;
        enum fore_err err = read_frame_head(r, r->surveyed, &head, diag);
        if (err == FORE_E_AGAIN) return FORE_E_OK;
        FORE_TRY(err);
        note_head(r, r->surveyed, &head);
    }
}

/* The whole survey at once, from the index. False when there is none to trust. */
static bool survey_index(struct fore_journal_reader *r)
{
    struct fore_journal_index_head head = {.count = 0};
    look_for_trailer(r, &head);
    if (r->closed_at == 0) return false;
    size_t len = head.count * sizeof(struct fore_journal_index_entry);
    char *bytes = malloc(len + 1);
    FORE_ASSERT(bytes != NULL);
    bool good = read_exact(r, r->closed_at + sizeof head, bytes, len) &&
                fore_hash_crc32c(bytes, len, 0) == head.crc32c;
    uint64_t before = 0;
    for (uint32_t i = 0; good && i < head.count; i++) {
        struct fore_journal_index_entry entry;
        memcpy(&entry, bytes + i * sizeof entry, sizeof entry);
        if (entry.offset < r->data_offset || entry.offset <= before) good = false;
        if (entry.offset >= r->closed_at) good = false;
        before = entry.offset;
        if (good) note(r, &entry);
    }
    free(bytes);
    if (good) {
        r->surveyed = r->closed_at;
    } else {
        fore_buf_reset(&r->keyframes);
        r->surveyed_any = false;
    }
    return good;
}

/* ---- open and close ----------------------------------------------------------------------- */

static enum fore_err judge_head(const struct fore_journal_file_head *head, size_t got,
                                uint64_t size, struct fore_diag *diag)
{
    if (got < sizeof head->magic ||
        memcmp(head->magic, FORE_JOURNAL_MAGIC_FILE, sizeof head->magic) != 0)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "journal: this is not a foreshard journal (it does not begin with %s)",
                            FORE_JOURNAL_MAGIC_FILE);
    if (got < sizeof *head)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "journal: cut off within its header, after %zu bytes", got);
    if (head->major > FORE_JOURNAL_MAJOR)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "journal: written in format %u.%u, but this build reads up to %d.x; "
                            "use a newer foreshard",
                            (unsigned)head->major, (unsigned)head->minor, FORE_JOURNAL_MAJOR);
    if (head->text_len > FORE_JOURNAL_TEXT_MAX || head->text_len > size - sizeof *head)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "journal: its header claims %u bytes of text, more than there are",
                            head->text_len);
    return FORE_E_OK;
}

static enum fore_err read_header(struct fore_journal_reader *r, struct fore_diag *diag)
{
    struct fore_journal_file_head head;
    uint64_t size = r->in.size(r->in.self);
    size_t got = r->in.read_at(r->in.self, 0, &head, sizeof head);
    FORE_TRY(judge_head(&head, got, size < got ? got : size, diag));
    r->text = calloc(1, head.text_len + (size_t)1);
    FORE_ASSERT(r->text != NULL);
    if (!read_exact(r, sizeof head, r->text, head.text_len) ||
        fore_journal_file_crc(head, r->text) != head.crc32c || head.major == 0)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "journal: its header fails its checksum; the file is damaged");
    r->header = (struct fore_journal_header){.major = head.major,
                                             .minor = head.minor,
                                             .seed = head.seed,
                                             .slo_ns = head.slo_ns,
                                             .start_unix_s = head.start_unix_s,
                                             .text = r->text};
    r->data_offset = r->next_offset = r->surveyed = sizeof head + head.text_len;
    return FORE_E_OK;
}

enum fore_err fore_journal_reader_open(struct fore_journal_in in, struct fore_journal_reader **out,
                                       struct fore_diag *diag)
{
    struct fore_journal_reader *r = calloc(1, sizeof *r);
    FORE_ASSERT(r != NULL);
    r->in = in;
    enum fore_err err = read_header(r, diag);
    if (err != FORE_E_OK) {
        fore_journal_reader_close(r);
        return err;
    }
    /* Damage further on is for `next` to report, when it gets there. */
    if (!survey_index(r)) (void)survey(r, NULL);
    *out = r;
    return FORE_E_OK;
}

void fore_journal_reader_close(struct fore_journal_reader *reader)
{
    if (reader == NULL) return;
    fore_buf_fini(&reader->keyframes);
    ZSTD_freeDCtx(reader->zstd);
    free(reader->text);
    free(reader->stored);
    free(reader->raw);
    free(reader);
}

/* ---- frames and records ------------------------------------------------------------------- */

static enum fore_err unpack(struct fore_journal_reader *r, uint64_t offset,
                            const struct fore_journal_frame_head *head, struct fore_diag *diag)
{
    if ((head->flags & FORE_JOURNAL_ZSTD) == 0) {
        memcpy(grown(&r->raw, &r->raw_cap, head->raw_len), r->stored, head->raw_len);
        return FORE_E_OK;
    }
    if (ZSTD_getFrameContentSize(r->stored, head->stored_len) != head->raw_len)
        return damaged(diag, offset, "its compressed size does not match");
    if (r->zstd == NULL) r->zstd = ZSTD_createDCtx();
    FORE_ASSERT(r->zstd != NULL);
    char *raw = grown(&r->raw, &r->raw_cap, head->raw_len);
    size_t len = ZSTD_decompressDCtx(r->zstd, raw, head->raw_len, r->stored, head->stored_len);
    if (ZSTD_isError(len) || len != head->raw_len)
        return damaged(diag, offset, "it cannot be decompressed");
    fore_journal_initialized(raw, len);
    return FORE_E_OK;
}

static enum fore_err load_frame(struct fore_journal_reader *r, struct fore_diag *diag)
{
    struct fore_journal_frame_head head;
    uint64_t offset = r->next_offset;
    FORE_TRY(read_frame_head(r, offset, &head, diag));
    char *stored = grown(&r->stored, &r->stored_cap, head.stored_len);
    if (!read_exact(r, offset + sizeof head, stored, head.stored_len)) return FORE_E_AGAIN;
    if (fore_journal_frame_crc(head, stored) != head.crc32c)
        return damaged(diag, offset, "it fails its checksum");
    r->raw_len = r->raw_at = 0;
    FORE_TRY(unpack(r, offset, &head, diag));
    if (offset == r->surveyed) note_head(r, offset, &head);
    r->frame_offset = offset;
    r->next_offset = offset + sizeof head + head.stored_len;
    r->raw_len = head.raw_len;
    r->records_left = head.record_count;
    return FORE_E_OK;
}

enum fore_err fore_journal_reader_next(struct fore_journal_reader *r,
                                       struct fore_journal_record *out, struct fore_diag *diag)
{
    if (r->raw_at == r->raw_len) FORE_TRY(load_frame(r, diag));
    struct fore_journal_record_head head;
    size_t left = r->raw_len - r->raw_at;
    if (left < sizeof head || r->records_left == 0)
        return damaged(diag, r->frame_offset, "its number of records is wrong");
    memcpy(&head, r->raw + r->raw_at, sizeof head);
    if (head.length > left - sizeof head || fore_journal_padded(head.length) > left - sizeof head)
        return damaged(diag, r->frame_offset, "a record is longer than the frame");
    size_t record_len = sizeof head + fore_journal_padded(head.length);
    if ((r->records_left == 1) != (record_len == left))
        return damaged(diag, r->frame_offset, "its number of records is wrong");
    *out = (struct fore_journal_record){.at = head.t_ns,
                                        .kind = (enum fore_event_kind)head.kind,
                                        .body = r->raw + r->raw_at + sizeof head,
                                        .len = head.length};
    r->digest = fore_hash_bytes(r->raw + r->raw_at, record_len, r->digest);
    r->raw_at += record_len;
    r->records_left--;
    return FORE_E_OK;
}

/* Where the KEYFRAME last before or at `at` lies, of those surveyed. */
static uint64_t keyframe_before(const struct fore_journal_reader *r, fore_ns at)
{
    size_t count = r->keyframes.len / sizeof(struct keyframe);
    struct keyframe keyframe = {.offset = r->data_offset};
    size_t low = 0, high = count; /* low: keyframes at or before `at` */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        memcpy(&keyframe, r->keyframes.data + middle * sizeof keyframe, sizeof keyframe);
        if (keyframe.first <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (count == 0) return r->data_offset;
    memcpy(&keyframe, r->keyframes.data + (low > 0 ? low - 1 : 0) * sizeof keyframe,
           sizeof keyframe);
    return keyframe.offset;
}

enum fore_err fore_journal_reader_seek(struct fore_journal_reader *r, fore_ns at,
                                       struct fore_diag *diag)
{
    struct fore_diag damage = {0};
    enum fore_err err = survey(r, &damage);
    r->next_offset = keyframe_before(r, at);
    r->raw_len = r->raw_at = 0;
    if (err != FORE_E_OK && r->last < at) return fore_err_set(diag, err, "%s", damage.text);
    return FORE_E_OK;
}

uint64_t fore_journal_reader_skip(const struct fore_journal_reader *r, fore_ns at)
{
    uint64_t offset = keyframe_before(r, at);
    return offset > r->next_offset ? offset - r->next_offset : 0;
}

void fore_journal_reader_look(struct fore_journal_reader *reader)
{
    (void)survey(reader, NULL); /* damage is for `next` to report, when it gets there */
}

/* ---- questions ---------------------------------------------------------------------------- */

const struct fore_journal_header *fore_journal_reader_header(const struct fore_journal_reader *r)
{
    return &r->header;
}

fore_ns fore_journal_reader_first(const struct fore_journal_reader *reader)
{
    return reader->first;
}

fore_ns fore_journal_reader_last(const struct fore_journal_reader *reader)
{
    return reader->last;
}

bool fore_journal_reader_truncated(const struct fore_journal_reader *reader)
{
    return reader->truncated;
}

uint64_t fore_journal_reader_digest(const struct fore_journal_reader *reader)
{
    return reader->digest;
}
