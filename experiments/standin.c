/*
 * standin.c - the families; figures are those of the originals' published descriptions.
 */
#include "experiments/standin.h"

#include "core/base/buf.h"
#include "core/base/dist.h"
#include "core/base/hash.h"
#include "workloads/file.h"

#include <math.h>
#include <string.h>

enum { ZONES = 73, ZONE_HOURS = 2160, FUNCTIONS = 834, DAY_MINUTES = 1440 };
enum { CUP_MINUTES = 72150, VOLUMES = 64, VOLUME_WINDOWS = 331 };
enum { SEED = 19980430 };
static const double turn = 6.283185307179586;

/* "2017-01-01 00:00:00" plus minutes, months as they are; enough of a calendar for a few months. */
static void put_time(struct fore_buf *out, int year, int month, int day, int64_t minutes)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int d = day + (int)(minutes / 1440), m = month;
    while (d > days[m - 1]) {
        d -= days[m - 1];
        m = m % 12 + 1;
    }
    fore_buf_printf(out, "%04d-%02d-%02d %02d:%02d:00", year, m, d, (int)(minutes % 1440 / 60),
                    (int)(minutes % 60));
}

/* A smooth bump over the hours of a day, 1 at its hour. */
static double bump(double hour, double at, double width)
{
    double away = fabs(hour - at);
    if (away > 12) away = 24 - away;
    return exp(-away * away / (2 * width * width));
}

/* Zones of a city: lognormal sizes; a rush in the morning or in the evening, by zone; nights at the
 * weekend. A zone's own noise remembers a few hours. Hourly totals near 11,500. */
static void zones(struct fore_buf *out)
{
    double size[ZONES], morning[ZONES], night[ZONES], noise[ZONES] = {0}, sum = 0;
    struct fore_rng rng = fore_rng_stream(SEED, "stand-in zones", 0);
    for (int z = 0; z < ZONES; z++) {
        size[z] = fore_dist_lognormal(&rng, 1, 1.3);
        morning[z] = fore_rng_unit(&rng);
        night[z] = fore_rng_unit(&rng) < .3 ? 1.2 : .2;
        sum += size[z];
    }
    fore_buf_puts(out, "time");
    for (int z = 0; z < ZONES; z++)
        fore_buf_printf(out, ",z%d", z);
    fore_buf_puts(out, "\n");
    for (int h = 0; h < ZONE_HOURS; h++) {
        double hour = h % 24;
        int day = h / 24 % 7; /* a Sunday first */
        bool weekend = day == 0 || day == 6;
        put_time(out, 2017, 1, 1, (int64_t)h * 60);
        for (int z = 0; z < ZONES; z++) {
            double rush = weekend ? .5 * bump(hour, 14, 4)
                                  : morning[z] * 1.6 * bump(hour, 8.5, 1.8) +
                                        (1.4 - morning[z]) * bump(hour, 18.5, 3);
            double late = night[z] * (weekend ? 1.5 : .5) * bump(hour, 23.5, 3);
            noise[z] = .8 * noise[z] + .6 * .17 * fore_dist_normal(&rng);
            double mean = 11500 * size[z] / sum * (.12 + rush + late) / .75 * exp(noise[z]);
            fore_buf_printf(out, ",%llu", (unsigned long long)fore_dist_poisson(&rng, mean));
        }
        fore_buf_puts(out, "\n");
    }
}

/* Functions: Zipf sizes; most fire from timers of 1, 5, 10, 15, 30 or 60 minutes, the others by
 * chance; 12.7 M calls in the day. */
