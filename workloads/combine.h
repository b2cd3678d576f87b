/*
 * combine.h - request streams made of other request streams.
 *
 * Each takes ownership of the sources it is given (they are closed with it) and hands back a new
 * one; none can fail. Times stay in order, rewind gives the same requests again, memory is fixed.
 */
#ifndef WL_COMBINE_H
#define WL_COMBINE_H

#include "workloads/flow.h"
#include "workloads/source.h"

/* All requests of `count` sources by time; wl_request.tag names the source. The array is copied. */
struct wl_source wl_combine_merge(const struct wl_source *source, uint32_t count);
/*
 * Each record stands for `factor` >= 0 requests (the fraction by chance). The first keeps the
 * record's time, the others fall evenly into the time until the next record with a later time;
 * records of one time are spread together, up to 1,024 of them (fewer when factor is above 64).
 */
struct wl_source wl_combine_scale(struct wl_source source, double factor, uint64_t seed);
/* Keeps each request with probability `share`. */
struct wl_source wl_combine_thin(struct wl_source source, double share, uint64_t seed);
/* Time runs `factor` > 0 times as fast. */
struct wl_source wl_combine_speed(struct wl_source source, double factor);
/* Everything `offset` later. */
struct wl_source wl_combine_shift(struct wl_source source, fore_ns offset);
/* Only [begin, begin + span), counted from begin; span 0: to the end. */
struct wl_source wl_combine_slice(struct wl_source source, fore_ns begin, fore_ns span);
/* wl_flow_sample() that owns its flow. */
struct wl_source wl_combine_sample(struct wl_flow flow, fore_ns span, uint64_t seed);

#endif
