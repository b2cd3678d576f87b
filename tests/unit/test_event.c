#include "core/base/buf.h"
#include "core/cluster/event.h"
#include "core/cluster/topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct kept {
    fore_ns at;
    enum fore_event_kind kind;
    struct fore_buf body;
    int count;
};

static void keep(void *self, fore_ns at, enum fore_event_kind kind, const void *body, size_t len)
{
    struct kept *kept = self;
    kept->at = at;
    kept->kind = kind;
    kept->count++;
    fore_buf_reset(&kept->body);
    fore_buf_append(&kept->body, body, len);
}

static void every_kind_has_its_own_name_and_strangers_none(void **state)
{
    for (int i = FORE_EV_KEYFRAME; i <= FORE_EV_ORDER; i++) {
        const char *text = fore_event_kind_text((enum fore_event_kind)i);
        assert_non_null(text);
        for (int j = FORE_EV_KEYFRAME; j < i; j++)
            assert_string_not_equal(text, fore_event_kind_text((enum fore_event_kind)j));
    }
    assert_string_equal(fore_event_kind_text(FORE_EV_MOVE), "move");
    assert_string_equal(fore_order_kind_text(FORE_ORDER_WHAT_IF), "what-if");
    assert_null(fore_order_kind_text(FORE_ORDERS));
    assert_null(fore_event_kind_text((enum fore_event_kind)0));
    assert_null(fore_event_kind_text((enum fore_event_kind)21));
    assert_null(fore_event_kind_text((enum fore_event_kind)65535));
}

static void numbers_of_kinds_never_change(void **state)
{
    assert_int_equal(FORE_EV_KEYFRAME, 1);
    assert_int_equal(FORE_EV_SCORE, 7);
    assert_int_equal(FORE_EV_MOVE, 9);
    assert_int_equal(FORE_EV_RESULT, 15);
    assert_int_equal(FORE_EV_FALLBACK, 16);
    assert_int_equal(FORE_EV_RESOLVED, 17);
    assert_int_equal(FORE_EV_GAIN, 18);
    assert_int_equal(FORE_EV_WHY, 19);
    assert_int_equal(FORE_EV_ORDER, 20);
    assert_int_equal(FORE_ORDER_CANCEL_MOVE, 12);
}

static void a_sink_without_put_swallows(void **state)
{
    struct fore_sink nowhere = {0};
    fore_sink_put(nowhere, 1, FORE_EV_NOTE, "x", 1);
    fore_sink_put_text(nowhere, 1, FORE_EV_NOTE, "x", 1, "y");
}

static void text_follows_the_struct_with_its_nul(void **state)
{
    struct kept kept = {0};
    struct fore_sink sink = {.put = keep, .self = &kept};
    struct fore_event_score score = {.partition = 3, .rrs = 0.5f};
    fore_sink_put_text(sink, 77, FORE_EV_SCORE, &score, sizeof score, "too hot");
    assert_int_equal(kept.at, 77);
    assert_int_equal(kept.kind, FORE_EV_SCORE);
    assert_int_equal(kept.body.len, sizeof score + 8);
    assert_memory_equal(kept.body.data, &score, sizeof score);
    assert_string_equal(kept.body.data + sizeof score, "too hot");

    char lengthy[5000];
    memset(lengthy, 'a', sizeof lengthy);
    lengthy[sizeof lengthy - 1] = '\0';
    fore_sink_put_text(sink, 78, FORE_EV_SCORE, &score, sizeof score, lengthy);
    assert_int_equal(kept.body.len, sizeof score + sizeof lengthy);
    assert_string_equal(kept.body.data + sizeof score, lengthy);
    assert_int_equal(kept.count, 2);
    fore_buf_fini(&kept.body);
}

static void a_keyframe_holds_the_whole_topology_and_no_stray_bytes(void **state)
{
    struct fore_arena arena;
    struct fore_topology t;
    struct fore_buf out = {0}, again = {0};
    fore_arena_init(&arena);
    fore_topology_init(&t, &arena, 2, 1, 8);
    memset(t.node[0].name, 'x', sizeof t.node[0].name); /* bytes behind a name's end */
    memcpy(t.node[0].name, "a", 2);
    memset(t.node[1].name, 'y', sizeof t.node[1].name); /* and a name without an end */
    t.node[1].cores = 4;
    t.node[1].up = true;
    t.table[0] = (struct fore_table){.name = "t", .last = 99};
    struct fore_partition p = {
        .last = 99, .bytes = 7, .replica_count = 1, .replica = {1, 0xbad}
    };
    assert_int_equal(fore_topology_add(&t, &p, NULL), FORE_E_OK);
    assert_int_equal(fore_topology_check(&t, NULL), FORE_E_OK);
    for (uint64_t at = 40; at <= 80; at += 20)
        assert_int_equal(fore_topology_split(&t, 0, 100 - at, 0.5, NULL), FORE_E_OK);
    assert_int_equal(fore_topology_merge(&t, 0, 3), FORE_E_OK);
    assert_int_equal(fore_topology_merge(&t, 0, 2), FORE_E_OK);
    fore_event_keyframe_build(&t, &out);

    struct fore_event_keyframe head;
    memcpy(&head, out.data, sizeof head);
    assert_int_equal(head.epoch, t.epoch);
    assert_int_equal(head.node_count, 2);
    assert_int_equal(head.partition_count, t.partition_count);
    assert_int_equal(out.len, sizeof head + 2 * sizeof(struct fore_event_node) +
                                  sizeof(struct fore_event_table) +
                                  t.partition_count * sizeof(struct fore_event_partition));
    struct fore_event_node node[2];
    memcpy(node, out.data + sizeof head, sizeof node);
    const char clean[24] = "a";
    assert_memory_equal(node[0].name, clean, sizeof clean);
    assert_int_equal(node[1].name[22], 'y');
    assert_int_equal(node[1].name[23], 0);
    assert_int_equal(node[1].up, 1);
    struct fore_event_partition first;
    memcpy(&first, out.data + out.len - t.partition_count * sizeof first, sizeof first);
    assert_int_equal(first.replica[0], 1);
    assert_int_equal(first.replica[1], 0);

    fore_event_keyframe_build(&t, &again);
    fore_event_keyframe_build(&t, &again); /* replaces, does not append */
    assert_int_equal(again.len, out.len);
    assert_memory_equal(again.data, out.data, out.len);
    fore_buf_fini(&out);
    fore_buf_fini(&again);
    fore_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_its_own_name_and_strangers_none),
        cmocka_unit_test(numbers_of_kinds_never_change),
        cmocka_unit_test(a_sink_without_put_swallows),
        cmocka_unit_test(text_follows_the_struct_with_its_nul),
        cmocka_unit_test(a_keyframe_holds_the_whole_topology_and_no_stray_bytes),
    };
    return cmocka_run_group_tests_name("core/cluster/event", tests, NULL, NULL);
}
