/* journal.c - see journal.h. One write is one transaction that first looks at the lease. */
#include "live/redis/journal.h"

#include "live/base/clock.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { LEASE_MS = 10000, VERSION = 1, RESULTS_DUE = LIVE_STEPS_MAX, KEPT = 12 };

struct live_journal {
    sqlite3 *db;
    int lock; /* descriptor; the lock goes when it is closed, by us or by the kernel */
    uint64_t token;
    uint32_t lease_ms;
    struct live_due { /* results not yet on disk */
        int64_t step, result;
    } due[RESULTS_DUE];
    uint32_t due_count;
    struct { /* statements that are used again and again; their texts are constants of this file */
        const char *sql;
        sqlite3_stmt *statement;
    } kept[KEPT];
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS lease(one INTEGER PRIMARY KEY CHECK(one=1), token INTEGER NOT NULL,"
    " holder TEXT NOT NULL, expires_ms INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO lease VALUES(1,0,'',0);"
    "CREATE TABLE IF NOT EXISTS lineage(id TEXT PRIMARY KEY, shard INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS move(id INTEGER PRIMARY KEY AUTOINCREMENT, first INTEGER NOT NULL,"
    " last INTEGER NOT NULL, source INTEGER NOT NULL, target INTEGER NOT NULL,"
    " fate INTEGER NOT NULL, began_ms INTEGER NOT NULL, ended_ms INTEGER);"
    "CREATE TABLE IF NOT EXISTS step(id INTEGER PRIMARY KEY AUTOINCREMENT, move INTEGER NOT NULL,"
    " slot INTEGER NOT NULL, source INTEGER NOT NULL, target INTEGER NOT NULL,"
    " step INTEGER NOT NULL, result INTEGER, token INTEGER NOT NULL, at_ms INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS step_of_move ON step(move, id);";

const char *live_step_text(enum live_step step)
{
    static const char *const text[] = {
#define X(name, words) words,
        LIVE_STEP_MAP(X)
#undef X
    };
    return (size_t)step < FORE_COUNTOF(text) ? text[step] : "unknown";
}

/* For people and for leases between processes; a jump makes a lease longer or shorter, and the
 * token still decides. */
static int64_t wall_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + (int64_t)(now.tv_nsec / 1000000);
}

static enum fore_err execute(struct live_journal *journal, const char *sql)
{
    return sqlite3_exec(journal->db, sql, NULL, NULL, NULL) == SQLITE_OK ? FORE_E_OK : FORE_E_IO;
}

/* To prepare one takes longer than to run it. NULL: it cannot be. */
static sqlite3_stmt *statement_of(struct live_journal *journal, const char *sql)
{
    uint32_t i = 0;
    while (i < KEPT && journal->kept[i].sql != NULL && journal->kept[i].sql != sql)
        i++;
    FORE_ASSERT(i < KEPT);
    journal->kept[i].sql = sql;
    sqlite3_stmt **statement = &journal->kept[i].statement;
    if (*statement == NULL &&
        sqlite3_prepare_v2(journal->db, sql, -1, statement, NULL) != SQLITE_OK)
        *statement = NULL;
    return *statement;
}

/* A statement with whole numbers for its question marks; steps once. `out`: the first column. */
static enum fore_err run(struct live_journal *journal, int64_t *out, const char *sql, int count,
                         const int64_t *value)
{
    sqlite3_stmt *statement = statement_of(journal, sql);
    if (statement == NULL) return FORE_E_IO;
    for (int i = 0; i < count; i++)
        (void)sqlite3_bind_int64(statement, i + 1, value[i]);
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW && out != NULL) *out = sqlite3_column_int64(statement, 0);
    (void)sqlite3_reset(statement); /* says again what the step said */
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? FORE_E_OK : FORE_E_IO;
}

#define RUN(journal, out, sql, ...) \
    run(journal, out, sql, (int)FORE_COUNTOF(((int64_t[]){__VA_ARGS__})), (int64_t[]){__VA_ARGS__})

/* ---- transactions ------------------------------------------------------------------------- */

static int by_step(const void *a, const void *b)
{
    const struct live_due *x = a, *y = b;
    return (x->step > y->step) - (x->step < y->step);
}

/* Steps that were written together have numbers one behind the other, and mostly one result. */
static enum fore_err write_due(struct live_journal *journal)
{
    struct live_due *due = journal->due;
    enum fore_err err = FORE_E_OK;
    qsort(due, journal->due_count, sizeof due[0], by_step);
    for (uint32_t i = 0, end; i < journal->due_count && err == FORE_E_OK; i = end) {
        for (end = i + 1; end < journal->due_count; end++)
            if (due[end].result != due[i].result || due[end].step != due[end - 1].step + 1) break;
        err = RUN(journal, NULL, "UPDATE step SET result=? WHERE id BETWEEN ? AND ?", due[i].result,
                  due[i].step, due[end - 1].step);
    }
    return err;
}

