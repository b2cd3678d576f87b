/* test_live_capture.c - commands in packets: whole, in parts, seen twice, with holes, over IPv4 and
 * IPv6, among junk. The packets are made here, byte by byte. */
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "live/redis/capture_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct live_commands commands = {
    .row = {{.name = "get", .first_key = 1},
            {.name = "set", .first_key = 1, .write = true},
            {.name = "xread", .first_key = 1, .keyword = "STREAMS", .keyword_from = 1}},
    .count = 3
};
enum { FOO = 12182 }; /* the slot of "foo" */

static struct live_capture_parser *new_parser(void)
{
    struct live_capture_parser *parser = calloc(1, sizeof *parser);
    assert_non_null(parser);
    parser->commands = &commands;
    return parser;
}

/* An Ethernet frame from 127.0.0.1:`port` to :7000. */
static size_t frame(unsigned char *out, uint16_t port, uint32_t seq, unsigned flags,
                    const char *text, size_t len)
{
    memset(out, 0, 54);
    out[12] = 8; /* IPv4 */
    unsigned char *ip = out + 14, *tcp = out + 34;
    ip[0] = 0x45;
    ip[2] = (unsigned char)((40 + len) >> 8);
    ip[3] = (unsigned char)(40 + len);
    ip[9] = 6;
    ip[12] = ip[16] = 127;
    ip[15] = ip[19] = 1;
    tcp[0] = (unsigned char)(port >> 8);
    tcp[1] = (unsigned char)port;
    tcp[2] = 7000 >> 8;
    tcp[3] = 7000 & 255;
    for (int i = 0; i < 4; i++)
        tcp[4 + i] = (unsigned char)(seq >> (24 - 8 * i));
    tcp[12] = 5 << 4;
    tcp[13] = (unsigned char)flags;
    memcpy(out + 54, text, len);
    return 54 + len;
}

static void send_part(struct live_capture_parser *parser, uint16_t port, uint32_t seq,
                      const char *text, size_t len)
{
    unsigned char bytes[4096];
    live_capture_packet(parser, LIVE_LINK_ETHERNET, bytes, frame(bytes, port, seq, 0, text, len));
}

static void send_text(struct live_capture_parser *parser, uint16_t port, uint32_t seq,
                      const char *text)
{
    send_part(parser, port, seq, text, strlen(text));
}

#define GET "*2\r\n$3\r\nGET\r\n$3\r\nfoo\r\n"
#define SET "*3\r\n$3\r\nset\r\n$3\r\nfoo\r\n$11\r\n*2\r\n$3\r\nabc\r\n"

static void commands_are_counted_at_their_slots(void **state)
{
    (void)state;
    struct live_capture_parser *p = new_parser();
    send_text(p, 5000, 100, GET SET GET);
    assert_int_equal(p->counts.reads[FOO], 2);
    assert_int_equal(p->counts.writes[FOO], 1);
    send_text(p, 5001, 1, "*1\r\n$4\r\nPING\r\n" GET);
    send_text(p, 5001, 1 + 14 + 22,
              "*4\r\n$5\r\nxread\r\n$7\r\nstreams\r\n$3\r\nfoo\r\n$1\r\n0\r\n");
    assert_int_equal(p->counts.reads[FOO], 4);
    assert_int_equal(p->counts.commands, 5);
    assert_int_equal(p->counts.gaps + p->counts.strange, 0);
    free(p);
}

/* Cut at any place, over the wrap of sequence numbers: as if whole. */
static void segments_may_be_cut_anywhere(void **state)
{
    (void)state;
    static const char all[] = GET SET "*2\r\n$3\r\nGET\r\n$600\r\n";
    char text[2000];
    size_t len = sizeof all - 1;
    memcpy(text, all, len);
    memset(text + len, 'x', 600); /* a key too long to keep: not counted, and nothing breaks */
    memcpy(text + len + 600, "\r\n" GET, 2 + sizeof GET - 1);
    len += 602 + sizeof GET - 1;
    struct fore_rng rng = fore_rng_stream(1, "test.capture", 0);
    for (int round = 0; round < 500; round++) {
        struct live_capture_parser *p = new_parser();
        uint32_t seq = round % 2 == 0 ? UINT32_MAX - 50 : 7;
        for (size_t at = 0; at < len;) {
            size_t part = 1 + fore_rng_below(&rng, 60);
            if (part > len - at) part = len - at;
            send_part(p, 5000, seq + (uint32_t)at, text + at, part);
            if (fore_rng_below(&rng, 3) == 0) /* and once more */
                send_part(p, 5000, seq + (uint32_t)at, text + at, part);
            at += part;
        }
        assert_int_equal(p->counts.reads[FOO], 2);
        assert_int_equal(p->counts.writes[FOO], 1);
        assert_int_equal(p->counts.commands, 3);
        free(p);
    }
}

