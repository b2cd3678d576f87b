/* memory.c - see memory.h. */
#include "live/api/memory.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, CHANGES_KEPT = 1000 };

struct live_memory {
    sqlite3 *db;
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS setting(name TEXT PRIMARY KEY, value TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS change(id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL,"
    " name TEXT NOT NULL, before TEXT, after TEXT, who TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS note(name TEXT PRIMARY KEY, value TEXT NOT NULL);";

static enum fore_err failed(struct live_memory *memory, struct fore_diag *diag)
{
    return fore_err_set(diag, FORE_E_IO, "the daemon's memory cannot be written: %s",
                        sqlite3_errmsg(memory->db));
}

static bool execute(struct live_memory *memory, const char *sql)
{
    return sqlite3_exec(memory->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* A statement with texts (NULL: null) for its first question marks and a number for the last. */
static bool run(struct live_memory *memory, const char *sql, const char *const *text, int count,
                uint64_t number)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(memory->db, sql, -1, &statement, NULL) != SQLITE_OK) return false;
    for (int i = 0; i < count; i++)
        (void)sqlite3_bind_text(statement, i + 1, text[i], -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, count + 1, (int64_t)number);
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    (void)sqlite3_finalize(statement);
    return done;
}

static enum fore_err leave(struct live_memory *memory, bool good, struct fore_diag *diag)
{
    if (good && execute(memory, "COMMIT")) return FORE_E_OK;
    enum fore_err err = failed(memory, diag); /* the sentence of the first failure */
    (void)execute(memory, "ROLLBACK");
    return err;
}

enum fore_err live_memory_open(const char *path, struct live_memory **out, struct fore_diag *diag)
{
    struct live_memory *memory = calloc(1, sizeof *memory);
    FORE_ASSERT(memory != NULL);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
    sqlite3_stmt *statement = NULL;
    int version = 0;
    bool good =
        sqlite3_open_v2(path, &memory->db, flags, NULL) == SQLITE_OK &&
        sqlite3_busy_timeout(memory->db, 2000) == SQLITE_OK &&
        execute(memory, "PRAGMA journal_mode=WAL") && execute(memory, "PRAGMA synchronous=FULL") &&
        sqlite3_prepare_v2(memory->db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK;
    if (good && sqlite3_step(statement) == SQLITE_ROW) version = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    enum fore_err err = FORE_E_OK;
    if (good && version > VERSION)
        err = fore_err_set(diag, FORE_E_FORMAT, "%s: written by a newer version", path);
    else if (!good || !execute(memory, schema) || !execute(memory, "PRAGMA user_version=1"))
        err = fore_err_set(diag, FORE_E_IO, "%s: %s", path,
                           memory->db != NULL ? sqlite3_errmsg(memory->db) : "out of memory");
    if (err != FORE_E_OK) {
        live_memory_close(memory);
        return err;
    }
    *out = memory;
    return FORE_E_OK;
}

void live_memory_close(struct live_memory *memory)
{
    if (memory->db != NULL) (void)sqlite3_close_v2(memory->db);
    free(memory);
}

enum fore_err live_memory_set(struct live_memory *memory, const char *name, const char *value,
                              const char *who, uint64_t unix_ms, struct fore_diag *diag)
{
    if (!execute(memory, "BEGIN IMMEDIATE")) return failed(memory, diag);
    const char *change[] = {name, name, value, who};
    const char *row[] = {name, value};
    bool good = run(memory,
                    "INSERT INTO change(name, before, after, who, at_ms)"
                    " VALUES(?1,(SELECT value FROM setting WHERE name=?2),?3,?4,?5)",
                    change, 4, unix_ms);
    if (value != NULL)
        good =
            good && run(memory, "INSERT OR REPLACE INTO setting(name, value, at_ms) VALUES(?,?,?)",
                        row, 2, unix_ms);
    else
        good = good && run(memory, "DELETE FROM setting WHERE name=?1 AND ?2 > 0", row, 1, unix_ms);
    good = good && run(memory, "DELETE FROM change WHERE id <= (SELECT max(id) FROM change) - ?",
                       NULL, 0, CHANGES_KEPT);
    return leave(memory, good, diag);
}

/* NULL where there is none: a damaged file has nulls where the schema has texts. */
static const char *text_of(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

void live_memory_settings(struct live_memory *memory,
                          void (*each)(void *self, const char *name, const char *value,
                                       uint64_t unix_ms),
                          void *self)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(memory->db, "SELECT name, value, at_ms FROM setting ORDER BY name", -1,
                           &statement, NULL) == SQLITE_OK)
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *name = text_of(statement, 0), *value = text_of(statement, 1);
            if (name != NULL && value != NULL)
                each(self, name, value, (uint64_t)sqlite3_column_int64(statement, 2));
        }
    (void)sqlite3_finalize(statement);
}

void live_memory_changes(struct live_memory *memory, uint32_t limit,
                         void (*each)(void *self, const struct live_memory_change *change),
                         void *self)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(memory->db,
                           "SELECT id, at_ms, name, before, after, who FROM change"
                           " ORDER BY id DESC LIMIT ?",
                           -1, &statement, NULL) == SQLITE_OK) {
        (void)sqlite3_bind_int64(statement, 1, limit);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            struct live_memory_change change = {.id = (uint64_t)sqlite3_column_int64(statement, 0),
                                                .unix_ms =
                                                    (uint64_t)sqlite3_column_int64(statement, 1),
                                                .name = text_of(statement, 2),
                                                .before = text_of(statement, 3),
                                                .after = text_of(statement, 4),
                                                .who = text_of(statement, 5)};
            if (change.name != NULL && change.who != NULL) each(self, &change);
        }
    }
    (void)sqlite3_finalize(statement);
}

enum fore_err live_memory_note(struct live_memory *memory, const char *name, const char *value,
                               struct fore_diag *diag)
{
    sqlite3_stmt *statement = NULL;
    const char *sql = value != NULL ? "INSERT OR REPLACE INTO note(name, value) VALUES(?1, ?2)"
                                    : "DELETE FROM note WHERE name=?1";
    bool good = sqlite3_prepare_v2(memory->db, sql, -1, &statement, NULL) == SQLITE_OK;
    if (good) {
        (void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        if (value != NULL) (void)sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
        good = sqlite3_step(statement) == SQLITE_DONE;
    }
    enum fore_err err = good ? FORE_E_OK : failed(memory, diag);
    (void)sqlite3_finalize(statement);
    return err;
}

char *live_memory_noted(struct live_memory *memory, const char *name)
{
    sqlite3_stmt *statement = NULL;
    char *copy = NULL;
    if (sqlite3_prepare_v2(memory->db, "SELECT value FROM note WHERE name=?1", -1, &statement,
                           NULL) == SQLITE_OK) {
        (void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        const char *value = sqlite3_step(statement) == SQLITE_ROW ? text_of(statement, 0) : NULL;
        if (value != NULL) {
            size_t size = strlen(value) + 1;
            copy = malloc(size);
            FORE_ASSERT(copy != NULL);
            memcpy(copy, value, size);
        }
    }
    (void)sqlite3_finalize(statement);
    return copy;
}
