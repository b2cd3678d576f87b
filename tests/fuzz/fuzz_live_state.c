/*
 * fuzz_live_state.c - the files that a daemon finds at its start, with flipped bits: the mover's
 * journal, the memory of settings, what was learned. A good file of each is made once; the input
 * says which one, and where bytes are to be otherwise. (The databases are tried closed and, with
 * their log beside them, as a kill leaves them.) Whatever is in it, opening says no or what is read
 * from it is used like anything else. Databases lie in memory: a hundred times as many a second.
 */
#include "core/base/buf.h"
#include "core/base/hash.h"
#include "live/api/memory.h"
#include "live/keeper.h"
#include "live/redis/journal.h"
#include "tests/fuzz/memory_vfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { JOURNAL, JOURNAL_KILLED, MEMORY, MEMORY_KILLED, KEPT, FILES, PATH_ROOM = 200 };

struct template
{
    struct fore_buf file, log; /* log: of a database that was in use */
};
static struct template good[FILES];
static char folder[PATH_ROOM - 40];

/* ---- files ---------------------------------------------------------------------------------- */

static const char *path_of(const char *name)
{
    static char path[4][PATH_ROOM];
    static int turn;
    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], PATH_ROOM, "%s/%s", folder, name);
    return path[turn];
}

static void take_template(const char *db, const char *log, struct template *out)
{
    const struct fore_buf *file = memory_vfs_file(path_of(db));
    fore_buf_append(&out->file, file->data, file->len);
    file = log != NULL ? memory_vfs_file(path_of(log)) : NULL;
    if (file != NULL) fore_buf_append(&out->log, file->data, file->len);
    FORE_ASSERT(out->file.len > 0);
}

static void put(const char *name, const struct fore_buf *bytes)
{
    memory_vfs_put(path_of(name), bytes);
}

static void remove_all(void)
{
    static const char *const names[] = {"j", "j-wal", "j-journal", "m", "m-wal", "m-journal"};
    static const struct fore_buf none;
    for (size_t i = 0; i < FORE_COUNTOF(names); i++)
        put(names[i], &none);
}

/* The lease's lock is the one file that there is. */
static void leave(void)
{
    (void)unlink(path_of("j.lock"));
    (void)rmdir(folder);
}

/* ---- good ones ------------------------------------------------------------------------------ */

static void work_with(struct live_journal *journal, uint16_t from)
{
    struct live_journal_move move = {.first = from, .last = 99, .from = 1, .to = 2};
    struct live_journal_step step = {.slot = from, .from = 1, .to = 2};
    uint64_t id = 0;
    enum fore_err err = live_journal_begin(journal, &move);
    step.move = move.id;
    for (int i = 0; i < LIVE_STEPS; i++) {
        step.step = (enum live_step)i;
        err = live_journal_step(journal, &step, &id);
        if (err == FORE_E_OK) err = live_journal_result(journal, id, FORE_E_OK);
    }
    err = live_journal_remember(journal, "0123456789012345678901234567890123456789", from);
    if (from % 2 == 0) err = live_journal_end(journal, move.id, LIVE_FATE_DONE);
    (void)err;
}

static void make_journal(void)
{
    struct live_journal *journal = NULL;
    FORE_ASSERT(live_journal_open(path_of("j"), "fuzz", 0, &journal, NULL) == FORE_E_OK);
    for (uint16_t i = 0; i < 6; i++)
        work_with(journal, i);
    take_template("j", "j-wal", &good[JOURNAL_KILLED]);
    live_journal_close(journal);
    take_template("j", NULL, &good[JOURNAL]);
}

static void make_memory(void)
{
    static const char *const names[] = {"mode", "hints", "thresholds", "strategy"};
    struct live_memory *memory = NULL;
    FORE_ASSERT(live_memory_open(path_of("m"), &memory, NULL) == FORE_E_OK);
    for (size_t i = 0; i < 12; i++)
        FORE_ASSERT(live_memory_set(memory, names[i % 4], i % 5 == 0 ? NULL : "a value", "fuzz",
                                    1 + i, NULL) == FORE_E_OK);
    take_template("m", "m-wal", &good[MEMORY_KILLED]);
    live_memory_close(memory);
    take_template("m", NULL, &good[MEMORY]);
}

static void make_kept(void)
{
    struct live_cut cut[] = {
        {.index = 0, .first = 0,    .last = 999                },
        {.index = 2, .first = 1000, .last = FORE_SLOT_COUNT - 1}
    };
    struct live_kept kept = {.now = FORE_SEC,
                             .window = FORE_SEC,
                             .unix_ms = 1,
                             .partition_cap = 16,
                             .cut_count = FORE_COUNTOF(cut),
                             .cut = cut};
    fore_buf_puts(&kept.engine, "what an engine has learned");
    live_kept_write(&kept, &good[KEPT].file);
    fore_buf_fini(&kept.engine);
}

static void make_good(void)
{
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(folder, sizeof folder, "%s/foreshard-fuzz-XXXXXX", where);
    FORE_ASSERT(mkdtemp(folder) != NULL);
    FORE_ASSERT(atexit(leave) == 0);
    memory_vfs_register();
    make_journal();
    make_memory();
    make_kept();
    remove_all();
}

/* ---- bad ones ------------------------------------------------------------------------------- */

