/* memory_vfs.c - see memory_vfs.h, and sqlite.org/c3ref/io_methods.html for what each one must do.
 */
#include "tests/fuzz/memory_vfs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MOST = 8, NAME_ROOM = 256, REGIONS_MOST = 64, LEN_MOST = 64 << 20 };

static struct kept {
    char name[NAME_ROOM]; /* "": free */
    struct fore_buf bytes;
} kept[FILES_MOST];

struct handle {
    sqlite3_file base; /* first: what SQLite knows */
    struct kept *file;
    bool forget; /* when it is closed */
    void *region[REGIONS_MOST];
    int region_count;
};

static sqlite3_vfs *real; /* for time and randomness */

static struct kept *find(const char *name, bool make)
{
    struct kept *spare = NULL;
    for (int i = 0; i < FILES_MOST; i++) {
        if (name != NULL && strcmp(kept[i].name, name) == 0) return &kept[i];
        if (kept[i].name[0] == '\0' && spare == NULL) spare = &kept[i];
    }
    if (!make) return NULL;
    FORE_ASSERT(spare != NULL);
    (void)snprintf(spare->name, sizeof spare->name, "%s", name != NULL ? name : "(temporary)");
    return spare;
}

static void forget(struct kept *file)
{
    fore_buf_reset(&file->bytes);
    file->name[0] = '\0';
}

/* ---- one file ------------------------------------------------------------------------------- */

static int drop_regions(sqlite3_file *self, int also)
{
    struct handle *h = (struct handle *)self;
    (void)also;
    for (int i = 0; i < h->region_count; i++)
        free(h->region[i]);
    h->region_count = 0;
    return SQLITE_OK;
}

static int close_file(sqlite3_file *self)
{
    struct handle *h = (struct handle *)self;
    (void)drop_regions(self, 1);
    if (h->forget) forget(h->file);
    return SQLITE_OK;
}

static int read_file(sqlite3_file *self, void *out, int count, sqlite3_int64 at)
{
    const struct fore_buf *bytes = &((struct handle *)self)->file->bytes;
    sqlite3_int64 there = (sqlite3_int64)bytes->len - at;
    if (at < 0) return SQLITE_IOERR_READ;
    if (there >= count) {
        memcpy(out, bytes->data + at, (size_t)count);
        return SQLITE_OK;
    }
    memset(out, 0, (size_t)count);
    if (there > 0) memcpy(out, bytes->data + at, (size_t)there);
    return SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *self, const void *in, int count, sqlite3_int64 at)
{
    struct fore_buf *bytes = &((struct handle *)self)->file->bytes;
    static const char nothing[4096];
    if (at < 0 || at + count > LEN_MOST) return SQLITE_FULL;
    while (bytes->len < (size_t)(at + count)) {
        size_t gap = (size_t)(at + count) - bytes->len;
        fore_buf_append(bytes, nothing, gap < sizeof nothing ? gap : sizeof nothing);
    }
    memcpy(bytes->data + at, in, (size_t)count);
    return SQLITE_OK;
}

static int cut_file(sqlite3_file *self, sqlite3_int64 len)
{
    struct fore_buf *bytes = &((struct handle *)self)->file->bytes;
    if (len >= 0 && (size_t)len < bytes->len) bytes->len = (size_t)len;
    return SQLITE_OK;
}

static int size_of_file(sqlite3_file *self, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((struct handle *)self)->file->bytes.len;
    return SQLITE_OK;
}

static int do_nothing(sqlite3_file *self, int how)
{
    (void)self;
    (void)how;
    return SQLITE_OK;
}

static int nobody_else(sqlite3_file *self, int *out)
{
    (void)self;
    *out = 0;
    return SQLITE_OK;
}

