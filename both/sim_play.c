/* sim_play.c - see sim_play.h. Moves are read from the run's journal, which is kept in memory. */
#include "both/sim_play.h"

#include "core/cluster/placement.h"

#include <string.h>

static enum fore_err keep(void *self, const void *bytes, size_t len)
{
    fore_buf_append(self, bytes, len);
    return FORE_E_OK;
}

static size_t read_at(void *self, uint64_t offset, void *out, size_t len)
{
    const struct fore_buf *bytes = self;
    if (offset >= bytes->len) return 0;
    size_t there = bytes->len - (size_t)offset;
    if (len > there) len = there;
    memcpy(out, bytes->data + offset, len);
    return len;
}

static uint64_t size_of(void *self)
{
    const struct fore_buf *bytes = self;
    return bytes->len;
}

static enum fore_err read_moves(struct fore_buf *journal, struct both_moves *moves,
                                struct fore_diag *diag)
{
    struct fore_journal_in in = {.read_at = read_at, .size = size_of, .self = journal};
    struct fore_journal_reader *reader = NULL;
    struct fore_journal_record record;
    struct fore_sink sink = both_moves_sink(moves);
    FORE_TRY(fore_journal_reader_open(in, &reader, diag));
    enum fore_err err;
    while ((err = fore_journal_reader_next(reader, &record, diag)) == FORE_E_OK)
        fore_sink_put(sink, record.at, record.kind, record.body, record.len);
    fore_journal_reader_close(reader);
    return err == FORE_E_AGAIN ? FORE_E_OK : err;
}

enum fore_err both_sim_play(const struct both_sim_request *request, struct both_sim_result *out,
                            struct fore_diag *diag)
{
    struct sim_scenario scenario = *request->scenario;
    struct fore_buf journal = {0};
    memset(out, 0, sizeof *out);
    scenario.sim.fidelity = SIM_REQUEST;
    scenario.cluster.nodes = request->nodes;
    scenario.cluster.partitions = request->partitions;
    scenario.cluster.replicas = 1;
    scenario.cluster.placement = FORE_PLACE_SLOT;
    scenario.cluster.initial = SIM_INITIAL_RUNS;
    scenario.cluster.peak_utilization = 0; /* service times are those of the calibration */
    scenario.cluster.move_time_mean = 0;
    scenario.cluster.partition_bytes = (uint64_t)request->partition_bytes + 1;
    scenario.cluster.partition_bytes_sigma = 0;
    struct sim_run_request run = {
        .scenario = &scenario,
        .policy = request->policy,
        .seed = request->seed,
        .journal = {.write = keep, .self = &journal}
    };
    enum fore_err err = sim_run(&run, &out->run, diag);
    if (err == FORE_E_OK) err = read_moves(&journal, &out->moves, diag);
    fore_buf_fini(&journal);
    return err;
}
