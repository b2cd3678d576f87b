#include "workloads/reader.h"

#include "tests/support/near.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { CAP = 64 };

struct world {
    struct scratch scratch;
    struct fore_arena arena;
    struct fore_diag diag;
    struct wl_source source;
    struct wl_request request[CAP];
    size_t count;
};

static int world_begin(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->scratch = scratch_begin();
    *state = world;
    return 0;
}

static int world_end(void **state)
{
    struct world *world = *state;
    scratch_end(&world->scratch);
    fore_arena_fini(&world->arena);
    free(world);
    return 0;
}

static enum fore_err read_file(struct world *world, const char *path,
                               const struct wl_reader_options *options)
{
    world->diag = (struct fore_diag){0};
    world->count = 0;
    FORE_TRY(wl_reader_open(path, options, &world->arena, &world->source, &world->diag));
    enum fore_err err =
        wl_source_next(&world->source, world->request, CAP, &world->count, &world->diag);
    if (err != FORE_E_OK) wl_source_close(&world->source);
    return err;
}

/* Opens and reads up to CAP requests of a text called a.csv. */
static enum fore_err read_csv(struct world *world, const char *text, const char *columns)
{
    const struct wl_reader_options options = {.columns = columns};
    return read_file(world, scratch_text(&world->scratch, "a.csv", text), &options);
}

