/*
 * sizes.c - see sizes.h. A track is an array in the order of time: at most one point a step is
 * added, and moving sixteen of them down is nothing beside a window.
 */
#include "core/observe/sizes.h"

#include "core/base/bytes.h"

#include <stdlib.h>
#include <string.h>

static const double emptied = 0.75;   /* of what it held: less than that, and it begins anew */
static const double bytes_max = 2e19; /* more than any counter of bytes can say */
static const char kind_of_state[] = "sizes";

/* Silent for so many of its usual pauses between two changes: as observe/frontier.c has it. */
static const double silence_max = 12, pause_share = 0.1;

struct track {
    fore_ns spacing;        /* of its points, at least */
    fore_ns changed, pause; /* when it did last; the mean pause, decayed, between two changes */
    uint32_t count;
    struct fore_sizes_point point[FORE_SIZES_POINTS];
};

struct seen {
    fore_ns since, at;   /* the size is known from the one on, to the other; 0: not at all */
    double bytes;        /* at `at` */
    struct track *track; /* NULL: it has been the same all the time */
    uint32_t generation;
    bool adopts; /* came from a state file: takes the generation it is next seen with */
};

struct fore_sizes {
    struct seen *of; /* [cap] */
    fore_ns step;
    uint32_t cap, tracks;
};

struct fore_sizes *fore_sizes_create(uint32_t partition_cap, fore_ns step)
{
    struct fore_sizes *sizes = calloc(1, sizeof *sizes);
    FORE_ASSERT(sizes != NULL && step > 0);
    sizes->of = calloc(partition_cap + (size_t)1, sizeof *sizes->of);
    FORE_ASSERT(sizes->of != NULL);
    sizes->cap = partition_cap;
    sizes->step = step;
    return sizes;
}

static void drop_track(struct fore_sizes *sizes, struct seen *seen)
{
    sizes->tracks -= seen->track != NULL;
    free(seen->track);
    seen->track = NULL;
}

void fore_sizes_destroy(struct fore_sizes *sizes)
{
    if (sizes == NULL) return;
    for (uint32_t p = 0; p < sizes->cap; p++)
        drop_track(sizes, &sizes->of[p]);
    free(sizes->of);
    free(sizes);
}

size_t fore_sizes_bytes(const struct fore_sizes *sizes)
{
    return sizeof *sizes + sizes->cap * sizeof *sizes->of + sizes->tracks * sizeof(struct track);
}

void fore_sizes_forget(struct fore_sizes *sizes, uint32_t partition)
{
    FORE_ASSERT(partition < sizes->cap);
    struct seen *seen = &sizes->of[partition];
    uint32_t generation = seen->generation;
    drop_track(sizes, seen);
    *seen = (struct seen){.generation = generation};
}

/* ---- points --------------------------------------------------------------------------------- */

static fore_ns reach(const struct fore_sizes *sizes)
{
    return (FORE_SIZES_POINTS - 1) * sizes->step;
}

static void drop_first(struct track *track)
{
    track->count--;
    memmove(track->point, track->point + 1, track->count * sizeof *track->point);
}

static void add_point(const struct fore_sizes *sizes, struct track *track, fore_ns at, double bytes)
{
    if (track->count > 0 && at - track->point[track->count - 1].at < track->spacing) return;
    if (track->count == FORE_SIZES_POINTS && track->spacing < sizes->step) {
        for (uint32_t i = 0; 2 * i < FORE_SIZES_POINTS; i++)
            track->point[i] = track->point[2 * i];
        track->count = (FORE_SIZES_POINTS + 1) / 2;
        track->spacing *= 2;
        if (track->spacing > sizes->step) track->spacing = sizes->step;
    }
    if (track->count == FORE_SIZES_POINTS) drop_first(track);
    track->point[track->count++] = (struct fore_sizes_point){.at = at, .bytes = bytes};
    while (track->count > 2 && at - track->point[1].at >= reach(sizes))
        drop_first(track);
}

