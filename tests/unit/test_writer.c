#include "workloads/writer.h"

#include "tests/support/scratch.h"
#include "workloads/file.h"
#include "workloads/reader.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MANY = 20000 };

static struct wl_request *many_requests(void)
{
    struct wl_request *request = calloc(MANY, sizeof *request);
    for (size_t i = 0; i < MANY; i++)
        request[i] = (struct wl_request){.t = i * 123456789,
                                         .key = i * UINT64_C(0x9E3779B97F4A7C15),
                                         .bytes = (uint32_t)(i * 77),
                                         .client = (uint16_t)i,
                                         .op = (uint8_t)(i % 4)};
    return request;
}

static void write_many(const char *path, const char *format, const struct wl_request *request)
{
    struct fore_diag diag = {0};
    struct wl_writer *writer;
    assert_int_equal(wl_writer_open(path, format, &writer, &diag), FORE_E_OK);
    assert_int_equal(wl_writer_put(writer, request, MANY / 2, &diag), FORE_E_OK);
    assert_int_equal(wl_writer_put(writer, request + MANY / 2, MANY - MANY / 2, &diag), FORE_E_OK);
    assert_int_equal(wl_writer_commit(writer, &diag), FORE_E_OK);
}

static struct wl_request *read_many(const char *path)
{
    struct wl_request *request = calloc(MANY + 1, sizeof *request);
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    struct wl_source source;
    if (wl_reader_open(path, NULL, &arena, &source, &diag) != FORE_E_OK) fail_msg("%s", diag.text);
    size_t count = 0, got = 0;
    do {
        count += got;
        assert_int_equal(wl_source_next(&source, request + count, MANY + 1 - count, &got, &diag),
                         FORE_E_OK);
    } while (got > 0);
    assert_int_equal(count, MANY);
    wl_source_close(&source);
    fore_arena_fini(&arena);
    return request;
}

static void csv_comes_back_as_it_was(void **state)
{
    static const char *const name[] = {"a.csv", "a.csv.zst"};
    struct scratch scratch = scratch_begin();
    struct wl_request *request = many_requests();
    for (size_t i = 0; i < 2; i++) {
        write_many(scratch_path(&scratch, name[i]), NULL, request);
        struct wl_request *back = read_many(scratch.path);
        assert_memory_equal(back, request, MANY * sizeof *request);
        free(back);
    }
    free(request);
    scratch_end(&scratch);
}

static void csv_rows_are_what_a_person_would_write(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    struct wl_writer *writer;
    static const struct wl_request request[] = {
        {.t = 0,                  .key = 7,          .op = FORE_QUERY_READ},
        {.t = 1500000000,         .key = UINT64_MAX, .bytes = 512,          .client = 9, .op = FORE_QUERY_WRITE},
        {.t = 61000000001, .key = 0,                  .op = FORE_QUERY_SCAN                       }
    };
    assert_int_equal(wl_writer_open(scratch_path(&scratch, "a"), "csv", &writer, &diag), FORE_E_OK);
    assert_int_equal(wl_writer_put(writer, request, 3, &diag), FORE_E_OK);
    assert_int_equal(wl_writer_commit(writer, &diag), FORE_E_OK);
    static const char want[] = "t,key,op,size,client\n"
                               "0,7,read,0,0\n"
                               "1.5,18446744073709551615,write,512,9\n"
                               "61.000000001,0,scan,0,0\n";
    char back[256];
    size_t got;
    struct wl_file *file;
    assert_int_equal(wl_file_open(scratch.path, &file, &diag), FORE_E_OK);
    assert_int_equal(wl_file_read(file, back, sizeof back, &got, &diag), FORE_E_OK);
    wl_file_close(file);
    assert_int_equal(got, sizeof want - 1);
    assert_memory_equal(back, want, got);
    scratch_end(&scratch);
}

static void oracle_general_keeps_seconds_keys_and_sizes(void **state)
{
    struct scratch scratch = scratch_begin();
    struct wl_request *request = many_requests();
    write_many(scratch_path(&scratch, "a.oracleGeneral.zst"), NULL, request);
    struct wl_request *back = read_many(scratch.path);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(back[i].t, request[i].t / FORE_SEC * FORE_SEC);
        assert_true(back[i].key == request[i].key);
        assert_int_equal(back[i].bytes, request[i].bytes);
    }
    free(back);
    free(request);
    scratch_end(&scratch);
}

static void what_cannot_be_written_is_refused(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    struct wl_writer *writer;
    assert_int_equal(wl_writer_open(scratch_path(&scratch, "a.csv.xz"), NULL, &writer, &diag),
                     FORE_E_FORMAT);
    diag = (struct fore_diag){0};
    assert_int_equal(wl_writer_open(scratch_path(&scratch, "a"), "vscsi", &writer, &diag),
                     FORE_E_FORMAT);
    diag = (struct fore_diag){0};
    assert_int_equal(wl_writer_open(scratch_path(&scratch, "no/such/folder"), NULL, &writer, &diag),
                     FORE_E_IO);
    diag = (struct fore_diag){0};
    const struct wl_request late = {.t = FORE_SEC << 32};
    assert_int_equal(wl_writer_open(scratch_path(&scratch, "a"), "oracleGeneral", &writer, &diag),
                     FORE_E_OK);
    assert_int_equal(wl_writer_put(writer, &late, 1, &diag), FORE_E_RANGE);
    wl_writer_abort(writer);
    assert_int_equal(scratch_count(&scratch), 0);
    scratch_end(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_comes_back_as_it_was),
        cmocka_unit_test(csv_rows_are_what_a_person_would_write),
        cmocka_unit_test(oracle_general_keeps_seconds_keys_and_sizes),
        cmocka_unit_test(what_cannot_be_written_is_refused),
    };
    return cmocka_run_group_tests_name("workloads/writer", tests, NULL, NULL);
}