static void expect_refusal(struct world *world, const char *text, const char *columns,
                           const char *words)
{
    assert_int_equal(read_csv(world, text, columns), FORE_E_FORMAT);
    if (strstr(world->diag.text, words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, world->diag.text);
}

/* ---- csv ---- */

static void columns_are_found_by_name_in_any_order(void **state)
{
    struct world *world = *state;
    assert_int_equal(read_csv(world,
                              "client,junk,OP,key,exec_ms,size,t,group,columns\n"
                              "7,x,R,12345678901234567890,1500,512,100.5,2,5\n"
                              "70000,\"a,b\",set,8,0,0,100.75,0,0\n",
                              NULL),
                     FORE_E_OK);
    assert_int_equal(world->count, 2);
    const struct wl_request *a = &world->request[0], *b = &world->request[1];
    assert_true(a->key == UINT64_C(12345678901234567890));
    assert_int_equal(a->t, 0);
    assert_int_equal(a->bytes, 512);
    assert_int_equal(a->client, 7);
    assert_int_equal(a->op, FORE_QUERY_READ);
    assert_int_equal(a->group, 2);
    assert_int_equal(a->columns, 5);
    assert_int_equal(a->tag, 1500);
    assert_int_equal(b->t, FORE_SEC / 4);
    assert_int_equal(b->key, 8);
    assert_int_equal(b->op, FORE_QUERY_WRITE);
    assert_int_equal(b->client, 70000 & 0xffff);
    wl_source_close(&world->source);
}

static void only_the_key_is_needed(void **state)
{
    struct world *world = *state;
    assert_int_equal(read_csv(world, "key\n5\n6\n7", NULL), FORE_E_OK);
    assert_int_equal(world->count, 3);
    assert_int_equal(world->request[2].t, 2 * FORE_US);
    assert_int_equal(world->request[2].key, 7);
    assert_int_equal(world->request[2].op, FORE_QUERY_READ);
    assert_true(wl_reader_untimed(&world->source));
    assert_non_null(strstr(world->source.info.label, "untimed"));
    wl_source_close(&world->source);
}

static void columns_may_be_given_by_number_or_name(void **state)
{
    static const struct {
        const char *text, *columns;
    } row[] = {
        {"1,x,77,W\n2,y,78,R\n",                   "t=1,key=3,op=4"                              },
        {"when,what,id,how\n1,x,77,W\n2,y,78,R\n", "t=when,key=ID,op=how"                        },
        {"when,what,id,how\n1,x,77,W\n2,y,78,R\n", "t=1,key=3,op=4"                              },
        {"1,x,77,W\n2,y,78,R\n",                   "time-col=1, obj-id-col=3, op-col=4"          },
        {"1;x;77;W\n2;y;78;R\n",                   "t=1,key=3,op=4,delimiter=;"                  },
        {"1\tx\t77\tW\r\n2\ty\t78\tR\r\n",         "t=1,key=3,op=4"                              },
        {"1  x 77 W\n2 y   78 R\n",                "t=1,key=3,op=4"                              },
        {"\n# a comment\n1|x|77|W\n\n2|y|78|R",    "t=1,key=3,op=4,header=no,keys=number"        },
        {"1,x,77,W\n2,y,78,R\n",                   "time-col=1,obj-id-col=3,op-col=4,delimiter=,"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < FORE_COUNTOF(row); i++) {
        if (read_csv(world, row[i].text, row[i].columns) != FORE_E_OK)
            fail_msg("row %zu: %s", i, world->diag.text);
        assert_int_equal(world->count, 2);
        assert_int_equal(world->request[0].key, 77);
        assert_int_equal(world->request[0].op, FORE_QUERY_WRITE);
        assert_int_equal(world->request[1].key, 78);
        assert_int_equal(world->request[1].t, FORE_SEC);
        wl_source_close(&world->source);
    }
}

static void times_are_exact_to_the_nanosecond(void **state)
{
    static const struct {
        const char *text, *unit;
        fore_ns t;
    } row[] = {
        {"t,key\n1700000000,1\n1700000000.123456789,2\n",         "s",  123456789     },
        {"t,key\n1700000000,1\n1700000000.1234567894,2\n",        "s",  123456789     },
        {"t,key\n1700000000000,1\n1700000000000.5,2\n",           "ms", 500000        },
        {"t,key\n1700000000000001,1\n1700000000000003,2\n",       "us", 2000          },
        {"t,key\n1700000000000000001,1\n1700000000000000003,2\n", "ns", 2             },
        {"t,key\n-2.5,1\n-1,2\n",                                 NULL, 1500000000    },
        {"t,key\n0,1\n1.5e2,2\n",                                 "",   150 * FORE_SEC},
        {"t,key\n\"3\",1\n \"4.25\" ,2\n",                        "s",  1250000000    },
        {"t,key\n.5,1\n0.75,2\n",                                 "s",  250000000     },
    };
    struct world *world = *state;
    for (size_t i = 0; i < FORE_COUNTOF(row); i++) {
        const struct wl_reader_options options = {.time_unit = row[i].unit};
        if (read_file(world, scratch_text(&world->scratch, "a.csv", row[i].text), &options) !=
            FORE_E_OK)
            fail_msg("row %zu: %s", i, world->diag.text);
        assert_int_equal(world->request[1].t, row[i].t);
        wl_source_close(&world->source);
    }
}

static void text_keys_are_hashed_and_equal_when_equal(void **state)
{
    struct world *world = *state;
    assert_int_equal(read_csv(world, "key\nuser:1\n17\n\"user:1\"\n\nuser:2\n", NULL), FORE_E_OK);
    assert_true(world->source.info.string_keys);
    assert_int_equal(world->count, 4);
    assert_true(world->request[0].key == world->request[2].key);
    assert_true(world->request[0].key != world->request[3].key);
    wl_source_close(&world->source);
    assert_int_equal(read_csv(world, "key\n1\nx\n", "keys=text"), FORE_E_OK);
    assert_int_equal(world->count, 2);
    wl_source_close(&world->source);
}

static void long_keys_do_not_hurt(void **state)
{
    enum { LONG = 16 << 10, TOO_LONG = 64 << 10, HUGE_LINE = 2 << 20 };
    struct world *world = *state;
    char *text = malloc(HUGE_LINE + 64);
    strcpy(text, "key,op\n");
    for (int i = 0; i < 6; i++) { /* six rows pass the buffer's end somewhere */
        size_t at = strlen(text);
        memset(text + at, 'a' + i, LONG);
        strcpy(text + at + LONG, ",W\n");
    }
    assert_int_equal(read_csv(world, text, NULL), FORE_E_OK);
    assert_int_equal(world->count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(world->request[i].op, FORE_QUERY_WRITE);
    wl_source_close(&world->source);
    memset(text + 7, 'x', TOO_LONG);
    strcpy(text + 7 + TOO_LONG, ",W\n");
    expect_refusal(world, text, NULL, "longer than 16 KiB");
    memset(text + 7, 'x', HUGE_LINE);
    text[HUGE_LINE + 7] = '\0';
    expect_refusal(world, text, NULL, "longer than 1 MiB");
    free(text);
}

static void bad_rows_name_file_line_and_column(void **state)
{
    struct world *world = *state;
    expect_refusal(world, "t,key\n1,2\nx,3\n", NULL, "a.csv:3: column t: \"x\"");
    expect_refusal(world, "t,key\n1,2\n2,3x\n", NULL, "a.csv:3: column key: \"3x\"");
    expect_refusal(world, "t,key\n1,2\n2,99999999999999999999\n", NULL, "a.csv:3: column key");
    expect_refusal(world, "t,key,size\n1,2,-4\n", NULL, "a.csv:2: column size: \"-4\"");
    expect_refusal(world, "t,key,group\n1,2,4\n", NULL, "groups are 0 to 3");
    expect_refusal(world, "t,key,op\r\n1,2\r\n", NULL, "a.csv:2: the row has 2 columns");
    expect_refusal(world, "t,key\n10,2\n9.5,3\n", NULL, "a.csv:3: time goes back by 0.5 s");
    expect_refusal(world, "t,key\n1700000000000,2\n", NULL, "time unit");
    expect_refusal(world, "t,key\n1e40,2\n", NULL, "time unit");
    expect_refusal(world, "t,key\nnan,2\n", NULL, "not a number");
    expect_refusal(world, "t,key\n\x01\x02,2\n", NULL, "\"??\"");
}

static void bad_headers_and_specifications_say_what_to_do(void **state)
{
    struct world *world = *state;
    expect_refusal(world, "", NULL, "empty");
    expect_refusal(world, "\n\n", NULL, "no rows");
    expect_refusal(world, "t,key\n", NULL, "header but no rows");
    expect_refusal(world, "a,b\nc,d\n", NULL, "no column is called key");
    expect_refusal(world, "1,2\n3,4\n", NULL, "no header line");
    expect_refusal(world, "1,2\n", "t=1", "key is missing");
    expect_refusal(world, "1,2\n", "key=3", "no column 3 for key");
    expect_refusal(world, "1,2\n", "key=0", "no column 0 for key");
    expect_refusal(world, "a,b\n", "key=c", "no column c for key");
    expect_refusal(world, "a,b\n", "keyy=1", "did you mean key");
    expect_refusal(world, "a,b\n", "key", "should look like t=1,key=2");
    const struct wl_reader_options unit = {.time_unit = "h"};
    assert_int_equal(
        read_file(world, scratch_text(&world->scratch, "a.csv", "t,key\n1,2\n"), &unit),
        FORE_E_FORMAT);
    const struct wl_reader_options format = {.format = "cvs"};
    assert_int_equal(read_file(world, world->scratch.path, &format), FORE_E_FORMAT);
    assert_non_null(strstr(world->diag.text, "did you mean csv"));
}

static void unknown_operations_are_counted_by_name(void **state)
{
    struct world *world = *state;
    const struct wl_reader_op *op;
    assert_int_equal(read_csv(world, "key,op\n1,a2q\n2,GET\n3,TXT_2_IMG\n4,a2q\n5,\n", NULL),
                     FORE_E_OK);
    assert_int_equal(world->request[0].op, FORE_QUERY_OTHER);
    assert_int_equal(world->request[1].op, FORE_QUERY_READ);
    assert_int_equal(world->request[4].op, FORE_QUERY_READ);
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(wl_reader_other_ops(&world->source, &op), 2);
        assert_string_equal(op[0].name, "a2q");
        assert_int_equal(op[0].count, 2);
        assert_string_equal(op[1].name, "TXT_2_IMG");
        assert_int_equal(op[1].count, 1);
        assert_int_equal(wl_source_rewind(&world->source, &world->diag), FORE_E_OK);
        assert_int_equal(
            wl_source_next(&world->source, world->request, CAP, &world->count, &world->diag),
            FORE_E_OK);
    }
    wl_source_close(&world->source);
}

static void many_operation_names_stay_in_bounded_memory(void **state)
{
    struct world *world = *state;
    char *text = malloc(1 << 20);
    size_t len = (size_t)sprintf(text, "key,op\n");
    for (int i = 0; i < 50; i++)
        len += (size_t)sprintf(text + len, "1,name%d\n", i);
    assert_int_equal(read_csv(world, text, NULL), FORE_E_OK);
    const struct wl_reader_op *op;
    size_t rows = wl_reader_other_ops(&world->source, &op);
    assert_int_equal(rows, 16);
    assert_string_equal(op[rows - 1].name, "(others)");
    assert_int_equal(op[rows - 1].count, 50 - 15);
    wl_source_close(&world->source);
    free(text);
}

static void rewinding_gives_the_same_requests(void **state)
{
    struct world *world = *state;
    char *text = malloc(1 << 20);
    size_t len = (size_t)sprintf(text, "\xEF\xBB\xBFt,key,size\n");
    for (int i = 0; i < 30000; i++)
        len += (size_t)sprintf(text + len, "%d.%03d,%d,%d\n", i / 7, i % 7, i * 31, i % 100);
    assert_int_equal(read_csv(world, text, NULL), FORE_E_OK);
    static struct wl_request first[30000], again[30000];
    memcpy(first, world->request, world->count * sizeof *first);
    size_t total = world->count, n;
    while (wl_source_next(&world->source, first + total, 777, &n, &world->diag) == FORE_E_OK && n)
        total += n;
    assert_int_equal(total, 30000);
    assert_int_equal(first[29999].key, 29999 * 31);
    assert_int_equal(wl_source_rewind(&world->source, &world->diag), FORE_E_OK);
    for (total = 0; wl_source_next(&world->source, again + total, 30000 - total, &n,
                                   &world->diag) == FORE_E_OK &&
                    n > 0;)
        total += n;
    assert_int_equal(total, 30000);
    assert_memory_equal(first, again, sizeof first);
    wl_source_close(&world->source);
    free(text);
}

/* ---- binary formats ---- */

static void put(unsigned char *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static size_t oracle_bytes(unsigned char *out, int records)
{
    for (int i = 0; i < records; i++) {
        unsigned char *p = out + i * 24;
        put(p, (uint64_t)(1000 + i / 2), 4);
        put(p + 4, UINT64_C(0x1122334455667788) + (uint64_t)i, 8);
        put(p + 12, (uint64_t)(4096 + i), 4);
        put(p + 16, i % 2 ? UINT64_MAX : (uint64_t)i + 5, 8);
    }
    return (size_t)records * 24;
}

static void oracle_general_is_read_and_recognised(void **state)
{
    struct world *world = *state;
    unsigned char bytes[24 * 8];
    size_t len = oracle_bytes(bytes, 8);
    assert_int_equal(read_file(world, scratch_put(&world->scratch, "nameless", bytes, len), NULL),
                     FORE_E_OK);
    assert_string_equal(world->source.info.kind, "oracleGeneral");
    assert_int_equal(world->count, 8);
    assert_true(world->request[3].key == UINT64_C(0x1122334455667788) + 3);
    assert_int_equal(world->request[3].t, FORE_SEC);
    assert_int_equal(world->request[3].bytes, 4099);
    wl_source_close(&world->source);

    assert_int_equal(
        read_file(world, scratch_put(&world->scratch, "a.oracleGeneral.bin", bytes, len - 5), NULL),
        FORE_E_FORMAT);
    assert_non_null(strstr(world->diag.text, "record 8 is cut off"));
    put(bytes + 24 * 4, 3, 4);
    assert_int_equal(
        read_file(world, scratch_put(&world->scratch, "a.oracleGeneral", bytes, len), NULL),
        FORE_E_FORMAT);
    assert_non_null(strstr(world->diag.text, "record 5 goes back in time"));
}

static void both_vscsi_versions_are_read_and_recognised(void **state)
{
    struct world *world = *state;
    for (int version = 1; version <= 2; version++) {
        unsigned char bytes[40 * 3] = {0};
        size_t size = version == 1 ? 32 : 40;
        for (unsigned i = 0; i < 3; i++) {
            unsigned char *p = bytes + i * size;
            put(p + (version == 1 ? 12 : 0), i == 0 ? 0x28 : i == 1 ? 0x8A : 0x35, 2);
            put(p + (version == 1 ? 14 : 2), (uint64_t)version << 8, 2);
            put(p + (version == 1 ? 4 : 8), 512 * (i + 1), 4);
            put(p + 16, 900 + i, 8);
            put(p + 24, 5000000 + 250 * i, 8);
        }
        assert_int_equal(
            read_file(world, scratch_put(&world->scratch, "nameless", bytes, 3 * size), NULL),
            FORE_E_OK);
        assert_string_equal(world->source.info.kind, "vscsi");
        assert_int_equal(world->count, 3);
        assert_int_equal(world->request[0].op, FORE_QUERY_READ);
        assert_int_equal(world->request[1].op, FORE_QUERY_WRITE);
        assert_int_equal(world->request[2].op, FORE_QUERY_OTHER);
        assert_int_equal(world->request[2].key, 902);
        assert_int_equal(world->request[2].bytes, 1536);
        assert_int_equal(world->request[2].t, 500 * FORE_US);
        wl_source_close(&world->source);
        put(bytes + 2 * size + (version == 1 ? 14 : 2), 9 << 8, 2);
        assert_int_equal(
            read_file(world, scratch_put(&world->scratch, "a.vscsi", bytes, 3 * size), NULL),
            FORE_E_FORMAT);
        assert_non_null(strstr(world->diag.text, "record 3 is damaged"));
    }
}

static void be32_keys_are_big_endian_and_untimed(void **state)
{
    struct world *world = *state;
    static const unsigned char bytes[] = {0, 0, 1, 2, 0xff, 0xee, 0xdd, 0xcc};
    assert_int_equal(read_file(world, scratch_put(&world->scratch, "a.be32", bytes, 8), NULL),
                     FORE_E_OK);
    assert_int_equal(world->count, 2);
    assert_int_equal(world->request[0].key, 258);
    assert_true(world->request[1].key == 0xffeeddcc);
    assert_int_equal(world->request[1].t, FORE_US);
    assert_true(wl_reader_untimed(&world->source));
    wl_source_close(&world->source);
}

static void unrecognisable_bytes_are_refused_with_the_choices(void **state)
{
    struct world *world = *state;
    static const unsigned char bytes[64] = {1, 2, 3, 250, 9, 8, 7, 6};
    assert_int_equal(read_file(world, scratch_put(&world->scratch, "a.bin", bytes, 63), NULL),
                     FORE_E_FORMAT);
    assert_non_null(strstr(world->diag.text, "be32"));
}

static void the_shared_traces_have_the_rows_their_readme_says(void **state)
{
    static const struct {
        const char *path, *columns;
        uint64_t rows;
    } row[] = {
        {"../shared/data/key/mathoverflow.csv.zst",            NULL,               506550 },
        {"../shared/data/key/email_eu.csv.zst",                NULL,               332334 },
        {"../shared/data/key/genai_lora_requests.csv.zst",     NULL,               26823  },
        {"../shared/data/key/cloudphysics_2h.csv.zst",         NULL,               113872 },
        {"../shared/data/key/fb2010_jobs.orig.tsv.zst",        "t=2,key=7,size=4", 25428  },
        {"../shared/data/key/seq_orm-busy.first2500k.be32.xz", NULL,               2500000},
        {"../shared/data/key/seq_web07.be32.xz",               NULL,               76118  },
        {"../shared/data/key/seq_arc_OLTP.lis.zst",            NULL,               914145 },
    };
    struct world *world = *state;
    if (access(row[0].path, R_OK) != 0) {
        (void)fprintf(stderr, "skipped: %s is not here\n", row[0].path);
        skip();
    }
    for (size_t i = 0; i < FORE_COUNTOF(row); i++) {
        const struct wl_reader_options options = {.columns = row[i].columns};
        if (read_file(world, row[i].path, &options) != FORE_E_OK) fail_msg("%s", world->diag.text);
        uint64_t rows = 0;
        while (world->count > 0) {
            rows += world->count;
            assert_int_equal(
                wl_source_next(&world->source, world->request, CAP, &world->count, &world->diag),
                FORE_E_OK);
        }
        assert_int_equal(rows, row[i].rows);
        wl_source_close(&world->source);
    }
}

#define reader_test(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        reader_test(columns_are_found_by_name_in_any_order),
        reader_test(only_the_key_is_needed),
        reader_test(columns_may_be_given_by_number_or_name),
        reader_test(times_are_exact_to_the_nanosecond),
        reader_test(text_keys_are_hashed_and_equal_when_equal),
        reader_test(long_keys_do_not_hurt),
        reader_test(bad_rows_name_file_line_and_column),
        reader_test(bad_headers_and_specifications_say_what_to_do),
        reader_test(unknown_operations_are_counted_by_name),
        reader_test(many_operation_names_stay_in_bounded_memory),
        reader_test(rewinding_gives_the_same_requests),
        reader_test(oracle_general_is_read_and_recognised),
        reader_test(both_vscsi_versions_are_read_and_recognised),
        reader_test(be32_keys_are_big_endian_and_untimed),
        reader_test(unrecognisable_bytes_are_refused_with_the_choices),
        reader_test(the_shared_traces_have_the_rows_their_readme_says),
    };
    return cmocka_run_group_tests_name("workloads/reader", tests, NULL, NULL);
}
