/*
 * controls.h - what the keys and the mouse mean, apart from any window: the moment shown, whether
 * time runs, how fast. Every change sets `dirty`; nothing dirty, nothing drawn.
 */
#ifndef VIZ_CONTROLS_H
#define VIZ_CONTROLS_H

#include "viz/axis.h"

enum viz_command {
    VIZ_DO_PLAY,
    VIZ_DO_BACK,
    VIZ_DO_FORWARD,
    VIZ_DO_FAR_BACK,
    VIZ_DO_FAR_FORWARD,
    VIZ_DO_START,
    VIZ_DO_END,
    VIZ_DO_FASTER,
    VIZ_DO_SLOWER,
    VIZ_DO_WIDER,
    VIZ_DO_NARROWER,
    VIZ_DO_FIT,
    VIZ_DO_THEME,
    VIZ_DO_HELP,
    VIZ_DO_SAVE,
    VIZ_DO_QUIT,
};

struct viz_controls {
    fore_ns first, last; /* of the journal, as far as known */
    fore_ns now;
    fore_ns step; /* of one arrow key */
    double speed; /* journal seconds per second */
    bool playing;
    bool following; /* stay at the end while the journal grows */
    bool growing;   /* it has no end yet */
    bool help, dark_swap, save, quit;
    int zoom; /* wider (+) or narrower (-) than the span asked for, in powers of two */
    bool dirty;
};

void viz_controls_init(struct viz_controls *controls, fore_ns first, fore_ns last, bool growing);
void viz_controls_do(struct viz_controls *controls, enum viz_command command);
/* A click on the time axis. */
void viz_controls_seek(struct viz_controls *controls, fore_ns at);
/* Wall time passed; the journal may have grown to `last`. */
void viz_controls_tick(struct viz_controls *controls, double wall_s, fore_ns last);
/* How long nothing can change by itself, in ms: what the event loop may sleep. */
int viz_controls_sleep_ms(const struct viz_controls *controls);
/* "playing x60", "paused", "following": for the header. */
void viz_controls_status(const struct viz_controls *controls, char *out, size_t size);

/* The keys, for help and window alike; ends with a NULL name. */
struct viz_key {
    const char *name, *what;
};
extern const struct viz_key viz_keys[];

#endif
