/* text.c - see text.h. An open hash table; a line's key is kept with it, so hashes may collide. */
#include "viz/text.h"

#include "core/base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2 * VIZ_TEXTS };

struct entry {
    uint64_t hash;
    char *text;
    double px, width;
    bool bold;
    struct viz_text_line line;
};

static struct {
    PangoContext *context;
    PangoFontDescription *face[2]; /* regular, bold */
    PangoAttrList *attributes;
    struct entry slot[SLOTS];
    uint32_t count;
} kept;

static PangoFontDescription *face(int weight)
{
    PangoFontDescription *d = pango_font_description_new();
    pango_font_description_set_family(d, "Inter, DejaVu Sans Condensed, DejaVu Sans, sans-serif");
    pango_font_description_set_weight(d, (PangoWeight)weight);
    pango_font_description_set_stretch(d, PANGO_STRETCH_SEMI_CONDENSED);
    return d;
}

static void begin(void)
{
    kept.context = pango_font_map_create_context(pango_cairo_font_map_get_default());
    kept.face[0] = face(PANGO_WEIGHT_NORMAL);
    kept.face[1] = face(PANGO_WEIGHT_SEMIBOLD);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_ON);
    pango_cairo_context_set_font_options(kept.context, options);
    cairo_font_options_destroy(options);
    kept.attributes = pango_attr_list_new();
    pango_attr_list_insert(kept.attributes, pango_attr_font_features_new("tnum=1"));
}

static void empty(void)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (kept.slot[i].text == NULL) continue;
        free(kept.slot[i].text);
        g_object_unref(kept.slot[i].line.layout);
        if (kept.slot[i].line.mask != NULL) cairo_surface_destroy(kept.slot[i].line.mask);
    }
    memset(kept.slot, 0, sizeof kept.slot);
    kept.count = 0;
}

void viz_text_forget(void)
{
    if (kept.context == NULL) return;
    empty();
    pango_font_description_free(kept.face[0]);
    pango_font_description_free(kept.face[1]);
    pango_attr_list_unref(kept.attributes);
    g_object_unref(kept.context);
    kept.context = NULL;
}

static struct viz_text_line lay_out(const struct viz_text_key *key)
{
    struct viz_text_line line = {.layout = pango_layout_new(kept.context)};
    PangoFontDescription *d = kept.face[key->bold];
    int w = 0;
    pango_font_description_set_absolute_size(d, key->px * PANGO_SCALE);
    pango_layout_set_font_description(line.layout, d);
    pango_layout_set_attributes(line.layout, kept.attributes);
    pango_layout_set_single_paragraph_mode(line.layout, TRUE);
    if (key->width > 0) {
        pango_layout_set_width(line.layout, (int)(key->width * PANGO_SCALE));
        pango_layout_set_ellipsize(line.layout, PANGO_ELLIPSIZE_END);
    }
    char *valid = g_utf8_make_valid(key->text, -1);
    pango_layout_set_text(line.layout, valid, -1);
    g_free(valid);
    pango_layout_get_size(line.layout, &w, NULL);
    line.width = (double)w / PANGO_SCALE;
    line.baseline = (double)pango_layout_get_baseline(line.layout) / PANGO_SCALE;
    return line;
}

void viz_text_mask(struct viz_text_line *line)
{
    PangoRectangle ink;
    if (line->mask != NULL) return;
    pango_layout_get_pixel_extents(line->layout, &ink, NULL);
    line->mask_x = ink.x - 1;
    line->mask_y = ink.y - 1;
    line->mask = cairo_image_surface_create(CAIRO_FORMAT_A8, ink.width + 2, ink.height + 2);
    cairo_t *cr = cairo_create(line->mask);
    cairo_move_to(cr, -line->mask_x, -line->mask_y);
    pango_cairo_show_layout(cr, line->layout);
    cairo_destroy(cr);
}

struct viz_text_line *viz_text_line(const struct viz_text_key *key)
{
    if (kept.context == NULL) begin();
    if (kept.count == VIZ_TEXTS) empty();
    const double parts[] = {key->px, key->width, key->bold};
    size_t len = strlen(key->text);
    uint64_t hash = fore_hash_bytes(key->text, len, fore_hash_bytes(parts, sizeof parts, 0));
    struct entry *e = &kept.slot[hash % SLOTS];
    for (; e->text != NULL; e = e + 1 == kept.slot + SLOTS ? kept.slot : e + 1)
        if (e->hash == hash && e->px == key->px && e->width == key->width && e->bold == key->bold &&
            strcmp(e->text, key->text) == 0)
            return &e->line;
    *e = (struct entry){
        .hash = hash, .px = key->px, .width = key->width, .bold = key->bold, .line = lay_out(key)};
    e->text = malloc(len + 1);
    FORE_ASSERT(e->text != NULL);
    memcpy(e->text, key->text, len + 1);
    kept.count++;
    return &e->line;
}
