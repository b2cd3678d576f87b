/* window_control.c - see window_control.h. */
#include "viz/window_control.h"

#include "viz/http.h"

#include <stdio.h>
#include <string.h>

static const struct viz_model *model_of(const struct viz_window *w)
{
    return &w->pair.side[0]->model;
}

/* From the control's thread: the loop sleeps in SDL, and an event of no meaning wakes it. */
static void wake(void *self)
{
    (void)self;
    SDL_Event event = {.type = SDL_USEREVENT};
    (void)SDL_PushEvent(&event);
}

void viz_window_control_open(struct viz_window *w)
{
    struct fore_diag diag = {0};
    const char *path = w->pair.side[0]->path;
    if (w->pair.side[1] != NULL || !viz_http_named(path)) return;
    if (viz_control_open(path, wake, NULL, &w->control, &diag) != FORE_E_OK)
        (void)snprintf(w->said, sizeof w->said, "%.180s", diag.text);
}

void viz_window_control_close(struct viz_window *w)
{
    viz_control_close(w->control);
    w->control = NULL;
}

static void changed(struct viz_window *w)
{
    w->over_dirty = true;
    w->tip.count = 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void send(struct viz_window *w, const struct viz_deed *deed)
{
    if (!viz_control_ask(w->control, deed)) {
        viz_sheet_said(&w->sheet, "The daemon has not answered yet",
                       "What was asked before is still under way. Wait for its answer.");
        return;
    }
    viz_sheet_wait(&w->sheet, deed);
}

static bool may(struct viz_window *w)
{
    if (w->control == NULL) {
        viz_sheet_said(&w->sheet, "Nothing can be changed here",
                       w->pair.side[1] != NULL
                           ? "Two runs side by side are only looked at. Open one daemon's "
                             "http://HOST:PORT to change anything."
                           : "This is a file. Open a running daemon's http://HOST:PORT to change "
                             "anything.");
    } else if (!viz_control_armed(w->control)) {
        viz_sheet_said(&w->sheet, "No token",
                       "The daemon takes changes only from those who have its token. Start "
                       "foreshard-viz with --token-file FILE: the file that the daemon's "
                       "api.token_file names.");
    } else {
        return true;
    }
    return false;
}

static void open_sheet(struct viz_window *w, enum viz_sheet_kind kind, uint64_t about)
{
    if (kind == VIZ_SHEET_THRESHOLD)
        viz_sheet_threshold(&w->sheet, model_of(w), about);
    else
        viz_sheet_move(&w->sheet, model_of(w), about != 0 ? about : w->ticket,
                       kind == VIZ_SHEET_CANCEL);
}

/* The plan one has selected, else the newest that waits. */
static void look_at_plan(struct viz_window *w)
{
    uint64_t plan = w->controls.look.plan;
    struct viz_deed deed = {.kind = VIZ_DEED_FIND_PLAN, .id = plan != VIZ_PLAN_NONE ? plan : 0};
    send(w, &deed);
}

void viz_window_control_wish(struct viz_window *w, enum viz_command command)
{
    uint32_t partition = w->controls.look.partition;
    changed(w);
    if (!may(w)) return;
    switch ((int)command) {
    case VIZ_DO_CONTROL: viz_sheet_menu(&w->sheet, model_of(w), partition); break;
    case VIZ_DO_PLAN: look_at_plan(w); break;
    case VIZ_DO_PAUSE: open_sheet(w, VIZ_SHEET_MOVE, 0); break;
    case VIZ_DO_CANCEL: open_sheet(w, VIZ_SHEET_CANCEL, 0); break;
    case VIZ_DO_THRESHOLD_ALL: open_sheet(w, VIZ_SHEET_THRESHOLD, VIZ_THRESHOLD_ALL); break;
    case VIZ_DO_THRESHOLD:
        if (partition != VIZ_NONE)
            open_sheet(w, VIZ_SHEET_THRESHOLD, partition);
        else
            viz_sheet_said(&w->sheet, "Which partition?",
                           "Select one first: click on it in the heat, or find it with /.");
        break;
    default: break;
    }
}

/* ---- choosing -------------------------------------------------------------------------------- */

static void choose(struct viz_window *w, int chosen)
{
    if (chosen < 0) return;
    struct viz_choice choice = w->sheet.choice[chosen];
    switch (choice.kind) {
    case VIZ_CHOICE_LEAVE: w->sheet.kind = VIZ_SHEET_NONE; break;
    case VIZ_CHOICE_OPEN: open_sheet(w, choice.open, choice.about); break;
    case VIZ_CHOICE_DEED:
        if (choice.deed.kind == VIZ_DEED_FIND_PLAN)
            look_at_plan(w);
        else
            send(w, &choice.deed);
        break;
    }
}

static void press(struct viz_window *w, const char *key)
{
    bool moves = w->sheet.kind == VIZ_SHEET_MOVE || w->sheet.kind == VIZ_SHEET_CANCEL;
    if (w->sheet.kind == VIZ_SHEET_WAIT) { /* what comes of it is told all the same */
        if (strcmp(key, "Escape") == 0) w->sheet.kind = VIZ_SHEET_NONE;
        return;
    }
    if (moves && (strcmp(key, "Up") == 0 || strcmp(key, "Down") == 0)) {
        viz_sheet_other_move(&w->sheet, model_of(w), key[0] == 'D' ? 1 : -1);
        return;
    }
    if (strcmp(key, "Backspace") == 0) viz_sheet_type(&w->sheet, model_of(w), "\b");
    if (key[1] == '\0') viz_sheet_type(&w->sheet, model_of(w), key);
    choose(w, viz_sheet_key(&w->sheet, key));
}

bool viz_window_control_event(struct viz_window *w, const SDL_Event *event, const char *key)
{
    if (w->sheet.kind == VIZ_SHEET_NONE) return false;
    if (event->type == SDL_MOUSEMOTION) {
        int under = viz_sheet_at(&w->sheet, w->mouse_x, w->mouse_y);
        if (under >= 0) w->sheet.focus = (uint32_t)under;
        w->over_dirty = w->over_dirty || under >= 0;
    } else if (event->type == SDL_MOUSEBUTTONUP) {
        choose(w, viz_sheet_at(&w->sheet, w->mouse_x, w->mouse_y));
        w->drag = VIZ_DRAG_NONE;
        changed(w);
    } else if (key[0] != '\0') {
        press(w, key);
        changed(w);
    }
    return true;
}

/* ---- answers --------------------------------------------------------------------------------- */

void viz_window_control_poll(struct viz_window *w)
{
    struct viz_outcome outcome;
    if (w->sheet.kind != VIZ_SHEET_NONE && w->sheet_at != model_of(w)->snapshot.now) {
        w->sheet_at = model_of(w)->snapshot.now;
        viz_sheet_refresh(&w->sheet, model_of(w));
        w->over_dirty = true;
    }
    if (w->control == NULL || !viz_control_take(w->control, &outcome)) return;
    bool asked = w->sheet.kind == VIZ_SHEET_WAIT; /* else somebody has gone on meanwhile */
    changed(w);
    if (outcome.has_plan) {
        if (asked) viz_sheet_plan(&w->sheet, model_of(w), &outcome.plan);
        return;
    }
    if (outcome.done) {
        if (asked) w->sheet.kind = VIZ_SHEET_NONE;
        (void)snprintf(w->said, sizeof w->said, "%.199s", outcome.text);
    } else if (asked) {
        viz_sheet_refused(&w->sheet, &outcome);
    } else {
        (void)snprintf(w->said, sizeof w->said, "%.199s", outcome.text);
    }
}
