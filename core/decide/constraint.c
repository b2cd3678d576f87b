/*
 * constraint.c - the rows of the "placement" section, and its words into rules.
 */
#include "core/decide/constraint.h"

#include <string.h>

static const char *const domain_name[] = {"node", "rack", "zone", NULL};

#define AT(field) FORE_OPTION_AT(struct fore_placement_options, field)
static const struct fore_option rows[] = {
    {"pin",            FORE_OPT_LIST,   AT(pin),            "",     0, 0, NULL,
     "\"users -> zone-1, users:17 -> node-03|node-04\": where all replicas of these must be; left: * | TABLE "
     "| TABLE:INDEX | A%..B% of the key space"                                                     },
    {"apart",          FORE_OPT_LIST,   AT(apart),          "",     0, 0, NULL,
     "\"users <> orders, 10%..20% <> 20%..30% by zone\": never on one node, or in one rack or zone"},
    {"forbidden",      FORE_OPT_LIST,   AT(forbidden),      "",     0, 0, NULL,
     "\"node-03, zone-2, rack-0-1\": nodes that must hold nothing"                                 },
    {"replicas_apart", FORE_OPT_CHOICE, AT(replicas_apart), "node", 0, 0, domain_name,
     "two replicas of a partition are never in one of these"                                       },
};
#undef AT
const struct fore_option_section fore_placement_section = {
    "placement", "where partitions must and must not be; the planner obeys and repairs", rows,
    FORE_COUNTOF(rows)};

struct reading {
    const struct fore_topology *topology;
    struct fore_arena *arena;
    const struct fore_constraints *rules;
    struct fore_diag *diag;
};

