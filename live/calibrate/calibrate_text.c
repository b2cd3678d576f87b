/* calibrate_text.c - a calibration as the file that a scenario includes, and a person reads. */
#include "live/calibrate/calibrate.h"

static const double UNREST_MOST = 3;

static void print_measured(const struct live_calibration *c, struct fore_buf *out)
{
    fore_buf_printf(out,
                    "# What was measured:\n"
                    "#   round trip of a PING      %.0f us, median, one at a time\n"
                    "#   capacity                  %.0f requests/s, %u nodes together\n"
                    "#   latency by load           ",
                    c->round_trip_us, c->capacity, c->nodes);
    for (int i = 0; i < LIVE_FIT_PROBES; i++)
        fore_buf_printf(
            out,
            "%s%.0f/s a node: p50 %.0f us, p90 %.0f us, p99 %.0f us, p99.9 %.0f us (fitted %.0f, %.0f, %.0f, %.0f); CPU %.1f us\n",
            i == 0 ? "" : "#                             ", c->probe[i].rate, c->probe[i].p50_us,
            c->probe[i].p90_us, c->probe[i].p99_us, c->probe[i].p999_us, c->probe[i].fit_p50_us,
            c->probe[i].fit_p90_us, c->probe[i].fit_p99_us, c->probe[i].fit_p999_us,
            c->probe[i].cpu_us);
    fore_buf_printf(out, "#   the fit is off by         %.0f %% (root mean square)\n",
                    c->fit.error * 100);
    fore_buf_printf(
        out,
        "#   the machine               rounds of a load differ in p99 by a factor of up "
        "to %.1f; the sender was late by %.0f us (p99)%s\n",
        c->unrest, c->late_us,
        c->unrest > UNREST_MOST ? ": busy with other work, measure again when it is not" : "");
    for (int i = 0; i < LIVE_CALIBRATE_SIZES; i++)
        fore_buf_printf(
            out, "#   CPU of %5u bytes         GET %.1f us, SET %.1f us, MGET of ten %.1f us\n",
            c->cost[i].bytes, c->cost[i].read_us, c->cost[i].write_us, c->cost[i].scan_us);
}

static void print_moves(const struct live_calibration *c,
                        const struct live_calibrate_options *options, struct fore_buf *out)
{
    if (!c->moved) {
        fore_buf_printf(out, "#   moves                     not measured: %s\n", c->why_not);
        return;
    }
    fore_buf_printf(
        out,
        "#   moves                     one takes %.0f ms to begin, a slot %.1f ms (flags, journal, "
        "ownership),\n"
        "#                             and its data %.0f kB/s (%u keys of %u bytes in each)\n",
        c->start_ms, c->slot_ms, c->move_bytes_per_sec / 1e3,
        options->keys_per_slot != 0 ? options->keys_per_slot : 2000,
        options->bytes != 0 ? options->bytes : 100);
    for (int i = 0; i < LIVE_CALIBRATE_BATCHES; i++)
        fore_buf_printf(
            out, "#   MIGRATE of %4u keys      %.0f keys/s, stall %.2f ms mean, %.2f ms most\n",
            c->batch[i].keys, c->batch[i].keys_per_sec, c->batch[i].stall_mean_ms,
            c->batch[i].stall_max_ms);
}

/* See calibrate.h: known without measuring, and written so that nobody takes it for forgotten. */
static void print_splits(struct fore_buf *out)
{
    fore_buf_puts(
        out,
        "    # A partition is a run of slots in foreshard's own book. No command is sent to\n"
        "    # split or merge one, and servers keep up 16384 slots, however they are divided:\n"
        "    # not measured, there is nothing to measure. What moves cost is above.\n"
        "    partition_overhead = \"0\";\n    split_pause = \"0s\";\n");
}

static void print_stretch(const struct live_fit *fit, struct fore_buf *out)
{
    if (fit->stretch_count == 0) return;
    fore_buf_puts(out, "    link_stretch = \"");
    for (uint32_t i = 0; i < fit->stretch_count; i++)
        fore_buf_printf(out, "%s%.2f%%=%.3f", i > 0 ? ", " : "", fit->stretch[i].load * 100,
                        fit->stretch[i].factor);
    fore_buf_puts(out, "\";\n");
}

void live_calibrate_print(const struct live_calibration *c,
                          const struct live_calibrate_options *options, struct fore_buf *out)
{
    double write_cost = c->write_cost > 0.001 ? c->write_cost : 1;
    double scan_cost = c->scan_cost > 0.001 ? c->scan_cost : 10;
    /* The fit is of the probes' mix, nine reads to one write. */
    double read_us = c->fit.service_us / (0.9 + 0.1 * write_cost);
    fore_buf_puts(out, "# Written by `foreshard calibrate`; a scenario takes it over with\n"
                       "#   include = \"THIS FILE\";\n"
                       "# and may say otherwise in its own sections.\n");
    print_measured(c, out);
    print_moves(c, options, out);
    fore_buf_printf(out,
                    "\ncluster: {\n    nodes = \"%u\";\n    cores = \"1\";\n"
                    "    placement = \"slot\";\n    link_delay = \"%.0fns\";\n"
                    "    link_sigma = \"%.2f\";\n    link_kib = \"%.0fns\";\n",
                    c->nodes, c->fit.delay_us * 1e3, c->fit.delay_sigma, c->kib_way_us * 1e3);
    print_stretch(&c->fit, out);
    if (c->moved)
        fore_buf_printf(out,
                        "    bandwidth = \"%.0fB/s\";\n    move_start = \"%.0fus\";\n"
                        "    slot_move = \"%.0fus\";\n    move_cpu = \"%.1f%%\";\n",
                        c->move_bytes_per_sec, c->start_ms * 1e3, c->slot_ms * 1e3,
                        c->move_cpu < 1 ? c->move_cpu * 100 : 100);
    print_splits(out);
    fore_buf_printf(
        out,
        "};\n\nsim: {\n    fidelity = \"request\";\n    service = \"lognormal\";\n"
        "    service_mean = \"%.0fns\";\n    service_sigma = \"%.2f\";\n"
        "    wake = \"%.0fns\";\n    wake_delay = \"%.0fns\";\n    wake_rest = \"%.0fns\";\n    kib_service = \"%.0fns\";\n"
        "    write_cost = \"%.3f\";\n    scan_cost = \"%.3f\";\n",
        read_us * 1e3, c->fit.sigma, c->fit.cost.wake_us * 1e3, c->fit.wake_us * 1e3,
        c->fit.cost.rest_us * 1e3, c->kib_service_us * 1e3, write_cost, scan_cost);
    if (c->fit.stall_us > 0)
        fore_buf_printf(out, "    stall_every = \"%.0fus\";\n    stall_mean = \"%.0fus\";\n",
                        c->fit.stall_every_us, c->fit.stall_us);
    fore_buf_puts(out, "};\n");
}
