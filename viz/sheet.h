/*
 * sheet.h - the question before a daemon is asked to change anything: what will be done in words
 * (bytes, time, nodes), and the answers there are, each with a key of its own. Plain values, apart
 * from any window: a sheet is made from a model and what the daemon has told, keys and clicks
 * choose among its answers, and whoever holds it does what was chosen (window_control.c).
 *
 * The answer under the cursor at first is always the one that changes nothing, but for a number
 * that somebody types: Enter after it is the answer.
 */
#ifndef VIZ_SHEET_H
#define VIZ_SHEET_H

#include "viz/canvas.h"
#include "viz/control.h"
#include "viz/layout.h"
#include "viz/model.h"

enum viz_sheet_kind {
    VIZ_SHEET_NONE,
    VIZ_SHEET_MENU,      /* what can be done */
    VIZ_SHEET_WAIT,      /* the daemon has been asked */
    VIZ_SHEET_PLAN,      /* approve or reject */
    VIZ_SHEET_MOVE,      /* pause, resume */
    VIZ_SHEET_CANCEL,    /* a move */
    VIZ_SHEET_THRESHOLD, /* a number is typed */
    VIZ_SHEET_SAID       /* why it was not done */
};
enum viz_choice_kind {
    VIZ_CHOICE_LEAVE, /* nothing is done */
    VIZ_CHOICE_DEED,  /* the daemon is asked */
    VIZ_CHOICE_OPEN   /* another sheet */
};
struct viz_choice {
    enum viz_choice_kind kind;
    char label[64];
    char key; /* one letter; 0: none */
    struct viz_deed deed;
    enum viz_sheet_kind open;
    uint64_t about;        /* of the sheet to open: ticket or partition */
    struct viz_rect where; /* as drawn last */
};

enum { VIZ_SHEET_LINES = 14, VIZ_SHEET_LINE = 320, VIZ_SHEET_CHOICES = 8 };
struct viz_sheet {
    enum viz_sheet_kind kind;
    bool bad; /* it tells of a failure */
    char title[96];
    char line[VIZ_SHEET_LINES][VIZ_SHEET_LINE];
    uint32_t line_count;
    struct viz_choice choice[VIZ_SHEET_CHOICES];
    uint32_t choice_count, focus;
    uint64_t about;           /* ticket, or partition (VIZ_THRESHOLD_ALL) */
    uint32_t place, place_of; /* of a move: 1 of 3 under way */
    char typed[12];           /* of a threshold */
};

/* `partition` is the one selected, VIZ_NONE: none; moves are counted in the model. */
void viz_sheet_menu(struct viz_sheet *sheet, const struct viz_model *model, uint32_t partition);
void viz_sheet_wait(struct viz_sheet *sheet, const struct viz_deed *deed);
void viz_sheet_plan(struct viz_sheet *sheet, const struct viz_model *model,
                    const struct viz_control_plan *plan);
/* The move of this ticket, else the newest under way; SAID when there is none. */
void viz_sheet_move(struct viz_sheet *sheet, const struct viz_model *model, uint64_t ticket,
                    bool cancel);
/* The model has gone on: what is said of a move is brought up to date. One that is over, or has
 * changed owners, is said to be so; another never takes its place by itself. */
void viz_sheet_refresh(struct viz_sheet *sheet, const struct viz_model *model);
/* The next or last of the moves under way instead of the one it is about. */
void viz_sheet_other_move(struct viz_sheet *sheet, const struct viz_model *model, int by);
void viz_sheet_threshold(struct viz_sheet *sheet, const struct viz_model *model,
                         uint64_t partition);
/* Text typed into a threshold; "\b" takes the last sign away. Others are looked up as keys. */
void viz_sheet_type(struct viz_sheet *sheet, const struct viz_model *model, const char *text);
void viz_sheet_said(struct viz_sheet *sheet, const char *title, const char *text);
/* What a deed that was refused leads to: the daemon's words, and what may be tried. */
void viz_sheet_refused(struct viz_sheet *sheet, const struct viz_outcome *outcome);

/* A key by name ("Return", "Left", "Escape") or a sign: the choice it makes, or -1. */
int viz_sheet_key(struct viz_sheet *sheet, const char *key);
/* The choice drawn at a point, or -1. */
int viz_sheet_at(const struct viz_sheet *sheet, double x, double y);
/* Over the page; notes where the choices are. */
void viz_sheet_draw(struct viz_sheet *sheet, cairo_surface_t *surface,
                    const struct viz_layout *layout, const struct viz_theme *theme);

#endif
