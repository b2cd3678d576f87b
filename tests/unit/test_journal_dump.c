#include "experiments/journal_dump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/act/migrate.h"
#include "experiments/journal_shape.h"
#include "tests/support/journal_sample.h"

static struct fore_journal_record record_of(enum fore_event_kind kind, const void *body, size_t len)
{
    return (struct fore_journal_record){
        .at = 1500 * FORE_MS, .kind = kind, .body = body, .len = len};
}

static void a_move_is_one_line_in_words(void **state)
{
    struct {
        struct fore_event_move move;
        char note[16];
    } body = {
        .move = {.ticket = 7,
                 .plan = 3,
                 .bytes_done = 10,
                 .bytes_total = 20,
                 .partition = 4,
                 .other = UINT32_MAX,
                 .source = 1,
                 .target = 2,
                 .kind = FORE_MOVE_MOVE,
                 .state = FORE_MIGRATE_COMPARE,
                 .phase = FORE_PHASE_READY},
        .note = "digests\nagree"
    };
    struct fore_journal_record record = record_of(FORE_EV_MOVE, &body, sizeof body);
    struct fore_buf out = {0};
    lab_journal_dump_text(&record, &out);
    assert_string_equal(out.data,
                        "1.500000 move ticket=7 plan=3 kind=move state=compare phase=ready "
                        "partition=4 other=- source=1 target=2 bytes_done=10 bytes_total=20 "
                        "began_s=0 bytes_per_sec_max=0 paused=no note=\"digests agree\"\n");
    fore_buf_reset(&out);
    lab_journal_dump_json(&record, &out);
    assert_non_null(strstr(out.data, "{\"t_s\":1.5,\"kind\":\"move\",\"ticket\":7,"));
    assert_non_null(strstr(out.data, "\"other\":null"));
    assert_non_null(strstr(out.data, "\"note\":\"digests agree\"}\n"));
    fore_buf_fini(&out);
}

static void arrays_follow_their_counts(void **state)
{
    struct {
        struct fore_event_forecast head;
        float q[3][2];
    } body = {
        .head = {.partition = 5, .steps = 2, .step_ns = 60 * FORE_SEC, .model = "spar"},
        .q = {{1, 2},              {3, 4},                   {5, 6}                       }
    };
    struct fore_journal_record record = record_of(FORE_EV_FORECAST, &body, sizeof body);
    struct fore_buf out = {0};
    lab_journal_dump_json(&record, &out);
    assert_non_null(
        strstr(out.data, "\"model\":\"spar\",\"q10\":[1,2],\"q50\":[3,4],\"q90\":[5,6]}"));
    fore_buf_fini(&out);
}

static void a_kind_of_a_newer_version_is_named_by_its_number(void **state)
{
    struct fore_journal_record record = record_of((enum fore_event_kind)99, "abcdefgh", 8);
    struct fore_buf out = {0};
    lab_journal_dump_text(&record, &out);
    assert_string_equal(out.data, "1.500000 kind-99 bytes=8\n");
    fore_buf_fini(&out);
}

/* Every prefix of every event of a believable run: nothing is read past the end (the copy is
 * exactly as long, so a sanitizer would see it), and a payload cut inside its head says so. */
static void every_short_payload_is_cut_not_read(void *self, fore_ns at, enum fore_event_kind kind,
                                                const void *body, size_t len)
{
    unsigned *seen = self;
    if (seen[kind]++ > 2) return;
    struct fore_buf out = {0};
    for (size_t cut = 0; cut <= len && cut < 300; cut++) {
        unsigned char *copy = malloc(cut > 0 ? cut : 1);
        assert_non_null(copy);
        memcpy(copy, body, cut);
        struct fore_journal_record record = {.at = at, .kind = kind, .body = copy, .len = cut};
        lab_journal_dump_text(&record, &out);
        lab_journal_dump_json(&record, &out);
        free(copy);
    }
    fore_buf_reset(&out);
    struct fore_journal_record record = {.at = at, .kind = kind, .body = body, .len = len};
    lab_journal_dump_text(&record, &out);
    assert_null(strstr(out.data, "(short)"));
    const struct lab_shape *shape = lab_journal_shape(kind);
    assert_non_null(shape);
    if (shape->head > 8) {
        fore_buf_reset(&out);
        record.len = 4;
        lab_journal_dump_text(&record, &out);
        assert_non_null(strstr(out.data, "(short)"));
    }
    fore_buf_fini(&out);
}

static void the_dump_survives_every_short_payload(void **state)
{
    unsigned seen[64] = {0};
    struct sample_options options = sample_defaults();
    options.duration = 3600 * FORE_SEC;
    sample_play(&options,
                (struct fore_sink){.put = every_short_payload_is_cut_not_read, .self = seen});
    assert_true(seen[FORE_EV_KEYFRAME] > 0 && seen[FORE_EV_NODE_LOAD] > 0);
}

static void every_kind_has_a_shape(void **state)
{
    for (int kind = 1; fore_event_kind_text((enum fore_event_kind)kind) != NULL; kind++)
        assert_non_null(lab_journal_shape((enum fore_event_kind)kind));
    assert_null(lab_journal_shape((enum fore_event_kind)0));
    assert_null(lab_journal_shape((enum fore_event_kind)60000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_move_is_one_line_in_words),
        cmocka_unit_test(arrays_follow_their_counts),
        cmocka_unit_test(a_kind_of_a_newer_version_is_named_by_its_number),
        cmocka_unit_test(the_dump_survives_every_short_payload),
        cmocka_unit_test(every_kind_has_a_shape),
    };
    return cmocka_run_group_tests_name("experiments/journal_dump", tests, NULL, NULL);
}
