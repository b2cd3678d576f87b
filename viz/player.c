/* player.c - see player.h. */
#include "viz/player.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Journals up to this size are read from their start, so that totals are of the whole run. */
#define WHOLE_BYTES (UINT64_C(256) << 20)
/* What a first look at a large journal takes for its horizon. */
#define HORIZON_GUESS (7200 * FORE_SEC)

enum fore_err viz_player_open(struct viz_player *player, const char *path, fore_ns span,
                              uint32_t columns, struct fore_diag *diag)
{
    *player = (struct viz_player){.look = viz_look_usual,
                                  .ahead = UINT64_MAX,
                                  .span = span,
                                  .columns = columns,
                                  .path = path};
    FORE_TRY(viz_feed_open(path, &player->feed, diag));
    struct fore_diag inner = {0};
    enum fore_err err =
        fore_journal_reader_open(viz_feed_in(player->feed), &player->reader, &inner);
    if (err != FORE_E_OK) {
        viz_feed_close(player->feed);
        player->feed = NULL;
        return fore_err_set(diag, err, "%s: %s", path, inner.text);
    }
    viz_model_init(&player->model, fore_journal_reader_header(player->reader), path);
    return FORE_E_OK;
}

static void drop_past(struct viz_player *player)
{
    if (player->past != NULL) viz_model_fini(player->past);
    free(player->past);
    player->past = NULL;
    player->behind = VIZ_BEHIND_NOT;
}

void viz_player_close(struct viz_player *player)
{
    drop_past(player);
    viz_model_fini(&player->model);
    fore_journal_reader_close(player->reader);
    viz_feed_close(player->feed);
    *player = (struct viz_player){0};
}

fore_ns viz_player_first(const struct viz_player *player)
{
    return fore_journal_reader_first(player->reader);
}

fore_ns viz_player_last(const struct viz_player *player)
{
    return fore_journal_reader_last(player->reader);
}

static struct viz_view view_at(const struct viz_player *player, fore_ns now)
{
    fore_ns first = viz_player_first(player), horizon = player->horizon;
    fore_ns span = player->span == VIZ_SPAN_ALL ? UINT64_MAX : player->span;
    if (horizon == 0 && viz_feed_size(player->feed) > WHOLE_BYTES) horizon = HORIZON_GUESS;
    struct viz_view view = viz_axis_view(first, now, horizon, span);
    if (player->ahead == UINT64_MAX) return view;
    view.to = view.now + (player->ahead < horizon ? player->ahead : horizon);
    return view;
}

/*
 * Buckets that fill the view, no finer than the loads come: the period times 1, 2, 3, 4, 6, 8, 12,
 * ... Only the view decides, never the way that led to it, and a growing view seldom changes it.
 */
static fore_ns bucket_for(const struct viz_player *player, struct viz_view view)
{
    uint32_t columns = player->columns;
    if (player->model.heat.cell != NULL && player->model.heat.column_cap < columns)
        columns = player->model.heat.column_cap; /* very many partitions leave room for fewer */
    fore_ns period = player->period > 0 ? player->period : FORE_SEC, bucket = period;
    fore_ns want = (view.now - view.from) / (columns - 2) + 1;
    for (; bucket < want; bucket *= 2)
        if (bucket > period && bucket / 2 * 3 >= want) return bucket / 2 * 3;
    return bucket;
}

static void describe_trouble(struct viz_player *player, enum fore_err err, const char *what)
{
    if (err == FORE_E_OK || err == FORE_E_AGAIN) return;
    player->damaged = true;
    snprintf(player->note, sizeof player->note, "%s", what);
}

static double clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Folds records up to `now` into a model; the first one after it stays pending. False when the time
 * was up before. The clock is asked once in a while, or after what may have taken long. */
static bool read_until(struct viz_player *player, struct viz_model *model, fore_ns now,
                       double deadline)
{
    for (uint32_t count = 1; !player->damaged; count++) {
        if (!player->has_pending) {
            struct fore_diag diag = {0};
            enum fore_err err = fore_journal_reader_next(player->reader, &player->pending, &diag);
            if (err != FORE_E_OK) {
                describe_trouble(player, err, diag.text);
                return true;
            }
            player->has_pending = true;
        }
        const struct fore_journal_record *r = &player->pending;
        if (r->at > now) return true;
        size_t len = r->len;
        viz_model_fold(model, r->at, r->kind, r->body, len);
        player->has_pending = false;
        if ((len > 4096 || count % 256 == 0) && clock_ms() > deadline) return false;
    }
    return true;
}

