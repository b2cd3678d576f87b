/*
 * column_cut.c - see column_cut.h. Cuts are gone through in Gray code order: one atom changes sides
 * at a time, so the width of what is apart is kept by one addition.
 */
#include "core/decide/column_cut.h"

struct search {
    const struct fore_column_uses *uses;
    size_t atoms;
    bool exact;
    double row;
    uint32_t atom_of[FORE_COLUMN_COLUMNS];
    double atom_width[FORE_COLUMN_ATOMS];
};

static bool same_use(const struct fore_column_uses *uses, size_t a, size_t b)
{
    for (size_t i = 0; i < uses->patterns; i++)
        if ((uses->pattern[i].columns >> a & 1) != (uses->pattern[i].columns >> b & 1))
            return false;
    return true;
}

static void make_atoms(struct search *s, size_t atoms_max)
{
    s->exact = true;
    for (size_t c = 0; c < s->uses->columns; c++) {
        size_t twin = 0;
        while (twin < c && !same_use(s->uses, twin, c))
            twin++;
        if (twin < c) {
            s->atom_of[c] = s->atom_of[twin];
        } else if (s->atoms < atoms_max) {
            s->atom_of[c] = (uint32_t)s->atoms++;
        } else {
            s->atom_of[c] = (uint32_t)atoms_max - 1;
            s->exact = false;
        }
        s->atom_width[s->atom_of[c]] += s->uses->width[c];
        s->row += s->uses->width[c];
    }
}

static uint32_t atoms_of(const struct search *s, uint64_t columns)
{
    uint32_t atoms = 0;
    for (size_t c = 0; c < s->uses->columns; c++)
        if (columns >> c & 1) atoms |= UINT32_C(1) << s->atom_of[c];
    return atoms;
}

/* Bytes that all queries read when the atoms in `apart` are split off. */
static double cost(const struct search *s, const uint32_t *atoms, uint32_t apart,
                   double apart_width)
{
    const struct fore_column_uses *uses = s->uses;
    double sum = 0, main_row = s->row - apart_width + uses->key_bytes;
    double apart_row = apart_width + uses->key_bytes;
    for (size_t i = 0; i < uses->patterns; i++) {
        double bytes = 0;
        if (atoms[i] & ~apart) bytes += main_row;
        if (atoms[i] & apart) bytes += apart_row;
        if ((atoms[i] & ~apart) && (atoms[i] & apart)) bytes += uses->visit_bytes;
        sum += uses->pattern[i].queries * bytes;
    }
    return sum;
}

struct fore_column_cut fore_column_cut_best(const struct fore_column_uses *uses, size_t atoms_max)
{
    uint32_t atoms[FORE_COLUMN_PATTERNS] = {0};
    struct search s = {.uses = uses};
    FORE_ASSERT(uses->columns <= FORE_COLUMN_COLUMNS && uses->patterns <= FORE_COLUMN_PATTERNS);
    FORE_ASSERT(atoms_max >= 1 && atoms_max <= FORE_COLUMN_ATOMS);
    make_atoms(&s, atoms_max);
    for (size_t i = 0; i < uses->patterns; i++)
        atoms[i] = atoms_of(&s, uses->pattern[i].columns);
    struct fore_column_cut cut = {.atoms = s.atoms, .exact = s.exact};
    cut.before = cut.after = cost(&s, atoms, 0, 0);
    uint32_t best = 0;
    double width = 0;
    for (uint32_t n = 1, apart = 0; s.atoms > 1 && n < UINT32_C(1) << (s.atoms - 1); n++) {
        int flipped = __builtin_ctz(n) + 1;
        apart ^= UINT32_C(1) << flipped;
        width += apart >> flipped & 1 ? s.atom_width[flipped] : -s.atom_width[flipped];
        double bytes = cost(&s, atoms, apart, width);
        if (bytes >= cut.after) continue;
        cut.after = bytes;
        best = apart;
    }
    for (size_t c = 0; c < uses->columns; c++)
        if (best >> s.atom_of[c] & 1) cut.apart |= UINT64_C(1) << c;
    for (size_t i = 0; i < uses->patterns; i++)
        if ((atoms[i] & best) && (atoms[i] & ~best)) cut.spanning += uses->pattern[i].queries;
    return cut;
}
