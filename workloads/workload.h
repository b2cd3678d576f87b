/*
 * workload.h - from the options of the "workload" section to a source or a flow.
 *
 *   kind = "synthetic"  generator.c: key popularity x arrival pattern x operation mix
 *          "series"     per-partition load series (wide or long CSV) as a flow
 *          "trace"      a key-level trace file (or be32 key sequence), optionally driven by a
 *                       rate series: then it is a composite and says so
 * Every kind can give both views: open_source (requests) and open_flow (rates).
 */
#ifndef WL_WORKLOAD_H
#define WL_WORKLOAD_H

#include "core/base/option.h"
#include "workloads/flow.h"
#include "workloads/source.h"

enum wl_kind { WL_KIND_SYNTHETIC, WL_KIND_SERIES, WL_KIND_TRACE };
enum wl_keys { WL_KEYS_ZIPF, WL_KEYS_UNIFORM, WL_KEYS_HOTSPOT, WL_KEYS_LATEST, WL_KEYS_SEQUENTIAL };
enum wl_shares { WL_SHARES_UNEVEN, WL_SHARES_ZIPF };
enum wl_mix {
    WL_MIX_CUSTOM,
    WL_MIX_YCSB_A,
    WL_MIX_YCSB_B,
    WL_MIX_YCSB_C,
    WL_MIX_YCSB_D,
    WL_MIX_YCSB_E,
    WL_MIX_YCSB_F
};

struct wl_options {
    uint32_t kind; /* enum wl_kind */
    fore_ns span;  /* how much to play; 0: all there is */
    double rate; /* mean requests per second: synthetic, and series/rate rescaled to it; 0: as is */
    uint64_t bytes_mean;

    /* synthetic */
    uint64_t keys;       /* key space 0..keys-1 */
    uint32_t popularity; /* enum wl_keys */
    double zipf_s;
    uint64_t latest_keys; /* LATEST: the newest so many are read, evenly; 0: all, by zipf_s */
    bool scatter;         /* popular keys spread over the key space (hash order) or side by side */
    double hotspot_keys;  /* share of keys that are hot */
    double hotspot_load;  /* share of load they take */
    double hot_key_share; /* one single key takes this share on top, from hot_key_at on */
    fore_ns hot_key_at, hot_key_for;
    uint32_t mix;                             /* enum wl_mix */
    double read_share;                        /* WL_MIX_CUSTOM */
    double diurnal;                           /* amplitude 0..1 of a 24 h sine */
    fore_ns diurnal_period;                   /* 24 h unless compressed */
    double weekly;                            /* weekend factor drop 0..1 */
    double growth;                            /* per day, 0.01 = 1 % */
    fore_ns flash_at, flash_rise, flash_hold; /* flash crowd: factor flash_peak on a key range */
    fore_ns flash_every;                      /* 0: once */
    double flash_peak;                        /* factor on the range's load */
    double flash_range;             /* share of the key space it hits, at a place drawn per crowd */
    double drift_range;             /* a hot window of this share of the key space ... */
    double drift_load;              /* ... takes this share of the load ... */
    fore_ns drift_period;           /* ... and travels round the key space in this time */
    fore_ns report_at, report_for;  /* a scheduled scan, each day at this time of day ... */
    fore_ns report_from;            /* ... but none begins before this time of the run */
    double report_load;             /* its load as a share of the mean total */
    double report_range;            /* over this share of the key space, from the start */
    fore_ns swing_period;           /* adversary: two key ranges alternate with this period */
    double swing_load;              /* share of load that swings */
    double noise_own, noise_common; /* AR(1) noise on each bucket / on all, as a share */
    fore_ns noise_memory;           /* its correlation time */
    uint64_t buckets;               /* of the flow view */

    /* series */
    struct fore_strings series; /* files, joined in time */
    const char *series_layout;  /* "wide", "long", "auto" */
    const char *series_value;   /* long: requests, or reads+writes columns */
    double compress;            /* total -> total^compress, shares kept; 1: as is */
    uint64_t subranges;         /* each series in this many uneven parts */
    uint32_t subrange_shares;   /* enum wl_shares; ZIPF: by zipf_s */
    fore_ns rank_memory;        /* ZIPF: how long ranks last; 0: for good */
    uint32_t interpolate;       /* 0 step, 1 smooth (monotone cumulative spline) */
    fore_ns step;               /* of the flow after interpolation */
    double write_share;         /* of requests, where the data does not say */
    fore_ns surge_every;        /* surges at random, so far apart on average; 0: none */
    uint64_t surge_parts_min, surge_parts_max; /* sub-ranges one hits */
    double surge_load_min, surge_load_max;     /* of the highest total, all it hits together */
    fore_ns surge_rise_min, surge_rise_max, surge_hold_min, surge_hold_max;

    /* trace */
    const char *trace;               /* file */
    const char *format;              /* auto csv libcachesim-csv oracleGeneral vscsi be32 */
    const char *columns;             /* csv: "t=1,key=2,..." or by header name */
    const char *time_unit;           /* csv: "s" "ms" "us" "ns" */
    double speedup;                  /* time / speedup */
    uint64_t multiply;               /* each record stands for N requests with jittered times */
    struct fore_strings rate_series; /* drives the times of `trace` keys: a composite */
    fore_ns rate_step;               /* of a one-count-a-line rate series */

    /* rows with columns, see wide.h */
    struct fore_strings row_columns, row_sets, row_then, row_writes;
    fore_ns row_every;

    /* both trace and series */
    fore_ns skip; /* start here */
    double thin;  /* keep this share of requests, 1: all */
};
extern const struct fore_option_section wl_section; /* "workload" */

/* Paths in the options are relative to the process. `seed` names every random choice. */
FORE_MUST_USE enum fore_err wl_open_source(const struct wl_options *options, uint64_t seed,
                                           struct fore_arena *perm, struct wl_source *out,
                                           struct fore_diag *diag);
FORE_MUST_USE enum fore_err wl_open_flow(const struct wl_options *options, uint64_t seed,
                                         struct fore_arena *perm, struct wl_flow *out,
                                         struct fore_diag *diag);

#endif