static void functions(struct fore_buf *out)
{
    static const int periods[] = {1, 5, 5, 10, 15, 30, 60, 60};
    struct fore_rng rng = fore_rng_stream(SEED, "stand-in functions", 0);
    double weight[FUNCTIONS];
    fore_dist_zipf_weights(weight, FUNCTIONS, 1.25);
    fore_buf_puts(out, "HashFunction,HashApp,HashOwner");
    for (int m = 1; m <= DAY_MINUTES; m++)
        fore_buf_printf(out, ",minute_%d", m);
    fore_buf_puts(out, "\n");
    for (int f = 0; f < FUNCTIONS; f++) {
        unsigned long long id = fore_hash_u64((uint64_t)f, SEED);
        int period =
            fore_rng_unit(&rng) < .75 ? periods[fore_rng_below(&rng, FORE_COUNTOF(periods))] : 0;
        int phase = period > 0 && fore_rng_unit(&rng) < .3
                        ? (int)fore_rng_below(&rng, (uint32_t)period)
                        : 0;
        double mean = 12.7e6 * weight[f] / DAY_MINUTES;
        fore_buf_printf(out, "%016llx,%016llx,%016llx", id, id, id);
        for (int m = 0; m < DAY_MINUTES; m++) {
            double now = period == 0 ? mean : m % period == phase ? mean * period : 0;
            fore_buf_printf(out, ",%llu", (unsigned long long)fore_dist_poisson(&rng, now));
        }
        fore_buf_puts(out, "\n");
    }
}

/* Requests per minute of a site in the news: a daily cycle, and from the 42nd day on two matches a
 * day that multiply it, with a surge while they last. */
static void world_cup(struct fore_buf *out)
{
    struct fore_rng rng = fore_rng_stream(SEED, "stand-in world cup", 0);
    double noise = 0, surge = 1;
    fore_buf_puts(out, "time,requests\n");
    for (int m = 0; m < CUP_MINUTES; m++) {
        int64_t clock = m + 1290; /* it begins at 21:30 */
        double hour = (double)(clock % 1440) / 60, day = (double)m / 1440;
        double level = 1500 * (1 + day / 8) * (.45 + .55 * (1 + sin(turn * (hour - 9) / 24)) / 2);
        bool match = day > 40 && ((hour > 12.5 && hour < 14.5) || (hour > 19 && hour < 21));
        if (match && surge < 1.01) surge = fore_dist_lognormal(&rng, 4, .5);
        if (!match) surge = 1 + (surge - 1) * .97;
        noise = .98 * noise + .2 * .1 * fore_dist_normal(&rng);
        put_time(out, 1998, 4, 30, clock);
        fore_buf_printf(out, ",%llu\n",
                        (unsigned long long)fore_dist_poisson(&rng, level * surge * exp(noise)));
    }
}

/* Disks of machines: lognormal sizes, little of a daily pattern, bursts that last for hours. */
static void volumes(struct fore_buf *out)
{
    struct fore_rng rng = fore_rng_stream(SEED, "stand-in volumes", 0);
    fore_buf_puts(out, "vol,win,reads,writes,read_bytes,write_bytes,working_set_bytes\n");
    for (int v = 0; v < VOLUMES; v++) {
        double mean = fore_dist_lognormal(&rng, 30000, 1.3), noise = 0;
        double writes = .2 + .6 * fore_rng_unit(&rng), set = fore_dist_lognormal(&rng, 4e8, 1);
        double phase = 48 * fore_rng_unit(&rng), daily = .4 * fore_rng_unit(&rng);
        for (int w = 0; w < VOLUME_WINDOWS; w++) {
            noise = .7 * noise + .71 * fore_dist_normal(&rng);
            double load = mean * (1 + daily * sin(turn * (w - phase) / 48)) * exp(noise - .5);
            unsigned long long r = fore_dist_poisson(&rng, load * (1 - writes));
            unsigned long long x = fore_dist_poisson(&rng, load * writes);
            fore_buf_printf(out, "w%02d,%d,%llu,%llu,%llu,%llu,%.0f\n", v + 1, w, r, x, r * 16384,
                            x * 8192, set);
        }
    }
}

enum fore_err lab_standin_write(const char *path, const char *out, struct fore_diag *diag)
{
    static const struct family {
        const char *word;
        void (*draw)(struct fore_buf *out);
    } families[] = {
        {"taxi_zone",       zones    },
        {"azure_functions", functions},
        {"worldcup98",      world_cup},
        {"volumes",         volumes  },
    };
    for (size_t i = 0; i < FORE_COUNTOF(families); i++) {
        if (strstr(path, families[i].word) == NULL) continue;
        struct fore_buf text = {0};
        families[i].draw(&text);
        enum fore_err err = wl_out_whole(out, &text, diag);
        fore_buf_fini(&text);
        return err;
    }
    return fore_err_set(diag, FORE_E_UNSUPPORTED,
                        "%s is not there, and nothing here can stand in for it", path);
}
