/*
 * wide.c - see wide.h. Parsing first; the stream is a filter that fills in one field.
 */
#include "workloads/wide.h"

#include <string.h>

enum { NAME_MAX_LEN = 32 };

struct names {
    char of[WL_WIDE_COLUMNS][NAME_MAX_LEN];
    uint32_t count;
};

static enum fore_err add_column(const char *item, struct wl_wide *out, struct names *names,
                                struct fore_diag *diag)
{
    const char *equals = strchr(item, '=');
    size_t len = equals != NULL ? (size_t)(equals - item) : 0;
    uint64_t bytes = 0;
    if (len == 0 || len >= NAME_MAX_LEN || strpbrk(item, " \t*") != NULL ||
        fore_option_bytes(equals + 1, &bytes) != FORE_E_OK || bytes == 0 || bytes > 1 << 30)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "workload.row_columns: \"%.60s\" is no column; write name=bytes, for "
                            "instance \"photo=4KiB\"",
                            item);
    if (names->count == WL_WIDE_COLUMNS)
        return fore_err_set(diag, FORE_E_RANGE, "workload.row_columns: more than %d columns",
                            WL_WIDE_COLUMNS);
    memcpy(names->of[names->count], item, len);
    names->of[names->count][len] = '\0';
    for (uint32_t i = 0; i < names->count; i++)
        if (strcmp(names->of[i], names->of[names->count]) == 0)
            return fore_err_set(diag, FORE_E_FORMAT, "workload.row_columns: \"%s\" is named twice",
                                names->of[i]);
    out->bytes[names->count++] = (uint32_t)bytes;
    return FORE_E_OK;
}

static enum fore_err add_set(const char *field, const char *item, const struct names *names,
                             struct wl_wide_mix *mix, struct fore_diag *diag)
{
    char text[1024];
    if (strlen(item) >= sizeof text || mix->count == WL_WIDE_SETS)
        return fore_err_set(diag, FORE_E_RANGE, "workload.%s: at most %d sets of columns", field,
                            WL_WIDE_SETS);
    memcpy(text, item, strlen(item) + 1);
    char *rest = NULL, *share = strtok_r(text, " \t", &rest);
    size_t digits = share != NULL ? strlen(share) : 0;
    double percent = 0;
    if (digits > 1 && share[digits - 1] == '%') share[digits - 1] = '\0';
    if (digits < 2 || share[digits - 1] != '\0' || fore_option_real(share, &percent) != FORE_E_OK ||
        !(percent > 0) || percent > 1e6)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "workload.%s: \"%.60s\" should begin with its share, as in \"40%% name "
                            "price\"",
                            field, item);
    uint32_t set = 0;
    for (char *word = strtok_r(NULL, " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest)) {
        uint32_t c = 0;
        while (c < names->count && strcmp(names->of[c], word) != 0)
            c++;
        if (strcmp(word, "*") == 0) {
            set = UINT32_MAX >> (WL_WIDE_COLUMNS - names->count);
        } else if (c < names->count) {
            set |= UINT32_C(1) << c;
        } else {
            return fore_err_set(diag, FORE_E_FORMAT,
                                "workload.%s: \"%.60s\" is no column of workload.row_columns",
                                field, word);
        }
    }
    if (set == 0)
        return fore_err_set(diag, FORE_E_FORMAT, "workload.%s: \"%.60s\" names no column", field,
                            item);
    mix->until[mix->count] = (mix->count > 0 ? mix->until[mix->count - 1] : 0) + percent;
    mix->set[mix->count++] = set;
    return FORE_E_OK;
}

static enum fore_err add_mix(const char *field, const struct fore_strings *items,
                             const struct names *names, struct wl_wide_mix *mix,
                             struct fore_diag *diag)
{
    if (items->count > 0 && names->count == 0)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "workload.%s names columns, and workload.row_columns has none", field);
    for (size_t i = 0; i < items->count; i++)
        FORE_TRY(add_set(field, items->item[i], names, mix, diag));
    double total = mix->count > 0 ? mix->until[mix->count - 1] : 1;
    for (uint32_t i = 0; i < mix->count; i++)
        mix->until[i] /= total;
    return FORE_E_OK;
}

