/*
 * control.h - asks a daemon to do something: approve or reject a plan, pause, resume or cancel a
 * move, set a threshold (live/api). A thread beside the window sends one deed at a time and leaves
 * its outcome to be taken; the window never waits. Nothing here asks a person: sheet.h does.
 *
 * What the daemon says no to is told in its own words. When an answer does not come after a change
 * was sent, nobody knows whether it was made, and that is what the outcome says.
 */
#ifndef VIZ_CONTROL_H
#define VIZ_CONTROL_H

#include "core/base/err.h"
#include "viz/http.h"

enum viz_deed_kind {
    VIZ_DEED_FIND_PLAN, /* looks the plan up that may be approved; changes nothing */
    VIZ_DEED_ASK_PLAN,  /* a dry run: what would be done now */
    VIZ_DEED_APPROVE,
    VIZ_DEED_REJECT,
    VIZ_DEED_PAUSE,
    VIZ_DEED_RESUME,
    VIZ_DEED_CANCEL,
    VIZ_DEED_THRESHOLD,
    VIZ_DEEDS
};
enum { VIZ_CONTROL_MOVES = 8, VIZ_CONTROL_NAME = 24 };
#define VIZ_THRESHOLD_ALL UINT64_MAX

struct viz_deed {
    enum viz_deed_kind kind;
    uint64_t id;    /* FIND_PLAN: the engine's number, 0: the newest; APPROVE, REJECT: the daemon's;
                     * moves: the ticket; THRESHOLD: the partition, or VIZ_THRESHOLD_ALL */
    char state[64]; /* APPROVE: what the plan was made for; "": not said */
    double threshold; /* 0..1 */
};

struct viz_control_move {
    char kind[16], source[VIZ_CONTROL_NAME], target[VIZ_CONTROL_NAME];
    uint64_t partition; /* UINT64_MAX: of a node */
    double bytes, duration_s, gain_s;
};
struct viz_control_plan {
    uint64_t id, engine_plan; /* the daemon's number; the engine's, 0: none yet */
    char status[16], state[64];
    char reason[200]; /* "" where it is not told */
    uint32_t move_count;
    double bytes, duration_s;
    struct viz_control_move move[VIZ_CONTROL_MOVES]; /* the first ones, where they are told */
    uint32_t moves_told;
};
struct viz_outcome {
    struct viz_deed deed;
    bool done;
    unsigned status; /* of the answer; 0: none came */
    char text[400];  /* one sentence, for people */
    bool has_plan;
    struct viz_control_plan plan; /* of FIND_PLAN and ASK_PLAN */
};

struct viz_control;
/* A daemon, by its URL; `woken` is called from the thread when an outcome is there, and may be
 * NULL. The token is http.h's; without one only refusals will come (viz_control_armed). */
FORE_MUST_USE enum fore_err viz_control_open(const char *url, void (*woken)(void *self), void *self,
                                             struct viz_control **out, struct fore_diag *diag);
/* Waits for what is under way, at most some seconds. NULL: nothing. */
void viz_control_close(struct viz_control *control);
bool viz_control_armed(const struct viz_control *control); /* there is a token */
/* False: the last deed is still under way, or its outcome has not been taken. */
bool viz_control_ask(struct viz_control *control, const struct viz_deed *deed);
bool viz_control_take(struct viz_control *control, struct viz_outcome *out);

/* What the thread does with a deed; here for tests. */
void viz_control_do(const struct viz_http *http, const struct viz_deed *deed,
                    struct viz_outcome *out);

#endif
