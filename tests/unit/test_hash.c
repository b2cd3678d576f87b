#include "core/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"

static uint16_t slot(const char *key)
{
    return fore_hash_slot(key, strlen(key));
}

static void crc32c_matches_its_check_value(void **state)
{
    assert_int_equal(fore_hash_crc32c("123456789", 9, 0), 0xE3069283);
    unsigned char zeros[32] = {0}; /* RFC 3720, B.4 */
    assert_int_equal(fore_hash_crc32c(zeros, 32, 0), 0x8A9136AA);
    assert_int_equal(fore_hash_crc32c("", 0, 0), 0);
}

static void crc32c_can_be_continued(void **state)
{
    uint32_t head = fore_hash_crc32c("1234", 4, 0);
    assert_int_equal(fore_hash_crc32c("56789", 5, head), 0xE3069283);
}

/* Bit by bit, from the polynomial: proves every entry of the table. */
static void crc32c_matches_its_polynomial(void **state)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = ~0u ^ byte;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
        uint8_t b = (uint8_t)byte;
        assert_int_equal(fore_hash_crc32c(&b, 1, 0), (uint32_t)~crc);
    }
}

static void slots_match_redis(void **state)
{
    assert_int_equal(slot("foo"), 12182); /* CLUSTER KEYSLOT foo */
    assert_int_equal(slot("bar"), 5061);
    assert_int_equal(slot("hello"), 866);
    assert_int_equal(slot("123456789"), 0x31C3 % 16384);
    assert_int_equal(slot(""), 0);
}

static void slots_match_their_polynomial(void **state)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021u : 0)) & 0xffff;
        uint8_t b = (uint8_t)byte;
        assert_int_equal(fore_hash_slot(&b, 1), crc % 16384);
    }
}

static void only_the_first_tag_counts(void **state)
{
    assert_int_equal(slot("{user1000}.following"), slot("{user1000}.followers"));
    assert_int_equal(slot("{user1000}.following"), slot("user1000"));
    assert_int_equal(slot("foo{bar}{zap}"), slot("bar"));
    assert_int_equal(slot("foo{{bar}}zap"), slot("{bar"));
    assert_int_not_equal(slot("foo{}{bar}"), slot("bar")); /* an empty tag is none */
    assert_int_not_equal(slot("foo{bar"), slot("bar"));
    assert_int_equal(slot("{"), fore_hash_slot("{}", 1));
}

static void words_are_mixed_without_collision(void **state)
{
    static uint64_t seen[1 << 16];
    int flips = 0;
    for (uint64_t i = 0; i < FORE_COUNTOF(seen); i++) {
        seen[i] = fore_hash_u64(i, 9);
        assert_int_equal(fore_hash_u64(i, 9), seen[i]);
        assert_int_not_equal(fore_hash_u64(i, 10), seen[i]);
        flips += __builtin_popcountll(seen[i] ^ fore_hash_u64(i ^ (1ull << (i % 64)), 9));
    }
    for (size_t i = 1; i < FORE_COUNTOF(seen); i++)
        assert_true(seen[i] != seen[i - 1]);
    double mean = flips / (double)FORE_COUNTOF(seen); /* avalanche: half of 64 bits */
    assert_true(mean > 31.8 && mean < 32.2);
}

/* XXH3 64-bit of nothing, seed 0, as the reference implementation publishes it. */
static void bytes_are_xxh3(void **state)
{
    assert_int_equal(fore_hash_bytes("", 0, 0), UINT64_C(0x2d06800538d394c2));
    struct fore_rng rng = fore_rng_stream(1, "bytes", 0);
    uint8_t data[512];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)fore_rng_u32(&rng);
    uint64_t whole = fore_hash_bytes(data, sizeof data, 7);
    assert_int_not_equal(whole, fore_hash_bytes(data, sizeof data, 8));
    data[300] ^= 1;
    assert_int_not_equal(whole, fore_hash_bytes(data, sizeof data, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32c_matches_its_check_value),
        cmocka_unit_test(crc32c_can_be_continued),
        cmocka_unit_test(crc32c_matches_its_polynomial),
        cmocka_unit_test(slots_match_redis),
        cmocka_unit_test(slots_match_their_polynomial),
        cmocka_unit_test(only_the_first_tag_counts),
        cmocka_unit_test(words_are_mixed_without_collision),
        cmocka_unit_test(bytes_are_xxh3),
    };
    return cmocka_run_group_tests_name("core/base/hash", tests, NULL, NULL);
}
