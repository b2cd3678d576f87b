/* progress.h - a bar with ETA on stderr: only on a terminal, only after a second, 10 times a
 * second. */
#ifndef WL_PROGRESS_H
#define WL_PROGRESS_H

#include "core/base/base.h"

struct wl_progress {
    const char *what;
    double began_s, shown_s;
    bool enabled;
};
struct wl_progress wl_progress_begin(const char *what);
void wl_progress_show(struct wl_progress *progress, double done_share); /* 0..1 */
void wl_progress_end(struct wl_progress *progress);                     /* clears the line */
double wl_progress_wall_s(void);                                        /* monotonic clock */

#endif
