/*
 * export.c - see export.h. Pictures go through cairo's streams, so that one writer of whole files
 * serves all formats.
 */
#include "viz/export.h"

#include "viz/shot.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool ends_in(const char *path, const char *ending)
{
    size_t a = strlen(path), b = strlen(ending);
    return a >= b && strcmp(path + a - b, ending) == 0;
}

void viz_export_go(struct viz_export *e, fore_ns at)
{
    if (e->pair.side[1] != NULL)
        viz_pair_go(&e->pair, at);
    else
        viz_player_go(e->pair.side[0], at);
}

void viz_export_page(const struct viz_export *e, cairo_surface_t *surface)
{
    const struct viz_player *player = e->pair.side[0];
    if (e->pair.side[1] != NULL) {
        struct viz_pair_layout layout = viz_pair_place(e->width, e->height, player->look.text);
        viz_pair_draw(surface, &layout, e->theme, &e->pair, "", NULL);
        return;
    }
    struct viz_layout layout = viz_layout_sized(e->width, e->height, player->look.text);
    struct viz_scene scene = {.model = &player->model,
                              .view = player->view,
                              .note = player->note,
                              .status = "",
                              .look = &player->look};
    viz_panel_page(surface, &layout, e->theme, &scene);
}

static cairo_status_t collect(void *buf, const unsigned char *bytes, unsigned int len)
{
    fore_buf_append(buf, bytes, len);
    return CAIRO_STATUS_SUCCESS;
}

/* SVG and PDF keep their text as outlines: no font has to be where they are read. */
static enum fore_err vector(const struct viz_export *e, bool svg, struct fore_buf *out,
                            struct fore_diag *diag)
{
    cairo_surface_t *surface =
        svg ? cairo_svg_surface_create_for_stream(collect, out, e->width, e->height)
            : cairo_pdf_surface_create_for_stream(collect, out, e->width, e->height);
    if (!svg && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
                                       e->pair.side[0]->model.name);
        /* Equal pictures are equal bytes: the date is the moment's business. */
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE,
                                       "2000-01-01T00:00:00Z");
    }
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) viz_export_page(e, surface);
    cairo_surface_finish(surface);
    cairo_status_t status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status == CAIRO_STATUS_SUCCESS) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_IO, "no picture: %s", cairo_status_to_string(status));
}

static void raster(const struct viz_export *e, struct fore_buf *out)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, e->width, e->height);
    FORE_ASSERT(cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS);
    viz_export_page(e, surface);
    cairo_surface_flush(surface);
    (void)cairo_surface_write_to_png_stream(surface, collect, out);
    cairo_surface_destroy(surface);
}

enum fore_err viz_export_bytes(const char *path, const void *bytes, size_t len,
                               struct fore_diag *diag)
{
    char temporary[4096];
    int n = snprintf(temporary, sizeof temporary, "%s.part", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return fore_err_set(diag, FORE_E_RANGE, "the file's path is too long");
    FILE *file = fopen(temporary, "wb");
    if (file == NULL)
        return fore_err_set(diag, FORE_E_IO, "cannot write %s: %s", path, strerror(errno));
    bool good = fwrite(bytes, 1, len, file) == len;
    good = fclose(file) == 0 && good;
    if (good && rename(temporary, path) == 0) return FORE_E_OK;
    enum fore_err err = fore_err_set(diag, FORE_E_IO, "cannot write %s: %s", path, strerror(errno));
    remove(temporary);
    return err;
}

enum fore_err viz_export_file(const struct viz_export *e, const char *path, struct fore_diag *diag)
{
    struct fore_buf out = {0};
    enum fore_err err = FORE_E_OK;
    if (ends_in(path, ".svg") || ends_in(path, ".pdf"))
        err = vector(e, ends_in(path, ".svg"), &out, diag);
    else if (ends_in(path, ".csv"))
        viz_export_csv(e, &out);
    else
        raster(e, &out);
    if (err == FORE_E_OK) err = viz_export_bytes(path, out.data, out.len, diag);
    fore_buf_fini(&out);
    return err;
}

/* ---- beside the window -------------------------------------------------------------------- */

struct viz_export_job {
    pthread_t thread;
    cairo_surface_t *page;
    char *path;
    enum fore_err err;
    struct fore_diag diag;
    atomic_bool done;
};

static void *work(void *self)
{
    struct viz_export_job *job = self;
    job->err = viz_shot_write(job->page, job->path, &job->diag);
    atomic_store(&job->done, true);
    return NULL;
}

static void drop(struct viz_export_job *job)
{
    cairo_surface_destroy(job->page);
    free(job->path);
    free(job);
}

static cairo_surface_t *copy_of(cairo_surface_t *page)
{
    int width = cairo_image_surface_get_width(page), height = cairo_image_surface_get_height(page);
    cairo_surface_t *copy = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    FORE_ASSERT(cairo_surface_status(copy) == CAIRO_STATUS_SUCCESS);
    cairo_t *cr = cairo_create(copy);
    cairo_set_source_surface(cr, page, 0, 0);
    cairo_paint(cr);
    cairo_destroy(cr);
    cairo_surface_flush(copy);
    return copy;
}

struct viz_export_job *viz_export_begin(cairo_surface_t *page, const char *path)
{
    struct viz_export_job *job = calloc(1, sizeof *job);
    FORE_ASSERT(job != NULL);
    size_t len = strlen(path) + 1;
    job->page = copy_of(page);
    job->path = malloc(len);
    FORE_ASSERT(job->path != NULL);
    memcpy(job->path, path, len);
    if (pthread_create(&job->thread, NULL, work, job) == 0) return job;
    drop(job);
    return NULL;
}

enum fore_err viz_export_end(struct viz_export_job *job, struct fore_diag *diag)
{
    (void)pthread_join(job->thread, NULL);
    enum fore_err err = job->err;
    if (diag != NULL) *diag = job->diag;
    drop(job);
    return err;
}

bool viz_export_poll(struct viz_export_job *job, enum fore_err *err, struct fore_diag *diag)
{
    if (!atomic_load(&job->done)) return false;
    *err = viz_export_end(job, diag);
    return true;
}
