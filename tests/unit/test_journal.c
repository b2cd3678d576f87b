#include "core/base/rng.h"
#include "core/cluster/journal.h"
#include "core/cluster/snapshot.h"
#include "tests/support/memfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct fore_journal_header header = {.seed = 42,
                                                  .slo_ns = 5 * FORE_MS,
                                                  .start_unix_s = 1700000000,
                                                  .text = "policy = \"static\";\n"};

struct fact { /* a record as it was put */
    fore_ns at;
    uint16_t kind;
    size_t len;
    uint8_t body[600];
};

/* The i-th record of a seed: any kind, any length, a keyframe now and then. */
static struct fact fact_of(uint64_t seed, uint64_t i)
{
    struct fore_rng rng = fore_rng_stream(seed, "journal-fact", i);
    struct fact fact = {.at = i * FORE_MS, .kind = (uint16_t)(2 + fore_rng_below(&rng, 40))};
    if (i % 50 == 0) fact.kind = FORE_EV_KEYFRAME;
    fact.len = fore_rng_below(&rng, 8) == 0 ? fore_rng_below(&rng, 600) : fore_rng_below(&rng, 60);
    bool noise = fore_rng_below(&rng, 2) == 0;
    for (size_t b = 0; b < fact.len; b++)
        fact.body[b] = noise ? (uint8_t)fore_rng_u32(&rng) : (uint8_t)(i % 7);
    return fact;
}

/* Writes `count` facts, flushing after one in `flush_one_in` (0: never). Returns the digest. */
static uint64_t write_facts(struct memfile *file, uint64_t seed, uint64_t count,
                            uint32_t flush_one_in, bool finish)
{
    struct fore_journal_out out = {0};
    if (file != NULL) out = memfile_out(file);
    struct fore_journal_writer *writer = fore_journal_writer_create(&header, out);
    struct fore_sink sink = fore_journal_writer_sink(writer);
    struct fore_rng rng = fore_rng_stream(seed, "journal-flush", flush_one_in);
    for (uint64_t i = 0; i < count; i++) {
        struct fact fact = fact_of(seed, i);
        fore_sink_put(sink, fact.at, (enum fore_event_kind)fact.kind, fact.body, fact.len);
        if (flush_one_in > 0 && fore_rng_below(&rng, flush_one_in) == 0)
            fore_journal_writer_flush(writer);
    }
    uint64_t digest = fore_journal_writer_digest(writer);
    if (finish) {
        assert_int_equal(fore_journal_writer_finish(writer, NULL), FORE_E_OK);
        assert_true(fore_journal_writer_digest(writer) == digest);
    } else {
        fore_journal_writer_flush(writer);
    }
    fore_journal_writer_destroy(writer);
    return digest;
}

static struct fore_journal_reader *open_reader(struct memfile *file)
{
    struct fore_journal_reader *reader = NULL;
    struct fore_diag diag = {0};
    if (fore_journal_reader_open(memfile_in(file), &reader, &diag) != FORE_E_OK)
        fail_msg("%s", diag.text);
    return reader;
}

static bool same(const struct fact *fact, const struct fore_journal_record *record)
{
    return record->at == fact->at && (int)record->kind == fact->kind && record->len == fact->len &&
           memcmp(record->body, fact->body, fact->len) == 0 && (uintptr_t)record->body % 8 == 0;
}

/* Reads facts from number `i` on; returns the number of the one it ended before. */
static uint64_t read_facts(struct fore_journal_reader *reader, uint64_t seed, uint64_t i,
                           enum fore_err *end)
{
    struct fore_journal_record record;
    while ((*end = fore_journal_reader_next(reader, &record, NULL)) == FORE_E_OK) {
        struct fact fact = fact_of(seed, i);
        if (!same(&fact, &record)) fail_msg("record %d, seed %d", (int)i, (int)seed);
        i++;
    }
    return i;
}

static void what_was_put_is_read_and_the_digests_agree(void **state)
{
    for (uint64_t seed = 0; seed < 12; seed++) {
        struct memfile file = memfile_empty();
        uint64_t count = seed * 173;
        enum fore_err end;
        uint64_t digest = write_facts(&file, seed, count, (uint32_t)seed % 5 * 40, true);
        struct fore_journal_reader *reader = open_reader(&file);
        assert_int_equal(read_facts(reader, seed, 0, &end), count);
        assert_int_equal(end, FORE_E_AGAIN);
        assert_true(fore_journal_reader_digest(reader) == digest);
        assert_false(fore_journal_reader_truncated(reader));
        if (count > 0) assert_true(fore_journal_reader_last(reader) == (count - 1) * FORE_MS);
        assert_true(fore_journal_reader_first(reader) == 0);
        fore_journal_reader_close(reader);
        fore_buf_fini(&file.bytes);
    }
}