/* It has changed for the first time. What it was until now is known, for as long as matters. */
static void begin_track(struct fore_sizes *sizes, struct seen *seen, fore_ns now)
{
    seen->track = calloc(1, sizeof *seen->track);
    FORE_ASSERT(seen->track != NULL);
    sizes->tracks++;
    seen->track->pause = now - seen->since < sizes->step ? now - seen->since : sizes->step;
    seen->track->spacing = now - seen->at < sizes->step ? now - seen->at : sizes->step;
    fore_ns from = now > reach(sizes) ? now - reach(sizes) : 0;
    if (from < seen->since) from = seen->since;
    if (from < seen->at) add_point(sizes, seen->track, from, seen->bytes);
    add_point(sizes, seen->track, seen->at, seen->bytes);
}

/* False: its growth has stopped, and its track is gone. */
static bool still_grows(struct fore_sizes *sizes, struct seen *seen, fore_ns at, bool changed)
{
    struct track *track = seen->track;
    if (changed) {
        if (track->changed != 0)
            track->pause = (fore_ns)((double)track->pause * (1 - pause_share) +
                                     (double)(at - track->changed) * pause_share);
        track->changed = at;
    }
    if ((double)(at - track->changed) <= silence_max * (double)track->pause) return true;
    seen->since = track->changed;
    drop_track(sizes, seen);
    return false;
}

bool fore_sizes_note(struct fore_sizes *sizes, uint32_t partition, fore_ns at, double bytes)
{
    FORE_ASSERT(partition < sizes->cap);
    struct seen *seen = &sizes->of[partition];
    if (!(bytes >= 0 && bytes <= bytes_max) || at <= seen->at) return false;
    if (seen->at != 0 && bytes < emptied * seen->bytes) fore_sizes_forget(sizes, partition);
    if (seen->at == 0) seen->since = at;
    bool changed = seen->at != 0 && (bytes < seen->bytes || bytes > seen->bytes);
    if (changed && seen->track == NULL) begin_track(sizes, seen, at);
    bool grows = seen->track != NULL && still_grows(sizes, seen, at, changed);
    seen->at = at;
    seen->bytes = bytes;
    if (grows) add_point(sizes, seen->track, at, bytes);
    return true;
}

void fore_sizes_push(struct fore_sizes *sizes, const struct fore_sample *sample,
                     const struct fore_topology *topology)
{
    for (uint32_t p = 0; p < sample->partition_count && p < sizes->cap; p++) {
        const struct fore_partition *part = &topology->partition[p];
        struct seen *seen = &sizes->of[p];
        if (!part->alive || (seen->generation != part->generation && !seen->adopts))
            fore_sizes_forget(sizes, p);
        seen->generation = part->generation;
        seen->adopts = false;
        if (part->alive)
            (void)fore_sizes_note(sizes, p, sample->end, (double)sample->partition[p].size_bytes);
    }
}

size_t fore_sizes_read(const struct fore_sizes *sizes, uint32_t partition,
                       struct fore_sizes_point out[FORE_SIZES_POINTS + 1])
{
    FORE_ASSERT(partition < sizes->cap);
    const struct seen *seen = &sizes->of[partition];
    size_t count = 0;
    if (seen->at == 0) return 0;
    if (seen->track != NULL) {
        count = seen->track->count;
        memcpy(out, seen->track->point, count * sizeof *out);
    } else if (seen->since < seen->at) {
        out[count++] = (struct fore_sizes_point){.at = seen->since, .bytes = seen->bytes};
    }
    if (count == 0 || out[count - 1].at < seen->at)
        out[count++] = (struct fore_sizes_point){.at = seen->at, .bytes = seen->bytes};
    return count;
}

/* ---- for a restart -------------------------------------------------------------------------- */

