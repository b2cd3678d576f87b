/*
 * controls.h - what the keys and the mouse mean, apart from any window: the moment shown, whether
 * time runs, how fast, how much of it is seen, and how one looks at it (look.h). Every change sets
 * `dirty`; nothing dirty, nothing drawn. What needs the journal or the screen (a jump to the next
 * alert, a copy, a picture) is left as a wish, for whoever has them.
 */
#ifndef VIZ_CONTROLS_H
#define VIZ_CONTROLS_H

#include "viz/axis.h"
#include "viz/look.h"

enum viz_command {
    VIZ_DO_NOTHING,
    VIZ_DO_PLAY,
    VIZ_DO_BACK,
    VIZ_DO_FORWARD,
    VIZ_DO_FAR_BACK,
    VIZ_DO_FAR_FORWARD,
    VIZ_DO_START,
    VIZ_DO_END,
    VIZ_DO_FASTER,
    VIZ_DO_SLOWER,
    VIZ_DO_NEXT_EVENT,
    VIZ_DO_LAST_EVENT,
    VIZ_DO_NEXT_ALERT,
    VIZ_DO_LAST_ALERT,
    VIZ_DO_BOOKMARK,
    VIZ_DO_NEXT_BOOKMARK,
    VIZ_DO_WIDER,
    VIZ_DO_NARROWER,
    VIZ_DO_MORE_ROWS,
    VIZ_DO_FEWER_ROWS,
    VIZ_DO_FIT,
    VIZ_DO_ROW_UP,
    VIZ_DO_ROW_DOWN,
    VIZ_DO_METRIC,
    VIZ_DO_METRIC_BACK,
    VIZ_DO_PALETTE,
    VIZ_DO_QUANTILE,
    VIZ_DO_ERROR,
    VIZ_DO_TAB_MOVES,
    VIZ_DO_TAB_WHY,
    VIZ_DO_TAB_FORECAST,
    VIZ_DO_TAB_EVENTS,
    VIZ_DO_SEARCH,
    VIZ_DO_PIN,
    VIZ_DO_COPY,
    VIZ_DO_COPY_VIEW,
    VIZ_DO_CLEAR,
    VIZ_DO_LARGER,
    VIZ_DO_SMALLER,
    VIZ_DO_STILL,
    VIZ_DO_THEME,
    VIZ_DO_HELP,
    VIZ_DO_SAVE,
    VIZ_DO_CONTROL, /* of a live daemon, up to VIZ_DO_THRESHOLD: what a sheet asks about first */
    VIZ_DO_PLAN,
    VIZ_DO_PAUSE,
    VIZ_DO_CANCEL,
    VIZ_DO_THRESHOLD_ALL,
    VIZ_DO_THRESHOLD,
    VIZ_DO_QUIT,
};

enum { VIZ_BOOKMARKS = 16, VIZ_SEARCH_MAX = 48 };

/* What is to be done by whoever has the journal, the screen or the clipboard. */
struct viz_wish {
    bool save, quit, copy, copy_view, pin;
    int event; /* -1 the last, 1 the next; 0: none */
    int alert;
    int row;                  /* up (-1) or down (1) in key order from the partition selected */
    bool find;                /* what `search` says */
    enum viz_command control; /* VIZ_DO_NOTHING: none */
};

struct viz_controls {
    fore_ns first, last; /* of the journal, as far as known */
    fore_ns now;
    fore_ns step; /* of one arrow key */
    double speed; /* journal seconds per second */
    bool playing;
    bool following; /* stay at the end while the journal grows */
    bool growing;   /* it has no end yet */
    bool help, dark_swap;
    fore_ns span, ahead;  /* of past and future shown; 0 and UINT64_MAX: as at first */
    struct viz_view view; /* what is shown now; set after every draw */
    struct viz_look look;
    fore_ns bookmark[VIZ_BOOKMARKS]; /* ascending */
    uint32_t bookmark_count;
    bool searching; /* text goes into `search` */
    char search[VIZ_SEARCH_MAX];
    struct viz_wish wish;
    bool dirty;
};

void viz_controls_init(struct viz_controls *controls, fore_ns first, fore_ns last, bool growing);
void viz_controls_do(struct viz_controls *controls, enum viz_command command);
/* The command of a typed sign, or of a key by name ("Left", "Shift Left"); VIZ_DO_NOTHING. */
enum viz_command viz_controls_named(const char *key);
/* Typed text while searching; "\b" takes the last letter away, "\n" finds. */
void viz_controls_type(struct viz_controls *controls, const char *text);
/* A click on the time axis. */
void viz_controls_seek(struct viz_controls *controls, fore_ns at);
/* Shows `factor` times as much time, what is at `at` staying where it is. */
void viz_controls_zoom(struct viz_controls *controls, fore_ns at, double factor);
/* Shows from..to; what lies after `now` is shown as it was forecast at `now`. */
void viz_controls_show(struct viz_controls *controls, fore_ns from, fore_ns to);
/* Wall time passed; the journal may have grown to `last`. */
void viz_controls_tick(struct viz_controls *controls, double wall_s, fore_ns last);
/* How long nothing can change by itself, in ms: what the event loop may sleep. */
int viz_controls_sleep_ms(const struct viz_controls *controls);
/* "playing x60", "paused", "following": for the header. */
void viz_controls_status(const struct viz_controls *controls, char *out, size_t size);

/* The keys, for help: a row without `what` heads a group; ends with a NULL name. */
struct viz_key {
    const char *name, *what;
};
extern const struct viz_key viz_keys[];

#endif
