/*
 * turns.h - a load of tenants that take turns, for benches: who is asked how much at a time, and
 * one request of it.
 *
 * Four tenants, each of one hash tag, so each in one slot. In the long part of a cycle b and c are
 * busy; then it is quiet for a while; then a and d, the hot range, are busy; then it is quiet
 * again. a and d begin on one node of three, b and c on one each. Each part can be carried, and
 * neither by the placement of the other: two busy tenants are 1.4 nodes, a busy and a small
 * one 1.1.
 */
#ifndef TEST_LIVE_TURNS_H
#define TEST_LIVE_TURNS_H

#include "core/base/rng.h"

enum { TURNS_TENANTS = 4, TURNS_NODES = 3 };
enum { TURNS_KEYS = 1500, TURNS_BYTES = 2048, TURNS_REST_KEYS = 3000, TURNS_REST_BYTES = 2048 };

struct turns_share { /* of a node's capacity */
    double tenant[TURNS_TENANTS];
    double rest; /* over all slots */
    double all;
};

/* Of the tenants a, b, c, d. */
extern const uint16_t turns_slot[TURNS_TENANTS];
/* Where the rest's key n is. */
uint16_t turns_rest_slot(uint32_t n);
struct turns_share turns_shares(double at_s, double cycle_s);
/* A key's number, and its slot. */
uint32_t turns_draw(const struct turns_share *share, struct fore_rng *rng, uint16_t *slot);

#endif
