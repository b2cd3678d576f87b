/*
 * export.h - what is shown, as a file: PNG, SVG, PDF, CSV or video. None of them needs a display.
 * A file appears whole or not at all: it is written beside its name and renamed.
 */
#ifndef VIZ_EXPORT_H
#define VIZ_EXPORT_H

#include "viz/pair.h"

struct viz_export {
    struct viz_pair pair; /* side[1] NULL: one journal; brought to the moment by the caller */
    const struct viz_theme *theme;
    int width, height;
};

/* Brings what is to be shown to a moment. */
void viz_export_go(struct viz_export *e, fore_ns at);
/* Draws the moment on any cairo surface of that size. */
void viz_export_page(const struct viz_export *e, cairo_surface_t *surface);
/* By the name's ending: .svg, .pdf (one page, text as outlines), .csv (export_csv.h); else PNG. */
FORE_MUST_USE enum fore_err viz_export_file(const struct viz_export *e, const char *path,
                                            struct fore_diag *diag);
/* The same as CSV text, see export_csv.c. */
void viz_export_csv(const struct viz_export *e, struct fore_buf *out);

/* Bytes into a file that appears whole or not at all. */
FORE_MUST_USE enum fore_err viz_export_bytes(const char *path, const void *bytes, size_t len,
                                             struct fore_diag *diag);

/* A picture written while the window goes on: PNG takes a third of a second. */
struct viz_export_job;
/* Takes a copy of the page; NULL: no thread could be begun, write it yourself. */
struct viz_export_job *viz_export_begin(cairo_surface_t *page, const char *path);
/* True when it is done; then `err` and `diag` tell, and the job is gone. */
bool viz_export_poll(struct viz_export_job *job, enum fore_err *err, struct fore_diag *diag);
/* Waits for it. */
FORE_MUST_USE enum fore_err viz_export_end(struct viz_export_job *job, struct fore_diag *diag);

#endif