static enum fore_err bad(const struct reading *r, const char *field, const char *text,
                         const char *why)
{
    return fore_err_set(r->diag, FORE_E_FORMAT, "%s: \"%.60s\": %s", field, text, why);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

/* Same zone; same zone and rack: numbered by their first node. */
static void number_domains(struct fore_constraints *rules, const struct fore_topology *topology,
                           struct fore_arena *arena)
{
    uint32_t count = topology->node_count, next[FORE_DOMAINS] = {0};
    for (int d = 0; d < FORE_DOMAINS; d++)
        rules->domain[d] = FORE_NEW(arena, uint16_t, count);
    for (uint32_t n = 0; n < count; n++) {
        const struct fore_node *node = &topology->node[n];
        uint32_t zone = n, rack = n;
        for (uint32_t m = n; m-- > 0;) {
            if (topology->node[m].zone != node->zone) continue;
            zone = m;
            if (topology->node[m].rack == node->rack) rack = m;
        }
        rules->domain[FORE_DOMAIN_NODE][n] = (uint16_t)n;
        rules->domain[FORE_DOMAIN_ZONE][n] =
            zone < n ? rules->domain[FORE_DOMAIN_ZONE][zone] : (uint16_t)next[FORE_DOMAIN_ZONE]++;
        rules->domain[FORE_DOMAIN_RACK][n] =
            rack < n ? rules->domain[FORE_DOMAIN_RACK][rack] : (uint16_t)next[FORE_DOMAIN_RACK]++;
    }
}

/* "-12": what follows is moved on to; at most five digits. */
static bool number(const char **at, int *out)
{
    const char *text = *at;
    int digits = 0;
    if (*text++ != '-') return false;
    for (*out = 0; *text >= '0' && *text <= '9' && digits < 5; digits++)
        *out = 10 * *out + (*text++ - '0');
    *at = text;
    return digits > 0;
}

/* "zone-3", "rack-3-1": true when understood; rack -1: the whole zone. */
static bool is_domain(const char *word, int *zone, int *rack)
{
    const char *at = word + 4;
    *rack = -1;
    if (strncmp(word, "zone", 4) == 0) return number(&at, zone) && *at == '\0';
    return strncmp(word, "rack", 4) == 0 && number(&at, zone) && number(&at, rack) && *at == '\0';
}

enum { KNOWN = 256 };
static enum fore_err add_nodes(const struct reading *r, const char *field, const char *word,
                               bool *node)
{
    const struct fore_topology *topology = r->topology;
    const char *known[KNOWN];
    size_t count = 0;
    bool found = false;
    for (uint32_t n = 0; n < topology->node_count; n++) {
        if (count < KNOWN) known[count++] = topology->node[n].name;
        if (strcmp(topology->node[n].name, word) != 0) continue;
        node[n] = found = true;
    }
    int zone, rack;
    for (uint32_t n = 0; !found && n == 0 && is_domain(word, &zone, &rack); n++)
        for (uint32_t m = 0; m < topology->node_count; m++) {
            const struct fore_node *at = &topology->node[m];
            if (at->zone != zone || (rack >= 0 && at->rack != rack)) continue;
            node[m] = found = true;
        }
    if (found) return FORE_E_OK;
    const char *near = fore_option_nearest(word, known, count);
    return fore_err_set(r->diag, FORE_E_FORMAT,
                        "%s: \"%.40s\": there is no such node, zone or rack%s%s%s", field, word,
                        near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                        near != NULL ? "\"?" : "");
}

static char *piece(struct fore_arena *arena, const char *from, const char *to)
{
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    return fore_arena_printf(arena, "%.*s", (int)(to - from), from);
}

/* Names joined by '|'. */
static enum fore_err read_nodes(const struct reading *r, const char *field, const char *text,
                                bool *node)
{
    for (;;) {
        const char *end = text + strcspn(text, "|");
        FORE_TRY(add_nodes(r, field, piece(r->arena, text, end), node));
        if (*end == '\0') return FORE_E_OK;
        text = end + 1;
    }
}

/* ---- rules ----------------------------------------------------------------------------------- */

static enum fore_err read_pin(const struct reading *r, const char *text,
                              struct fore_constraint_pin *out)
{
    static const char field[] = "placement.pin";
    const char *arrow = strstr(text, "->");
    if (arrow == NULL)
        return bad(r, field, text, "wants \"WHAT -> NODES\", as in \"users -> zone-1\"");
    out->text = text;
    out->node = FORE_NEW(r->arena, bool, r->topology->node_count);
    FORE_TRY(fore_subject_parse(piece(r->arena, text, arrow), r->topology, field, &out->subject,
                                r->diag));
    return read_nodes(r, field, arrow + 2, out->node);
}

static enum fore_err read_apart(const struct reading *r, const char *text,
                                struct fore_constraint_apart *out)
{
    static const char field[] = "placement.apart";
    const char *between = strstr(text, "<>"), *by = strstr(text, " by ");
    if (between == NULL || (by != NULL && by < between))
        return bad(r, field, text, "wants \"WHAT <> WHAT\", as in \"users <> orders by zone\"");
    const char *end = by != NULL ? by : text + strlen(text);
    *out = (struct fore_constraint_apart){.text = text, .by = FORE_DOMAIN_NODE};
    if (by != NULL) {
        const char *word = piece(r->arena, by + 4, by + strlen(by));
        uint32_t d = 0;
        while (domain_name[d] != NULL && strcmp(domain_name[d], word) != 0)
            d++;
        if (domain_name[d] == NULL) return bad(r, field, text, "by what? node, rack or zone");
        out->by = (enum fore_domain)d;
    }
    FORE_TRY(fore_subject_parse(piece(r->arena, text, between), r->topology, field, &out->side[0],
                                r->diag));
    return fore_subject_parse(piece(r->arena, between + 2, end), r->topology, field, &out->side[1],
                              r->diag);
}

static enum fore_err too_many(const struct reading *r, const char *field, size_t count, int most)
{
    return fore_err_set(r->diag, FORE_E_RANGE, "%s: %zu rules; at most %d", field, count, most);
}

enum fore_err fore_constraint_compile(const struct fore_placement_options *options,
                                      const struct fore_topology *topology,
                                      struct fore_arena *arena, struct fore_constraints *out,
                                      struct fore_diag *diag)
{
    struct reading r = {.topology = topology, .arena = arena, .rules = out, .diag = diag};
    *out = (struct fore_constraints){.node_count = topology->node_count,
                                     .replicas_apart = (enum fore_domain)options->replicas_apart};
    if (options->pin.count > FORE_CONSTRAINT_PINS)
        return too_many(&r, "placement.pin", options->pin.count, FORE_CONSTRAINT_PINS);
    if (options->forbidden.count > FORE_CONSTRAINT_PINS)
        return too_many(&r, "placement.forbidden", options->forbidden.count, FORE_CONSTRAINT_PINS);
    if (options->apart.count > FORE_CONSTRAINT_APARTS)
        return too_many(&r, "placement.apart", options->apart.count, FORE_CONSTRAINT_APARTS);
    number_domains(out, topology, arena);
    out->pin = FORE_NEW(arena, struct fore_constraint_pin, options->pin.count);
    out->forbidden = FORE_NEW(arena, struct fore_constraint_pin, options->forbidden.count);
    out->apart = FORE_NEW(arena, struct fore_constraint_apart, options->apart.count);
    for (size_t i = 0; i < options->pin.count; i++, out->pin_count++)
        FORE_TRY(read_pin(&r, options->pin.item[i], &out->pin[i]));
    for (size_t i = 0; i < options->apart.count; i++, out->apart_count++)
        FORE_TRY(read_apart(&r, options->apart.item[i], &out->apart[i]));
    for (size_t i = 0; i < options->forbidden.count; i++, out->forbidden_count++) {
        struct fore_constraint_pin *set = &out->forbidden[i];
        set->text = options->forbidden.item[i];
        set->node = FORE_NEW(arena, bool, topology->node_count);
        FORE_TRY(read_nodes(&r, "placement.forbidden", set->text, set->node));
    }
    return FORE_E_OK;
}

bool fore_constraint_any(const struct fore_constraints *rules)
{
    return rules != NULL &&
           (rules->pin_count > 0 || rules->apart_count > 0 || rules->forbidden_count > 0 ||
            rules->replicas_apart != FORE_DOMAIN_NODE);
}

uint64_t fore_constraint_mask(const struct fore_constraints *rules,
                              const struct fore_topology *topology, uint32_t partition)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < rules->pin_count; i++)
        if (fore_subject_meets(&rules->pin[i].subject, topology, partition))
            mask |= UINT64_C(1) << i;
    for (uint32_t j = 0; j < rules->apart_count; j++)
        for (uint32_t s = 0; s < 2; s++)
            if (fore_subject_meets(&rules->apart[j].side[s], topology, partition))
                mask |= UINT64_C(1) << (32 + 2 * j + s);
    return mask;
}