static int control(sqlite3_file *self, int what, void *argument)
{
    (void)self;
    (void)what;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int sector(sqlite3_file *self)
{
    (void)self;
    return 4096;
}

static int powers(sqlite3_file *self)
{
    (void)self;
    return 0;
}

static int map_region(sqlite3_file *self, int index, int size, int extend, void volatile **out)
{
    struct handle *h = (struct handle *)self;
    *out = NULL;
    if (index >= REGIONS_MOST) return SQLITE_FULL;
    while (extend && h->region_count <= index) {
        h->region[h->region_count] = calloc(1, (size_t)size);
        FORE_ASSERT(h->region[h->region_count] != NULL);
        h->region_count++;
    }
    if (index < h->region_count) *out = h->region[index];
    return SQLITE_OK;
}

static int lock_region(sqlite3_file *self, int offset, int count, int flags)
{
    (void)self;
    (void)offset;
    (void)count;
    (void)flags;
    return SQLITE_OK;
}

static void barrier(sqlite3_file *self)
{
    (void)self;
}

static const sqlite3_io_methods methods = {.iVersion = 2,
                                           .xClose = close_file,
                                           .xRead = read_file,
                                           .xWrite = write_file,
                                           .xTruncate = cut_file,
                                           .xSync = do_nothing,
                                           .xFileSize = size_of_file,
                                           .xLock = do_nothing,
                                           .xUnlock = do_nothing,
                                           .xCheckReservedLock = nobody_else,
                                           .xFileControl = control,
                                           .xSectorSize = sector,
                                           .xDeviceCharacteristics = powers,
                                           .xShmMap = map_region,
                                           .xShmLock = lock_region,
                                           .xShmBarrier = barrier,
                                           .xShmUnmap = drop_regions};

/* ---- all files ------------------------------------------------------------------------------ */

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *out, int flags, int *got)
{
    struct handle *h = (struct handle *)out;
    (void)vfs;
    *h = (struct handle){.base = {.pMethods = &methods}};
    h->file = find(name, true);
    h->forget = name == NULL || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    if (got != NULL) *got = flags;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
    struct kept *file = find(name, false);
    (void)vfs;
    (void)sync;
    if (file != NULL) forget(file);
    return SQLITE_OK;
}

static int is_there(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    (void)flags;
    *out = find(name, false) != NULL;
    return SQLITE_OK;
}

static int full_path(sqlite3_vfs *vfs, const char *name, int room, char *out)
{
    (void)vfs;
    (void)snprintf(out, (size_t)room, "%s", name);
    return SQLITE_OK;
}

static int randomness(sqlite3_vfs *vfs, int count, char *out)
{
    (void)vfs;
    memset(out, 7, (size_t)count); /* equal runs are equal */
    return count;
}

static int no_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int now(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    return real->xCurrentTimeInt64(real, out);
}

static int last_error(sqlite3_vfs *vfs, int room, char *out)
{
    (void)vfs;
    if (room > 0) out[0] = '\0';
    return 0;
}

void memory_vfs_register(void)
{
    static sqlite3_vfs vfs = {.iVersion = 2,
                              .szOsFile = sizeof(struct handle),
                              .mxPathname = NAME_ROOM - 16,
                              .zName = "fuzz-memory",
                              .xOpen = open_file,
                              .xDelete = delete_file,
                              .xAccess = is_there,
                              .xFullPathname = full_path,
                              .xRandomness = randomness,
                              .xSleep = no_sleep,
                              .xGetLastError = last_error,
                              .xCurrentTimeInt64 = now};
    real = sqlite3_vfs_find(NULL);
    FORE_ASSERT(real != NULL && sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}

struct fore_buf *memory_vfs_file(const char *name)
{
    static struct fore_buf none;
    struct kept *file = find(name, false);
    return file != NULL ? &file->bytes : &none;
}

void memory_vfs_put(const char *name, const struct fore_buf *bytes)
{
    struct kept *file = find(name, bytes->len > 0);
    if (file == NULL) return;
    fore_buf_reset(&file->bytes);
    if (bytes->len == 0)
        forget(file);
    else
        fore_buf_append(&file->bytes, bytes->data, bytes->len);
}
