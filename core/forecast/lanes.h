/*
 * lanes.h - four floats (or two doubles) at a time, in the compilers' own vector types: plain C
 * arithmetic on them, lane by lane, so gcc and clang give equal bits on any processor. gcc -O2
 * leaves accumulators in memory otherwise. Private to core/forecast.
 */
#ifndef FORE_LANES_H
#define FORE_LANES_H

#include <stdint.h>
#include <string.h>

typedef float fore_v4 __attribute__((vector_size(16)));
typedef int32_t fore_v4i __attribute__((vector_size(16)));
typedef double fore_v2 __attribute__((vector_size(16)));
typedef int8_t fore_v16i8 __attribute__((vector_size(16)));

static inline fore_v4 fore_v4_load(const float *at)
{
    fore_v4 v;
    memcpy(&v, at, sizeof(v));
    return v;
}
static inline void fore_v4_store(float *at, fore_v4 v)
{
    memcpy(at, &v, sizeof(v));
}
static inline fore_v4 fore_v4_all(float x)
{
    return (fore_v4){x, x, x, x};
}
/* The larger of each pair; a NaN in x stays. */
static inline fore_v4 fore_v4_at_least(fore_v4 x, fore_v4 low)
{
    fore_v4i below = low > x, bits, low_bits;
    memcpy(&bits, &x, sizeof(bits));
    memcpy(&low_bits, &low, sizeof(low_bits));
    bits = (bits & ~below) | (low_bits & below);
    memcpy(&x, &bits, sizeof(x));
    return x;
}
static inline fore_v16i8 fore_v16i8_load(const void *at)
{
    fore_v16i8 v;
    memcpy(&v, at, sizeof(v));
    return v;
}
static inline fore_v2 fore_v2_load(const double *at)
{
    fore_v2 v;
    memcpy(&v, at, sizeof(v));
    return v;
}
static inline void fore_v2_store(double *at, fore_v2 v)
{
    memcpy(at, &v, sizeof(v));
}
static inline fore_v2 fore_v2_all(double x)
{
    return (fore_v2){x, x};
}

#endif
