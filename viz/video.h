/*
 * video.h - a stretch of a journal as a film: pages drawn one after the other and piped to ffmpeg,
 * which chooses container and codec by the file's name (.mp4, .webm, .mkv, .gif, ...).
 */
#ifndef VIZ_VIDEO_H
#define VIZ_VIDEO_H

#include "viz/export.h"

struct viz_video {
    fore_ns from, to;
    uint32_t frames_per_sec;
    uint32_t frames; /* evenly from `from` to `to`, at least 2 */
};
/* The file appears whole or not at all. FORE_E_UNREACHABLE: there is no ffmpeg, or it failed. */
FORE_MUST_USE enum fore_err viz_video_write(struct viz_export *e, const struct viz_video *video,
                                            const char *path, struct fore_diag *diag);

#endif
