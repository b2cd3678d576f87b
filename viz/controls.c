/* controls.c - see controls.h. */
#include "viz/controls.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SPEED_MIN 0.1
#define SPEED_MAX 100000.0
#define SPAN_MIN  (10 * FORE_SEC)
#define TEXT_STEP 1.1

enum { FRAME_MS = 33, STILL_MS = 500, POLL_MS = 500 };

const struct viz_key viz_keys[] = {
    {"Time",                      NULL                                                      },
    {"space",                     "play or pause"                                           },
    {"\342\206\220 \342\206\222", "a step back or forward; with Shift ten"                  },
    {"Home End",                  "the start, the end (and follow a growing journal)"       },
    {", .",                       "the last event, the next"                                },
    {"a A",                       "the next alert, the last"                                },
    {"b '",                       "set or clear a bookmark, go to the next"                 },
    {"+ \342\210\222",            "faster, slower: 0.1 to 1000 times and more"              },
    {"[ ]",                       "show less or more time; wheel: about the cursor"         },
    {"{ }",                       "fewer or more rows; Shift wheel: about the cursor"       },
    {"0",                         "as at first"                                             },
    {"What is shown",             NULL                                                      },
    {"m M",                       "metric: load, requests, reads, writes, bytes, p99, RRS"  },
    {"f",                         "forecast: q10, q50, q90"                                 },
    {"e",                         "forecast error: forecast over what came"                 },
    {"c",                         "palette: viridis, cividis, inferno, night"               },
    {"1 2 3 4",                   "moves, why, forecast, events"                            },
    {"Find and keep",             NULL                                                      },
    {"\342\206\221 \342\206\223", "select the partition above or below"                     },
    {"/",                         "find p41, n3, a node's name, a slot or a key"            },
    {"click",                     "select, and pin what the cursor tells; p pins too"       },
    {"drag",                      "heat: zoom to what is marked; elsewhere: scrub"          },
    {"right drag",                "heat: pan"                                               },
    {"y Y",                       "copy what the cursor tells; copy the view's command"     },
    {"Esc",                       "let go of what is pinned and selected"                   },
    {"A live daemon",             NULL                                                      },
    {"o",                         "what it can be told to do: all of these, each asks first"},
    {"P",                         "the plan that waits, or is selected: approve, reject"    },
    {"u x",                       "pause or resume a migration; cancel it"                  },
    {"T D",                       "threshold of all; of the partition selected"             },
    {"Window",                    NULL                                                      },
    {"t",                         "light or dark"                                           },
    {"> <",                       "larger or smaller text"                                  },
    {"r",                         "reduced motion: two pictures a second"                   },
    {"s",                         "save this picture as PNG"                                },
    {"? q",                       "this help; quit"                                         },
    {NULL,                        NULL                                                      },
};

static const struct binding {
    const char *key;
    enum viz_command command;
} bindings[] = {
    {" ",           VIZ_DO_PLAY         },
    {"Space",       VIZ_DO_PLAY         },
    {"Left",        VIZ_DO_BACK         },
    {"Right",       VIZ_DO_FORWARD      },
    {"Shift Left",  VIZ_DO_FAR_BACK     },
    {"Shift Right", VIZ_DO_FAR_FORWARD  },
    {"Home",        VIZ_DO_START        },
    {"End",         VIZ_DO_END          },
    {"Up",          VIZ_DO_ROW_UP       },
    {"Down",        VIZ_DO_ROW_DOWN     },
    {"Escape",      VIZ_DO_CLEAR        },
    {"Ctrl C",      VIZ_DO_COPY         },
    {"+",           VIZ_DO_FASTER       },
    {"=",           VIZ_DO_FASTER       },
    {"-",           VIZ_DO_SLOWER       },
    {".",           VIZ_DO_NEXT_EVENT   },
    {",",           VIZ_DO_LAST_EVENT   },
    {"a",           VIZ_DO_NEXT_ALERT   },
    {"A",           VIZ_DO_LAST_ALERT   },
    {"b",           VIZ_DO_BOOKMARK     },
    {"'",           VIZ_DO_NEXT_BOOKMARK},
    {"[",           VIZ_DO_NARROWER     },
    {"]",           VIZ_DO_WIDER        },
    {"{",           VIZ_DO_FEWER_ROWS   },
    {"}",           VIZ_DO_MORE_ROWS    },
    {"0",           VIZ_DO_FIT          },
    {"m",           VIZ_DO_METRIC       },
    {"M",           VIZ_DO_METRIC_BACK  },
    {"c",           VIZ_DO_PALETTE      },
    {"f",           VIZ_DO_QUANTILE     },
    {"e",           VIZ_DO_ERROR        },
    {"1",           VIZ_DO_TAB_MOVES    },
    {"2",           VIZ_DO_TAB_WHY      },
    {"3",           VIZ_DO_TAB_FORECAST },
    {"4",           VIZ_DO_TAB_EVENTS   },
    {"/",           VIZ_DO_SEARCH       },
    {"p",           VIZ_DO_PIN          },
    {"y",           VIZ_DO_COPY         },
    {"Y",           VIZ_DO_COPY_VIEW    },
    {">",           VIZ_DO_LARGER       },
    {"<",           VIZ_DO_SMALLER      },
    {"r",           VIZ_DO_STILL        },
    {"t",           VIZ_DO_THEME        },
    {"s",           VIZ_DO_SAVE         },
    {"o",           VIZ_DO_CONTROL      },
    {"P",           VIZ_DO_PLAN         },
    {"u",           VIZ_DO_PAUSE        },
    {"x",           VIZ_DO_CANCEL       },
    {"T",           VIZ_DO_THRESHOLD_ALL},
    {"D",           VIZ_DO_THRESHOLD    },
    {"?",           VIZ_DO_HELP         },
    {"q",           VIZ_DO_QUIT         },
};

