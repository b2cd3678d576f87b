/* cmd_replay.c - `foreshard replay --live`: a scenario's or trace's workload on a real cluster,
 * open loop, with latencies that count from when each request was due. */
#include "both/commands.h"
#include "both/live_play.h"

#include "core/base/args.h"
#include "core/base/json.h"
#include "core/policy/policy.h"
#include "workloads/help.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_DONE, EXIT_NO, EXIT_BAD_INPUT, EXIT_WORLD_FAILED };

struct wish {
    bool live, json, keep, realtime, help;
    const char *policy, *tape;
    uint64_t seed;
    struct fore_strings sets, live_sets, operands;
};

static volatile int stop; /* the only way a signal handler has */

static void on_signal(int number)
{
    stop = number;
}

static enum fore_err parse(int argc, char **argv, struct wish *wish, struct fore_arena *arena,
                           struct fore_diag *diag)
{
    const struct fore_arg rows[] = {
        {"live",     FORE_ARG_FLAG,   &wish->live,      NULL,                 "on a real cluster"                },
        {"policy",   FORE_ARG_TEXT,   &wish->policy,    "NAME",
         "let the engine move slots meanwhile, by this policy; otherwise nobody does"                            },
        {"seed",     FORE_ARG_COUNT,  &wish->seed,      "N",                  "of every random choice, default 1"},
        {"set",      FORE_ARG_REPEAT, &wish->sets,      "SECTION.NAME=VALUE",
         "an option of the scenario; repeatable"                                                                 },
        {"live-set", FORE_ARG_REPEAT, &wish->live_sets, "SECTION.NAME=VALUE",
         "an option of the cluster; repeatable"                                                                  },
        {"keep",     FORE_ARG_FLAG,   &wish->keep,      NULL,                 "leave the keys that were written" },
        {"tape",     FORE_ARG_TEXT,   &wish->tape,      "FILE",
         "with --policy: record all that the engine was told"                                                    },
        {"realtime", FORE_ARG_FLAG,   &wish->realtime,  NULL,                 "real-time priority for the sender"},
        {"json",     FORE_ARG_FLAG,   &wish->json,      NULL,                 "print the result as JSON"         },
    };
    const struct fore_args args = {
        .usage = "foreshard replay --live CLUSTER.cfg SCENARIO.cfg|TRACE [options]",
        .about =
            "Plays a scenario's or a trace's requests against a real Redis Cluster, each at its "
            "time, whatever the cluster does. Keys are under \"foreshard:\", written before and "
            "removed after.",
        .row = rows,
        .row_count = FORE_COUNTOF(rows),
        .operand_min = 2,
        .operand_max = 2};
    FORE_TRY(fore_args_parse(&args, argc, argv, arena, &wish->operands, &wish->help, diag));
    if (!wish->help) return FORE_E_OK;
    wl_help_print(&args);
    return FORE_E_OK;
}

/* ---- the result --------------------------------------------------------------------------- */

static const double quantiles[] = {0.5, 0.9, 0.99, 0.999, 0.9999};
static const char *const quantile_text[] = {"p50", "p90", "p99", "p999", "p9999"};

static void print_hist(const char *name, const struct fore_hist *hist, struct fore_buf *out)
{
    if (hist->count == 0) return;
    fore_buf_printf(out, "  %-9s", name);
    for (size_t i = 0; i < FORE_COUNTOF(quantiles); i++)
        fore_buf_printf(out, "  %s %.3f ms", quantile_text[i],
                        (double)fore_hist_quantile(hist, quantiles[i]) / 1e6);
    fore_buf_printf(out, "  most %.3f ms  (%llu)\n", (double)hist->max_ns / 1e6,
                    (unsigned long long)hist->count);
}

static void print_text(const struct both_live_result *r, struct fore_buf *out)
{
    const struct live_replay_counts *c = &r->play.counts;
    double seconds = (double)r->play.span / 1e9;
    fore_buf_printf(out,
                    "%llu requests in %.1f s, %.0f/s; answered %llu, failed %llu; %llu moved, %llu "
                    "ask, %llu waited out, %llu lost\n",
                    (unsigned long long)c->sent, seconds,
                    seconds > 0 ? (double)c->answered / seconds : 0,
                    (unsigned long long)c->answered, (unsigned long long)c->failed,
                    (unsigned long long)c->moved, (unsigned long long)c->ask,
                    (unsigned long long)c->waited, (unsigned long long)c->lost);
    print_hist("all", &r->play.latency, out);
    print_hist("reads", &r->play.read, out);
    print_hist("writes", &r->play.write, out);
    print_hist("scans", &r->play.scan, out);
    print_hist("sent late", &r->play.late, out);
    fore_buf_printf(out, "  above the SLO: %llu (%.3f %%)\n", (unsigned long long)r->play.slow,
                    c->answered > 0 ? 100.0 * (double)r->play.slow / (double)c->answered : 0);
    if (r->nodes > 0)
        fore_buf_printf(out,
                        "  %llu plans; %u moves begun, %u arrived, %.2f s each; digest %016llx\n",
                        (unsigned long long)r->moves.plans, r->moves.count,
                        both_moves_arrived(&r->moves, FORE_MOVE_MOVE), both_moves_mean_s(&r->moves),
                        (unsigned long long)r->digest);
}

