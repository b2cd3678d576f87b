/* hits.c - see hits.h. */
#include "viz/hits.h"

void viz_hits_begin(struct viz_hits *hits, uint32_t owner)
{
    size_t kept = 0;
    if (hits == NULL) return;
    for (size_t i = 0; i < hits->count; i++)
        if (hits->item[i].owner != owner) hits->item[kept++] = hits->item[i];
    hits->count = kept;
    hits->owner = owner;
}

void viz_hits_add(struct viz_hits *hits, enum viz_hit_kind kind, struct viz_rect r, uint64_t id)
{
    if (hits == NULL || hits->count == VIZ_HITS) return;
    hits->item[hits->count++] =
        (struct viz_hit){.kind = kind, .r = r, .id = id, .owner = hits->owner};
}

struct viz_hit viz_hits_at(const struct viz_hits *hits, double x, double y)
{
    for (size_t i = hits->count; i-- > 0;) {
        const struct viz_rect *r = &hits->item[i].r;
        if (x >= r->x && x < r->x + r->w && y >= r->y && y < r->y + r->h) return hits->item[i];
    }
    return (struct viz_hit){.kind = VIZ_HIT_NONE};
}