void fore_sizes_save(const struct fore_sizes *sizes, struct fore_buf *out)
{
    struct fore_buf state = {0};
    uint32_t count = 0;
    for (uint32_t p = 0; p < sizes->cap; p++)
        count += sizes->of[p].at != 0;
    fore_bytes_put_u32(&state, sizes->cap);
    fore_bytes_put_u32(&state, count);
    for (uint32_t p = 0; p < sizes->cap; p++) {
        const struct seen *seen = &sizes->of[p];
        if (seen->at == 0) continue;
        fore_bytes_put_u32(&state, p);
        fore_bytes_put_u64(&state, seen->since);
        fore_bytes_put_u64(&state, seen->at);
        fore_bytes_put_double(&state, seen->bytes);
        fore_bytes_put_u32(&state, seen->track != NULL ? seen->track->count : 0);
        if (seen->track == NULL) continue;
        fore_bytes_put_u64(&state, seen->track->spacing);
        fore_bytes_put_u64(&state, seen->track->changed);
        fore_bytes_put_u64(&state, seen->track->pause);
        for (uint32_t i = 0; i < seen->track->count; i++) {
            fore_bytes_put_u64(&state, seen->track->point[i].at);
            fore_bytes_put_double(&state, seen->track->point[i].bytes);
        }
    }
    fore_frame_write(kind_of_state, &state, out);
    fore_buf_fini(&state);
}

static void read_track(struct fore_sizes *sizes, struct seen *seen, uint32_t count,
                       struct fore_bytes_cursor *c)
{
    struct track *track = calloc(1, sizeof *track);
    FORE_ASSERT(track != NULL);
    seen->track = track;
    sizes->tracks++;
    track->count = count;
    track->spacing = fore_bytes_get_u64(c);
    track->changed = fore_bytes_get_u64(c);
    track->pause = fore_bytes_get_u64(c);
    fore_ns last = 0;
    for (uint32_t i = 0; i < count && c->sound; i++) {
        struct fore_sizes_point *point = &track->point[i];
        point->at = fore_bytes_get_u64(c);
        point->bytes = fore_bytes_get_double(c);
        c->sound = c->sound && point->at > last && point->at <= seen->at && point->bytes >= 0 &&
                   point->bytes <= bytes_max;
        last = point->at;
    }
    c->sound = c->sound && track->spacing > 0 && track->changed <= seen->at &&
               track->changed >= seen->since && track->pause > 0;
    if (track->spacing > sizes->step) track->spacing = sizes->step;
}

static void read_one(struct fore_sizes *sizes, struct fore_bytes_cursor *c)
{
    uint32_t p = fore_bytes_get_u32(c);
    c->sound = c->sound && p < sizes->cap && sizes->of[p].at == 0;
    if (!c->sound) return;
    struct seen *seen = &sizes->of[p];
    seen->adopts = true;
    seen->since = fore_bytes_get_u64(c);
    seen->at = fore_bytes_get_u64(c);
    seen->bytes = fore_bytes_get_double(c);
    uint32_t count = fore_bytes_get_u32(c);
    c->sound = c->sound && seen->since > 0 && seen->since <= seen->at && seen->bytes >= 0 &&
               seen->bytes <= bytes_max && count <= FORE_SIZES_POINTS;
    if (c->sound && count > 0) read_track(sizes, seen, count, c);
}

enum fore_err fore_sizes_load(struct fore_sizes *sizes, const void *bytes, size_t size,
                              struct fore_diag *diag)
{
    struct fore_bytes_cursor c;
    FORE_TRY(fore_frame_read(kind_of_state, bytes, size, &c, diag));
    bool same = fore_bytes_get_u32(&c) == sizes->cap;
    uint32_t count = fore_bytes_get_u32(&c);
    for (uint32_t i = 0; i < count && c.sound && same; i++)
        read_one(sizes, &c);
    if (same && c.sound && c.at == c.end) return FORE_E_OK;
    for (uint32_t p = 0; p < sizes->cap; p++)
        fore_sizes_forget(sizes, p);
    return fore_err_set(diag, FORE_E_FORMAT,
                        same ? "the sizes of partitions are damaged"
                             : "the sizes were kept of another number of partitions");
}