static void the_header_comes_back(void **state)
{
    struct memfile file = memfile_empty();
    (void)write_facts(&file, 1, 3, 0, true);
    struct fore_journal_reader *reader = open_reader(&file);
    const struct fore_journal_header *read = fore_journal_reader_header(reader);
    assert_int_equal(read->major, FORE_JOURNAL_MAJOR);
    assert_int_equal(read->minor, FORE_JOURNAL_MINOR);
    assert_int_equal(read->seed, header.seed);
    assert_true(read->slo_ns == header.slo_ns);
    assert_true(read->start_unix_s == header.start_unix_s);
    assert_string_equal(read->text, header.text);
    fore_journal_reader_close(reader);
    fore_buf_fini(&file.bytes);
}

static void the_digest_depends_on_content_and_on_nothing_else(void **state)
{
    struct memfile file = memfile_empty();
    uint64_t digest = write_facts(NULL, 3, 900, 0, true);
    assert_true(digest == write_facts(NULL, 3, 900, 2, true));
    assert_true(digest == write_facts(&file, 3, 900, 7, true));
    assert_true(digest != write_facts(NULL, 3, 899, 0, true));
    assert_true(digest != write_facts(NULL, 4, 900, 0, true));
    fore_buf_fini(&file.bytes);

    /* A byte that goes from a payload's end into the next payload is another content. */
    static const uint8_t body[16] = {0};
    uint64_t both[2];
    for (size_t i = 0; i < 2; i++) {
        struct fore_journal_writer *writer =
            fore_journal_writer_create(&header, (struct fore_journal_out){0});
        struct fore_sink sink = fore_journal_writer_sink(writer);
        fore_sink_put(sink, 1, FORE_EV_NOTE, body, 5 + i);
        fore_sink_put(sink, 1, FORE_EV_NOTE, body, 6 - i);
        both[i] = fore_journal_writer_digest(writer);
        fore_journal_writer_destroy(writer);
    }
    assert_true(both[0] != both[1]);
}

static void large_payloads_and_repetition_survive_and_shrink(void **state)
{
    struct memfile file = memfile_empty();
    size_t len = 3 << 20;
    uint8_t *body = calloc(1, len);
    assert_non_null(body);
    struct fore_journal_writer *writer = fore_journal_writer_create(&header, memfile_out(&file));
    struct fore_sink sink = fore_journal_writer_sink(writer);
    for (int i = 0; i < 3; i++) {
        body[len - 1] = (uint8_t)i;
        fore_sink_put(sink, 10, FORE_EV_KEYFRAME, body, len);
    }
    assert_int_equal(fore_journal_writer_finish(writer, NULL), FORE_E_OK);
    fore_journal_writer_destroy(writer);
    assert_true(file.bytes.len < len / 100);
    struct fore_journal_reader *reader = open_reader(&file);
    struct fore_journal_record record;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fore_journal_reader_next(reader, &record, NULL), FORE_E_OK);
        assert_int_equal(record.len, len);
        assert_int_equal(((const uint8_t *)record.body)[len - 1], i);
    }
    fore_journal_reader_close(reader);
    fore_buf_fini(&file.bytes);
    free(body);
}

static void expect_seek(struct fore_journal_reader *reader, fore_ns at, uint64_t keyframe)
{
    enum fore_err end;
    struct fore_journal_record record;
    assert_int_equal(fore_journal_reader_seek(reader, at, NULL), FORE_E_OK);
    assert_int_equal(fore_journal_reader_next(reader, &record, NULL), FORE_E_OK);
    assert_int_equal(record.kind, FORE_EV_KEYFRAME);
    assert_true(record.at == keyframe * FORE_MS);
    assert_int_equal(read_facts(reader, 5, keyframe + 1, &end), 400);
    assert_int_equal(end, FORE_E_AGAIN);
}

