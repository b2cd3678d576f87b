/* controls.c - see controls.h. */
#include "viz/controls.h"

#include <math.h>
#include <stdio.h>

#define SPEED_MIN 0.125
#define SPEED_MAX 131072.0

enum { FRAME_MS = 33, POLL_MS = 500, ZOOM_MAX = 8 };

const struct viz_key viz_keys[] = {
    {"space",                     "play or pause"                                    },
    {"\342\206\220 \342\206\222", "a step back or forward; with Shift ten"           },
    {"Home End",                  "the start, the end (and follow a growing journal)"},
    {"click, drag",               "on heat, latency or migrations: go to that time"  },
    {"+ \342\210\222",            "faster, slower"                                   },
    {"[ ]",                       "show less or more of the past; 0 as at first"     },
    {"t",                         "light or dark"                                    },
    {"s",                         "save this picture as PNG"                         },
    {"?",                         "this help"                                        },
    {"q",                         "quit"                                             },
    {NULL,                        NULL                                               },
};

void viz_controls_init(struct viz_controls *controls, fore_ns first, fore_ns last, bool growing)
{
    *controls = (struct viz_controls){.first = first,
                                      .last = last,
                                      .now = last,
                                      .step = FORE_SEC,
                                      .speed = 64,
                                      .growing = growing,
                                      .following = growing,
                                      .dirty = true};
}

static void go(struct viz_controls *c, fore_ns at)
{
    c->now = at < c->first ? c->first : at > c->last ? c->last : at;
    c->dirty = true;
}

void viz_controls_seek(struct viz_controls *controls, fore_ns at)
{
    controls->following = false;
    go(controls, at);
}

static void shift(struct viz_controls *c, int steps)
{
    fore_ns far = c->step * (fore_ns)(steps < 0 ? -steps : steps);
    if (steps < 0)
        viz_controls_seek(c, c->now > far ? c->now - far : 0);
    else
        viz_controls_seek(c, far < UINT64_MAX - c->now ? c->now + far : c->last);
}

static void toggle_play(struct viz_controls *c)
{
    c->playing = !c->playing && !c->following;
    c->following = false;
    if (c->playing && c->now >= c->last && !c->growing) go(c, c->first);
}

static void zoom(struct viz_controls *c, int to)
{
    c->zoom = to > ZOOM_MAX ? ZOOM_MAX : to < -ZOOM_MAX ? -ZOOM_MAX : to;
}

void viz_controls_do(struct viz_controls *c, enum viz_command command)
{
    c->dirty = true;
    switch (command) {
    case VIZ_DO_PLAY: toggle_play(c); break;
    case VIZ_DO_BACK: shift(c, -1); break;
    case VIZ_DO_FORWARD: shift(c, 1); break;
    case VIZ_DO_FAR_BACK: shift(c, -10); break;
    case VIZ_DO_FAR_FORWARD: shift(c, 10); break;
    case VIZ_DO_START: viz_controls_seek(c, c->first); break;
    case VIZ_DO_END:
        go(c, c->last);
        c->playing = false;
        c->following = c->growing;
        break;
    case VIZ_DO_FASTER: c->speed = fmin(c->speed * 2, SPEED_MAX); break;
    case VIZ_DO_SLOWER: c->speed = fmax(c->speed / 2, SPEED_MIN); break;
    case VIZ_DO_WIDER: zoom(c, c->zoom + 1); break;
    case VIZ_DO_NARROWER: zoom(c, c->zoom - 1); break;
    case VIZ_DO_FIT: zoom(c, 0); break;
    case VIZ_DO_THEME: c->dark_swap = !c->dark_swap; break;
    case VIZ_DO_HELP: c->help = !c->help; break;
    case VIZ_DO_SAVE: c->save = true; break;
    case VIZ_DO_QUIT: c->quit = true; break;
    default: break;
    }
}

void viz_controls_tick(struct viz_controls *c, double wall_s, fore_ns last)
{
    bool grew = last > c->last;
    if (grew) c->last = last;
    if (c->following && grew) go(c, last);
    if (!c->playing) return;
    double ahead = c->speed * fmin(wall_s, 1) * 1e9;
    if (ahead > 0 && c->now < c->last)
        go(c, ahead < (double)(c->last - c->now) ? c->now + (fore_ns)ahead : c->last);
    if (c->now < c->last) return;
    c->playing = false;
    c->following = c->growing;
    c->dirty = true;
}

int viz_controls_sleep_ms(const struct viz_controls *controls)
{
    if (controls->playing) return FRAME_MS;
    return controls->growing ? POLL_MS : -1;
}

void viz_controls_status(const struct viz_controls *c, char *out, size_t size)
{
    if (c->playing)
        snprintf(out, size, "\342\226\270 playing \303\227%g   ? help", c->speed);
    else if (c->following)
        snprintf(out, size, "following   ? help");
    else
        snprintf(out, size, "paused \303\227%g   ? help", c->speed);
}
