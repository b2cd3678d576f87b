/*
 * cmd_watch.c - `foreshard watch`: opens foreshard-viz on a journal, or on a scenario while it
 * runs.
 *
 * The dashboard is a program of its own, so that a server without a window system needs none. A
 * scenario is simulated here, into a temporary journal that the dashboard follows as it grows; when
 * its window is closed the simulation ends too, and the file is removed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/args.h"
#include "sim/commands.h"
#include "sim/dashboard.h"
#include "sim/run.h"
#include "workloads/help.h"

enum { EXIT_DONE, EXIT_NO, EXIT_BAD_INPUT, EXIT_WORLD_FAILED };
enum { PATH_LEN = 4096 };

struct show { /* a simulation and the dashboard that follows it */
    char journal[PATH_LEN];
    int fd;
    size_t written;
    pid_t viz; /* 0: not started */
    int viz_status;
    bool viz_ended;
};

static enum fore_err write_all(void *self, const void *bytes, size_t len)
{
    struct show *show = self;
    const char *at = bytes;
    for (size_t left = len; left > 0;) {
        ssize_t put = write(show->fd, at, left);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return FORE_E_IO;
        at += put;
        left -= (size_t)put;
    }
    show->written += len;
    return FORE_E_OK;
}

static void start_viz(struct show *show)
{
    (void)fflush(NULL);
    show->viz = fork();
    if (show->viz != 0) return;
    sim_dashboard_exec((const char *const[]){show->journal, NULL});
    _exit(SIM_DASHBOARD_NOT_FOUND);
}

static void look_after_viz(struct show *show, int wait_flags)
{
    if (show->viz <= 0 || show->viz_ended) return;
    pid_t got;
    do
        got = waitpid(show->viz, &show->viz_status, wait_flags);
    while (got < 0 && errno == EINTR);
    show->viz_ended = got == show->viz;
}

static int viz_exit_code(const struct show *show)
{
    if (show->viz <= 0) {
        (void)fprintf(stderr, "foreshard watch: cannot start the dashboard: %s\n", strerror(errno));
        return EXIT_WORLD_FAILED;
    }
    int code = WIFEXITED(show->viz_status) ? WEXITSTATUS(show->viz_status) : EXIT_WORLD_FAILED;
    if (code != SIM_DASHBOARD_NOT_FOUND) return code;
    (void)fprintf(stderr, "foreshard watch: %s\n", sim_dashboard_missing);
    return EXIT_WORLD_FAILED;
}

/* The window is closed: nobody watches, so nothing is left to simulate for. */
static void follow(void *self, double done_share)
{
    (void)done_share;
    struct show *show = self;
    if (show->viz == 0 && show->written > 0) start_viz(show);
    look_after_viz(show, WNOHANG);
    if (!show->viz_ended) return;
    (void)unlink(show->journal);
    exit(viz_exit_code(show));
}

static enum fore_err open_temporary(struct show *show, struct fore_diag *diag)
{
    const char *folder = getenv("TMPDIR");
    (void)snprintf(show->journal, sizeof show->journal, "%s/foreshard-XXXXXX",
                   folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    show->fd = mkstemp(show->journal);
    if (show->fd >= 0) return FORE_E_OK;
    return fore_err_set(diag, FORE_E_IO, "%.120s: cannot be made: %s", show->journal,
                        strerror(errno));
}

static enum fore_err watch_scenario(const struct sim_scenario *scenario, uint64_t seed, int *code,
                                    struct fore_diag *diag)
{
    struct show show = {0};
    FORE_TRY(open_temporary(&show, diag));
    struct sim_run_request request = {
        .scenario = scenario,
        .seed = seed,
        .journal = {.write = write_all, .self = &show},
        .progress = follow,
        .progress_self = &show
    };
    struct sim_result result;
    enum fore_err err = sim_run(&request, &result, diag);
    (void)close(show.fd);
    if (err == FORE_E_OK) {
        if (show.viz == 0) start_viz(&show);
        look_after_viz(&show, 0);
        *code = viz_exit_code(&show);
    }
    (void)unlink(show.journal);
    return err;
}

static bool is_scenario(const char *path)
{
    size_t len = strlen(path);
    return len >= 4 && strcmp(path + len - 4, ".cfg") == 0;
}

static enum fore_err watch(int argc, char **argv, struct fore_arena *arena, int *code,
                           struct fore_diag *diag)
{
    struct fore_strings sets = {0};
    const char *token_file = NULL;
    uint64_t seed = 1;
    const struct fore_arg rows[] = {
        {"seed",       FORE_ARG_COUNT,  &seed,       "N",                  "SCENARIO: of every random choice, default 1"},
        {"set",        FORE_ARG_REPEAT, &sets,       "SECTION.NAME=VALUE", "SCENARIO: override an option"               },
        {"token-file", FORE_ARG_TEXT,   &token_file, "FILE",
         "http://...: first line: the daemon's token, to tell it what to do"                                            },
    };
    const struct fore_args args = {
        .usage = "foreshard watch JOURNAL [JOURNAL] | SCENARIO.cfg | http://HOST:PORT [options]",
        .about = "Opens the dashboard on a journal, on two of one seed side by side, or on a "
                 "scenario while it is simulated.",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 1,
        .operand_max = 2};
    struct fore_strings operands = {0};
    bool help = false;
    FORE_TRY(fore_args_parse(&args, argc, argv, arena, &operands, &help, diag));
    if (help) {
        wl_help_print(&args);
        return FORE_E_OK;
    }
    const char *path = operands.item[0], *other = operands.count > 1 ? operands.item[1] : NULL;
    if (is_scenario(path) && other != NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "%.120s: give one scenario, or two journals",
                            path);
    if (is_scenario(path)) {
        struct sim_scenario scenario;
        FORE_TRY(sim_scenario_load(path, &sets, arena, &scenario, diag));
        return watch_scenario(&scenario, seed, code, diag);
    }
    bool remote = strncmp(path, "http://", 7) == 0; /* the dashboard fetches it */
    if (!remote && access(path, R_OK) != 0)
        return fore_err_set(diag, FORE_E_FORMAT, "%.120s: %s; give a journal or a SCENARIO.cfg",
                            path, strerror(errno));
    if (other != NULL && strncmp(other, "http://", 7) != 0 && access(other, R_OK) != 0)
        return fore_err_set(diag, FORE_E_FORMAT, "%.120s: %s; give two journals", other,
                            strerror(errno));
    const char *given[5] = {path};
    size_t count = 1;
    if (other != NULL) given[count++] = other;
    if (token_file != NULL) given[count++] = "--token-file";
    if (token_file != NULL) given[count++] = token_file;
    sim_dashboard_exec(given);
    return fore_err_set(diag, FORE_E_IO, "%s", sim_dashboard_missing);
}

int sim_cmd_watch(int argc, char **argv)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    int code = EXIT_DONE;
    enum fore_err err = watch(argc, argv, &arena, &code, &diag);
    if (err != FORE_E_OK)
        (void)fprintf(stderr, "foreshard watch: %s\n",
                      diag.code != FORE_E_OK ? diag.text : fore_err_text(err));
    fore_arena_fini(&arena);
    if (err == FORE_E_OK) return code;
    return err == FORE_E_IO ? EXIT_WORLD_FAILED : EXIT_BAD_INPUT;
}
