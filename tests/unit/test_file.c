#include "workloads/file.h"

#include "core/cluster/journal.h"
#include "tests/support/scratch.h"

#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <zstd.h>

#include <cmocka.h>

enum { BIG = 3 << 20 };

/* Lines of different lengths that do not compress to nothing. */
static char *big_text(void)
{
    char *text = malloc(BIG + 1);
    uint32_t x = 1;
    for (size_t i = 0; i < BIG; i++) {
        x = x * 1664525u + 1013904223u;
        text[i] = x >> 26 == 0 ? '\n' : (char)('a' + (x >> 24) % 26);
    }
    text[BIG] = '\0';
    return text;
}

static size_t packed_zst(const char *text, size_t len, char **out)
{
    size_t cap = ZSTD_compressBound(len);
    *out = malloc(cap);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)));
    size_t got = ZSTD_compress2(context, *out, cap, text, len);
    (void)ZSTD_freeCCtx(context);
    return got;
}

static size_t packed_xz(const char *text, size_t len, char **out)
{
    size_t cap = lzma_stream_buffer_bound(len), at = 0;
    *out = malloc(cap);
    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, (const uint8_t *)text, len,
                                             (uint8_t *)*out, &at, cap),
                     LZMA_OK);
    return at;
}

static void expect_content(const char *path, const char *text, size_t len)
{
    struct fore_diag diag = {0};
    struct wl_file *file;
    assert_int_equal(wl_file_open(path, &file, &diag), FORE_E_OK);
    char *back = malloc(len + 1);
    for (int pass = 0; pass < 2; pass++) {
        size_t got;
        assert_int_equal(wl_file_read(file, back, len + 1, &got, &diag), FORE_E_OK);
        assert_int_equal(got, len);
        assert_memory_equal(back, text, len);
        assert_true(wl_file_progress(file) > 0.99);
        assert_int_equal(wl_file_rewind(file, &diag), FORE_E_OK);
    }
    free(back);
    wl_file_close(file);
}

static void plain_zst_and_xz_hold_the_same_bytes(void **state)
{
    struct scratch scratch = scratch_begin();
    char *text = big_text(), *packed;
    expect_content(scratch_put(&scratch, "a", text, BIG), text, BIG);
    size_t len = packed_zst(text, BIG, &packed);
    expect_content(scratch_put(&scratch, "wrong-ending.xz", packed, len), text, BIG);
    free(packed);
    len = packed_xz(text, BIG, &packed);
    expect_content(scratch_put(&scratch, "b", packed, len), text, BIG);
    free(packed);
    free(text);
    scratch_end(&scratch);
}

static void frames_in_a_row_are_one_stream(void **state)
{
    struct scratch scratch = scratch_begin();
    char *one, *two, both[256];
    size_t a = packed_zst("first ", 6, &one), b = packed_zst("second", 6, &two);
    memcpy(both, one, a);
    memcpy(both + a, two, b);
    expect_content(scratch_put(&scratch, "a", both, a + b), "first second", 12);
    free(one);
    free(two);
    a = packed_xz("first ", 6, &one);
    b = packed_xz("second", 6, &two);
    memcpy(both, one, a);
    memcpy(both + a, two, b);
    expect_content(scratch_put(&scratch, "b", both, a + b), "first second", 12);
    free(one);
    free(two);
    scratch_end(&scratch);
}

static void expect_truncation_error(struct scratch *scratch, const char *packed, size_t len)
{
    static char back[BIG];
    for (size_t cut = 7; cut < len; cut += 1 + len / 40) {
        struct fore_diag diag = {0};
        struct wl_file *file;
        size_t got;
        assert_int_equal(wl_file_open(scratch_put(scratch, "cut", packed, cut), &file, &diag),
                         FORE_E_OK);
        assert_int_equal(wl_file_read(file, back, BIG, &got, &diag), FORE_E_FORMAT);
        assert_non_null(strstr(diag.text, "truncated"));
        wl_file_close(file);
    }
}

static void truncated_packed_files_are_told(void **state)
{
    struct scratch scratch = scratch_begin();
    char *text = big_text(), *packed;
    size_t len = packed_zst(text, BIG / 8, &packed);
    expect_truncation_error(&scratch, packed, len);
    free(packed);
    len = packed_xz(text, BIG / 8, &packed);
    expect_truncation_error(&scratch, packed, len);
    free(packed);
    free(text);
    scratch_end(&scratch);
}

static void corrupt_packed_files_are_told(void **state)
{
    struct scratch scratch = scratch_begin();
    char *text = big_text(), *packed;
    static char back[BIG];
    for (int kind = 0; kind < 2; kind++) {
        size_t got,
            len = kind == 0 ? packed_zst(text, BIG, &packed) : packed_xz(text, BIG, &packed);
        packed[len / 2] ^= 0x55;
        memset(packed + len / 2 + 10, 0xA5, 64);
        struct fore_diag diag = {0};
        struct wl_file *file;
        assert_int_equal(wl_file_open(scratch_put(&scratch, "bad", packed, len), &file, &diag),
                         FORE_E_OK);
        assert_int_equal(wl_file_read(file, back, BIG, &got, &diag), FORE_E_FORMAT);
        assert_non_null(strstr(diag.text, "corrupt"));
        wl_file_close(file);
        free(packed);
    }
    free(text);
    scratch_end(&scratch);
}

