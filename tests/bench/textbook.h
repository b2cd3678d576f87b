/*
 * textbook.h - the store model as a first program would have it: an object from malloc per request,
 * a binary heap of events, -log(u), two events a request (arrival, departure). The yardstick of
 * bench_store.c; it shares nothing with the simulator but the histogram and the key popularity.
 */
#ifndef BENCH_TEXTBOOK_H
#define BENCH_TEXTBOOK_H

#include <stdint.h>

struct textbook_options {
    uint32_t nodes, cores, partitions, keys;
    double zipf_s;
    double rate; /* requests per second */
    double service_mean_ns;
    double write_share; /* of requests; each is sent to two followers as well */
    uint64_t requests, seed;
};
struct textbook_result {
    uint64_t requests;
    uint64_t p50_ns, p99_ns;
    double utilization;
};
struct textbook_result textbook_run(const struct textbook_options *options);

#endif
