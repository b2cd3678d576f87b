/* layout.c - see layout.h. Whole pixels, so that edges stay crisp. */
#include "viz/layout.h"

#include <math.h>

struct viz_layout viz_layout_make(double width, double height)
{
    return viz_layout_sized(width, height, 1);
}

struct viz_layout viz_layout_sized(double width, double height, double text)
{
    struct viz_layout l = {.width = width, .height = height};
    /* Text must stay readable: below 0.82 units shrink no further, rooms get tighter instead. */
    l.u = fmin(fmax(fmin(width / 1920, height / 1080), 0.82), 8);
    l.u *= text;
    double u = l.u, margin = round(20 * u), gap = round(12 * u);
    double top = round(92 * u), inner = width - 2 * margin - gap;
    double left = round(inner * 0.655), right = inner - left, x2 = margin + left + gap;
    double body = height - top - margin - 2 * gap;
    double h_heat = round(body * 0.52), h_latency = round(body * 0.205);
    double h_strip = body - h_heat - h_latency;
    double h_scores = round((h_heat + h_latency) * 0.40), h_nodes = h_heat + h_latency - h_scores;
    double y2 = top + h_heat + gap, y3 = y2 + h_latency + gap;
    l.place[VIZ_PLACE_HEADER] =
        (struct viz_rect){margin, round(margin * 0.7), width - 2 * margin, top - margin};
    l.place[VIZ_PLACE_HEAT] = (struct viz_rect){margin, top, left, h_heat};
    l.place[VIZ_PLACE_LATENCY] = (struct viz_rect){margin, y2, left, h_latency};
    l.place[VIZ_PLACE_STRIP] = (struct viz_rect){margin, y3, left, h_strip};
    l.place[VIZ_PLACE_NODES] = (struct viz_rect){x2, top, right, h_nodes};
    l.place[VIZ_PLACE_SCORES] = (struct viz_rect){x2, top + h_nodes + gap, right, h_scores};
    l.place[VIZ_PLACE_MOVES] = (struct viz_rect){x2, y3, right, h_strip};
    l.plot_x0 = margin + round(104 * u);
    l.plot_x1 = margin + left - round(16 * u);
    return l;
}