static void a_seek_lands_on_the_keyframe_before(void **state)
{
    for (int finished = 0; finished < 2; finished++) {
        struct memfile file = memfile_empty();
        (void)write_facts(&file, 5, 400, 30, finished == 1);
        struct fore_journal_reader *reader = open_reader(&file);
        assert_true(fore_journal_reader_truncated(reader) == !finished);
        assert_true(fore_journal_reader_last(reader) == 399 * FORE_MS);
        expect_seek(reader, 0, 0);
        expect_seek(reader, 199 * FORE_MS, 150);
        expect_seek(reader, 200 * FORE_MS, 200);
        expect_seek(reader, 200 * FORE_MS - 1, 150);
        expect_seek(reader, UINT64_MAX, 350);
        expect_seek(reader, 60 * FORE_MS, 50);
        fore_journal_reader_close(reader);
        fore_buf_fini(&file.bytes);
    }
}

static void a_journal_without_keyframes_seeks_to_its_beginning(void **state)
{
    struct memfile file = memfile_empty();
    struct fore_journal_writer *writer = fore_journal_writer_create(&header, memfile_out(&file));
    struct fore_sink sink = fore_journal_writer_sink(writer);
    fore_sink_put(sink, 70, FORE_EV_NOTE, "abc", 4);
    fore_sink_put(sink, 80, FORE_EV_NOTE, "def", 4);
    assert_int_equal(fore_journal_writer_finish(writer, NULL), FORE_E_OK);
    fore_journal_writer_destroy(writer);
    struct fore_journal_reader *reader = open_reader(&file);
    struct fore_journal_record record;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fore_journal_reader_seek(reader, 75, NULL), FORE_E_OK);
        assert_int_equal(fore_journal_reader_next(reader, &record, NULL), FORE_E_OK);
        assert_int_equal(record.at, 70);
        assert_string_equal(record.body, "abc");
    }
    assert_true(fore_journal_reader_first(reader) == 70);
    assert_true(fore_journal_reader_last(reader) == 80);
    fore_journal_reader_close(reader);
    fore_buf_fini(&file.bytes);
}

static void a_growing_file_is_followed_record_by_record(void **state)
{
    struct memfile whole = memfile_empty();
    enum fore_err end;
    uint64_t digest = write_facts(&whole, 6, 300, 10, true), seen = 0;
    struct memfile growing = whole;
    growing.visible = 48 + strlen(header.text);
    struct fore_journal_reader *reader = open_reader(&growing);
    assert_true(fore_journal_reader_truncated(reader));
    for (; growing.visible < whole.bytes.len; growing.visible += 37) {
        seen = read_facts(reader, 6, seen, &end);
        assert_int_equal(end, FORE_E_AGAIN);
        if (seen > 0) assert_true(fore_journal_reader_last(reader) >= (seen - 1) * FORE_MS);
    }
    growing.visible = whole.bytes.len;
    assert_int_equal(read_facts(reader, 6, seen, &end), 300);
    assert_int_equal(end, FORE_E_AGAIN);
    assert_false(fore_journal_reader_truncated(reader));
    assert_true(fore_journal_reader_digest(reader) == digest);
    fore_journal_reader_close(reader);
    fore_buf_fini(&whole.bytes);
}

static void a_file_cut_at_any_byte_reads_as_a_prefix(void **state)
{
    struct memfile file = memfile_empty();
    enum fore_err end;
    (void)write_facts(&file, 7, 60, 8, true);
    uint64_t before = 0;
    for (file.visible = 0; file.visible < file.bytes.len; file.visible++) {
        struct fore_journal_reader *reader = NULL;
        struct fore_diag diag = {0};
        bool header_whole = file.visible >= 48 + strlen(header.text);
        enum fore_err err = fore_journal_reader_open(memfile_in(&file), &reader, &diag);
        assert_int_equal(err, header_whole ? FORE_E_OK : FORE_E_FORMAT);
        if (!header_whole) {
            assert_true(strlen(diag.text) > 20);
            continue;
        }
        uint64_t seen = read_facts(reader, 7, 0, &end);
        assert_int_equal(end, FORE_E_AGAIN);
        assert_true(fore_journal_reader_truncated(reader));
        assert_true(seen >= before);
        before = seen;
        fore_journal_reader_close(reader);
    }
    assert_int_equal(before, 60); /* only the index was missing at last */
    fore_buf_fini(&file.bytes);
}

/* Whatever bit flips: what is read is a prefix of the truth, and what is lost is not lost silently:
 * an error, a truncation, or everything is there. */
