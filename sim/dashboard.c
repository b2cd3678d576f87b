/* dashboard.c - see dashboard.h. */
#include "sim/dashboard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_LEN = 4096, ARGUMENTS = 8 };

const char sim_dashboard_missing[] =
    "foreshard-viz was not built: install libsdl2-dev libcairo2-dev libpango1.0-dev, then run make";

void sim_dashboard_exec(const char *const *arguments)
{
    static const char name[] = "foreshard-viz";
    char path[PATH_LEN];
    char *argv[ARGUMENTS + 2] = {strdup(name)};
    for (size_t i = 0; arguments[i] != NULL; i++) {
        FORE_ASSERT(i < ARGUMENTS);
        argv[i + 1] = strdup(arguments[i]);
    }
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - sizeof name);
    if (len > 0) {
        path[len] = '\0';
        char *slash = strrchr(path, '/');
        if (slash != NULL) {
            memcpy(slash + 1, name, sizeof name);
            (void)execv(path, argv);
        }
    }
    (void)execvp(name, argv);
    for (size_t i = 0; argv[i] != NULL; i++)
        free(argv[i]);
}

int sim_dashboard_run(const char *const *arguments)
{
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        sim_dashboard_exec(arguments);
        _exit(SIM_DASHBOARD_NOT_FOUND);
    }
    int status = 0;
    pid_t got = child;
    while (child > 0 && (got = waitpid(child, &status, 0)) < 0 && errno == EINTR) {}
    if (child < 0 || got < 0 || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}