static void json_hist(struct fore_json *json, const char *name, const struct fore_hist *hist)
{
    fore_json_object(json, name);
    fore_json_u64(json, "count", hist->count);
    for (size_t i = 0; i < FORE_COUNTOF(quantiles); i++)
        fore_json_f64(json, quantile_text[i], (double)fore_hist_quantile(hist, quantiles[i]) / 1e6);
    fore_json_f64(json, "most", (double)hist->max_ns / 1e6);
    fore_json_object_end(json);
}

static void print_json(const struct both_live_result *r, struct fore_buf *out)
{
    const struct live_replay_counts *c = &r->play.counts;
    struct fore_json json = fore_json_begin(out, true);
    fore_json_object(&json, NULL);
    fore_json_f64(&json, "seconds", (double)r->play.span / 1e9);
    fore_json_u64(&json, "keys", r->keys);
    fore_json_u64(&json, "sent", c->sent);
    fore_json_u64(&json, "answered", c->answered);
    fore_json_u64(&json, "failed", c->failed);
    fore_json_u64(&json, "moved", c->moved);
    fore_json_u64(&json, "ask", c->ask);
    fore_json_u64(&json, "waited", c->waited);
    fore_json_u64(&json, "lost", c->lost);
    fore_json_u64(&json, "slow", r->play.slow);
    fore_json_object(&json, "latency_ms");
    json_hist(&json, "all", &r->play.latency);
    json_hist(&json, "reads", &r->play.read);
    json_hist(&json, "writes", &r->play.write);
    json_hist(&json, "scans", &r->play.scan);
    json_hist(&json, "sent_late", &r->play.late);
    fore_json_object_end(&json);
    fore_json_u64(&json, "plans", r->moves.plans);
    fore_json_u64(&json, "moves", both_moves_arrived(&r->moves, FORE_MOVE_MOVE));
    fore_json_f64(&json, "move_s", both_moves_mean_s(&r->moves));
    fore_json_object_end(&json);
    fore_buf_puts(out, "\n");
}

static enum fore_err run(int argc, char **argv, struct fore_arena *arena, struct fore_diag *diag)
{
    struct wish wish = {.seed = 1};
    struct live_config config;
    struct sim_scenario scenario;
    FORE_TRY(parse(argc, argv, &wish, arena, diag));
    if (wish.help) return FORE_E_OK;
    if (wish.policy != NULL && fore_policy_find(wish.policy) == NULL)
        return fore_err_set(diag, FORE_E_FORMAT, "--policy %.40s: unknown", wish.policy);
    FORE_TRY(live_config_load(wish.operands.item[0], &wish.live_sets, arena, &config, diag));
    FORE_TRY(sim_scenario_load(wish.operands.item[1], &wish.sets, arena, &scenario, diag));
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    struct both_live_request request = {.scenario = &scenario,
                                        .config = &config,
                                        .policy = wish.policy,
                                        .seed = wish.seed,
                                        .slo_ns = scenario.sim.slo != 0 ? scenario.sim.slo
                                                                        : config.live.slo,
                                        .keep = wish.keep,
                                        .realtime = wish.realtime,
                                        .tape = wish.tape,
                                        .stop = &stop};
    struct both_live_result *result = calloc(1, sizeof *result);
    struct fore_buf text = {0};
    FORE_ASSERT(result != NULL);
    enum fore_err err = both_live_play(&request, result, diag);
    if (err == FORE_E_OK) {
        if (wish.json)
            print_json(result, &text);
        else
            print_text(result, &text);
        bool written = fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
        if (!written) err = fore_err_set(diag, FORE_E_IO, "standard output cannot be written");
    }
    fore_buf_fini(&text);
    free(result);
    return err;
}

int both_cmd_replay(int argc, char **argv)
{
    struct fore_arena arena = {0};
    struct fore_diag diag = {0};
    enum fore_err err = run(argc, argv, &arena, &diag);
    if (err != FORE_E_OK)
        (void)fprintf(stderr, "foreshard replay: %s\n",
                      diag.code != FORE_E_OK ? diag.text : fore_err_text(err));
    fore_arena_fini(&arena);
    if (err == FORE_E_OK) return EXIT_DONE;
    bool input = err == FORE_E_FORMAT || err == FORE_E_RANGE;
    return input ? EXIT_BAD_INPUT : EXIT_WORLD_FAILED;
}