static void read_on(struct viz_player *player, fore_ns now)
{
    (void)read_until(player, &player->model, now, (double)INFINITY);
}

/* Where to begin for a view: at its keyframe, or at the start while that is near enough. */
static fore_ns start_of(const struct viz_player *player, struct viz_view view)
{
    bool whole = viz_feed_size(player->feed) <= WHOLE_BYTES;
    return whole ? viz_player_first(player) : view.from;
}

static void begin_at(struct viz_player *player, struct viz_model *model, struct viz_view view,
                     fore_ns at)
{
    struct fore_diag diag = {0};
    viz_model_reset(model, bucket_for(player, view), player->columns);
    player->has_pending = player->damaged = false;
    player->begun = true;
    enum fore_err err = fore_journal_reader_seek(player->reader, at, &diag);
    if (err != FORE_E_OK) describe_trouble(player, err, diag.text);
}

static void restart(struct viz_player *player, fore_ns now, struct viz_view view)
{
    drop_past(player);
    begin_at(player, &player->model, view, start_of(player, view));
    read_on(player, now);
}

static bool fits(const struct viz_player *player, struct viz_view view)
{
    const struct viz_matrix *heat = &player->model.heat;
    return heat->cell != NULL && heat->bucket_ns == bucket_for(player, view);
}

/* What a person should know of a journal that is read, but not all of it. */
static void describe_gaps(const struct viz_player *player, char *out, size_t size)
{
    const struct fore_journal_header *header = fore_journal_reader_header(player->reader);
    const struct viz_model *model = &player->model;
    char trouble[160];
    viz_feed_trouble(player->feed, trouble, sizeof trouble);
    const char *open = trouble[0] != '\0' ? trouble
                       : fore_journal_reader_truncated(player->reader)
                           ? "the journal has no end yet: still being written, or cut off"
                           : "";
    int used = snprintf(out, size, "%s", open);
    const char *join = used > 0 ? "; " : "";
    if (model->odd > 0 && header->minor > FORE_JOURNAL_MINOR)
        snprintf(out + used, size - (size_t)used,
                 "%swritten by a newer foreshard (format %u.%u): %llu records are not known here "
                 "and left out",
                 join, (unsigned)header->major, (unsigned)header->minor,
                 (unsigned long long)model->odd);
    else if (model->odd > 0)
        snprintf(out + used, size - (size_t)used, "%s%llu records make no sense and are left out",
                 join, (unsigned long long)model->odd);
    else if (model->forecast_refused > 0)
        snprintf(out + used, size - (size_t)used,
                 "%sthere are too many partitions to keep every forecast: some are not shown",
                 join);
}

/* What the last pass has taught about the journal. */
static void learn(struct viz_player *player)
{
    if (player->model.horizon_ns > 0) player->horizon = player->model.horizon_ns;
    if (player->period == 0) player->period = player->model.period_ns;
    if (!player->damaged) describe_gaps(player, player->note, sizeof player->note);
}

/* The look decides what the model keeps; the partition in focus is kept while it lives. */
static bool want(struct viz_player *player)
{
    const struct viz_look *look = &player->look;
    struct viz_model *model = &player->model;
    const struct fore_topology *topology = &model->snapshot.topology;
    struct viz_want want = {.metric = look->error ? VIZ_METRIC_LOAD : look->metric,
                            .expect = look->error,
                            .watch = look->partition};
    uint32_t kept = model->want.watch;
    if (want.watch == VIZ_NONE && look->tab == VIZ_TAB_FORECAST)
        want.watch = kept < topology->partition_count && topology->partition[kept].alive
                         ? kept
                         : viz_model_focus(model);
    bool same = want.metric == model->want.metric && want.expect == model->want.expect &&
                want.watch == kept;
    model->want = want;
    return same;
}