/* Begins one, if the lease is still ours, renews it, and writes down results that are due. */
static enum fore_err enter(struct live_journal *journal)
{
    int64_t token = 0;
    FORE_TRY(execute(journal, "BEGIN IMMEDIATE"));
    enum fore_err err = RUN(journal, &token, "SELECT token FROM lease WHERE one=?", 1);
    if (err == FORE_E_OK && (uint64_t)token != journal->token) err = FORE_E_REFUSED;
    if (err == FORE_E_OK)
        err = RUN(journal, NULL, "UPDATE lease SET expires_ms=?", wall_ms() + journal->lease_ms);
    return err == FORE_E_OK ? write_due(journal) : err;
}

static enum fore_err leave(struct live_journal *journal, enum fore_err err)
{
    if (err == FORE_E_OK) err = execute(journal, "COMMIT");
    if (err == FORE_E_OK)
        journal->due_count = 0;
    else if (execute(journal, "ROLLBACK") != FORE_E_OK)
        err = err == FORE_E_REFUSED ? err : FORE_E_IO;
    return err;
}

/* ---- open and close ----------------------------------------------------------------------- */

static enum fore_err open_db(struct live_journal *journal, const char *path, struct fore_diag *diag)
{
    int64_t version = 0;
    int rc = sqlite3_open_v2(
        path, &journal->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_busy_timeout(journal->db, 2000);
    enum fore_err err = rc == SQLITE_OK ? FORE_E_OK : FORE_E_IO;
    if (err == FORE_E_OK) err = execute(journal, "PRAGMA journal_mode=WAL");
    if (err == FORE_E_OK) err = execute(journal, "PRAGMA synchronous=FULL");
    if (err == FORE_E_OK) err = run(journal, &version, "PRAGMA user_version", 0, NULL);
    if (err == FORE_E_OK && version > VERSION)
        return fore_err_set(diag, FORE_E_FORMAT, "journal %s: written by a newer version", path);
    if (err == FORE_E_OK) err = execute(journal, schema);
    if (err == FORE_E_OK) err = execute(journal, "PRAGMA user_version=1");
    if (err == FORE_E_OK) return err;
    return fore_err_set(diag, err, "journal %s: %s", path,
                        journal->db != NULL ? sqlite3_errmsg(journal->db) : "out of memory");
}

static enum fore_err who_holds(struct live_journal *journal, char *out, size_t size,
                               int64_t *expires)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(journal->db, "SELECT holder, expires_ms FROM lease", -1, &statement,
                           NULL) != SQLITE_OK)
        return FORE_E_IO;
    bool found = sqlite3_step(statement) == SQLITE_ROW;
    if (found) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        (void)snprintf(out, size, "%s", name != NULL ? name : "?"); /* a damaged file has nulls */
        *expires = sqlite3_column_int64(statement, 1);
    }
    (void)sqlite3_finalize(statement);
    return found ? FORE_E_OK : FORE_E_IO;
}

static enum fore_err take_lease(struct live_journal *journal, const char *holder)
{
    int64_t token = 0;
    FORE_TRY(execute(journal, "BEGIN IMMEDIATE"));
    sqlite3_stmt *statement = NULL;
    enum fore_err err = FORE_E_IO;
    if (sqlite3_prepare_v2(journal->db, "UPDATE lease SET token=token+1, holder=?, expires_ms=?",
                           -1, &statement, NULL) == SQLITE_OK) {
        (void)sqlite3_bind_text(statement, 1, holder, -1, SQLITE_TRANSIENT);
        (void)sqlite3_bind_int64(statement, 2, wall_ms() + journal->lease_ms);
        if (sqlite3_step(statement) == SQLITE_DONE) err = FORE_E_OK;
        (void)sqlite3_finalize(statement);
    }
    if (err == FORE_E_OK) err = RUN(journal, &token, "SELECT token FROM lease WHERE one=?", 1);
    err = leave(journal, err);
    journal->token = (uint64_t)token;
    return err;
}

