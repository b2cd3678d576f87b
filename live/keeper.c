/* keeper.c - see keeper.h. */
#include "live/keeper.h"

#include "core/base/bytes.h"
#include "core/cluster/placement.h"
#include "workloads/file.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char kind_of_file[] = "live";
enum { SIZE_MAX_KEPT = 2047 << 20 };

/* ---- the bytes ------------------------------------------------------------------------------ */

void live_kept_fini(struct live_kept *kept)
{
    free(kept->cut);
    fore_buf_fini(&kept->engine);
    *kept = (struct live_kept){.cut = NULL};
}

void live_kept_write(const struct live_kept *kept, struct fore_buf *out)
{
    struct fore_buf state = {0};
    fore_bytes_put_u64(&state, kept->now);
    fore_bytes_put_u64(&state, kept->window);
    fore_bytes_put_u64(&state, kept->unix_ms);
    fore_bytes_put_u32(&state, kept->partition_cap);
    fore_bytes_put_u32(&state, kept->cut_count);
    for (uint32_t i = 0; i < kept->cut_count; i++) {
        fore_bytes_put_u32(&state, kept->cut[i].index);
        fore_bytes_put_u32(&state, kept->cut[i].first);
        fore_bytes_put_u32(&state, kept->cut[i].last);
    }
    fore_bytes_put_u64(&state, kept->engine.len);
    fore_buf_append(&state, kept->engine.data, kept->engine.len);
    fore_frame_write(kind_of_file, &state, out);
    fore_buf_fini(&state);
}

/* Ascending indexes, and every slot in exactly one of them. */
static void read_cuts(struct fore_bytes_cursor *c, struct live_kept *out)
{
    static const uint32_t most = FORE_SLOT_COUNT;
    uint8_t *covered = calloc(most, 1);
    uint32_t total = 0, least = 0;
    out->partition_cap = fore_bytes_get_u32(c);
    out->cut_count = fore_bytes_get_u32(c);
    c->sound = c->sound && out->cut_count >= 1 && out->cut_count <= most &&
               out->partition_cap >= out->cut_count && out->partition_cap <= 4 * most;
    out->cut = calloc(c->sound ? out->cut_count : 1, sizeof *out->cut);
    FORE_ASSERT(out->cut != NULL && covered != NULL);
    for (uint32_t i = 0; c->sound && i < out->cut_count; i++) {
        uint32_t index = fore_bytes_get_u32(c), first = fore_bytes_get_u32(c),
                 last = fore_bytes_get_u32(c);
        c->sound = c->sound && index >= least && index < out->partition_cap && first <= last &&
                   last < most;
        for (uint32_t slot = first; c->sound && slot <= last; slot++) {
            c->sound = covered[slot] == 0;
            covered[slot] = 1;
            total++;
        }
        out->cut[i] =
            (struct live_cut){.index = index, .first = (uint16_t)first, .last = (uint16_t)last};
        least = index + 1;
    }
    c->sound = c->sound && total == most;
    free(covered);
}

enum fore_err live_kept_read(const void *bytes, size_t size, struct live_kept *out,
                             struct fore_diag *diag)
{
    struct fore_bytes_cursor c;
    *out = (struct live_kept){.cut = NULL};
    FORE_TRY(fore_frame_read(kind_of_file, bytes, size, &c, diag));
    out->now = fore_bytes_get_u64(&c);
    out->window = fore_bytes_get_u64(&c);
    out->unix_ms = fore_bytes_get_u64(&c);
    c.sound =
        c.sound && out->window > 0 && out->now < UINT64_MAX / 4 && out->unix_ms < UINT64_C(1) << 53;
    read_cuts(&c, out);
    uint64_t len = fore_bytes_get_u64(&c);
    c.sound = c.sound && len == (uint64_t)(c.end - c.at);
    if (c.sound) {
        fore_buf_append(&out->engine, c.at, (size_t)len);
        return FORE_E_OK;
    }
    live_kept_fini(out);
    return fore_err_set(diag, FORE_E_FORMAT, "the parts of what was kept do not fit together");
}

enum fore_err live_kept_load(const char *path, struct live_kept *out, bool *found,
                             struct fore_diag *diag)
{
    static const size_t block = 1 << 20;
    struct fore_buf bytes = {0};
    char *piece = malloc(block);
    FILE *file = fopen(path, "rb");
    size_t got;
    *found = file != NULL;
    *out = (struct live_kept){.cut = NULL};
    enum fore_err err = FORE_E_OK;
    FORE_ASSERT(piece != NULL);
    while (file != NULL && bytes.len < SIZE_MAX_KEPT && (got = fread(piece, 1, block, file)) > 0)
        fore_buf_append(&bytes, piece, got);
    if (file != NULL && ferror(file) != 0)
        err = fore_err_set(diag, FORE_E_IO, "%s cannot be read", path);
    if (file != NULL) (void)fclose(file);
    if (*found && err == FORE_E_OK) err = live_kept_read(bytes.data, bytes.len, out, diag);
    fore_buf_fini(&bytes);
    free(piece);
    return err;
}

