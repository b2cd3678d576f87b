/* find.c - see find.h. */
#include "viz/find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 16384 };

uint32_t viz_find_slot(const char *key)
{
    const char *open = strchr(key, '{'), *close = open != NULL ? strchr(open + 1, '}') : NULL;
    size_t len = strlen(key);
    if (close != NULL && close > open + 1) {
        key = open + 1;
        len = (size_t)(close - key);
    }
    uint32_t crc = 0;
    for (size_t i = 0; i < len; i++) {
        crc ^= (uint32_t)(uint8_t)key[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xffff;
    }
    return crc % SLOTS;
}

static bool digits(const char *text, uint64_t *out)
{
    char *end = NULL;
    if (*text < '0' || *text > '9') return false;
    *out = strtoull(text, &end, 10);
    return *end == '\0';
}

static bool found_partition(const struct viz_model *model, uint32_t p, const char *what,
                            struct viz_found *out)
{
    const struct fore_topology *topology = &model->snapshot.topology;
    if (p >= topology->partition_count || !topology->partition[p].alive) {
        (void)snprintf(out->said, sizeof out->said, "no partition %s at this moment", what);
        return false;
    }
    out->partition = p;
    (void)snprintf(out->said, sizeof out->said, "%.40s is in p%u", what, p);
    return true;
}

static bool by_position(const struct viz_model *model, uint32_t table, uint64_t position,
                        const char *what, struct viz_found *out)
{
    const struct fore_topology *topology = &model->snapshot.topology;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        if (part->alive && part->table == table && part->first <= position &&
            position <= part->last)
            return found_partition(model, p, what, out);
    }
    (void)snprintf(out->said, sizeof out->said, "no partition holds %.40s", what);
    return false;
}

static bool by_node(const struct viz_model *model, const char *text, struct viz_found *out)
{
    const struct fore_topology *topology = &model->snapshot.topology;
    uint64_t number = UINT64_MAX;
    bool short_name = text[0] == 'n' && digits(text + 1, &number);
    for (uint32_t n = 0; n < topology->node_count; n++) {
        if (strcmp(topology->node[n].name, text) != 0 && !(short_name && n == number)) continue;
        out->node = n;
        (void)snprintf(out->said, sizeof out->said, "%.23s", topology->node[n].name);
        return true;
    }
    return false;
}

/* "orders:17"; only where there is such a table. */
static bool by_table(const struct viz_model *model, const char *text, struct viz_found *out,
                     bool *found)
{
    const struct fore_topology *topology = &model->snapshot.topology;
    const char *colon = strrchr(text, ':');
    uint64_t position;
    if (colon == NULL || !digits(colon + 1, &position)) return false;
    for (uint32_t t = 0; t < topology->table_count; t++) {
        const char *name = topology->table[t].name;
        if (strlen(name) != (size_t)(colon - text) || strncmp(name, text, strlen(name)) != 0)
            continue;
        *found = by_position(model, t, position, text, out);
        return true;
    }
    return false;
}

bool viz_find(const struct viz_model *model, const char *text, struct viz_found *out)
{
    const struct fore_topology *topology = &model->snapshot.topology;
    uint64_t number;
    bool found;
    *out = (struct viz_found){.partition = UINT32_MAX, .node = UINT32_MAX};
    if (!model->snapshot.has_topology) {
        (void)snprintf(out->said, sizeof out->said, "nothing is known of the cluster yet");
        return false;
    }
    if (text[0] == 'p' && digits(text + 1, &number))
        return found_partition(model, number < UINT32_MAX ? (uint32_t)number : UINT32_MAX, text,
                               out);
    if (by_node(model, text, out)) return true;
    if (digits(text, &number)) return by_position(model, 0, number, text, out);
    if (by_table(model, text, out, &found)) return found;
    if (topology->table_count == 1 && topology->table[0].last == SLOTS - 1)
        return by_position(model, 0, viz_find_slot(text), text, out);
    (void)snprintf(out->said, sizeof out->said, "%.40s: give p41, n3, a node's name, or a position",
                   text);
    return false;
}
