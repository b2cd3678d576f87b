/* tape_inside.h - what recorder and player of a tape share. */
#ifndef LIVE_TAPE_INSIDE_H
#define LIVE_TAPE_INSIDE_H

#include "live/tape/tape_file.h"

struct live_tape_args { /* of one call, padding and all zero where nothing is said */
    uint64_t word;
    double real;
    uint64_t move_a, move_b, move_c, move_d; /* of BEGIN: two hashes would do, but this says what */
};

struct live_tape_topology {
    uint64_t epoch;
    uint32_t node_count, table_count, partition_count, partition_cap, alive_count, zero;
};

struct live_tape {
    struct fore_driver inner; /* recorder */
    struct fore_driver_ops ops;
    struct live_tape_file file;
    struct fore_buf scratch, flat, told;
    fore_ns flushed;
    bool recording;
    /* player */
    struct fore_arena arena;
    struct fore_topology topology;
    bool topology_made, diverged, damaged;
    char *sample_bytes;
    uint64_t records;
    char why[160];
};

/* Everything a move says, in words that can be compared. */
static inline struct live_tape_args live_tape_args_move(const struct fore_move *move)
{
    return (struct live_tape_args){
        .word = (uint64_t)move->kind << 32 | move->partition,
        .real = move->bytes_per_sec_max,
        .move_a = (uint64_t)move->other << 32 | (uint64_t)move->source << 16 | move->target,
        .move_b = move->split_at,
        .move_c = (uint64_t)(move->split_right_share * 0x1p52),
        .move_d = move->columns,
    };
}

#endif
