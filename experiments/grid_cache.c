/*
 * grid_cache.c - the file, and the keys in memory as a hash table with open addressing.
 */
#include "experiments/grid_cache.h"

#include "core/base/hash.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slot {
    bool used;
    uint64_t key;
    struct lab_answer answer;
};

struct lab_cache {
    FILE *file; /* NULL: memory only */
    struct slot *slot;
    size_t cap, count; /* cap: a power of two */
};

/* A program that was built anew may answer otherwise. */
static uint64_t program_hash(void)
{
    static uint64_t hash;
    if (hash != 0) return hash;
    hash = 1;
    FILE *self = fopen("/proc/self/exe", "rb");
    if (self == NULL) return hash;
    static unsigned char block[1 << 16];
    size_t got;
    while ((got = fread(block, 1, sizeof block, self)) > 0)
        hash = fore_hash_bytes(block, got, hash);
    (void)fclose(self);
    return hash;
}

uint64_t lab_run_key(const struct lab_run_id *id)
{
    struct fore_buf text = {0};
    sim_scenario_dump(id->scenario, &text);
    fore_buf_printf(&text, "\npolicy %s seed %llu stop %lld path %s", id->policy,
                    (unsigned long long)id->seed, (long long)id->stop_at, id->scenario->path);
    uint64_t key = fore_hash_bytes(text.data, text.len, program_hash());
    fore_buf_fini(&text);
    return key;
}

static struct slot *slot_of(const struct lab_cache *cache, uint64_t key)
{
    size_t at = (size_t)fore_hash_u64(key, 0) & (cache->cap - 1);
    while (cache->slot[at].used && cache->slot[at].key != key)
        at = (at + 1) & (cache->cap - 1);
    return &cache->slot[at];
}

static void reserve(struct lab_cache *cache)
{
    if (cache->slot != NULL && (cache->count + 1) * 2 <= cache->cap) return;
    struct slot *old = cache->slot;
    size_t old_cap = cache->cap;
    cache->cap = old_cap == 0 ? 1024 : 2 * old_cap;
    cache->slot = calloc(cache->cap, sizeof *cache->slot);
    FORE_ASSERT(cache->slot != NULL);
    for (size_t i = 0; old != NULL && i < old_cap; i++)
        if (old[i].used) *slot_of(cache, old[i].key) = old[i];
    free(old);
}

static void keep(struct lab_cache *cache, uint64_t key, const struct lab_answer *answer)
{
    reserve(cache);
    struct slot *slot = slot_of(cache, key);
    cache->count += !slot->used;
    *slot = (struct slot){.used = true, .key = key, .answer = *answer};
}

/* A line as an answer; false when it is not one. */
static bool parse(const char *line, uint64_t *key, struct lab_answer *out)
{
    json_t *root = json_loads(line, 0, NULL);
    const json_t *metrics = json_object_get(root, "metrics");
    const char *hex = json_string_value(json_object_get(root, "key"));
    const char *label = json_string_value(json_object_get(root, "label"));
    bool good = hex != NULL && label != NULL && json_is_object(metrics);
    *out = (struct lab_answer){0};
    for (size_t i = 0; good && i < lab_metric_count; i++) {
        char name[64];
        lab_metric_full_name(&lab_metrics[i], name);
        const json_t *value = json_object_get(metrics, name);
        good = value != NULL;
        out->metric[i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
    if (good) {
        *key = strtoull(hex, NULL, 16);
        (void)snprintf(out->label, sizeof out->label, "%s", label);
    }
    json_decref(root);
    return good;
}

static void read_lines(struct lab_cache *cache)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    bool whole = true;
    while ((len = getline(&line, &room, cache->file)) > 0) {
        uint64_t key;
        struct lab_answer answer;
        whole = line[len - 1] == '\n';
        if (parse(line, &key, &answer)) keep(cache, key, &answer);
    }
    if (!whole) (void)fputc('\n', cache->file); /* a crash cut it off: begin a line of our own */
    free(line);
}

enum fore_err lab_cache_open(const char *path, struct lab_cache **out, struct fore_diag *diag)
{
    struct lab_cache *cache = calloc(1, sizeof *cache);
    FORE_ASSERT(cache != NULL && lab_metric_count <= LAB_ANSWER_METRICS);
    reserve(cache);
    *out = cache;
    if (path == NULL) return FORE_E_OK;
    cache->file = fopen(path, "a+");
    if (cache->file == NULL) {
        int error = errno;
        lab_cache_close(cache);
        *out = NULL;
        return fore_err_set(diag, FORE_E_IO, "%s: %s", path, strerror(error));
    }
    rewind(cache->file);
    read_lines(cache);
    return FORE_E_OK;
}

bool lab_cache_find(const struct lab_cache *cache, uint64_t key, struct lab_answer *out)
{
    const struct slot *slot = slot_of(cache, key);
    if (slot->used) *out = slot->answer;
    return slot->used;
}

enum fore_err lab_cache_add(struct lab_cache *cache, uint64_t key, const char *what,
                            const struct lab_run_id *id, const struct lab_answer *answer)
{
    keep(cache, key, answer);
    if (cache->file == NULL) return FORE_E_OK;
    char hex[20];
    (void)snprintf(hex, sizeof hex, "%016llx", (unsigned long long)key);
    struct fore_buf line = {0};
    struct fore_json json = fore_json_begin(&line, false);
    fore_json_object(&json, NULL);
    fore_json_string(&json, "key", hex);
    fore_json_string(&json, "what", what);
    fore_json_string(&json, "policy", id->policy);
    fore_json_u64(&json, "seed", id->seed);
    fore_json_string(&json, "label", answer->label);
    fore_json_object(&json, "metrics");
    for (size_t i = 0; i < lab_metric_count; i++) {
        char name[64];
        lab_metric_full_name(&lab_metrics[i], name);
        fore_json_f64(&json, name, answer->metric[i]);
    }
    fore_json_object_end(&json);
    fore_json_object_end(&json);
    fore_buf_puts(&line, "\n");
    bool good = fwrite(line.data, 1, line.len, cache->file) == line.len && fflush(cache->file) == 0;
    fore_buf_fini(&line);
    return good ? FORE_E_OK : FORE_E_IO;
}

size_t lab_cache_count(const struct lab_cache *cache)
{
    return cache->count;
}

void lab_cache_close(struct lab_cache *cache)
{
    if (cache == NULL) return;
    if (cache->file != NULL) (void)fclose(cache->file);
    free(cache->slot);
    free(cache);
}

void lab_answer_of(const struct sim_result *result, struct lab_answer *out)
{
    *out = (struct lab_answer){0};
    for (size_t i = 0; i < lab_metric_count; i++)
        out->metric[i] = lab_metric_read(&lab_metrics[i], result);
    (void)snprintf(out->label, sizeof out->label, "%s", result->label);
}

double lab_answer_metric(const struct lab_answer *answer, const struct lab_metric *metric)
{
    return answer->metric[metric - lab_metrics];
}