void viz_controls_init(struct viz_controls *controls, fore_ns first, fore_ns last, bool growing)
{
    *controls = (struct viz_controls){.first = first,
                                      .last = last,
                                      .now = last,
                                      .step = FORE_SEC,
                                      .speed = 50,
                                      .growing = growing,
                                      .following = growing,
                                      .ahead = UINT64_MAX,
                                      .look = viz_look_usual,
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

/* 1, 2, 5, 10, ... */
static void speed(struct viz_controls *c, bool faster)
{
    static const double mantissa[] = {1, 2, 5, 10};
    double decade = pow(10, floor(log10(c->speed) + 1e-9));
    for (int i = 0; i < 3; i++) {
        if (fabs(c->speed / decade - mantissa[i]) > 0.01) continue;
        double to = faster  ? decade * mantissa[i + 1]
                    : i > 0 ? decade * mantissa[i - 1]
                            : decade / 2;
        c->speed = fmin(fmax(to, SPEED_MIN), SPEED_MAX);
        return;
    }
    c->speed = decade;
}

void viz_controls_show(struct viz_controls *c, fore_ns from, fore_ns to)
{
    if (from < c->first) from = c->first;
    if (to < from + SPAN_MIN) to = from + SPAN_MIN;
    fore_ns now = c->now < to ? c->now : to;
    if (now < from + SPAN_MIN / 2) now = from + SPAN_MIN / 2;
    viz_controls_seek(c, now);
    c->span = c->now > from + SPAN_MIN / 2 ? c->now - from : SPAN_MIN / 2; /* at the end */
    c->ahead = to > c->now ? to - c->now : 0;
    c->playing = false;
}

void viz_controls_zoom(struct viz_controls *c, fore_ns at, double factor)
{
    struct viz_view v = c->view;
    if (v.to <= v.from) return;
    if (at < v.from) at = v.from;
    if (at > v.to) at = v.to;
    double before = (double)(at - v.from) * factor, after = (double)(v.to - at) * factor;
    if (before + after < (double)SPAN_MIN || before + after > 9e18) return;
    fore_ns from = before < (double)at ? at - (fore_ns)before : 0;
    if (from < c->first)
        after = fmax(after, (double)v.to - (double)at); /* at the start: only out */
    viz_controls_show(c, from, at + (fore_ns)after);
}

static void bookmark(struct viz_controls *c)
{
    uint32_t i = 0;
    while (i < c->bookmark_count && c->bookmark[i] < c->now)
        i++;
    bool set = i < c->bookmark_count && c->bookmark[i] == c->now;
    if (!set && c->bookmark_count == VIZ_BOOKMARKS) return;
    size_t rest = c->bookmark_count - i - set;
    memmove(&c->bookmark[i + !set], &c->bookmark[i + set], rest * sizeof c->bookmark[0]);
    if (!set) c->bookmark[i] = c->now;
    c->bookmark_count = set ? c->bookmark_count - 1 : c->bookmark_count + 1;
}

static void next_bookmark(struct viz_controls *c)
{
    if (c->bookmark_count == 0) return;
    uint32_t i = 0;
    while (i < c->bookmark_count && c->bookmark[i] <= c->now)
        i++;
    c->playing = false;
    viz_controls_seek(c, c->bookmark[i % c->bookmark_count]);
}

static void fit(struct viz_controls *c)
{
    c->span = 0;
    c->ahead = UINT64_MAX;
    c->look.row_from = 0;
    c->look.row_to = 1;
}

static void clear(struct viz_controls *c)
{
    if (c->help || c->searching) {
        c->help = c->searching = false;
        return;
    }
    c->look.partition = c->look.node = VIZ_NONE;
    c->look.plan = VIZ_PLAN_NONE;
    c->wish.pin = false;
}

static void turn_metric(struct viz_controls *c, int by)
{
    c->look.error = false;
    c->look.metric = (enum viz_metric)(((int)c->look.metric + by + VIZ_METRICS) % VIZ_METRICS);
}

static void resize_text(struct viz_controls *c, double by)
{
    c->look.text = fmin(fmax(c->look.text * by, 0.75), 2);
    if (fabs(c->look.text - 1) < 0.02) c->look.text = 1;
}

static bool do_time(struct viz_controls *c, enum viz_command command)
{
    fore_ns now = c->view.now;
    switch ((int)command) {
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
    case VIZ_DO_FASTER: speed(c, true); break;
    case VIZ_DO_SLOWER: speed(c, false); break;
    case VIZ_DO_NEXT_EVENT: c->wish.event = 1; break;
    case VIZ_DO_LAST_EVENT: c->wish.event = -1; break;
    case VIZ_DO_NEXT_ALERT: c->wish.alert = 1; break;
    case VIZ_DO_LAST_ALERT: c->wish.alert = -1; break;
    case VIZ_DO_BOOKMARK: bookmark(c); break;
    case VIZ_DO_NEXT_BOOKMARK: next_bookmark(c); break;
    case VIZ_DO_WIDER: viz_controls_zoom(c, now, 2); break;
    case VIZ_DO_NARROWER: viz_controls_zoom(c, now, 0.5); break;
    case VIZ_DO_FIT: fit(c); break;
    default: return false;
    }
    return true;
}

static bool do_look(struct viz_controls *c, enum viz_command command)
{
    struct viz_look *look = &c->look;
    switch ((int)command) {
    case VIZ_DO_MORE_ROWS: viz_look_zoom_rows(look, 2, 0.5); break;
    case VIZ_DO_FEWER_ROWS: viz_look_zoom_rows(look, 0.5, 0.5); break;
    case VIZ_DO_ROW_UP: c->wish.row = -1; break;
    case VIZ_DO_ROW_DOWN: c->wish.row = 1; break;
    case VIZ_DO_METRIC: turn_metric(c, 1); break;
    case VIZ_DO_METRIC_BACK: turn_metric(c, -1); break;
    case VIZ_DO_PALETTE:
        look->palette = (enum viz_palette)((look->palette + 1) % VIZ_PALETTES);
        break;
    case VIZ_DO_QUANTILE: look->quantile = (look->quantile + 1) % 3; break;
    case VIZ_DO_ERROR:
        look->error = !look->error;
        look->metric = VIZ_METRIC_LOAD;
        break;
    case VIZ_DO_TAB_MOVES:
    case VIZ_DO_TAB_WHY:
    case VIZ_DO_TAB_FORECAST:
    case VIZ_DO_TAB_EVENTS: look->tab = (enum viz_tab)(command - VIZ_DO_TAB_MOVES); break;
    case VIZ_DO_LARGER: resize_text(c, TEXT_STEP); break;
    case VIZ_DO_SMALLER: resize_text(c, 1 / TEXT_STEP); break;
    case VIZ_DO_STILL: look->still = !look->still; break;
    default: return false;
    }
    return true;
}

void viz_controls_do(struct viz_controls *c, enum viz_command command)
{
    if (command == VIZ_DO_NOTHING) return;
    c->dirty = true;
    if (do_time(c, command) || do_look(c, command)) return;
    switch ((int)command) {
    case VIZ_DO_SEARCH:
        c->searching = true;
        c->search[0] = '\0';
        break;
    case VIZ_DO_PIN: c->wish.pin = true; break;
    case VIZ_DO_COPY: c->wish.copy = true; break;
    case VIZ_DO_COPY_VIEW: c->wish.copy_view = true; break;
    case VIZ_DO_CLEAR: clear(c); break;
    case VIZ_DO_THEME: c->dark_swap = !c->dark_swap; break;
    case VIZ_DO_HELP: c->help = !c->help; break;
    case VIZ_DO_SAVE: c->wish.save = true; break;
    case VIZ_DO_QUIT: c->wish.quit = true; break;
    case VIZ_DO_CONTROL:
    case VIZ_DO_PLAN:
    case VIZ_DO_PAUSE:
    case VIZ_DO_CANCEL:
    case VIZ_DO_THRESHOLD_ALL:
    case VIZ_DO_THRESHOLD: c->wish.control = command; break;
    default: break;
    }
}

enum viz_command viz_controls_named(const char *key)
{
    for (size_t i = 0; i < FORE_COUNTOF(bindings); i++)
        if (strcmp(bindings[i].key, key) == 0) return bindings[i].command;
    return VIZ_DO_NOTHING;
}

void viz_controls_type(struct viz_controls *c, const char *text)
{
    size_t n = strlen(c->search);
    c->dirty = true;
    if (text[0] == '\n') {
        c->searching = false;
        c->wish.find = c->search[0] != '\0';
    } else if (text[0] == '\b') {
        while (n > 0 && (c->search[n - 1] & 0xc0) == 0x80) /* the whole of a letter */
            c->search[--n] = '\0';
        if (n > 0) c->search[n - 1] = '\0';
    } else if (n + strlen(text) < sizeof c->search) {
        memcpy(c->search + n, text, strlen(text) + 1);
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
    if (controls->playing) return controls->look.still ? STILL_MS : FRAME_MS;
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