enum fore_err wl_wide_parse(const struct wl_options *options, struct wl_wide *out,
                            struct fore_diag *diag)
{
    struct names names = {.count = 0};
    *out = (struct wl_wide){.every = options->row_every};
    for (size_t i = 0; i < options->row_columns.count; i++)
        FORE_TRY(add_column(options->row_columns.item[i], out, &names, diag));
    out->columns = names.count;
    FORE_TRY(add_mix("row_sets", &options->row_sets, &names, &out->reads[0], diag));
    FORE_TRY(add_mix("row_then", &options->row_then, &names, &out->reads[1], diag));
    FORE_TRY(add_mix("row_writes", &options->row_writes, &names, &out->writes, diag));
    bool turns = out->reads[1].count > 0;
    if (turns != (out->every > 0) || (turns && out->reads[0].count == 0))
        return fore_err_set(diag, FORE_E_FORMAT,
                            "workload.row_then and workload.row_every go together, after "
                            "workload.row_sets: what reads change to, and how often");
    return FORE_E_OK;
}

/* ---- the stream ---- */

struct stream {
    struct wl_source inner;
    struct wl_wide wide;
    struct fore_rng rng;
    uint64_t seed;
    struct fore_arena arena; /* holds this struct too */
};

const struct wl_wide_mix *wl_wide_mix_at(const struct wl_wide *wide, fore_ns t, bool write)
{
    bool second = wide->every > 0 && t / wide->every % 2 == 1;
    const struct wl_wide_mix *mix = write ? &wide->writes : &wide->reads[second];
    return mix->count > 0 ? mix : NULL;
}

static uint32_t draw(const struct wl_wide *wide, const struct wl_request *request, double u)
{
    const struct wl_wide_mix *mix =
        wl_wide_mix_at(wide, request->t, request->op == FORE_QUERY_WRITE);
    if (mix == NULL) return UINT32_MAX >> (WL_WIDE_COLUMNS - wide->columns);
    uint32_t i = 0;
    while (i + 1 < mix->count && u >= mix->until[i])
        i++;
    return mix->set[i];
}

static enum fore_err stream_next(void *self, struct wl_request *out, size_t cap, size_t *count,
                                 struct fore_diag *diag)
{
    struct stream *s = self;
    FORE_TRY(wl_source_next(&s->inner, out, cap, count, diag));
    for (size_t i = 0; i < *count; i++) {
        double u = fore_rng_unit(&s->rng);
        if (out[i].columns == 0) out[i].columns = draw(&s->wide, &out[i], u);
    }
    return FORE_E_OK;
}

static enum fore_err stream_rewind(void *self, struct fore_diag *diag)
{
    struct stream *s = self;
    s->rng = fore_rng_stream(s->seed, "workload.columns", 0);
    return wl_source_rewind(&s->inner, diag);
}

static void stream_close(void *self)
{
    struct stream *s = self;
    struct fore_arena arena = s->arena;
    wl_source_close(&s->inner);
    fore_arena_fini(&arena);
}

struct wl_source wl_wide_source(struct wl_source source, const struct wl_wide *wide, uint64_t seed)
{
    static const struct wl_source_ops ops = {
        .next = stream_next, .rewind = stream_rewind, .close = stream_close};
    FORE_ASSERT(wide->columns > 0);
    struct fore_arena arena;
    fore_arena_init(&arena);
    struct stream *s = FORE_NEW(&arena, struct stream, 1);
    *s = (struct stream){.inner = source,
                         .wide = *wide,
                         .rng = fore_rng_stream(seed, "workload.columns", 0),
                         .seed = seed};
    s->arena = arena;
    return (struct wl_source){.ops = &ops, .self = s, .info = source.info};
}
