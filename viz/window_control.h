/*
 * window_control.h - the window's part of control: which sheet is open, what keys and clicks do to
 * it, and deeds on their way to the daemon and back. Internal to window.c and pointer.c.
 *
 * There is a control only over a daemon's URL, and for one journal; elsewhere the keys say why not.
 */
#ifndef VIZ_WINDOW_CONTROL_H
#define VIZ_WINDOW_CONTROL_H

#include "viz/window_state.h"

/* After the display is open; does nothing without a URL. */
void viz_window_control_open(struct viz_window *w);
void viz_window_control_close(struct viz_window *w);
/* What a key asks for: one of VIZ_DO_CONTROL..VIZ_DO_THRESHOLD. */
void viz_window_control_wish(struct viz_window *w, enum viz_command command);
/* While a sheet is open keys and the mouse are its. True: taken. */
bool viz_window_control_event(struct viz_window *w, const SDL_Event *event, const char *key);
/* Takes what the daemon has answered. */
void viz_window_control_poll(struct viz_window *w);

#endif