/* The view of what the model holds now. */
static void look_at(struct viz_player *player, fore_ns now)
{
    struct viz_view view = view_at(player, now);
    /* A forecast made a while ago ends sooner than its horizon from now. */
    fore_ns known = player->model.forecast_at + player->model.horizon_ns;
    if (view.to > known) view.to = known > view.now ? known : view.now;
    player->view = view;
    viz_model_sort(&player->model);
}

static void go(struct viz_player *player, fore_ns now)
{
    struct viz_view view = view_at(player, now);
    bool back = now < player->view.now;
    if (!player->begun || back || player->behind != VIZ_BEHIND_NOT || !fits(player, view))
        restart(player, now, view);
    else
        read_on(player, now);
    learn(player);
    view = view_at(player, now);
    if (!fits(player, view)) restart(player, now, view); /* with what the first pass taught */
    look_at(player, now);
}

void viz_player_go(struct viz_player *player, fore_ns now)
{
    if (!want(player)) player->begun = false;
    go(player, now);
    if (want(player)) return; /* which partition is in focus is known only now */
    player->begun = false;
    go(player, now);
}

/* The state at `now` from the keyframe before it, if there is time for all that lies between. */
static void jump(struct viz_player *player, fore_ns now, double deadline)
{
    for (int pass = 0; pass < 2; pass++) {
        struct viz_view view = view_at(player, now);
        if (pass > 0 && fits(player, view)) break; /* the first pass has taught nothing new */
        drop_past(player);
        begin_at(player, &player->model, view, now);
        bool there = read_until(player, &player->model, now, deadline);
        player->behind = there ? VIZ_BEHIND_PAST : VIZ_BEHIND_NOW;
        player->wanted = now;
        learn(player);
    }
    look_at(player, now);
}

/* More than a peek's worth of bytes: ahead, or from the start of the view again. */
static bool is_far(const struct viz_player *player, fore_ns now, bool again)
{
    enum { NEAR_BYTES = 4 << 20 };
    if (again) return viz_feed_size(player->feed) > NEAR_BYTES;
    return fore_journal_reader_skip(player->reader, now) > NEAR_BYTES;
}

void viz_player_peek(struct viz_player *player, fore_ns now)
{
    if (!want(player)) player->begun = false;
    bool busy = player->behind != VIZ_BEHIND_NOT;
    if (busy && player->begun && now == player->wanted && fits(player, view_at(player, now)))
        return; /* it is on its way there */
    bool again =
        !player->begun || busy || now < player->view.now || !fits(player, view_at(player, now));
    if (is_far(player, now, again))
        jump(player, now, clock_ms() + VIZ_PEEK_MS);
    else
        viz_player_go(player, now);
}

/* The second model is complete: it is the first one from now on. */
static void take_over(struct viz_player *player)
{
    viz_model_fini(&player->model);
    player->model = *player->past;
    free(player->past);
    player->past = NULL;
    player->behind = VIZ_BEHIND_NOT;
}

static void begin_past(struct viz_player *player)
{
    struct viz_view view = view_at(player, player->wanted);
    player->past = calloc(1, sizeof *player->past);
    FORE_ASSERT(player->past != NULL);
    viz_model_init(player->past, fore_journal_reader_header(player->reader), player->path);
    player->past->want = player->model.want;
    begin_at(player, player->past, view, start_of(player, view));
}

bool viz_player_catch_up(struct viz_player *player, double budget_ms)
{
    double deadline = clock_ms() + budget_ms;
    if (player->behind == VIZ_BEHIND_NOT) return false;
    if (player->behind == VIZ_BEHIND_NOW) {
        bool there = read_until(player, &player->model, player->wanted, deadline);
        if (there) player->behind = VIZ_BEHIND_PAST;
    } else {
        if (player->past == NULL) begin_past(player);
        if (read_until(player, player->past, player->wanted, deadline)) take_over(player);
    }
    learn(player);
    look_at(player, player->wanted);
    return player->behind != VIZ_BEHIND_NOT;
}

bool viz_player_poll(struct viz_player *player)
{
    fore_ns before = viz_player_last(player);
    if (player->behind != VIZ_BEHIND_NOT) return false; /* what there is comes first */
    if (player->begun && !player->has_pending) read_on(player, player->view.now);
    fore_journal_reader_look(player->reader); /* a writer may be many frames ahead */
    learn(player);
    return viz_player_last(player) > before;
}
