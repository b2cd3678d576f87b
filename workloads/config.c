/*
 * config.c - libconfig's tree into option rows.
 *
 * libconfig 1.5 reads an integer with atoi(), so 5000000000 becomes 705032704 without a word; and
 * its own @include opens whatever a text names. So the text is scanned first: integers that do not
 * fit, nesting deeper than a scenario can need, and @include are refused with their line. After
 * that every value is turned into the text that fore_option_set() understands: one grammar of
 * quantities, whether it comes from a file or from --set.
 */
#include "workloads/config.h"

#include "workloads/config_scan.h"
#include "workloads/file.h"

#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INCLUDE_DEPTH_MAX = 8, TEXT_MAX = 1 << 20, WHERE_MAX = 160 };

struct load {
    const struct fore_option_binding *binding;
    size_t binding_count;
    struct fore_arena *perm;
    struct fore_diag *diag;
    const char *path[INCLUDE_DEPTH_MAX]; /* the files being read, outermost first */
    size_t depth;
    bool from_file;
};

static enum fore_err file_load(struct load *load, const char *path);

/* "steady.cfg:12" */
static const char *where(char *out, const char *name, const config_setting_t *setting)
{
    (void)snprintf(out, WHERE_MAX, "%.140s:%d", name, (int)config_setting_source_line(setting));
    return out;
}

/* ---- values ---- */

/* A scalar as text appended to `out`; false for a group, list or array. */
static bool scalar_text(const config_setting_t *setting, struct fore_buf *out)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_BOOL:
        fore_buf_puts(out, config_setting_get_bool(setting) ? "true" : "false");
        return true;
    case CONFIG_TYPE_INT: fore_buf_printf(out, "%d", config_setting_get_int(setting)); return true;
    case CONFIG_TYPE_INT64:
        fore_buf_printf(out, "%lld", config_setting_get_int64(setting));
        return true;
    case CONFIG_TYPE_FLOAT: {
        char text[32];
        double x = config_setting_get_float(setting);
        (void)snprintf(text, sizeof text, "%.15g", x);
        if (strtod(text, NULL) != x) (void)snprintf(text, sizeof text, "%.17g", x);
        fore_buf_puts(out, text);
        return true;
    }
    case CONFIG_TYPE_STRING: fore_buf_puts(out, config_setting_get_string(setting)); return true;
    default: return false;
    }
}

/* A scalar, or the members of a list or array joined with commas. */
static bool value_text(const config_setting_t *setting, struct fore_buf *out)
{
    if (!config_setting_is_list(setting) && !config_setting_is_array(setting))
        return scalar_text(setting, out);
    int count = config_setting_length(setting);
    for (int i = 0; i < count; i++) {
        if (i > 0) fore_buf_puts(out, ", ");
        if (!scalar_text(config_setting_get_elem(setting, (unsigned)i), out)) return false;
    }
    return true;
}

/* ---- sections ---- */

static enum fore_err setting_apply(struct load *load, struct fore_option_binding binding,
                                   const char *name, const config_setting_t *setting)
{
    char place[WHERE_MAX];
    (void)where(place, name, setting);
    struct fore_buf text = {0};
    fore_buf_puts(&text, "");
    enum fore_err err;
    if (value_text(setting, &text))
        err = fore_option_set(binding, load->perm, config_setting_name(setting), text.data, place,
                              load->diag);
    else
        err = fore_err_set(load->diag, FORE_E_FORMAT,
                           "%s: %s.%.60s should be a value or a list of values, not a group", place,
                           binding.section->name, config_setting_name(setting));
    fore_buf_fini(&text);
    return err;
}

static enum fore_err section_unknown(const struct load *load, const char *place, const char *word)
{
    enum { KNOWN_MAX = 64 };
    const char *known[KNOWN_MAX];
    size_t count = 0;
    char all[160] = "";
    for (size_t i = 0; i < load->binding_count && count < KNOWN_MAX; i++) {
        known[count++] = load->binding[i].section->name;
        size_t used = strlen(all);
        (void)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", known[i]);
    }
    const char *near = fore_option_nearest(word, known, count);
    if (near != NULL)
        return fore_err_set(load->diag, FORE_E_FORMAT,
                            "%s: no section is called \"%.40s\"; did you mean \"%s\"?", place, word,
                            near);
    return fore_err_set(load->diag, FORE_E_FORMAT,
                        "%s: no section is called \"%.40s\"; there are %s", place, word, all);
}

static enum fore_err section_apply(struct load *load, const char *name,
                                   const config_setting_t *section)
{
    char place[WHERE_MAX];
    (void)where(place, name, section);
    const char *word = config_setting_name(section);
    const struct fore_option_binding *binding = NULL;
    for (size_t i = 0; i < load->binding_count; i++)
        if (strcmp(load->binding[i].section->name, word) == 0) binding = &load->binding[i];
    if (binding == NULL) return section_unknown(load, place, word);
    if (!config_setting_is_group(section))
        return fore_err_set(load->diag, FORE_E_FORMAT,
                            "%s: section %s needs braces, as in %s: { name = \"value\"; };", place,
                            word, word);
    int count = config_setting_length(section);
    for (int i = 0; i < count; i++)
        FORE_TRY(
            setting_apply(load, *binding, name, config_setting_get_elem(section, (unsigned)i)));
    return FORE_E_OK;
}