static void a_flipped_bit_is_detected_or_harmless(void **state)
{
    struct memfile file = memfile_empty();
    (void)write_facts(&file, 8, 60, 8, true);
    for (size_t bit = 0; bit < file.bytes.len * 8; bit++) {
        struct fore_journal_reader *reader = NULL;
        struct fore_diag diag = {0};
        enum fore_err end;
        char *byte = &file.bytes.data[bit / 8];
        *byte = (char)(*byte ^ (1 << bit % 8));
        if (fore_journal_reader_open(memfile_in(&file), &reader, &diag) == FORE_E_OK) {
            uint64_t seen = read_facts(reader, 8, 0, &end);
            bool noticed = end == FORE_E_FORMAT || fore_journal_reader_truncated(reader);
            if (seen != 60 && !noticed) fail_msg("bit %d loses records silently", (int)bit);
            (void)!fore_journal_reader_seek(reader, 55 * FORE_MS, NULL);
            struct fore_journal_record record;
            while (fore_journal_reader_next(reader, &record, NULL) == FORE_E_OK) {
                struct fact fact = fact_of(8, record.at / FORE_MS);
                if (!same(&fact, &record)) fail_msg("bit %d makes a record up", (int)bit);
            }
            fore_journal_reader_close(reader);
        } else {
            assert_true(bit / 8 < 48 + strlen(header.text));
            assert_int_equal(diag.code, FORE_E_FORMAT);
        }
        *byte = (char)(*byte ^ (1 << bit % 8));
    }
    fore_buf_fini(&file.bytes);
}

static void damage_is_an_error_that_names_the_byte_and_stays(void **state)
{
    struct memfile file = memfile_empty();
    (void)write_facts(&file, 9, 120, 0, true); /* three frames: a keyframe every 50 */
    struct fore_journal_reader *reader = open_reader(&file);
    size_t frame = 0;
    for (size_t i = 0; i + 4 < file.bytes.len; i++)
        if (memcmp(file.bytes.data + i, "FRAM", 4) == 0) frame = i;
    file.bytes.data[frame + 60] = (char)(file.bytes.data[frame + 60] ^ 4);
    enum fore_err end;
    assert_int_equal(read_facts(reader, 9, 0, &end), 100);
    assert_int_equal(end, FORE_E_FORMAT);
    struct fore_diag diag = {0};
    struct fore_journal_record record;
    assert_int_equal(fore_journal_reader_next(reader, &record, &diag), FORE_E_FORMAT);
    char where[32];
    (void)snprintf(where, sizeof where, "byte %zu", frame);
    assert_non_null(strstr(diag.text, where));
    assert_non_null(strstr(diag.text, "checksum"));
    assert_int_equal(fore_journal_reader_seek(reader, 60 * FORE_MS, NULL), FORE_E_OK);
    assert_int_equal(read_facts(reader, 9, 50, &end), 100);
    fore_journal_reader_close(reader);
    fore_buf_fini(&file.bytes);
}

static void expect_open_refused(struct memfile *file, const char *words)
{
    struct fore_journal_reader *reader = NULL;
    struct fore_diag diag = {0};
    assert_int_equal(fore_journal_reader_open(memfile_in(file), &reader, &diag), FORE_E_FORMAT);
    if (strstr(diag.text, words) == NULL) fail_msg("\"%s\" does not say \"%s\"", diag.text, words);
}

static void other_files_and_newer_majors_are_refused_with_a_sentence(void **state)
{
    struct memfile file = memfile_empty();
    expect_open_refused(&file, "not a foreshard journal");
    fore_buf_puts(&file.bytes, "t,key,op,size,client\n0,1,get,100,1\n1,2,get,100,1\n");
    expect_open_refused(&file, "not a foreshard journal");
    fore_buf_reset(&file.bytes);
    (void)write_facts(&file, 1, 1, 0, true);
    file.bytes.data[8] = 2;
    expect_open_refused(&file, "newer foreshard");
    file.bytes.data[8] = 1;
    memset(file.bytes.data + 12, 0xff, 4);
    expect_open_refused(&file, "text");
    fore_buf_fini(&file.bytes);
}

static void a_failed_write_is_remembered_and_told_at_the_end(void **state)
{
    struct memfile file = memfile_empty();
    file.fail_after = 300;
    struct fore_journal_writer *writer = fore_journal_writer_create(&header, memfile_out(&file));
    struct fore_sink sink = fore_journal_writer_sink(writer);
    for (uint64_t i = 0; i < 40; i++) {
        struct fact fact = fact_of(2, i);
        fore_sink_put(sink, fact.at, (enum fore_event_kind)fact.kind, fact.body, fact.len);
        fore_journal_writer_flush(writer);
    }
    uint64_t digest = fore_journal_writer_digest(writer);
    struct fore_diag diag = {0};
    assert_int_equal(fore_journal_writer_finish(writer, &diag), FORE_E_IO);
    assert_non_null(strstr(diag.text, "writing failed"));
    fore_journal_writer_destroy(writer);
    assert_true(file.bytes.len <= 300);
    assert_true(digest == write_facts(NULL, 2, 40, 0, true));
    fore_buf_fini(&file.bytes);
}

