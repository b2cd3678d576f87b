/* entry.c - see entry.h. */
#include "live/entry.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum fore_err read_password(const char *path, struct live_entry *out, struct fore_diag *diag)
{
    FILE *file = fopen(path, "r");
    bool read = file != NULL && fgets(out->password, sizeof out->password, file) != NULL;
    if (file != NULL) (void)fclose(file);
    out->password[strcspn(out->password, "\r\n")] = '\0';
    if (read && out->password[0] != '\0') return FORE_E_OK;
    return fore_err_set(diag, FORE_E_IO, "live.password_file: %s holds no password", path);
}

enum fore_err live_entry_open(const struct live_options *options, const char *what,
                              struct live_entry *out, struct fore_diag *diag)
{
    memset(out, 0, sizeof *out);
    FORE_ASSERT(options->nodes.count <= FORE_COUNTOF(out->seed));
    for (size_t i = 0; i < options->nodes.count; i++)
        FORE_TRY(live_address_parse(options->nodes.item[i], strlen(options->nodes.item[i]),
                                    &out->seed[out->seed_count++]));
    if (options->password_file[0] != '\0')
        FORE_TRY(read_password(options->password_file, out, diag));
    (void)snprintf(out->holder, sizeof out->holder, "foreshard %.24s, process %ld", what,
                   (long)getpid());
    out->access = (struct live_access){
        .user = options->user[0] != '\0' ? options->user : NULL,
        .password = out->password[0] != '\0' ? out->password : NULL,
        .timeout_ms = (uint32_t)(options->timeout / FORE_MS),
    };
    return FORE_E_OK;
}

void live_entry_close(struct live_entry *entry)
{
    volatile char *at = entry->password;
    for (size_t i = 0; i < sizeof entry->password; i++)
        at[i] = '\0';
}
