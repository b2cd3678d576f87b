/* shot.c - see shot.h. */
#include "viz/shot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fore_err viz_shot_size(const char *text, int *width, int *height, struct fore_diag *diag)
{
    char *end = NULL;
    long w = strtol(text, &end, 10), h = 0;
    const char *rest = end;
    if (end != text && *end == 'x') h = strtol(rest + 1, &end, 10);
    if (end == text || rest[0] != 'x' || end == rest + 1 || *end != '\0')
        return fore_err_set(diag, FORE_E_FORMAT,
                            "--size %s: write width and height in pixels, as in 1920x1080", text);
    if (w < VIZ_WIDTH_MIN || h < VIZ_HEIGHT_MIN || w > VIZ_SIDE_MAX || h > VIZ_SIDE_MAX)
        return fore_err_set(diag, FORE_E_RANGE, "--size %s: from %dx%d to %dx%d", text,
                            VIZ_WIDTH_MIN, VIZ_HEIGHT_MIN, VIZ_SIDE_MAX, VIZ_SIDE_MAX);
    *width = (int)w;
    *height = (int)h;
    return FORE_E_OK;
}

cairo_surface_t *viz_shot_draw(struct viz_player *player, const struct viz_theme *theme, int width,
                               int height)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    FORE_ASSERT(cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS);
    struct viz_layout layout = viz_layout_sized(width, height, player->look.text);
    struct viz_scene scene = {.model = &player->model,
                              .view = player->view,
                              .note = player->note,
                              .status = "",
                              .look = &player->look};
    viz_panel_page(surface, &layout, theme, &scene);
    return surface;
}

static cairo_status_t put(void *file, const unsigned char *bytes, unsigned int len)
{
    return fwrite(bytes, 1, len, file) == len ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

enum fore_err viz_shot_write(cairo_surface_t *surface, const char *path, struct fore_diag *diag)
{
    char temporary[4096];
    int n = snprintf(temporary, sizeof temporary, "%s.part", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return fore_err_set(diag, FORE_E_RANGE, "the picture's path is too long");
    FILE *file = fopen(temporary, "wb");
    if (file == NULL)
        return fore_err_set(diag, FORE_E_IO, "cannot write %s: %s", path, strerror(errno));
    cairo_status_t status = cairo_surface_write_to_png_stream(surface, put, file);
    bool good = fclose(file) == 0 && status == CAIRO_STATUS_SUCCESS;
    if (good && rename(temporary, path) == 0) return FORE_E_OK;
    enum fore_err err = fore_err_set(diag, FORE_E_IO, "cannot write %s: %s", path, strerror(errno));
    remove(temporary);
    return err;
}
