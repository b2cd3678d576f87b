/*
 * fuzz_reader.h - one input through a trace reader, twice; shared by the readers' harnesses.
 * Whatever the bytes: no crash, times that never fall, and the second pass equals the first.
 */
#ifndef FUZZ_READER_H
#define FUZZ_READER_H

#include "core/base/hash.h"
#include "workloads/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* libzstd and liblzma are not built with the memory sanitizer, whose complaints about them would be
 * noise. */
#if defined(__has_feature)
#    if __has_feature(memory_sanitizer)
#        define FUZZ_FOREIGN 1
#    endif
#endif
#ifndef FUZZ_FOREIGN
#    define FUZZ_FOREIGN 0
#endif

/* The bytes as a file that can be opened by name. */
static inline const char *fuzz_file(const uint8_t *data, size_t size)
{
    static FILE *file;
    static char path[32];
    if (file == NULL) {
        file = tmpfile();
        if (file == NULL) abort();
        (void)snprintf(path, sizeof path, "/dev/fd/%d", fileno(file));
    }
    if (ftruncate(fileno(file), 0) != 0 || pwrite(fileno(file), data, size, 0) != (ssize_t)size)
        abort();
    return path;
}

struct fuzz_pass {
    uint64_t requests, digest;
    enum fore_err err;
};

static inline struct fuzz_pass fuzz_pass(struct wl_source *source)
{
    struct fuzz_pass pass = {0};
    struct fore_diag diag = {0};
    struct wl_request request[100];
    fore_ns last = 0;
    for (size_t count = 1; count > 0 && pass.err == FORE_E_OK;) {
        pass.err = wl_source_next(source, request, FORE_COUNTOF(request), &count, &diag);
        if (pass.err != FORE_E_OK) break;
        for (size_t i = 0; i < count; i++) {
            FORE_ASSERT(request[i].t >= last && request[i].op < FORE_QUERY_TYPES);
            FORE_ASSERT(request[i].group < FORE_USER_GROUPS);
            last = request[i].t;
        }
        pass.requests += count;
        pass.digest = fore_hash_bytes(request, count * sizeof *request, pass.digest);
    }
    FORE_ASSERT(pass.err == FORE_E_OK || (diag.code == pass.err && diag.text[0] != '\0'));
    return pass;
}

static inline void fuzz_reader(const uint8_t *data, size_t size,
                               const struct wl_reader_options *options)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct wl_source source;
    if (FUZZ_FOREIGN && size > 0 && (data[0] == 0xFD || data[0] == 0x28)) return; /* their magic */
    if (wl_reader_open(fuzz_file(data, size), options, &arena, &source, &diag) == FORE_E_OK) {
        struct fuzz_pass first = fuzz_pass(&source);
        if (wl_source_rewind(&source, &diag) != FORE_E_OK) abort();
        struct fuzz_pass again = fuzz_pass(&source);
        FORE_ASSERT(first.requests == again.requests && first.digest == again.digest);
        FORE_ASSERT(first.err == again.err);
        wl_source_close(&source);
    } else {
        FORE_ASSERT(diag.code != FORE_E_OK && diag.text[0] != '\0');
    }
    fore_arena_fini(&arena);
}

#endif