static void an_empty_journal_is_a_journal(void **state)
{
    struct memfile file = memfile_empty();
    struct fore_journal_record record;
    (void)write_facts(&file, 1, 0, 0, true);
    struct fore_journal_reader *reader = open_reader(&file);
    assert_int_equal(fore_journal_reader_next(reader, &record, NULL), FORE_E_AGAIN);
    assert_false(fore_journal_reader_truncated(reader));
    assert_int_equal(fore_journal_reader_seek(reader, 9, NULL), FORE_E_OK);
    assert_int_equal(fore_journal_reader_next(reader, &record, NULL), FORE_E_AGAIN);
    assert_true(fore_journal_reader_digest(reader) == 0);
    fore_journal_reader_close(reader);
    fore_buf_fini(&file.bytes);
}

/* Written once by the first format 1.0 and kept for ever: what it says must be read so for ever. */
static void the_golden_file_reads_as_it_always_has(void **state)
{
    struct memfile file = memfile_empty();
    struct fore_snapshot snapshot;
    struct fore_journal_record record;
    uint32_t count = 0, strange = 0;
    FILE *f = fopen("tests/golden/journal_v1.fsj", "rb");
    assert_non_null(f); /* tests run from the root of the repository */
    char bytes[4096];
    fore_buf_append(&file.bytes, bytes, fread(bytes, 1, sizeof bytes, f));
    (void)fclose(f);
    struct fore_journal_reader *reader = open_reader(&file);
    assert_int_equal(fore_journal_reader_header(reader)->seed, 2026);
    assert_non_null(strstr(fore_journal_reader_header(reader)->text, "\"golden\""));
    fore_snapshot_init(&snapshot);
    for (; fore_journal_reader_next(reader, &record, NULL) == FORE_E_OK; count++)
        strange += !fore_snapshot_fold(&snapshot, record.at, record.kind, record.body, record.len);
    assert_int_equal(count, 74);
    assert_int_equal(strange, 1); /* a kind that nobody knows yet */
    assert_true(fore_journal_reader_digest(reader) == UINT64_C(0x753548924cd8b00e));
    assert_true(fore_journal_reader_last(reader) == 20 * FORE_SEC);
    assert_int_equal(snapshot.cluster.requests, 20000);
    assert_int_equal(snapshot.topology.alive_count, 9);
    assert_int_equal(snapshot.topology.partition[0].replica[0], 3);
    assert_int_equal(snapshot.alert_total, 1);
    assert_int_equal(snapshot.moves_done, 1);
    assert_true(snapshot.bytes_moved == (double)(1 << 20));
    assert_string_equal(snapshot.score[0].reason, "p99 over 5 ms");
    assert_int_equal(fore_journal_reader_seek(reader, 16 * FORE_SEC, NULL), FORE_E_OK);
    assert_int_equal(fore_journal_reader_next(reader, &record, NULL), FORE_E_OK);
    assert_true(record.at == 15 * FORE_SEC && record.kind == FORE_EV_KEYFRAME);
    fore_snapshot_fini(&snapshot);
    fore_journal_reader_close(reader);
    fore_buf_fini(&file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_read_and_the_digests_agree),
        cmocka_unit_test(the_header_comes_back),
        cmocka_unit_test(the_digest_depends_on_content_and_on_nothing_else),
        cmocka_unit_test(large_payloads_and_repetition_survive_and_shrink),
        cmocka_unit_test(a_seek_lands_on_the_keyframe_before),
        cmocka_unit_test(a_journal_without_keyframes_seeks_to_its_beginning),
        cmocka_unit_test(a_growing_file_is_followed_record_by_record),
        cmocka_unit_test(a_file_cut_at_any_byte_reads_as_a_prefix),
        cmocka_unit_test(a_flipped_bit_is_detected_or_harmless),
        cmocka_unit_test(damage_is_an_error_that_names_the_byte_and_stays),
        cmocka_unit_test(other_files_and_newer_majors_are_refused_with_a_sentence),
        cmocka_unit_test(a_failed_write_is_remembered_and_told_at_the_end),
        cmocka_unit_test(an_empty_journal_is_a_journal),
        cmocka_unit_test(the_golden_file_reads_as_it_always_has),
    };
    return cmocka_run_group_tests_name("core/cluster/journal", tests, NULL, NULL);
}