static enum fore_err acquire(struct live_journal *journal, const char *path, const char *holder,
                             struct fore_diag *diag)
{
    char name[512], other[128] = "";
    int64_t expires = 0;
    (void)snprintf(name, sizeof name, "%s.lock", path);
    journal->lock = open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (journal->lock < 0) return fore_err_set(diag, FORE_E_IO, "journal: cannot open %s", name);
    bool locked = flock(journal->lock, LOCK_EX | LOCK_NB) == 0;
    if (who_holds(journal, other, sizeof other, &expires) != FORE_E_OK)
        return fore_err_set(diag, FORE_E_IO, "journal %s: holds no lease: is it damaged?", path);
    if (!locked && wall_ms() < expires)
        return fore_err_set(diag, FORE_E_REFUSED, "journal %s: another mover holds it: %s", path,
                            other);
    enum fore_err err = take_lease(journal, holder);
    if (err == FORE_E_OK) return err;
    return fore_err_set(diag, err, "journal %s: cannot take the lease", path);
}

enum fore_err live_journal_open(const char *path, const char *holder, uint32_t lease_ms,
                                struct live_journal **out, struct fore_diag *diag)
{
    struct live_journal *journal = calloc(1, sizeof *journal);
    FORE_ASSERT(journal != NULL);
    journal->lock = -1;
    journal->lease_ms = lease_ms != 0 ? lease_ms : LEASE_MS;
    enum fore_err err = open_db(journal, path, diag);
    if (err == FORE_E_OK) err = acquire(journal, path, holder, diag);
    if (err != FORE_E_OK) {
        live_journal_close(journal);
        journal = NULL;
    }
    *out = journal;
    return err;
}

void live_journal_close(struct live_journal *journal)
{
    if (journal == NULL) return;
    if (journal->due_count > 0) {
        enum fore_err err = live_journal_renew(journal);
        (void)err; /* results are read off the cluster at the next start */
    }
    for (uint32_t i = 0; i < KEPT; i++)
        (void)sqlite3_finalize(journal->kept[i].statement);
    (void)sqlite3_close(journal->db);
    if (journal->lock >= 0) (void)close(journal->lock);
    free(journal);
}

enum fore_err live_journal_renew(struct live_journal *journal)
{
    return leave(journal, enter(journal));
}

uint64_t live_journal_token(const struct live_journal *journal)
{
    return journal->token;
}

/* ---- moves and steps ---------------------------------------------------------------------- */

enum fore_err live_journal_begin(struct live_journal *journal, struct live_journal_move *move)
{
    enum fore_err err = enter(journal);
    if (err == FORE_E_OK)
        err = RUN(journal, NULL,
                  "INSERT INTO move(first,last,source,target,fate,began_ms) VALUES(?,?,?,?,?,?)",
                  move->first, move->last, move->from, move->to, LIVE_FATE_RUNNING, wall_ms());
    move->id = (uint64_t)sqlite3_last_insert_rowid(journal->db);
    return leave(journal, err);
}

static enum fore_err insert_step(struct live_journal *journal, const struct live_journal_step *step,
                                 int64_t now_ms)
{
    return RUN(journal, NULL,
               "INSERT INTO step(move,slot,source,target,step,token,at_ms) VALUES(?,?,?,?,?,?,?)",
               (int64_t)step->move, step->slot, step->from, step->to, step->step,
               (int64_t)journal->token, now_ms);
}

/* Those of one transaction have one time: see live_journal_in_work. */
enum fore_err live_journal_steps(struct live_journal *journal, const struct live_journal_step *step,
                                 uint32_t count, uint64_t *id)
{
    uint64_t row[LIVE_STEPS_MAX] = {0};
    int64_t now_ms = wall_ms();
    FORE_ASSERT(count <= LIVE_STEPS_MAX);
    enum fore_err err = enter(journal);
    for (uint32_t i = 0; i < count && err == FORE_E_OK; i++) {
        err = insert_step(journal, &step[i], now_ms);
        row[i] = (uint64_t)sqlite3_last_insert_rowid(journal->db);
    }
    FORE_TRY(leave(journal, err));
    memcpy(id, row, count * sizeof row[0]); /* where nothing was written they are other things' */
    return FORE_E_OK;
}

enum fore_err live_journal_step(struct live_journal *journal, const struct live_journal_step *step,
                                uint64_t *id)
{
    return live_journal_steps(journal, step, 1, id);
}

enum fore_err live_journal_held(struct live_journal *journal)
{
    int64_t token = 0;
    FORE_TRY(RUN(journal, &token, "SELECT token FROM lease WHERE one=?", 1));
    return (uint64_t)token == journal->token ? FORE_E_OK : FORE_E_REFUSED;
}

enum fore_err live_journal_result(struct live_journal *journal, uint64_t id, enum fore_err result)
{
    for (uint32_t i = 0; i < journal->due_count; i++)
        if (journal->due[i].step == (int64_t)id) {
            journal->due[i].result = (int64_t)result;
            return FORE_E_OK;
        }
    if (journal->due_count == RESULTS_DUE) FORE_TRY(live_journal_renew(journal));
    journal->due[journal->due_count].step = (int64_t)id;
    journal->due[journal->due_count++].result = (int64_t)result;
    return FORE_E_OK;
}

