/*
 * video.c - see video.h. ffmpeg is started without a shell, so any file name will do; its own
 * messages go to standard error.
 */
#include "viz/video.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* "out/a.mp4" is written as "out/a.part.mp4": the ending tells ffmpeg what to write. */
static enum fore_err part_name(const char *path, char *out, size_t size, struct fore_diag *diag)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    if (dot == NULL || (slash != NULL && dot < slash) || dot[1] == '\0')
        return fore_err_set(diag, FORE_E_FORMAT,
                            "--video %s: the name must tell the kind of film: .mp4, .webm, .mkv "
                            "or .gif",
                            path);
    int n = snprintf(out, size, "%.*s.part%s", (int)(dot - path), path, dot);
    if (n < 0 || (size_t)n >= size)
        return fore_err_set(diag, FORE_E_RANGE, "the film's path is too long");
    return FORE_E_OK;
}

/* ffmpeg reading raw frames from `input`. */
static enum fore_err start(const struct viz_export *e, const struct viz_video *video,
                           const char *part, int input, int unused, pid_t *pid,
                           struct fore_diag *diag)
{
    char size[32], rate[16];
    const char *dot = strrchr(part, '.');
    bool gif = strcmp(dot, ".gif") == 0;
    snprintf(size, sizeof size, "%dx%d", e->width, e->height);
    snprintf(rate, sizeof rate, "%u", video->frames_per_sec);
    /* Most players want even sides and 4:2:0. */
    const char *argv[] = {"ffmpeg",
                          "-v",
                          "error",
                          "-y",
                          "-f",
                          "rawvideo",
                          "-pixel_format",
                          "bgr0",
                          "-video_size",
                          size,
                          "-framerate",
                          rate,
                          "-i",
                          "pipe:0",
                          "-vf",
                          "pad=ceil(iw/2)*2:ceil(ih/2)*2",
                          "-pix_fmt",
                          gif ? "rgb8" : "yuv420p",
                          part,
                          NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "no film: out of memory");
    (void)posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    (void)posix_spawn_file_actions_addclose(&actions, unused);
    union {
        const char **from;
        char *const *to;
    } words = {.from = argv}; /* posix_spawnp() writes to none of them */
    int failed = posix_spawnp(pid, "ffmpeg", &actions, NULL, words.to, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (failed == 0) return FORE_E_OK;
    if (failed == ENOENT)
        return fore_err_set(diag, FORE_E_UNREACHABLE,
                            "--video needs ffmpeg, and it is not installed; --shot draws single "
                            "pictures without it");
    return fore_err_set(diag, FORE_E_UNREACHABLE, "cannot start ffmpeg: %s", strerror(failed));
}

static bool put_all(int fd, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, bytes, len);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

static bool put_frame(int fd, cairo_surface_t *page)
{
    int height = cairo_image_surface_get_height(page), width = cairo_image_surface_get_width(page);
    int stride = cairo_image_surface_get_stride(page);
    const unsigned char *bytes = cairo_image_surface_get_data(page);
    if (stride == width * 4) return put_all(fd, bytes, (size_t)stride * (size_t)height);
    for (int y = 0; y < height; y++)
        if (!put_all(fd, bytes + (ptrdiff_t)y * stride, 4 * (size_t)width)) return false;
    return true;
}

static void draw_frames(struct viz_export *e, const struct viz_video *video, int fd)
{
    cairo_surface_t *page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, e->width, e->height);
    FORE_ASSERT(cairo_surface_status(page) == CAIRO_STATUS_SUCCESS);
    double span = (double)(video->to - video->from);
    for (uint32_t i = 0; i < video->frames; i++) {
        fore_ns at = video->from + (fore_ns)(span * i / (video->frames - 1));
        viz_export_go(e, at);
        viz_export_page(e, page);
        cairo_surface_flush(page);
        if (!put_frame(fd, page)) break; /* ffmpeg is gone; its exit code tells */
    }
    cairo_surface_destroy(page);
}

static enum fore_err wait_for(pid_t pid, struct fore_diag *diag)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return fore_err_set(diag, FORE_E_UNREACHABLE, "ffmpeg is lost: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return FORE_E_OK;
    if (WIFEXITED(status))
        return fore_err_set(diag, FORE_E_UNREACHABLE, "ffmpeg failed with exit code %d",
                            WEXITSTATUS(status));
    return fore_err_set(diag, FORE_E_UNREACHABLE, "ffmpeg was stopped by signal %d",
                        WTERMSIG(status));
}

static enum fore_err film(struct viz_export *e, const struct viz_video *video, const char *part,
                          struct fore_diag *diag)
{
    int ends[2];
    pid_t pid = -1;
    if (pipe(ends) != 0)
        return fore_err_set(diag, FORE_E_UNREACHABLE, "no pipe to ffmpeg: %s", strerror(errno));
    enum fore_err err = start(e, video, part, ends[0], ends[1], &pid, diag);
    close(ends[0]);
    if (err == FORE_E_OK) draw_frames(e, video, ends[1]);
    close(ends[1]);
    return err == FORE_E_OK ? wait_for(pid, diag) : err;
}

enum fore_err viz_video_write(struct viz_export *e, const struct viz_video *video, const char *path,
                              struct fore_diag *diag)
{
    char part[4096];
    FORE_ASSERT(video->frames >= 2 && video->frames_per_sec > 0 && video->from <= video->to);
    FORE_TRY(part_name(path, part, sizeof part, diag));
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    (void)sigaction(SIGPIPE, &ignore, &before);
    enum fore_err err = film(e, video, part, diag);
    (void)sigaction(SIGPIPE, &before, NULL);
    if (err == FORE_E_OK && rename(part, path) != 0)
        err = fore_err_set(diag, FORE_E_IO, "cannot write %s: %s", path, strerror(errno));
    if (err != FORE_E_OK) remove(part);
    return err;
}