/* ---- include ---- */

static enum fore_err include_one(struct load *load, const char *name,
                                 const config_setting_t *setting)
{
    char place[WHERE_MAX];
    (void)where(place, name, setting);
    const char *target = config_setting_get_string(setting);
    if (target == NULL || *target == '\0')
        return fore_err_set(load->diag, FORE_E_FORMAT,
                            "%s: include takes a file name in quotes, or a list of them", place);
    if (!load->from_file)
        return fore_err_set(load->diag, FORE_E_FORMAT, "%s: include works only in a file", place);
    const char *slash = strrchr(name, '/');
    const char *path =
        target[0] == '/' || slash == NULL
            ? target
            : fore_arena_printf(load->perm, "%.*s/%s", (int)(slash - name), name, target);
    for (size_t i = 0; i < load->depth; i++)
        if (strcmp(load->path[i], path) == 0)
            return fore_err_set(load->diag, FORE_E_FORMAT, "%s: %.80s includes itself", place,
                                target);
    if (load->depth == INCLUDE_DEPTH_MAX)
        return fore_err_set(load->diag, FORE_E_FORMAT,
                            "%s: includes are nested deeper than %d files", place,
                            INCLUDE_DEPTH_MAX);
    return file_load(load, path);
}

static enum fore_err include_apply(struct load *load, const char *name,
                                   const config_setting_t *setting)
{
    if (!config_setting_is_list(setting) && !config_setting_is_array(setting))
        return include_one(load, name, setting);
    int count = config_setting_length(setting);
    for (int i = 0; i < count; i++)
        FORE_TRY(include_one(load, name, config_setting_get_elem(setting, (unsigned)i)));
    return FORE_E_OK;
}

/* ---- texts and files ---- */

static enum fore_err tree_apply(struct load *load, const char *name, const config_t *config)
{
    const config_setting_t *root = config_root_setting(config);
    const config_setting_t *include = config_setting_get_member(root, "include");
    if (include != NULL) FORE_TRY(include_apply(load, name, include));
    int count = config_setting_length(root);
    for (int i = 0; i < count; i++) {
        const config_setting_t *setting = config_setting_get_elem(root, (unsigned)i);
        if (setting != include) FORE_TRY(section_apply(load, name, setting));
    }
    return FORE_E_OK;
}

static enum fore_err text_load(struct load *load, const char *text, const char *name)
{
    FORE_TRY(wl_config_scan(text, name, load->diag));
    config_t config;
    config_init(&config);
    enum fore_err err;
    if (config_read_string(&config, text) == CONFIG_TRUE)
        err = tree_apply(load, name, &config);
    else
        err =
            fore_err_set(load->diag, FORE_E_FORMAT, "%s:%d: %s near here; is a ; or a \" missing?",
                         name, config_error_line(&config), config_error_text(&config));
    config_destroy(&config);
    return err;
}

static enum fore_err file_text(struct wl_file *file, char *text, struct fore_diag *diag)
{
    size_t got = 0;
    FORE_TRY(wl_file_read(file, text, TEXT_MAX, &got, diag));
    if (got == TEXT_MAX)
        return fore_err_set(diag, FORE_E_FORMAT, "%s: larger than 1 MiB; is this a scenario file?",
                            wl_file_path(file));
    if (memchr(text, '\0', got) != NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "%s: not a text file (it has a NUL byte)",
                            wl_file_path(file));
    text[got] = '\0';
    return FORE_E_OK;
}

static enum fore_err file_load(struct load *load, const char *path)
{
    struct wl_file *file;
    FORE_TRY(wl_file_open(path, &file, load->diag));
    char *text = malloc(TEXT_MAX + 1);
    FORE_ASSERT(text != NULL);
    enum fore_err err = file_text(file, text, load->diag);
    wl_file_close(file);
    load->path[load->depth++] = path;
    if (err == FORE_E_OK) err = text_load(load, text, path);
    load->depth--;
    free(text);
    return err;
}

static void defaults_set(const struct load *load)
{
    for (size_t i = 0; i < load->binding_count; i++)
        fore_option_defaults(load->binding[i], load->perm);
}

enum fore_err wl_config_parse(const char *text, const char *name,
                              const struct fore_option_binding *binding, size_t binding_count,
                              struct fore_arena *perm, struct fore_diag *diag)
{
    struct load load = {
        .binding = binding, .binding_count = binding_count, .perm = perm, .diag = diag};
    defaults_set(&load);
    return text_load(&load, text, name);
}

enum fore_err wl_config_load(const char *path, const struct fore_strings *sets,
                             const struct fore_option_binding *binding, size_t binding_count,
                             struct fore_arena *perm, struct fore_diag *diag)
{
    struct load load = {.binding = binding,
                        .binding_count = binding_count,
                        .perm = perm,
                        .diag = diag,
                        .from_file = true};
    defaults_set(&load);
    if (path != NULL) FORE_TRY(file_load(&load, path));
    for (size_t i = 0; sets != NULL && i < sets->count; i++)
        FORE_TRY(fore_option_assign(binding, binding_count, perm, sets->item[i], "--set", diag));
    return FORE_E_OK;
}