bool live_kept_resume(const char *path, fore_ns window, uint64_t unix_ms, struct live_kept *out,
                      char *why, size_t why_size)
{
    bool found;
    struct fore_diag diag = {.code = FORE_E_OK};
    enum fore_err err = live_kept_load(path, out, &found, &diag);
    (void)snprintf(why, why_size, "%s", err != FORE_E_OK ? diag.text : "");
    if (err == FORE_E_OK && found && out->window != window) {
        (void)snprintf(why, why_size, "it was kept with windows of %gs", (double)out->window / 1e9);
        err = FORE_E_FORMAT;
    }
    if (err != FORE_E_OK || !found) {
        live_kept_fini(out);
        return false;
    }
    uint64_t gap_ms = unix_ms > out->unix_ms ? unix_ms - out->unix_ms : 0; /* a clock set back: 0 */
    out->now += gap_ms * FORE_MS / window * window;
    return true;
}

void live_kept_take(const struct fore_engine *engine, const struct fore_topology *topology,
                    fore_ns now, fore_ns window, uint64_t unix_ms, struct live_kept *out)
{
    *out = (struct live_kept){
        .now = now, .window = window, .unix_ms = unix_ms, .partition_cap = topology->partition_cap};
    out->cut = calloc(topology->alive_count, sizeof *out->cut);
    FORE_ASSERT(out->cut != NULL);
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        if (!topology->partition[p].alive) continue;
        uint32_t first, last;
        live_driver_slots(&topology->partition[p], &first, &last);
        out->cut[out->cut_count++] =
            (struct live_cut){.index = p, .first = (uint16_t)first, .last = (uint16_t)last};
    }
    fore_engine_save(engine, &out->engine);
}

/* ---- the thread ----------------------------------------------------------------------------- */

struct live_keeper {
    const char *path;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct fore_buf waiting; /* data NULL: nothing */
    bool ending, failed;
};

static void *run(void *self)
{
    struct live_keeper *keeper = self;
    FORE_ASSERT(pthread_mutex_lock(&keeper->lock) == 0);
    while (!keeper->ending || keeper->waiting.data != NULL) {
        if (keeper->waiting.data == NULL) {
            FORE_ASSERT(pthread_cond_wait(&keeper->wake, &keeper->lock) == 0);
            continue;
        }
        struct fore_buf bytes = keeper->waiting;
        keeper->waiting = (struct fore_buf){0};
        FORE_ASSERT(pthread_mutex_unlock(&keeper->lock) == 0);
        bool failed = wl_out_whole(keeper->path, &bytes, NULL) != FORE_E_OK;
        fore_buf_fini(&bytes);
        FORE_ASSERT(pthread_mutex_lock(&keeper->lock) == 0);
        keeper->failed = failed;
    }
    FORE_ASSERT(pthread_mutex_unlock(&keeper->lock) == 0);
    return NULL;
}

struct live_keeper *live_keeper_open(const char *path)
{
    sigset_t all, before;
    struct live_keeper *keeper = calloc(1, sizeof *keeper);
    FORE_ASSERT(keeper != NULL);
    keeper->path = path;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    FORE_ASSERT(pthread_mutex_init(&keeper->lock, NULL) == 0);
    FORE_ASSERT(pthread_cond_init(&keeper->wake, NULL) == 0);
    FORE_ASSERT(pthread_create(&keeper->thread, NULL, run, keeper) == 0);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return keeper;
}

void live_keeper_put(struct live_keeper *keeper, struct fore_buf *bytes)
{
    FORE_ASSERT(pthread_mutex_lock(&keeper->lock) == 0);
    fore_buf_fini(&keeper->waiting);
    keeper->waiting = *bytes;
    *bytes = (struct fore_buf){0};
    (void)pthread_cond_signal(&keeper->wake);
    FORE_ASSERT(pthread_mutex_unlock(&keeper->lock) == 0);
}

bool live_keeper_failed(struct live_keeper *keeper)
{
    FORE_ASSERT(pthread_mutex_lock(&keeper->lock) == 0);
    bool failed = keeper->failed;
    FORE_ASSERT(pthread_mutex_unlock(&keeper->lock) == 0);
    return failed;
}

bool live_keeper_close(struct live_keeper *keeper)
{
    if (keeper == NULL) return true;
    FORE_ASSERT(pthread_mutex_lock(&keeper->lock) == 0);
    keeper->ending = true;
    (void)pthread_cond_signal(&keeper->wake);
    FORE_ASSERT(pthread_mutex_unlock(&keeper->lock) == 0);
    (void)pthread_join(keeper->thread, NULL);
    bool good = !keeper->failed;
    (void)pthread_cond_destroy(&keeper->wake);
    (void)pthread_mutex_destroy(&keeper->lock);
    free(keeper);
    return good;
}
