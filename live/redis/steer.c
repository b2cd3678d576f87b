/* steer.c - see steer.h. */
#include "live/redis/steer.h"

#include <string.h>

enum { WINDOW_MS = 500, REST_WINDOW_MS = 2500, EVERY_US = 2000, REST_EVERY_US = 10000 };
enum { LEAST = 30, KNOW_MOST_MS = 1500 };
_Static_assert((int)LIVE_SHARDS_MAX <= 64, "a bit for every shard");
_Static_assert((int)LIVE_SHARDS_MAX <= (int)LIVE_CALM_SHARDS, "a memory for every shard");
_Static_assert((int)LIVE_SHARDS_MAX <= (int)LIVE_PULSE_PLACES, "a probe for every shard");

void live_steer_init(struct live_steer *steer, const struct live_steer_options *options,
                     const struct live_access *access)
{
    *steer = (struct live_steer){.options = *options};
    struct live_steer_options *o = &steer->options;
    if (o->window_ms == 0) o->window_ms = WINDOW_MS;
    if (o->every_us == 0) o->every_us = EVERY_US;
    if (o->calm.over > 0) steer->pulse = live_pulse_open(access);
    if (steer->pulse == NULL) o->calm.over = 0;
    live_calm_init(&steer->calm, &o->calm);
}

void live_steer_fini(struct live_steer *steer)
{
    live_pulse_close(steer->pulse);
    steer->pulse = NULL;
}

static bool often(const struct live_steer *steer)
{
    return steer->busy != 0 || steer->waiting_since_ms != 0;
}

static void aim(struct live_steer *steer, const struct live_cluster *cluster, uint64_t now_ms)
{
    for (uint32_t s = 0; s < LIVE_SHARDS_MAX; s++) {
        int16_t at = s < cluster->shard_count ? cluster->shard[s].primary : -1;
        bool wanted = at >= 0 && (steer->busy == 0 || (steer->busy >> s & 1) != 0);
        live_pulse_aim(steer->pulse, s, wanted ? &cluster->instance[at].link.address : NULL);
    }
    live_pulse_every(steer->pulse, often(steer) ? steer->options.every_us : REST_EVERY_US);
    steer->window_ms = now_ms;
}

static void throw_away(struct live_steer *steer)
{
    double p99;
    for (uint32_t s = 0; s < LIVE_SHARDS_MAX; s++)
        (void)live_pulse_take(steer->pulse, s, &p99);
}

static void end_window(struct live_steer *steer, uint64_t held)
{
    struct live_calm_felt felt[LIVE_SHARDS_MAX];
    size_t count = 0;
    double most = 0;
    for (uint32_t s = 0; s < LIVE_SHARDS_MAX; s++) {
        double p99;
        bool busy = (steer->busy >> s & 1) != 0;
        if (live_pulse_take(steer->pulse, s, &p99) < LEAST) continue;
        if (steer->busy == 0 && (held >> s & 1) == 0) live_calm_rest(&steer->calm, s, p99);
        if (!busy) continue;
        felt[count++] = (struct live_calm_felt){.shard = s, .p99_ms = p99};
        double goal = live_calm_goal_ms(&steer->calm, s), strain = goal > 0 ? p99 / goal : 0;
        if (strain < most) continue;
        most = strain;
        steer->worst_ms = p99;
        steer->goal_ms = goal;
    }
    if (count > 0) (void)live_calm_turn(&steer->calm, felt, count);
}

void live_steer_look(struct live_steer *steer, const struct live_cluster *cluster, uint64_t busy,
                     uint64_t held, uint64_t now_ms)
{
    if (steer->pulse == NULL) return;
    uint32_t window = often(steer) ? steer->options.window_ms : REST_WINDOW_MS;
    if (busy != steer->busy || steer->window_ms == 0) {
        if (steer->busy == 0 && busy != 0) live_calm_begin(&steer->calm);
        steer->busy = busy;
        throw_away(steer);
        aim(steer, cluster, now_ms);
    } else if (now_ms >= steer->window_ms + window) {
        end_window(steer, held);
        aim(steer, cluster, now_ms);
    }
}

bool live_steer_knows(struct live_steer *steer, uint64_t ends, uint64_t now_ms)
{
    bool known = steer->pulse == NULL || steer->busy != 0;
    if (!known) {
        known = true;
        for (uint32_t s = 0; s < LIVE_SHARDS_MAX; s++)
            known &= (ends >> s & 1) == 0 || steer->calm.idle_ms[s] > 0;
    }
    if (known) {
        steer->waiting_since_ms = 0;
        return true;
    }
    if (steer->waiting_since_ms == 0) {
        steer->waiting_since_ms = now_ms;
        steer->window_ms = 0; /* begins anew, with PINGs at short intervals */
    }
    if (now_ms < steer->waiting_since_ms + KNOW_MOST_MS) return false;
    steer->waiting_since_ms = 0;
    return true;
}

double live_steer_ease(const struct live_steer *steer)
{
    return steer->calm.ease;
}