/* Each {u16 where, u8 what}: inside the file, then, from 0x8000 on, inside its log. */
static void flip(const uint8_t *data, size_t size, const struct template *from, struct template *to)
{
    fore_buf_reset(&to->file);
    fore_buf_reset(&to->log);
    fore_buf_append(&to->file, from->file.data, from->file.len);
    if (from->log.len > 0) fore_buf_append(&to->log, from->log.data, from->log.len);
    for (size_t i = 0; i + 3 <= size; i += 3) {
        size_t at = (size_t)(data[i] | data[i + 1] << 8);
        struct fore_buf *in = at >= 0x8000 && to->log.len > 0 ? &to->log : &to->file;
        in->data[(at & 0x7fff) % in->len] ^= (char)data[i + 2];
    }
}

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_be32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* sqlite.org/fileformat2.html, 4.2. */
static void sum_on(const uint8_t *at, size_t len, bool big, uint32_t sum[2])
{
    for (size_t i = 0; i + 8 <= len; i += 8) {
        uint32_t x[2] = {be32(at + i), be32(at + i + 4)};
        if (!big) {
            x[0] = __builtin_bswap32(x[0]);
            x[1] = __builtin_bswap32(x[1]);
        }
        sum[0] += x[0] + sum[1];
        sum[1] += x[1] + sum[0];
    }
}

/* Makes the checksums of a log right again, and its salts, so that its pages are believed. */
static void mend_log(struct fore_buf *log)
{
    enum { HEAD = 32, FRAME = 24 };
    uint8_t *bytes = (uint8_t *)log->data;
    uint32_t sum[2] = {0, 0};
    if (log->len < HEAD) return;
    bool big = (bytes[3] & 1) != 0;
    uint32_t page = be32(bytes + 8);
    if (page < 512 || page > 65536) return;
    sum_on(bytes, 24, big, sum);
    put_be32(bytes + 24, sum[0]);
    put_be32(bytes + 28, sum[1]);
    for (size_t at = HEAD; at + FRAME + page <= log->len; at += FRAME + page) {
        memcpy(bytes + at + 8, bytes + 16, 8);
        sum_on(bytes + at, 8, big, sum);
        sum_on(bytes + at + FRAME, page, big, sum);
        put_be32(bytes + at + 16, sum[0]);
        put_be32(bytes + at + 20, sum[1]);
    }
}

static void each_id(void *self, const char *id, uint16_t shard)
{
    *(size_t *)self += (id != NULL ? strlen(id) : 0) + shard;
}

static void try_journal(const struct template *bad)
{
    struct live_journal *journal = NULL;
    struct fore_diag diag = {.code = FORE_E_OK};
    struct live_journal_move move[4];
    size_t sum = 0;
    put("j", &bad->file);
    put("j-wal", &bad->log);
    enum fore_err err = live_journal_open(path_of("j"), "fuzz", 0, &journal, &diag);
    if (err == FORE_E_OK) {
        (void)live_journal_unfinished(journal, move, FORE_COUNTOF(move));
        live_journal_remembered(journal, each_id, &sum);
        work_with(journal, 1);
        live_journal_close(journal);
    } else {
        FORE_ASSERT(diag.text[0] != '\0');
    }
    remove_all();
}

static void each_setting(void *self, const char *name, const char *value, uint64_t unix_ms)
{
    *(size_t *)self += strlen(name) + strlen(value) + (size_t)(unix_ms & 1);
}

static void each_change(void *self, const struct live_memory_change *change)
{
    *(size_t *)self += strlen(change->name) + strlen(change->who) +
                       (change->before != NULL ? strlen(change->before) : 0);
}

static void try_memory(const struct template *bad)
{
    struct live_memory *memory = NULL;
    struct fore_diag diag = {.code = FORE_E_OK};
    size_t sum = 0;
    put("m", &bad->file);
    put("m-wal", &bad->log);
    enum fore_err err = live_memory_open(path_of("m"), &memory, &diag);
    if (err == FORE_E_OK) {
        live_memory_settings(memory, each_setting, &sum);
        live_memory_changes(memory, 100, each_change, &sum);
        err = live_memory_set(memory, "mode", "auto", "fuzz", 7, &diag);
        live_memory_close(memory);
    }
    if (err != FORE_E_OK) FORE_ASSERT(diag.text[0] != '\0');
    remove_all();
}

/* As it is, and with the checksum made right, so that what lies behind it is reached. */
static void try_kept(struct template *bad)
{
    struct fore_buf *file = &bad->file;
    for (int mended = 0; mended < 2; mended++) {
        struct live_kept kept;
        struct fore_diag diag = {.code = FORE_E_OK};
        if (mended) {
            uint64_t sum = fore_hash_bytes(file->data, file->len - sizeof sum, 0);
            memcpy(file->data + file->len - sizeof sum, &sum, sizeof sum);
        }
        if (live_kept_read(file->data, file->len, &kept, &diag) == FORE_E_OK)
            FORE_ASSERT(kept.cut_count >= 1 && kept.cut_count <= kept.partition_cap);
        else
            FORE_ASSERT(diag.text[0] != '\0');
        live_kept_fini(&kept);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct template bad;
    if (good[KEPT].file.len == 0) make_good();
    if (size == 0) return 0;
    uint8_t which = (data[0] & 0x7f) % FILES;
    flip(data + 1, size - 1, &good[which], &bad);
    if (data[0] >= 0x80) mend_log(&bad.log);
    switch (which) {
    case JOURNAL:
    case JOURNAL_KILLED: try_journal(&bad); break;
    case MEMORY:
    case MEMORY_KILLED: try_memory(&bad); break;
    default: try_kept(&bad); break;
    }
    return 0;
}
