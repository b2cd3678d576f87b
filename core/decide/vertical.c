/*
 * vertical.c - see vertical.h. Queries whose set the summary has no counter for count as whole
 * rows: a cut has to pay although they span it.
 */
#include "core/decide/vertical.h"

#include "core/cluster/topology_columns.h"

#include <math.h>
#include <stdio.h>

enum { ATOMS_MAX = 12 };
static const double samples_least = 48;  /* decayed; fewer say too little about a mix */
static const double spread_least = 1e-3; /* of widths: a variance; less tells nothing */
static const double told_weight = 0.005; /* what was told counts as much as such a variance */
static const double keep = 0.9;          /* of what was found before, each time */
static const double part_least = 1e-3;   /* nothing is quite without load: shares stay shares */

/* Bytes of a row that the partition holds, over those of a whole one. */
static double width_of(const struct fore_topology *topology, const struct fore_partition *p)
{
    const struct fore_table *table = &topology->table[p->table];
    uint64_t all = fore_topology_columns_all(table);
    uint64_t held = p->column_group == FORE_GROUP_APART ? p->apart : all & ~p->apart;
    return fore_topology_columns_bytes(table, held) / fore_topology_columns_bytes(table, all);
}

void fore_vertical_cost_learn(struct fore_vertical_cost *cost, const struct fore_observe *observe,
                              const struct fore_topology *topology)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (uint32_t p = 0; p < topology->partition_count; p++) {
        const struct fore_partition *part = &topology->partition[p];
        const struct fore_observe_partition *seen = &observe->partition[p];
        double reads = seen->requests_per_sec - seen->writes_per_sec;
        if (!part->alive || topology->table[part->table].columns == 0 || !(reads > 0)) continue;
        double width = width_of(topology, part), load = seen->load * (1 - seen->write_share);
        n += reads;
        x += reads * width;
        y += load;
        xx += reads * width * width;
        xy += width * load;
    }
    if (!(n > 0)) return;
    double spread = xx / n - x / n * (x / n);
    if (spread < spread_least) return;
    double slope = (xy / n - x / n * (y / n)) / spread;
    double whole = y / n + slope * (1 - x / n);
    if (!(whole > 0)) return;
    double found = fmin(1, fmax(0, slope / whole)), old = keep * cost->weight;
    cost->share = (old * cost->share + spread * found) / (old + spread);
    cost->weight = old + spread;
}

double fore_vertical_cost_share(const struct fore_vertical_cost *cost, double told)
{
    return (cost->weight * cost->share + told_weight * told) / (cost->weight + told_weight);
}

static size_t patterns_of(const struct fore_columns *seen, uint32_t partition, uint64_t all,
                          struct fore_column_pattern out[FORE_COLUMNS_SETS + 1])
{
    struct fore_column_set set[FORE_COLUMNS_SETS];
    double rest;
    size_t count = fore_columns_read(seen, partition, set, &rest);
    for (size_t i = 0; i < count; i++)
        out[i] =
            (struct fore_column_pattern){.columns = set[i].columns & all, .queries = set[i].weight};
    if (rest > 0) out[count++] = (struct fore_column_pattern){.columns = all, .queries = rest};
    return count;
}

static struct fore_vertical judge(const struct fore_column_pattern *pattern, size_t count,
                                  const struct fore_table *table, double byte_cost,
                                  uint64_t columns)
{
    struct fore_vertical v = {.known = true, .columns = columns};
    uint64_t all = fore_topology_columns_all(table);
    double row = fore_topology_columns_bytes(table, all), queries = 0;
    double apart = fore_topology_columns_bytes(table, columns) / row;
    double base = fore_topology_columns_bytes(table, all & ~columns) / row;
    for (size_t i = 0; i < count; i++) {
        bool there = (pattern[i].columns & columns) != 0;
        bool here = (pattern[i].columns & ~columns) != 0 || !there;
        double n = pattern[i].queries;
        queries += n;
        v.base += here ? n * (1 - byte_cost + byte_cost * base) : 0;
        v.apart += there ? n * (1 - byte_cost + byte_cost * apart) : 0;
        v.bytes += n * ((here ? base : 0) + (there ? apart : 0));
        v.spanning += here && there ? n : 0;
    }
    v.data_share = apart / (apart + base);
    v.base = fmax(v.base / queries, part_least);
    v.apart = fmax(v.apart / queries, part_least);
    v.bytes /= queries;
    v.spanning /= queries;
    return v;
}

static const struct fore_vertical whole = {.known = true, .base = 1, .bytes = 1};

struct fore_vertical fore_vertical_of(const struct fore_columns *seen, uint32_t partition,
                                      const struct fore_table *table, double byte_cost,
                                      uint64_t columns)
{
    struct fore_column_pattern pattern[FORE_COLUMNS_SETS + 1];
    if (fore_columns_samples(seen, partition) < samples_least) return (struct fore_vertical){0};
    size_t count = patterns_of(seen, partition, fore_topology_columns_all(table), pattern);
    return judge(pattern, count, table, byte_cost, columns);
}

struct fore_vertical fore_vertical_best(const struct fore_columns *seen, uint32_t partition,
                                        const struct fore_table *table, double byte_cost)
{
    struct fore_column_pattern pattern[FORE_COLUMNS_SETS + 1];
    double width[FORE_COLUMNS_MAX];
    uint64_t all = fore_topology_columns_all(table);
    if (fore_columns_samples(seen, partition) < samples_least) return (struct fore_vertical){0};
    if (!(byte_cost > 0) || table->columns < 2) return whole;
    for (uint32_t c = 0; c < table->columns; c++)
        width[c] = table->column_bytes[c];
    double row = fore_topology_columns_bytes(table, all);
    const struct fore_column_uses uses = {
        .width = width,
        .columns = table->columns,
        .pattern = pattern,
        .patterns = patterns_of(seen, partition, all, pattern),
        .key_bytes = FORE_ROW_KEY_BYTES,
        .visit_bytes = (1 - byte_cost) / byte_cost * row,
    };
    uint64_t apart = fore_column_cut_best(&uses, ATOMS_MAX).apart;
    if (apart == 0) return whole;
    double there = fore_topology_columns_bytes(table, apart);
    double here = fore_topology_columns_bytes(table, all & ~apart);
    if (there > here) apart = all & ~apart; /* the less there is to copy the better */
    return judge(pattern, uses.patterns, table, byte_cost, apart);
}

void fore_vertical_columns_text(uint64_t columns, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "{");
    for (uint32_t c = 0; c < FORE_COLUMNS_MAX && used + 8 < size; c++) {
        uint32_t last = c;
        if (!(columns >> c & 1)) continue;
        while (last + 1 < FORE_COLUMNS_MAX && (columns >> (last + 1) & 1))
            last++;
        const char *gap = used > 1 ? " " : "";
        used += (size_t)(last > c ? snprintf(out + used, size - used, "%s%u-%u", gap, c, last)
                                  : snprintf(out + used, size - used, "%s%u", gap, c));
        c = last;
    }
    (void)snprintf(out + used, size - used, "}");
}
