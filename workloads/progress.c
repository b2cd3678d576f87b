/*
 * progress.c - one line on stderr, redrawn in place: "replay [#####.....]  52 %  ETA 0:41".
 *
 * Quiet for the first second and whenever stderr is not a terminal, so logs and pipes stay clean.
 * The ETA is the time so far scaled by what is left; it is as good as the work is even.
 */
#include "workloads/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 32 };
#define QUIET_S    1.0
#define INTERVAL_S 0.1

double wl_progress_wall_s(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0.0;
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct wl_progress wl_progress_begin(const char *what)
{
    return (struct wl_progress){
        .what = what, .began_s = wl_progress_wall_s(), .enabled = isatty(STDERR_FILENO) == 1};
}

void wl_progress_show(struct wl_progress *progress, double done_share)
{
    if (!progress->enabled) return;
    double now_s = wl_progress_wall_s();
    double spent_s = now_s - progress->began_s;
    if (spent_s < QUIET_S || now_s - progress->shown_s < INTERVAL_S) return;
    progress->shown_s = now_s;
    if (!(done_share > 0.0)) { /* unknown, or nothing yet: time is all there is to say */
        (void)fprintf(stderr, "\r%s  %.0f s\033[K", progress->what, spent_s);
        return;
    }
    if (done_share > 1.0) done_share = 1.0;
    char bar[BAR_WIDTH + 1];
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = (double)i < done_share * BAR_WIDTH ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    double eta_s = spent_s * (1.0 - done_share) / done_share;
    if (eta_s > 3600.0 * 99.0) eta_s = 3600.0 * 99.0;
    (void)fprintf(stderr, "\r%s [%s] %3.0f %%  ETA %d:%02d\033[K", progress->what, bar,
                  100.0 * done_share, (int)eta_s / 60, (int)eta_s % 60);
}

void wl_progress_end(struct wl_progress *progress)
{
    if (progress->enabled && progress->shown_s > 0.0) (void)fputs("\r\033[K", stderr);
    progress->enabled = false;
}
