/* label.c - see label.h. */
#include "viz/label.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void viz_label_from_path(const char *path, char *out, size_t size)
{
    if (strncmp(path, "http://", 7) == 0) { /* the daemon's host and port */
        snprintf(out, size, "%.*s", (int)strcspn(path + 7, "/"), path + 7);
        return;
    }
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    snprintf(out, size, "%s", strcmp(base, "-") == 0 ? "standard input" : base);
    char *dot = strrchr(out, '.');
    if (dot != NULL && dot > out) *dot = '\0';
}

static void copy_value(const char *from, size_t len, char *out, size_t size)
{
    for (; len > 0 && (isspace((unsigned char)*from) || *from == '"'); len--)
        from++;
    while (len > 0 && strchr(" \t\r\n;,\"", from[len - 1]) != NULL)
        len--;
    if (len >= size) len = size - 1;
    memcpy(out, from, len);
    out[len] = '\0';
}

bool viz_label_value(const char *text, const char *key, char *out, size_t size)
{
    size_t key_len = strlen(key);
    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *at = line + strspn(line, " \t#"), *next = strchr(line, '\n');
        size_t len = next != NULL ? (size_t)(next - at) : strlen(at);
        if (len > key_len && strncmp(at, key, key_len) == 0) {
            const char *mark = at + key_len + strspn(at + key_len, " \t");
            if (*mark == ':' || *mark == '=') {
                copy_value(mark + 1, (size_t)(at + len - mark - 1), out, size);
                if (out[0] != '\0') return true;
            }
        }
        line = next != NULL ? next + 1 : NULL;
    }
    return false;
}

static void from_composite(const char *text, struct viz_model *model)
{
    const char *found = strstr(text, "composite of");
    if (found == NULL || strstr(model->label, "composite of") != NULL) return;
    copy_value(found, strcspn(found, "\r\n\""), model->label, sizeof model->label);
}

void viz_label_from_text(const char *text, struct viz_model *model)
{
    viz_label_value(text, "scenario", model->name, sizeof model->name);
    viz_label_value(text, "policy", model->policy, sizeof model->policy);
    viz_label_value(text, "workload", model->label, sizeof model->label);
    from_composite(text, model);
}

void viz_label_from_note(const void *body, size_t len, struct viz_model *model)
{
    char text[512];
    const char *end = memchr(body, '\0', len);
    size_t used = end != NULL ? (size_t)(end - (const char *)body) : len;
    if (used >= sizeof text) used = sizeof text - 1;
    memcpy(text, body, used);
    text[used] = '\0';
    from_composite(text, model);
    if (model->label[0] == '\0')
        viz_label_value(text, "workload", model->label, sizeof model->label);
}

void viz_label_node(const struct viz_model *model, uint32_t node, char *out, size_t size)
{
    unsigned number = node;
    if (node >= model->snapshot.topology.node_count) {
        snprintf(out, size, "-");
        return;
    }
    const char *name = model->snapshot.topology.node[node].name;
    size_t end = strlen(name), digits = end;
    while (digits > 0 && isdigit((unsigned char)name[digits - 1]))
        digits--;
    if (digits < end && end - digits <= 4)
        snprintf(out, size, "n%s", name + digits);
    else
        snprintf(out, size, "n%u", number);
}