static void after_a_hole_it_goes_on_at_the_next_command(void **state)
{
    (void)state;
    struct live_capture_parser *p = new_parser();
    send_text(p, 5000, 100, "*3\r\n$3\r\nset\r\n$3\r\nfoo\r\n$50\r\nabc");
    send_text(p, 5000, 900, "the rest of a value\r\n"); /* something is missing before it */
    assert_int_equal(p->counts.gaps, 1);
    assert_int_equal(p->counts.commands, 0);
    send_text(p, 5000, 921, GET);
    assert_int_equal(p->counts.reads[FOO], 1);
    send_text(p, 5000, 921 + 22, "HELLO 3\r\n"); /* inline: not understood */
    assert_int_equal(p->counts.strange, 1);
    send_text(p, 5000, 921 + 22 + 9, GET);
    assert_int_equal(p->counts.reads[FOO], 2);
    free(p);
}

static void other_links_and_ipv6_are_understood(void **state)
{
    (void)state;
    struct live_capture_parser *p = new_parser();
    unsigned char bytes[4096], raw[4096];
    size_t len = frame(bytes, 5000, 1, 0, GET, sizeof GET - 1);
    live_capture_packet(p, LIVE_LINK_RAW, bytes + 14, len - 14);
    assert_int_equal(p->counts.reads[FOO], 1);
    memset(raw, 0, sizeof raw);
    memcpy(raw + 16, bytes + 14, len - 14);
    raw[16 + 23] = 9; /* another connection: the last byte of the address */
    live_capture_packet(p, LIVE_LINK_COOKED, raw, len + 2);
    assert_int_equal(p->counts.reads[FOO], 2);
    memset(raw, 0, sizeof raw);
    raw[4] = 0x60;
    raw[4 + 5] = (unsigned char)(20 + sizeof GET - 1);
    raw[4 + 6] = 6;
    memcpy(raw + 44, bytes + 34, len - 34);
    live_capture_packet(p, LIVE_LINK_NULL, raw, 44 + len - 34 + 6); /* six bytes of padding */
    assert_int_equal(p->counts.reads[FOO], 3);
    assert_int_equal(p->counts.strange, 0);
    free(p);
}

static void any_bytes_do_no_harm(void **state)
{
    (void)state;
    struct live_capture_parser *p = new_parser();
    struct fore_rng rng = fore_rng_stream(2, "test.capture", 0);
    unsigned char bytes[4096];
    static const char *const texts[] = {GET,
                                        SET,
                                        "*-1\r\n",
                                        "*99999999999\r\n",
                                        "*2\r\n$-1\r\n",
                                        "*2\r\n$99999999999999999999\r\n",
                                        "$3\r\nfoo\r\n",
                                        "*0\r\n",
                                        "\n",
                                        "*\r\n"};
    for (int round = 0; round < 200000; round++) {
        const char *text = texts[fore_rng_below(&rng, FORE_COUNTOF(texts))];
        size_t len = frame(bytes, (uint16_t)fore_rng_below(&rng, 50), 100 * fore_rng_below(&rng, 3),
                           fore_rng_below(&rng, 8), text, strlen(text));
        for (uint32_t flips = fore_rng_below(&rng, 4); flips > 0; flips--)
            bytes[fore_rng_below(&rng, (uint32_t)len)] ^=
                (unsigned char)(1u << fore_rng_below(&rng, 8));
        enum live_capture_link link = (enum live_capture_link)fore_rng_below(&rng, 4);
        live_capture_packet(p, link, bytes, fore_rng_below(&rng, (uint32_t)len + 1));
    }
    assert_true(p->counts.packets == 200000);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_counted_at_their_slots),
        cmocka_unit_test(segments_may_be_cut_anywhere),
        cmocka_unit_test(after_a_hole_it_goes_on_at_the_next_command),
        cmocka_unit_test(other_links_and_ipv6_are_understood),
        cmocka_unit_test(any_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