enum fore_err live_journal_end(struct live_journal *journal, uint64_t move, enum live_fate fate)
{
    enum fore_err err = enter(journal);
    if (err == FORE_E_OK)
        err = RUN(journal, NULL, "UPDATE move SET fate=?, ended_ms=? WHERE id=?", fate, wall_ms(),
                  (int64_t)move);
    return leave(journal, err);
}

/* The last step of a move: was it the end of its slot? */
static void find_work(struct live_journal *journal, struct live_journal_move *move)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(journal->db,
                           "SELECT slot,source,target,step,result FROM step WHERE move=?"
                           " ORDER BY id DESC LIMIT 1",
                           -1, &statement, NULL) != SQLITE_OK)
        return;
    (void)sqlite3_bind_int64(statement, 1, (int64_t)move->id);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        bool fine = sqlite3_column_type(statement, 4) == SQLITE_INTEGER &&
                    sqlite3_column_int(statement, 4) == FORE_E_OK;
        move->stepped = true;
        move->in_work = !(fine && sqlite3_column_int(statement, 3) == LIVE_STEP_OWN);
        move->slot = (uint16_t)sqlite3_column_int(statement, 0);
        move->slot_from = (uint16_t)sqlite3_column_int(statement, 1);
        move->slot_to = (uint16_t)sqlite3_column_int(statement, 2);
    }
    (void)sqlite3_finalize(statement);
}

size_t live_journal_unfinished(struct live_journal *journal, struct live_journal_move *out,
                               size_t cap)
{
    size_t count = 0;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(journal->db,
                           "SELECT id,first,last,source,target FROM move WHERE fate=0 ORDER BY id",
                           -1, &statement, NULL) != SQLITE_OK)
        return 0;
    for (; sqlite3_step(statement) == SQLITE_ROW; count++) {
        if (count >= cap) continue;
        out[count] = (struct live_journal_move){.id = (uint64_t)sqlite3_column_int64(statement, 0),
                                                .first = (uint16_t)sqlite3_column_int(statement, 1),
                                                .last = (uint16_t)sqlite3_column_int(statement, 2),
                                                .from = (uint16_t)sqlite3_column_int(statement, 3),
                                                .to = (uint16_t)sqlite3_column_int(statement, 4)};
        find_work(journal, &out[count]);
    }
    (void)sqlite3_finalize(statement);
    return count;
}

size_t live_journal_in_work(struct live_journal *journal, const struct live_journal_move *move,
                            uint16_t *slot, size_t cap)
{
    size_t count = 0;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(
            journal->db,
            "SELECT DISTINCT slot FROM step WHERE move=?1 AND source=?2 AND target=?3 AND at_ms="
            "(SELECT at_ms FROM step WHERE move=?1 ORDER BY id DESC LIMIT 1) ORDER BY slot",
            -1, &statement, NULL) != SQLITE_OK)
        return 0;
    (void)sqlite3_bind_int64(statement, 1, (int64_t)move->id);
    (void)sqlite3_bind_int(statement, 2, move->slot_from);
    (void)sqlite3_bind_int(statement, 3, move->slot_to);
    while (count < cap && sqlite3_step(statement) == SQLITE_ROW)
        slot[count++] = (uint16_t)sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    return count;
}

/* ---- lineage ------------------------------------------------------------------------------ */

enum fore_err live_journal_remember(struct live_journal *journal, const char *id, uint16_t shard)
{
    enum fore_err err = enter(journal);
    sqlite3_stmt *statement = NULL;
    if (err == FORE_E_OK &&
        sqlite3_prepare_v2(journal->db, "INSERT OR REPLACE INTO lineage VALUES(?,?)", -1,
                           &statement, NULL) != SQLITE_OK)
        err = FORE_E_IO;
    if (err == FORE_E_OK) {
        (void)sqlite3_bind_text(statement, 1, id, -1, SQLITE_TRANSIENT);
        (void)sqlite3_bind_int(statement, 2, shard);
        if (sqlite3_step(statement) != SQLITE_DONE) err = FORE_E_IO;
    }
    (void)sqlite3_finalize(statement);
    return leave(journal, err);
}

void live_journal_remembered(struct live_journal *journal,
                             void (*each)(void *self, const char *id, uint16_t shard), void *self)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(journal->db, "SELECT id, shard FROM lineage", -1, &statement, NULL) !=
        SQLITE_OK)
        return;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *id = (const char *)sqlite3_column_text(statement, 0);
        if (id != NULL) each(self, id, (uint16_t)sqlite3_column_int(statement, 1));
    }
    (void)sqlite3_finalize(statement);
}
