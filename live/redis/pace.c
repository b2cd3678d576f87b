/* pace.c - see pace.h. */
#include "live/redis/pace.h"

#include <math.h>

enum {
    FIRST_KEYS = 64,
    MOST_KEYS = 1000,
    MOST_BYTES = 4 << 20,
    SAVED_MS = 100,
    SMALL_BYTES = 4096,
    FEW_KEYS = 4,
    CHEAP_KEYS = 16,
    JOURNEY_KEYS = 128,
    PAUSE_MOST_MS = 500
};
static const double pause_below = 0.3; /* ease */
static const double cheap_ms = 1;
static const double kept = 0.95;  /* of what is known of batches, at each further one */
static const double differ = 0.2; /* batches of sizes that differ so much tell what a key takes */
static const double outlier = 4, doubt = 0.01;

void live_pace_init(struct live_pace *pace, const struct live_pace_options *options)
{
    *pace = (struct live_pace){.options = *options};
    struct live_pace_options *o = &pace->options;
    if (o->stall_ms <= 0) o->stall_ms = 0.1;
    if (o->keys_max == 0) o->keys_max = MOST_KEYS;
    if (o->keys_first == 0) o->keys_first = FIRST_KEYS;
    if (o->keys_first > o->keys_max) o->keys_first = o->keys_max;
    if (o->bytes_max == 0) o->bytes_max = MOST_BYTES;
    pace->keys = o->keys_first;
    pace->ease = 1;
}

/*
 * Where every answer is late, whatever was asked, one small key at a time would take for ever and
 * hold nobody up any less. And a MIGRATE costs as much as ten small keys before it has sent any:
 * below sixteen that take no more than a millisecond together the stall hardly falls and the number
 * of stalls rises (measured: 61 keys a slot by four at a time were half as fast as by twelve, at
 * twice the p99).
 */
static double least(const struct live_pace *pace, uint32_t keys, uint64_t bytes, double ms)
{
    if (bytes / keys > SMALL_BYTES) return 1;
    double few = fmin(fmax(cheap_ms / ms * keys, FEW_KEYS), CHEAP_KEYS);
    double journey = pace->key_ms > 0 ? pace->fixed_ms / pace->key_ms / 2 : 0;
    return fmax(few, fmin(journey, JOURNEY_KEYS));
}

/* A line through (keys, ms) by least squares. Where all batches have the same size a key takes what
 * it was seen to take, and the rest is the journey's; but that is believed less and less, until
 * batches that have become smaller for it tell anew. */
static void fit(struct live_pace *pace, double keys, double ms)
{
    if (pace->stall_ms > 0) ms = fmin(ms, outlier * pace->stall_ms);
    pace->fit.n = kept * pace->fit.n + 1;
    pace->fit.x = kept * pace->fit.x + keys;
    pace->fit.y = kept * pace->fit.y + ms;
    pace->fit.xx = kept * pace->fit.xx + keys * keys;
    pace->fit.xy = kept * pace->fit.xy + keys * ms;
    double x = pace->fit.x / pace->fit.n, y = pace->fit.y / pace->fit.n;
    double spread = pace->fit.xx / pace->fit.n - x * x;
    double together = pace->fit.xy / pace->fit.n - x * y;
    if (spread > differ * x * differ * x)
        pace->key_ms = fmax(together / spread, y / x / 50);
    else
        pace->key_ms += doubt * (y / x - pace->key_ms);
    if (!(pace->key_ms > 0) || pace->key_ms > y / x) pace->key_ms = y / x;
    pace->fixed_ms = y - pace->key_ms * x;
}

/* Half way from here to where the aim would be met, but never more than a halving or a half more:
 * one slow batch is noise. A batch that was smaller than asked for says nothing about growing. */
void live_pace_learn(struct live_pace *pace, uint32_t keys, uint64_t bytes, double ms)
{
    if (keys == 0 || !(ms > 0)) return;
    double weight = pace->batches == 0 ? 1 : 0.2;
    if (bytes / keys <= SMALL_BYTES) fit(pace, keys, ms);
    pace->batches++;
    pace->stall_ms += weight * (ms - pace->stall_ms);
    pace->bytes_per_ms += weight * ((double)bytes / ms - pace->bytes_per_ms);
    double factor = 0.5 + 0.5 * pace->ease * pace->options.stall_ms / ms;
    factor = fmin(fmax(factor, 0.5), 1.5);
    if (factor > 1 && keys < live_pace_keys(pace)) return;
    pace->keys =
        fmin(fmax(pace->keys * factor, least(pace, keys, bytes, ms)), pace->options.keys_max);
}

void live_pace_ease(struct live_pace *pace, double ease)
{
    FORE_ASSERT(ease > 0 && ease <= 1);
    pace->ease = ease;
}

double live_pace_rest(const struct live_pace *pace)
{
    return fmax(pause_below / pace->ease - 1, 0);
}

fore_ns live_pace_pause(const struct live_pace *pace, fore_ns took)
{
    double ns = (double)took * live_pace_rest(pace);
    return (fore_ns)fmin(ns, PAUSE_MOST_MS * 1e6);
}

uint32_t live_pace_keys(const struct live_pace *pace)
{
    return (uint32_t)pace->keys;
}

/* What a tenth of a second is worth may be saved up, so that a pause is not followed by a burst; or
 * a piece, which cannot go otherwise. */
static void settle(struct live_pace *pace, uint64_t now_ms, double piece)
{
    double most = fmax(pace->rate * SAVED_MS / 1000, piece);
    double ms = now_ms > pace->settled_ms ? (double)(now_ms - pace->settled_ms) : 0;
    pace->saved = fmin(pace->saved + pace->rate * ms / 1000, most);
    pace->settled_ms = now_ms;
}

void live_pace_limit(struct live_pace *pace, double bytes_per_sec, uint64_t now_ms)
{
    if (pace->rate > 0)
        settle(pace, now_ms, 0);
    else
        pace->saved = 0;
    pace->settled_ms = now_ms;
    pace->rate = bytes_per_sec;
    if (bytes_per_sec <= 0) pace->rate = pace->saved = 0;
}

uint64_t live_pace_room(struct live_pace *pace, uint64_t now_ms)
{
    return live_pace_room_for(pace, 0, now_ms);
}

uint64_t live_pace_room_for(struct live_pace *pace, uint64_t bytes, uint64_t now_ms)
{
    if (pace->rate <= 0) return pace->options.bytes_max;
    settle(pace, now_ms, (double)bytes);
    if (pace->saved <= 0 || pace->saved < (double)bytes) return 0;
    double most = (double)pace->options.bytes_max;
    return (uint64_t)fmin(fmax(pace->saved, 1), most);
}

void live_pace_spend(struct live_pace *pace, uint64_t bytes)
{
    if (pace->rate > 0) pace->saved -= (double)bytes;
}
