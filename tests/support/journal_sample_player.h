/* journal_sample_player.h - the pretend cluster behind journal_sample.h; between its two files. */
#ifndef TEST_JOURNAL_SAMPLE_PLAYER_H
#define TEST_JOURNAL_SAMPLE_PLAYER_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/rng.h"
#include "core/cluster/event.h"
#include "core/cluster/topology.h"
#include "tests/support/journal_sample.h"

#define MINUTE (60 * FORE_SEC)
#define SLO_MS 25.0

enum { MOVES_MAX = 3, STEPS = 24, NODES_MAX = 64, CORES = 4 };

struct running {
    bool used;
    struct fore_event_move move;
    fore_ns changed;
    double rate;
};

struct player {
    const struct sample_options *options;
    struct fore_sink sink;
    struct fore_arena arena;
    struct fore_topology topology;
    struct fore_buf buf;
    double *weight; /* cores of a partition at load 1 */
    double *noise;
    double node_load[NODES_MAX], node_move[NODES_MAX], node_peak[NODES_MAX][3];
    double *cooled; /* a partition is left alone until then */
    struct running running[MOVES_MAX];
    struct fore_rng rng;
    uint64_t tickets, plans;
    double violation_s;
    bool violated;
    fore_ns now;
};

void sample_alert(struct player *p, uint8_t severity, uint8_t code, uint16_t node,
                  const char *text);
/* Cores a partition asks for at a time. */
double sample_truth(const struct player *p, uint32_t partition, double t_s);
/* The riskiest node gives its largest partition away. */
void sample_act(struct player *p);
/* Begins, advances and ends moves as the pretend policy likes. */
void sample_moves(struct player *p);

#endif
