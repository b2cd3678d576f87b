/*
 * reader_digits.h - decimal text to integers, eight characters a step; private to reader_csv.c.
 *
 * The bytes of a word are tested for being digits and joined pairwise by multiplications (SWAR,
 * "SIMD within a register"), without a loop or a branch per character. A field ends at its first
 * byte that is no digit, so the caller need not know its length; up to eight bytes after the
 * digits are read (not used), which WL_FILE_SLACK allows for.
 */
#ifndef WL_READER_DIGITS_H
#define WL_READER_DIGITS_H

#include "core/base/base.h"

static inline uint64_t wl_load_le64(const char *p)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++) /* compilers make one load of it */
        word |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return word;
}

/* The value of the first *count digits at p, *count at most 8. */
static inline uint64_t wl_digits8(const char *p, unsigned *count)
{
    uint64_t word = wl_load_le64(p);
    uint64_t low = word ^ UINT64_C(0x3030303030303030); /* digits become 0..9 */
    /* Bit 7 of each byte that is no digit. Carries run upwards only, so the first one is right. */
    uint64_t other = (low + UINT64_C(0x7676767676767676)) | low;
    other &= UINT64_C(0x8080808080808080);
    unsigned n = other == 0 ? 8 : (unsigned)__builtin_ctzll(other) / 8;
    *count = n;
    if (n == 0) return 0;
    low <<= 64 - 8 * n; /* leading zeros in front; what follows the digits falls off */
    low = (low * 10 + (low >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    low = (low * 100 + (low >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    return (low * 10000 + (low >> 32)) & UINT64_C(0xFFFFFFFF);
}

static const uint64_t wl_pow10[10] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};

/* Digits at *p into *value; *p moves behind them. The digits' number; -1 if they pass 64 bits. */
static inline int wl_digits_u64(const char **p, uint64_t *value)
{
    unsigned n;
    uint64_t sum = wl_digits8(*p, &n);
    int total = (int)n;
    *p += n;
    while (n == 8) {
        uint64_t part = wl_digits8(*p, &n);
        if (__builtin_mul_overflow(sum, wl_pow10[n], &sum) ||
            __builtin_add_overflow(sum, part, &sum))
            return -1;
        total += (int)n;
        *p += n;
    }
    *value = sum;
    return total;
}

#endif
