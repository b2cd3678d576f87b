/*
 * workload.c - the option rows of the "workload" section.
 *
 * Opening what they describe is workload_open.c's.
 */
#include "workloads/workload.h"

#define AT(field) FORE_OPTION_AT(struct wl_options, field)
#define YEAR_NS   (366.0 * 86400e9)

static const char *const kinds[] = {"synthetic", "series", "trace", NULL};
static const char *const popularities[] = {"zipf",   "uniform",    "hotspot",
                                           "latest", "sequential", NULL};
static const char *const mixes[] = {"custom", "ycsb-a", "ycsb-b", "ycsb-c",
                                    "ycsb-d", "ycsb-e", "ycsb-f", NULL};
static const char *const shares[] = {"uneven", "zipf", NULL};
static const char *const interpolations[] = {"step", "smooth", NULL};

/* clang-format off */
static const struct fore_option rows[] = {
    {"kind", FORE_OPT_CHOICE, AT(kind), "synthetic", 0, 0, kinds,
     "Where the load comes from: a generator, measured series per partition, or a key-level "
     "trace."},
    {"span", FORE_OPT_DURATION, AT(span), "0s", 0, 10 * YEAR_NS, NULL,
     "How much of it to play; 0s plays all there is (a synthetic workload needs a span)."},
    {"rate", FORE_OPT_RATE, AT(rate), "0", 0, 1e9, NULL,
     "Mean requests per second; series and composites are rescaled so that all the data has this "
     "mean, 0 leaves them as measured."},
    {"bytes_mean", FORE_OPT_BYTES, AT(bytes_mean), "1KiB", 0, 1 << 30, NULL,
     "Mean bytes read or written by a request, where the data does not say."},

    {"keys", FORE_OPT_COUNT, AT(keys), "1M", 0, 0x1p62, NULL,
     "Synthetic: the key space is 0..keys-1."},
    {"popularity", FORE_OPT_CHOICE, AT(popularity), "zipf", 0, 0, popularities,
     "Synthetic: how popular keys are; latest favours the newest keys, sequential goes through "
     "them in order."},
    {"zipf_s", FORE_OPT_REAL, AT(zipf_s), "0.99", 0, 10, NULL,
     "Exponent of the Zipf law: synthetic, of zipf and latest; series, of subrange_shares zipf."},
    {"latest_keys", FORE_OPT_COUNT, AT(latest_keys), "0", 0, 0x1p62, NULL,
     "Synthetic, latest: only so many of the newest keys are read, all alike (a table of which a "
     "recent span is looked at); 0: all of them, by zipf_s."},
    {"scatter", FORE_OPT_BOOL, AT(scatter), "true", 0, 0, NULL,
     "Synthetic: popular keys lie all over the key space (as hashed keys do) instead of side "
     "by side at its start."},
    {"hotspot_keys", FORE_OPT_SHARE, AT(hotspot_keys), "20%", 0, 1, NULL,
     "Synthetic, hotspot: share of the keys that are hot."},
    {"hotspot_load", FORE_OPT_SHARE, AT(hotspot_load), "80%", 0, 1, NULL,
     "Synthetic, hotspot: share of the load the hot keys take."},
    {"hot_key_share", FORE_OPT_SHARE, AT(hot_key_share), "0%", 0, 10, NULL,
     "Synthetic: one single key takes this share of the load on top; 0% switches it off."},
    {"hot_key_at", FORE_OPT_DURATION, AT(hot_key_at), "0s", 0, 10 * YEAR_NS, NULL,
     "Synthetic: when the hot key begins."},
    {"hot_key_for", FORE_OPT_DURATION, AT(hot_key_for), "0s", 0, 10 * YEAR_NS, NULL,
     "Synthetic: how long the hot key lasts; 0s is to the end."},
    {"mix", FORE_OPT_CHOICE, AT(mix), "custom", 0, 0, mixes,
     "Synthetic: the operations, by read_share or as in YCSB's core workloads (d makes "
     "popularity latest)."},
    {"read_share", FORE_OPT_SHARE, AT(read_share), "90%", 0, 1, NULL,
     "Synthetic, custom mix: share of requests that read."},
    {"diurnal", FORE_OPT_SHARE, AT(diurnal), "0%", 0, 1, NULL,
     "Synthetic: amplitude of the daily sine, lowest at the start of the day."},
    {"diurnal_period", FORE_OPT_DURATION, AT(diurnal_period), "24h", 60e9, YEAR_NS, NULL,
     "Synthetic: how long a day is; weekends, growth and the daily report follow it."},
    {"weekly", FORE_OPT_SHARE, AT(weekly), "0%", 0, 1, NULL,
     "Synthetic: how much less load there is on the sixth and seventh day."},
    {"growth", FORE_OPT_SHARE, AT(growth), "0%", -0.5, 10, NULL,
     "Synthetic: growth per day, compounded; 1% is 1.01 times as much a day later."},
    {"flash_at", FORE_OPT_DURATION, AT(flash_at), "0s", 0, 10 * YEAR_NS, NULL,
     "Synthetic: when the flash crowd begins, or with flash_every the first time one may."},
    {"flash_rise", FORE_OPT_DURATION, AT(flash_rise), "2min", 0, YEAR_NS, NULL,
     "Synthetic: how long a flash crowd takes to grow, and to go again."},
    {"flash_hold", FORE_OPT_DURATION, AT(flash_hold), "10min", 0, YEAR_NS, NULL,
     "Synthetic: how long it stays at its peak."},
    {"flash_every", FORE_OPT_DURATION, AT(flash_every), "0s", 0, 10 * YEAR_NS, NULL,
     "Synthetic: one crowd in each such stretch of time, at a time drawn by the seed; 0s is "
     "one in all."},
    {"flash_peak", FORE_OPT_REAL, AT(flash_peak), "1", 1, 1000, NULL,
     "Synthetic: factor on the load of the keys a crowd hits; 1 switches crowds off."},
    {"flash_range", FORE_OPT_SHARE, AT(flash_range), "2%", 0, 1, NULL,
     "Synthetic: share of the key space a crowd hits, at a place drawn by the seed."},
    {"drift_range", FORE_OPT_SHARE, AT(drift_range), "5%", 0, 1, NULL,
     "Synthetic: share of the key space the travelling hot window covers."},
    {"drift_load", FORE_OPT_SHARE, AT(drift_load), "0%", 0, 1, NULL,
     "Synthetic: share of the load inside the travelling window; 0% switches it off."},
    {"drift_period", FORE_OPT_DURATION, AT(drift_period), "24h", 1e9, 10 * YEAR_NS, NULL,
     "Synthetic: time in which the window goes once round the key space."},
    {"report_at", FORE_OPT_DURATION, AT(report_at), "2h", 0, YEAR_NS, NULL,
     "Synthetic: time of day at which the daily report begins to scan."},
    {"report_for", FORE_OPT_DURATION, AT(report_for), "30min", 0, YEAR_NS, NULL,
     "Synthetic: how long the report scans."},
    {"report_from", FORE_OPT_DURATION, AT(report_from), "0s", 0, 10 * YEAR_NS, NULL,
     "Synthetic: no report runs before this time of the run: the first one is new to everybody."},
    {"report_load", FORE_OPT_SHARE, AT(report_load), "0%", 0, 100, NULL,
     "Synthetic: the report's scans per second as a share of rate, on top; 0% switches it off."},
    {"report_range", FORE_OPT_SHARE, AT(report_range), "20%", 0, 1, NULL,
     "Synthetic: share of the key space the report scans, from its start."},
    {"swing_period", FORE_OPT_DURATION, AT(swing_period), "10min", 1e9, YEAR_NS, NULL,
     "Synthetic: two ranges of keys take turns with this period, to fool a planner."},
    {"swing_load", FORE_OPT_SHARE, AT(swing_load), "0%", 0, 1, NULL,
     "Synthetic: share of the load that swings between the two; 0% switches it off."},
    {"noise_own", FORE_OPT_SHARE, AT(noise_own), "0%", 0, 2, NULL,
     "Noise each stretch of keys (series: each sub-range) has by itself, as a share of its "
     "load."},
    {"noise_common", FORE_OPT_SHARE, AT(noise_common), "0%", 0, 2, NULL,
     "Noise all of the load has together, as a share of it."},
    {"noise_memory", FORE_OPT_DURATION, AT(noise_memory), "15min", 0, YEAR_NS, NULL,
     "Correlation time of the noise."},
    {"buckets", FORE_OPT_COUNT, AT(buckets), "1024", 1, 1 << 20, NULL,
     "Resolution of the load as rates: stretches of keys inside which it counts as even."},

    {"series", FORE_OPT_LIST, AT(series), "", 0, 0, NULL,
     "Series: files with a load per partition and step, joined in time; .zst and .xz are read "
     "too."},
    {"series_layout", FORE_OPT_TEXT, AT(series_layout), "auto", 0, 0, NULL,
     "Series: wide (a column a partition), long (a row a partition and time), transposed, "
     "counts, or auto."},
    {"series_value", FORE_OPT_TEXT, AT(series_value), "auto", 0, 0, NULL,
     "Series, long: the column with the requests, or two, \"reads+writes\"."},
    {"compress", FORE_OPT_REAL, AT(compress), "1", 0, 2, NULL,
     "Series: the total becomes total^compress while every series keeps its share of it."},
    {"subranges", FORE_OPT_COUNT, AT(subranges), "1", 1, 1024, NULL,
     "Series: each is cut into so many partitions of unequal load."},
    {"subrange_shares", FORE_OPT_CHOICE, AT(subrange_shares), "uneven", 0, 0, shares,
     "Series: how the parts of one differ: a little, or by a Zipf law (zipf_s) whose ranks wander."},
    {"rank_memory", FORE_OPT_DURATION, AT(rank_memory), "0s", 0, 10 * YEAR_NS, NULL,
     "Series, zipf: correlation time of the ranks; 0s: they stay as the seed drew them."},
    {"interpolate", FORE_OPT_CHOICE, AT(interpolate), "step", 0, 0, interpolations,
     "Series: load between the measured points: constant, or a monotone spline that keeps "
     "every count."},
    {"step", FORE_OPT_DURATION, AT(step), "10s", 1e9, 86400e9, NULL,
     "How long rates are held constant; patterns shorter than this are not seen."},
    {"write_share", FORE_OPT_SHARE, AT(write_share), "10%", 0, 1, NULL,
     "Series: share of requests that write, where the data does not say."},
    {"surge_every", FORE_OPT_DURATION, AT(surge_every), "0s", 0, 10 * YEAR_NS, NULL,
     "Series: surges that nothing announces begin at random, so far apart on average; 0s: none."},
    {"surge_parts_min", FORE_OPT_COUNT, AT(surge_parts_min), "2", 1, 1 << 20, NULL,
     "Series: a surge hits at least so many partitions, drawn at random, ..."},
    {"surge_parts_max", FORE_OPT_COUNT, AT(surge_parts_max), "6", 1, 1 << 20, NULL,
     "Series: ... and at most so many."},
    {"surge_load_min", FORE_OPT_SHARE, AT(surge_load_min), "2%", 0, 100, NULL,
     "Series: at its height a surge adds this share of the highest total, in equal parts to the "
     "partitions it hits, ..."},
    {"surge_load_max", FORE_OPT_SHARE, AT(surge_load_max), "6%", 0, 100, NULL,
     "Series: ... up to this share."},
    {"surge_rise_min", FORE_OPT_DURATION, AT(surge_rise_min), "4min", 0, YEAR_NS, NULL,
     "Series: a surge takes at least so long to grow, and as long to go again, ..."},
    {"surge_rise_max", FORE_OPT_DURATION, AT(surge_rise_max), "14min", 0, YEAR_NS, NULL,
     "Series: ... and at most so long."},
    {"surge_hold_min", FORE_OPT_DURATION, AT(surge_hold_min), "20min", 0, YEAR_NS, NULL,
     "Series: it stays at its height at least so long, ..."},
    {"surge_hold_max", FORE_OPT_DURATION, AT(surge_hold_max), "90min", 0, YEAR_NS, NULL,
     "Series: ... and at most so long."},

    {"trace", FORE_OPT_TEXT, AT(trace), "", 0, 0, NULL, "Trace: the file, plain, .zst or .xz."},
    {"format", FORE_OPT_TEXT, AT(format), "auto", 0, 0, NULL,
     "Trace: auto, csv, libcachesim-csv, oracleGeneral, vscsi or be32."},
    {"columns", FORE_OPT_TEXT, AT(columns), "", 0, 0, NULL,
     "Trace, csv: which column is what, \"t=1,key=2,op=3,size=4,client=5\" or by header name."},
    {"time_unit", FORE_OPT_TEXT, AT(time_unit), "s", 0, 0, NULL,
     "Trace, csv: unit of its times: s, ms, us or ns."},
    {"speedup", FORE_OPT_REAL, AT(speedup), "1", 1e-6, 1e9, NULL,
     "Trace and series: how many times as fast as measured to play it."},
    {"multiply", FORE_OPT_COUNT, AT(multiply), "1", 1, 10000, NULL,
     "Trace: each record stands for so many requests, at times jittered up to the next record."},
    {"rate_series", FORE_OPT_LIST, AT(rate_series), "", 0, 0, NULL,
     "Trace: files with the rate over time that drives its keys; the result is a composite and "
     "says so."},
    {"rate_step", FORE_OPT_DURATION, AT(rate_step), "1s", 1e6, YEAR_NS, NULL,
     "How long one count a line, one window number (win) or one unnamed column stands for."},
    {"row_columns", FORE_OPT_LIST, AT(row_columns), "", 0, 0, NULL,
     "A row's columns and their mean widths, \"id=8, name=24, photo=4KiB\"; none: rows have no "
     "columns."},
    {"row_sets", FORE_OPT_LIST, AT(row_sets), "", 0, 0, NULL,
     "Which columns reads touch, by share: \"60% id name, 10% photo, 5% *\"; none: all."},
    {"row_then", FORE_OPT_LIST, AT(row_then), "", 0, 0, NULL,
     "What they touch in every second row_every instead."},
    {"row_every", FORE_OPT_DURATION, AT(row_every), "0s", 0, 10 * YEAR_NS, NULL,
     "How long row_sets, and then row_then, are in force; 0s: row_sets always."},
    {"row_writes", FORE_OPT_LIST, AT(row_writes), "", 0, 0, NULL,
     "Which columns writes touch, as row_sets; none: all."},
    {"skip", FORE_OPT_DURATION, AT(skip), "0s", 0, 100 * YEAR_NS, NULL,
     "Trace and series: begin so far into it, in time as played."},
    {"thin", FORE_OPT_SHARE, AT(thin), "100%", 0, 1, NULL,
     "Trace and series: keep this share of the requests."},
};
/* clang-format on */

const struct fore_option_section wl_section = {
    .name = "workload",
    .help = "What clients ask for: generated, measured per partition, or traced per key.",
    .row = rows,
    .row_count = FORE_COUNTOF(rows),
};
