/*
 * subject.c - the word understood entirely, or refused with what would have been right.
 */
#include "core/decide/subject.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/option.h"

enum { TABLES_KNOWN = 64, WORD_SHOWN = 40 };
static const double felt = 0.01; /* of a partition, by a SHARE */

/* Digits only, to the end. */
static bool whole(const char *text, uint32_t *out)
{
    uint64_t value = 0;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9' && i < 10; i++)
        value = 10 * value + (uint64_t)(text[i] - '0');
    *out = (uint32_t)value;
    return i > 0 && text[i] == '\0' && value < UINT32_MAX;
}

static bool share(const char *text, struct fore_subject *out)
{
    char *end;
    double from = strtod(text, &end);
    if (end == text || strncmp(end, "%..", 3) != 0) return false;
    const char *second = end + 3;
    double to = strtod(second, &end);
    if (end == second || strcmp(end, "%") != 0) return false;
    if (!(from >= 0) || !(to > from) || !(to <= 100)) return false;
    *out = (struct fore_subject){.kind = FORE_SUBJECT_SHARE, .from = from, .to = to};
    return true;
}

static enum fore_err no_table(const char *name, size_t len, const struct fore_topology *topology,
                              const char *field, struct fore_diag *diag)
{
    const char *known[TABLES_KNOWN];
    char word[FORE_NAME_MAX + 1] = {0};
    size_t count = 0;
    memcpy(word, name, len < FORE_NAME_MAX ? len : FORE_NAME_MAX);
    for (; count < TABLES_KNOWN && count < topology->table_count; count++)
        known[count] = topology->table[count].name;
    const char *near = fore_option_nearest(word, known, count);
    return fore_err_set(diag, FORE_E_FORMAT, "%s: \"%.*s\" names no table; %s \"%s\"%s", field,
                        (int)(len < WORD_SHOWN ? len : WORD_SHOWN), name,
                        near != NULL ? "did you mean" : "there is",
                        near != NULL ? near : topology->table[0].name, near != NULL ? "?" : "");
}

static enum fore_err find_table(const char *name, size_t len, const struct fore_topology *topology,
                                const char *field, uint16_t *out, struct fore_diag *diag)
{
    for (uint32_t t = 0; t < topology->table_count; t++)
        if (strlen(topology->table[t].name) == len &&
            memcmp(topology->table[t].name, name, len) == 0) {
            *out = (uint16_t)t;
            return FORE_E_OK;
        }
    return no_table(name, len, topology, field, diag);
}

static enum fore_err one_partition(const char *text, uint32_t index, const uint16_t *table,
                                   const struct fore_topology *topology, const char *field,
                                   struct fore_subject *out, struct fore_diag *diag)
{
    if (index >= topology->partition_count || !topology->partition[index].alive)
        return fore_err_set(diag, FORE_E_RANGE, "%s: \"%.40s\": there is no partition %u", field,
                            text, index);
    const struct fore_partition *p = &topology->partition[index];
    if (table != NULL && p->table != *table)
        return fore_err_set(diag, FORE_E_RANGE, "%s: \"%.40s\": partition %u belongs to \"%s\"",
                            field, text, index, topology->table[p->table].name);
    *out = (struct fore_subject){
        .kind = FORE_SUBJECT_PARTITION, .table = p->table, .first = p->first, .last = p->last};
    return FORE_E_OK;
}

enum fore_err fore_subject_parse(const char *text, const struct fore_topology *topology,
                                 const char *field, struct fore_subject *out,
                                 struct fore_diag *diag)
{
    uint32_t index;
    uint16_t table = 0;
    *out = (struct fore_subject){.kind = FORE_SUBJECT_ALL};
    if (strcmp(text, "*") == 0 || share(text, out)) return FORE_E_OK;
    const char *mark = strrchr(text, ':');
    size_t skip = 1;
    if (mark == NULL && (mark = strrchr(text, '/')) != NULL) skip = mark[1] == 'p' ? 2 : 1;
    if (mark != NULL && whole(mark + skip, &index)) {
        FORE_TRY(find_table(text, (size_t)(mark - text), topology, field, &table, diag));
        return one_partition(text, index, &table, topology, field, out, diag);
    }
    bool found = find_table(text, strlen(text), topology, field, &table, NULL) == FORE_E_OK;
    if (!found && text[0] == 'p' && whole(text + 1, &index))
        return one_partition(text, index, NULL, topology, field, out, diag);
    if (!found) return no_table(text, strlen(text), topology, field, diag);
    *out = (struct fore_subject){.kind = FORE_SUBJECT_TABLE, .table = table};
    return FORE_E_OK;
}

/* As a hint's range is felt (forecast/fleet_hints.c). */
static bool meets_share(const struct fore_subject *subject, const struct fore_partition *p,
                        const struct fore_table *table)
{
    double width = (double)(table->last - table->first) + 1.0;
    double low = (double)(p->first - table->first) / width * 100.0;
    double high = ((double)(p->last - table->first) + 1.0) / width * 100.0;
    double shared = fmin(subject->to, high) - fmax(subject->from, low);
    return shared > felt * (high - low);
}

bool fore_subject_meets(const struct fore_subject *subject, const struct fore_topology *topology,
                        uint32_t partition)
{
    const struct fore_partition *p = &topology->partition[partition];
    switch (subject->kind) {
    case FORE_SUBJECT_ALL: return true;
    case FORE_SUBJECT_TABLE: return p->table == subject->table;
    case FORE_SUBJECT_SHARE: return meets_share(subject, p, &topology->table[p->table]);
    case FORE_SUBJECT_PARTITION:
        return p->table == subject->table && p->first <= subject->last && p->last >= subject->first;
    }
    return false;
}
