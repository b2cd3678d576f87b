/* replay_keys.c - the keys of a stream, each once: written before it is played, and removed after.
 */
#include "live/calibrate/replay.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 512, REQUESTS = 512 };

struct seen { /* a set of keys: open addressing, growing */
    uint64_t *key;
    size_t count, cap;
};

static bool first_time(struct seen *seen, uint64_t key)
{
    uint64_t word = key + 1; /* 0 is free */
    if (2 * (seen->count + 1) > seen->cap) {
        struct seen wider = {.cap = seen->cap == 0 ? 1024 : 2 * seen->cap};
        wider.key = calloc(wider.cap, sizeof wider.key[0]);
        FORE_ASSERT(wider.key != NULL);
        for (size_t i = 0; i < seen->cap; i++)
            if (seen->key[i] != 0) (void)first_time(&wider, seen->key[i] - 1);
        free(seen->key);
        *seen = wider;
    }
    size_t at = (size_t)((word * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (seen->cap - 1);
    for (; seen->key[at] != 0; at = (at + 1) & (seen->cap - 1))
        if (seen->key[at] == word) return false;
    seen->key[at] = word;
    seen->count++;
    return true;
}

struct pass { /* commands that wait to be sent together */
    struct live_replay *replay;
    bool remove;
    char *value;
    struct live_command command[BATCH];
    const char *arg[BATCH][3];
    size_t arg_len[BATCH][3];
    char name[BATCH][LIVE_REPLAY_NAME];
    size_t count;
    uint64_t refused;
};

static enum fore_err send_all(struct pass *pass)
{
    redisReply *reply[BATCH];
    enum fore_err err =
        live_client_batch(live_replay_client(pass->replay), pass->command, pass->count, reply);
    for (size_t i = 0; i < pass->count; i++) {
        if (reply[i] == NULL) continue;
        pass->refused += reply[i]->type == REDIS_REPLY_ERROR;
        freeReplyObject(reply[i]);
    }
    pass->count = 0;
    return err;
}

static enum fore_err add(struct pass *pass, uint64_t key, uint32_t bytes)
{
    size_t i = pass->count++;
    pass->arg[i][0] = pass->remove ? "UNLINK" : "SET";
    pass->arg_len[i][0] = strlen(pass->arg[i][0]);
    pass->arg_len[i][1] = live_replay_name(live_replay_prefix(pass->replay), key, pass->name[i]);
    pass->arg[i][1] = pass->name[i];
    pass->arg_len[i][2] = bytes;
    pass->arg[i][2] = pass->value;
    pass->command[i] = (struct live_command){.arg = pass->arg[i],
                                             .arg_len = pass->arg_len[i],
                                             .arg_count = pass->remove ? 2 : 3,
                                             .key = 1,
                                             .idempotent = true};
    return pass->count == BATCH ? send_all(pass) : FORE_E_OK;
}

static enum fore_err every_key(struct pass *pass, struct seen *seen, struct wl_source *source,
                               fore_ns span, struct fore_diag *diag)
{
    struct wl_request request[REQUESTS];
    size_t count = 0;
    FORE_TRY(wl_source_rewind(source, diag));
    for (bool more = true; more;) {
        FORE_TRY(wl_source_next(source, request, REQUESTS, &count, diag));
        more = count > 0;
        for (size_t i = 0; i < count && more; i++) {
            more = span == 0 || request[i].t < span;
            if (!more || !first_time(seen, request[i].key)) continue;
            FORE_TRY(add(pass, request[i].key, live_replay_bytes(pass->replay, request[i].bytes)));
        }
    }
    if (pass->count > 0) FORE_TRY(send_all(pass));
    return wl_source_rewind(source, diag);
}

static enum fore_err go_through(struct live_replay *replay, bool remove, struct wl_source *source,
                                fore_ns span, uint64_t *keys, struct fore_diag *diag)
{
    struct seen seen = {.cap = 0};
    struct pass *pass = calloc(1, sizeof *pass);
    uint32_t most = live_replay_bytes(replay, UINT32_MAX);
    FORE_ASSERT(pass != NULL);
    pass->replay = replay;
    pass->remove = remove;
    pass->value = malloc(most);
    FORE_ASSERT(pass->value != NULL);
    memset(pass->value, 'v', most);
    enum fore_err err = every_key(pass, &seen, source, span, diag);
    if (err == FORE_E_OK && pass->refused > 0)
        err = fore_err_set(diag, FORE_E_REFUSED, "replay: the cluster refused %llu of %zu keys",
                           (unsigned long long)pass->refused, seen.count);
    if (err != FORE_E_OK && diag != NULL && diag->code == FORE_E_OK)
        err = fore_err_set(diag, err, "replay: keys cannot be %s: %s",
                           remove ? "removed" : "written", fore_err_text(err));
    *keys = seen.count;
    free(pass->value);
    free(pass);
    free(seen.key);
    return err;
}

enum fore_err live_replay_fill(struct live_replay *replay, struct wl_source *source, fore_ns span,
                               uint64_t *keys, struct fore_diag *diag)
{
    return go_through(replay, false, source, span, keys, diag);
}

enum fore_err live_replay_clear(struct live_replay *replay, struct wl_source *source, fore_ns span,
                                struct fore_diag *diag)
{
    uint64_t keys;
    return go_through(replay, true, source, span, &keys, diag);
}

/* ---- numbers ------------------------------------------------------------------------------ */

struct numbers {
    uint64_t next, count;
};

static enum fore_err next_numbers(void *self, struct wl_request *out, size_t cap, size_t *count,
                                  struct fore_diag *diag)
{
    struct numbers *numbers = self;
    (void)diag;
    for (*count = 0; *count < cap && numbers->next < numbers->count; ++*count)
        out[*count] = (struct wl_request){.key = numbers->next++};
    return FORE_E_OK;
}

static enum fore_err rewind_numbers(void *self, struct fore_diag *diag)
{
    struct numbers *numbers = self;
    (void)diag;
    numbers->next = 0;
    return FORE_E_OK;
}

static enum fore_err all_numbers(struct live_replay *replay, bool remove, uint64_t count,
                                 struct fore_diag *diag)
{
    static const struct wl_source_ops ops = {.next = next_numbers, .rewind = rewind_numbers};
    struct numbers numbers = {.count = count};
    struct wl_source source = {.ops = &ops, .self = &numbers};
    return go_through(replay, remove, &source, 0, &count, diag);
}

enum fore_err live_replay_fill_numbers(struct live_replay *replay, uint64_t count,
                                       struct fore_diag *diag)
{
    return all_numbers(replay, false, count, diag);
}

enum fore_err live_replay_clear_numbers(struct live_replay *replay, uint64_t count,
                                        struct fore_diag *diag)
{
    return all_numbers(replay, true, count, diag);
}
