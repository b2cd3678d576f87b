#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"

#include <cmocka.h>

#include "core/base/rng.h"

static void a_buffer_ends_with_a_nul_it_does_not_count(void **state)
{
    struct fore_buf buf = {0};
    fore_buf_append(&buf, NULL, 0);
    assert_string_equal(buf.data, "");
    for (int i = 0; i < 1000; i++)
        fore_buf_printf(&buf, "%d,", i % 10);
    assert_int_equal(buf.len, 2000);
    assert_int_equal(strlen(buf.data), 2000);
    fore_buf_append(&buf, "a\0b", 3);
    assert_int_equal(buf.len, 2003);
    fore_buf_reset(&buf);
    assert_string_equal(buf.data, "");
    fore_buf_puts(&buf, "again");
    assert_string_equal(buf.data, "again");
    fore_buf_fini(&buf);
    assert_null(buf.data);
}

static void write_sample(struct fore_json *json)
{
    fore_json_object(json, NULL);
    fore_json_string(json, "name", "a \"b\"\\\n\x01");
    fore_json_array(json, "x");
    fore_json_u64(json, NULL, UINT64_MAX);
    fore_json_i64(json, NULL, INT64_MIN);
    fore_json_f64(json, NULL, 0.1);
    fore_json_array_end(json);
    fore_json_object(json, "none");
    fore_json_object_end(json);
    fore_json_bool(json, "yes", true);
    fore_json_f64(json, "nan", (double)NAN);
    fore_json_f64(json, "inf", -(double)INFINITY);
    fore_json_string(json, "null", NULL);
    fore_json_object_end(json);
}

static void json_is_compact_on_request(void **state)
{
    struct fore_buf buf = {0};
    struct fore_json json = fore_json_begin(&buf, false);
    write_sample(&json);
    assert_string_equal(buf.data, "{\"name\":\"a \\\"b\\\"\\\\\\n\\u0001\","
                                  "\"x\":[18446744073709551615,-9223372036854775808,0.1],"
                                  "\"none\":{},\"yes\":true,\"nan\":null,\"inf\":null,"
                                  "\"null\":null}");
    fore_buf_fini(&buf);
}

static void json_is_indented_on_request(void **state)
{
    struct fore_buf buf = {0};
    struct fore_json json = fore_json_begin(&buf, true);
    fore_json_object(&json, NULL);
    fore_json_array(&json, "x");
    fore_json_u64(&json, NULL, 1);
    fore_json_u64(&json, NULL, 2);
    fore_json_array_end(&json);
    fore_json_bool(&json, "no", false);
    fore_json_object_end(&json);
    assert_string_equal(buf.data, "{\n  \"x\": [\n    1,\n    2\n  ],\n  \"no\": false\n}");
    fore_buf_fini(&buf);
}

static const char *quoted(struct fore_buf *buf, const char *text)
{
    fore_buf_reset(buf);
    struct fore_json json = fore_json_begin(buf, false);
    fore_json_string(&json, NULL, text);
    return buf->data;
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
    struct fore_buf buf = {0};
    assert_string_equal(quoted(&buf, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
                        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    assert_string_equal(quoted(&buf, "a\xff"
                                     "b"),
                        "\"a\\ufffdb\"");
    assert_string_equal(quoted(&buf, "\xc0\xaf"), "\"\\ufffd\\ufffd\"");            /* overlong */
    assert_string_equal(quoted(&buf, "\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\""); /* surrogate */
    assert_string_equal(quoted(&buf, "\xe2\x82"), "\"\\ufffd\\ufffd\"");            /* cut short */
    assert_string_equal(quoted(&buf, "\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
    fore_buf_fini(&buf);
}

static void doubles_read_back_equal(void **state)
{
    struct fore_buf buf = {0};
    struct fore_rng rng = fore_rng_stream(1, "json", 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = fore_rng_u64(&rng);
        double x = 0;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x)) continue;
        fore_buf_reset(&buf);
        struct fore_json json = fore_json_begin(&buf, false);
        fore_json_f64(&json, NULL, x);
        assert_true(strtod(buf.data, NULL) == x);
    }
    fore_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_ends_with_a_nul_it_does_not_count),
        cmocka_unit_test(json_is_compact_on_request),
        cmocka_unit_test(json_is_indented_on_request),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
        cmocka_unit_test(doubles_read_back_equal),
    };
    return cmocka_run_group_tests_name("core/base/buf, json", tests, NULL, NULL);
}
