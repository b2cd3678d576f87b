/*
 * forecast_nets.c - nets in files: FOLDER/lstm-h48-24-168.held.net and .full.net. A file that is
 * not sound is named and learned anew; a new one appears whole or not at all.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "experiments/forecast_run.h"
#include "workloads/file.h"

enum { PATH_ROOM = 1024, NET_MAX = 1 << 28 };

static void path_of(const struct lab_forecast_run *run, const char *folder, size_t member,
                    const char *kind, struct fore_buf *path)
{
    fore_buf_reset(path);
    fore_buf_printf(path, "%s/%s-h%zu", folder, run->options.member[member]->name,
                    run->options.horizon);
    for (int i = 0; i < FORE_PERIODS_MAX && run->view[0].period[i] > 0; i++)
        fore_buf_printf(path, "-%u", run->view[0].period[i]);
    fore_buf_printf(path, ".%s.net", kind);
}

static struct fore_net *fetch(struct lab_forecast_run *run, const char *path, size_t member)
{
    struct fore_diag diag = {0};
    struct wl_file *file = NULL;
    struct fore_buf bytes = {0};
    struct fore_net *net = NULL;
    if (access(path, R_OK) != 0) return NULL;
    enum fore_err err = wl_file_open(path, &file, &diag);
    while (err == FORE_E_OK && bytes.len < NET_MAX) {
        char chunk[1 << 14];
        size_t got = 0;
        err = wl_file_read(file, chunk, sizeof(chunk), &got, &diag);
        if (err == FORE_E_OK && got > 0) fore_buf_append(&bytes, chunk, got);
        if (got < sizeof(chunk)) break;
    }
    if (err == FORE_E_OK)
        err = fore_net_load(run->options.member[member]->global, bytes.data ? bytes.data : "",
                            bytes.len, &net, &diag);
    if (err != FORE_E_OK)
        fore_buf_printf(&run->notes, "%s: %s; learning it anew\n", path, diag.text);
    if (file) wl_file_close(file);
    fore_buf_fini(&bytes);
    return net;
}

/* Before the work, not after it. */
enum fore_err lab_forecast_nets_folder(const char *folder, struct fore_diag *diag)
{
    if ((mkdir(folder, 0777) == 0 || errno == EEXIST) && access(folder, W_OK | X_OK) == 0)
        return FORE_E_OK;
    return fore_err_set(diag, FORE_E_IO, "--models %.200s: nets cannot be kept there: %s", folder,
                        strerror(errno));
}

void lab_forecast_nets_fetch(struct lab_forecast_run *run, const char *folder, size_t member,
                             struct lab_forecast_nets *nets)
{
    const struct fore_global *global = run->options.member[member]->global;
    struct fore_buf path = {0};
    if (!global) return;
    path_of(run, folder, member, "held", &path);
    nets->held = fetch(run, path.data, member);
    path_of(run, folder, member, "full", &path);
    nets->full = fetch(run, path.data, member);
    bool both = nets->full && (nets->held || !run->options.forecast);
    if (!both) { /* one without the other is of no use */
        if (nets->held) global->destroy(nets->held);
        if (nets->full) global->destroy(nets->full);
        *nets = (struct lab_forecast_nets){0};
    } else {
        fore_rolling_give(run->rolling, member,
                          (struct fore_rolling_nets){.held = nets->held, .full = nets->full});
        fore_buf_printf(&run->notes, "%s: read from %s\n", run->options.member[member]->name,
                        folder);
    }
    fore_buf_fini(&path);
}

static enum fore_err keep(const struct fore_global *global, const struct fore_net *net,
                          const char *path, struct fore_diag *diag)
{
    struct fore_buf bytes = {0};
    fore_net_save(global, net, &bytes);
    enum fore_err err = wl_out_whole(path, &bytes, diag);
    fore_buf_fini(&bytes);
    return err;
}

enum fore_err lab_forecast_nets_keep(struct lab_forecast_run *run, const char *folder,
                                     size_t member, struct fore_diag *diag)
{
    const struct fore_global *global = run->options.member[member]->global;
    if (!global) return FORE_E_OK;
    struct fore_rolling_nets nets = fore_rolling_learned(run->rolling, member);
    if (!nets.full) return FORE_E_OK;
    struct fore_buf path = {0};
    path_of(run, folder, member, "held", &path);
    enum fore_err err = keep(global, nets.held ? nets.held : nets.full, path.data, diag);
    path_of(run, folder, member, "full", &path);
    if (err == FORE_E_OK) err = keep(global, nets.full, path.data, diag);
    fore_buf_printf(&run->notes, "%s: learned from the series given, kept in %s\n",
                    run->options.member[member]->name, folder);
    fore_buf_fini(&path);
    return err;
}