static void lines_come_without_their_ends(void **state)
{
    static const char *const want[] = {"one", "", "three", "last"};
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    struct wl_file *file;
    char *line;
    size_t len;
    assert_int_equal(
        wl_file_open(scratch_text(&scratch, "a", "one\r\n\nthree\nlast"), &file, &diag), FORE_E_OK);
    for (size_t i = 0; i < FORE_COUNTOF(want); i++) {
        assert_int_equal(wl_file_line(file, &line, &len, &diag), FORE_E_OK);
        assert_string_equal(line, want[i]);
        assert_int_equal(len, strlen(want[i]));
        assert_int_equal(wl_file_line_number(file), i + 1);
    }
    assert_int_equal(wl_file_line(file, &line, &len, &diag), FORE_E_OK);
    assert_null(line);
    wl_file_close(file);
    scratch_end(&scratch);
}

static void lines_longer_than_the_buffer_work_up_to_the_limit(void **state)
{
    struct scratch scratch = scratch_begin();
    char *text = malloc(BIG), *line;
    memset(text, 'x', BIG);
    text[100] = '\n';
    text[900000] = '\n';
    struct fore_diag diag = {0};
    struct wl_file *file;
    size_t len;
    assert_int_equal(wl_file_open(scratch_put(&scratch, "a", text, BIG), &file, &diag), FORE_E_OK);
    assert_int_equal(wl_file_line(file, &line, &len, &diag), FORE_E_OK);
    assert_int_equal(len, 100);
    assert_int_equal(wl_file_line(file, &line, &len, &diag), FORE_E_OK);
    assert_int_equal(len, 900000 - 101);
    assert_int_equal(wl_file_line(file, &line, &len, &diag), FORE_E_FORMAT);
    assert_non_null(strstr(diag.text, ":3:"));
    wl_file_close(file);
    free(text);
    scratch_end(&scratch);
}

static void missing_files_and_folders_are_sentences(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    struct wl_file *file;
    assert_int_equal(wl_file_open(scratch_path(&scratch, "absent"), &file, &diag), FORE_E_IO);
    assert_non_null(strstr(diag.text, "absent"));
    diag = (struct fore_diag){0};
    assert_int_equal(wl_file_open(scratch.folder, &file, &diag), FORE_E_IO);
    assert_non_null(strstr(diag.text, "folder"));
    scratch_end(&scratch);
}

static void output_appears_only_when_committed(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    char *text = big_text();
    const char *name[] = {"plain", "packed.zst"};
    for (size_t i = 0; i < 2; i++) {
        struct wl_out *out;
        const char *path = scratch_path(&scratch, name[i]);
        assert_int_equal(wl_out_open(path, &out, &diag), FORE_E_OK);
        assert_int_equal(wl_out_write(out, text, BIG), FORE_E_OK);
        assert_int_not_equal(access(path, F_OK), 0);
        assert_int_equal(wl_out_commit(out, &diag), FORE_E_OK);
        expect_content(path, text, BIG);
    }
    assert_int_equal(scratch_count(&scratch), 2);
    free(text);
    scratch_end(&scratch);
}

static void aborted_output_leaves_what_was_there(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    struct wl_out *out;
    const char *path = scratch_text(&scratch, "a", "before");
    assert_int_equal(wl_out_open(path, &out, &diag), FORE_E_OK);
    assert_int_equal(wl_out_write(out, "after", 5), FORE_E_OK);
    wl_out_abort(out);
    expect_content(path, "before", 6);
    assert_int_equal(scratch_count(&scratch), 1);
    scratch_end(&scratch);
}

static void a_full_disk_is_told_at_commit(void **state)
{
    struct fore_diag diag = {0};
    struct wl_out *out;
    if (access("/dev/full", W_OK) != 0) skip();
    assert_int_equal(wl_out_open("/dev/full", &out, &diag), FORE_E_OK);
    assert_int_equal(wl_out_write(out, "x", 1), FORE_E_OK);
    assert_int_equal(wl_out_commit(out, &diag), FORE_E_IO);
    assert_non_null(strstr(diag.text, "/dev/full"));
    assert_int_equal(access("/dev/full", F_OK), 0);
}

static void a_journal_is_read_at_any_place(void **state)
{
    struct scratch scratch = scratch_begin();
    struct fore_diag diag = {0};
    struct fore_journal_in in;
    char back[8];
    assert_int_equal(wl_file_journal_in(scratch_text(&scratch, "a", "0123456789"), &in, &diag),
                     FORE_E_OK);
    assert_int_equal(in.size(in.self), 10);
    assert_int_equal(in.read_at(in.self, 4, back, 3), 3);
    assert_memory_equal(back, "456", 3);
    assert_int_equal(in.read_at(in.self, 8, back, 8), 2);
    assert_int_equal(in.read_at(in.self, 80, back, 8), 0);
    wl_file_journal_close(&in);
    scratch_end(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_zst_and_xz_hold_the_same_bytes),
        cmocka_unit_test(frames_in_a_row_are_one_stream),
        cmocka_unit_test(truncated_packed_files_are_told),
        cmocka_unit_test(corrupt_packed_files_are_told),
        cmocka_unit_test(lines_come_without_their_ends),
        cmocka_unit_test(lines_longer_than_the_buffer_work_up_to_the_limit),
        cmocka_unit_test(missing_files_and_folders_are_sentences),
        cmocka_unit_test(output_appears_only_when_committed),
        cmocka_unit_test(aborted_output_leaves_what_was_there),
        cmocka_unit_test(a_full_disk_is_told_at_commit),
        cmocka_unit_test(a_journal_is_read_at_any_place),
    };
    return cmocka_run_group_tests_name("workloads/file", tests, NULL, NULL);
}
