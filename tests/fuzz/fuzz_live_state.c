/*
 * fuzz_live_state.c - the files that a daemon finds at its start, with flipped bits: the mover's
 * journal, the memory of settings, what was learned. A good file of each is made once; the input
 * says which one, and where bytes are to be otherwise. (The databases are tried closed and, with
 * their log beside them, as a kill leaves them.) Whatever is in it, opening says no or what is read
 * from it is used like anything else.
 */
#include "core/base/buf.h"
#include "core/base/hash.h"
#include "live/api/memory.h"
#include "live/keeper.h"
#include "live/redis/journal.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static void slurp(const char *name, struct fore_buf *out)
{
    char piece[4096];
    size_t got;
    FILE *file = fopen(path_of(name), "rb");
    fore_buf_reset(out);
    while (file != NULL && (got = fread(piece, 1, sizeof piece, file)) > 0)
        fore_buf_append(out, piece, got);
    if (file != NULL) (void)fclose(file);
}

static void spill(const char *name, const struct fore_buf *bytes)
{
    if (bytes->len == 0) {
        (void)unlink(path_of(name));
        return;
    }
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    FORE_ASSERT(fd >= 0 && write(fd, bytes->data, bytes->len) == (ssize_t)bytes->len);
    (void)close(fd);
}

static void take_template(const char *db, const char *log, struct template *out)
{
    slurp(db, &out->file);
    if (log != NULL) slurp(log, &out->log);
    FORE_ASSERT(out->file.len > 0);
}

static void remove_all(void)
{
    static const char *const names[] = {"j",     "j-wal", "j-shm",     "j.lock",   "m",
                                        "m-wal", "m-shm", "j-journal", "m-journal"};
    for (size_t i = 0; i < FORE_COUNTOF(names); i++)
        (void)unlink(path_of(names[i]));
}

static void leave(void)
{
    remove_all();
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
    spill("j", &bad->file);
    spill("j-wal", &bad->log);
    enum fore_err err = live_journal_open(path_of("j"), "fuzz", 0, &journal, &diag);
    if (err == FORE_E_OK) {
        (void)live_journal_unfinished(journal, move, FORE_COUNTOF(move));
        live_journal_remembered(journal, each_id, &sum);
        work_with(journal, 1);
        live_journal_close(journal);
    } else {
        FORE_ASSERT(diag.text[0] != '\0');
    }
    (void)unlink(path_of("j-wal"));
    (void)unlink(path_of("j-shm"));
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
    spill("m", &bad->file);
    spill("m-wal", &bad->log);
    enum fore_err err = live_memory_open(path_of("m"), &memory, &diag);
    if (err == FORE_E_OK) {
        live_memory_settings(memory, each_setting, &sum);
        live_memory_changes(memory, 100, each_change, &sum);
        err = live_memory_set(memory, "mode", "auto", "fuzz", 7, &diag);
        live_memory_close(memory);
    }
    if (err != FORE_E_OK) FORE_ASSERT(diag.text[0] != '\0');
    (void)unlink(path_of("m-wal"));
    (void)unlink(path_of("m-shm"));
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
    uint8_t which = data[0] % FILES;
    flip(data + 1, size - 1, &good[which], &bad);
    switch (which) {
    case JOURNAL:
    case JOURNAL_KILLED: try_journal(&bad); break;
    case MEMORY:
    case MEMORY_KILLED: try_memory(&bad); break;
    default: try_kept(&bad); break;
    }
    return 0;
}
