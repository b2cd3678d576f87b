/*
 * journal_report.c - counts events into the report.
 */
#include "experiments/journal_report.h"

#include <string.h>

#include "core/act/migrate.h"

/* Bounds on what a hostile file can make us hold or search. */
enum { PARTITIONS_MAX = 1 << 20, MOVES_BACK = 4096, OPEN_MAX = 4096 };

void lab_report_init(struct lab_report *report)
{
    memset(report, 0, sizeof *report);
    fore_arena_init(&report->arena);
}

void lab_report_fini(struct lab_report *report)
{
    fore_arena_fini(&report->arena);
}

/* The NUL-ended text behind a head, cut to its room, in one line. */
static void copy_text(char *out, const struct fore_journal_record *record, size_t head)
{
    const char *body = record->body;
    size_t at = 0;
    for (size_t i = head; i < record->len && body[i] != '\0' && at + 1 < LAB_REPORT_TEXT; i++)
        out[at++] = (unsigned char)body[i] < 0x20 || body[i] == 0x7f ? ' ' : body[i];
    out[at] = '\0';
}

static struct lab_report_partition *partition_of(struct lab_report *report, uint32_t index)
{
    if (index >= PARTITIONS_MAX) return NULL;
    if (index >= report->partition_count) {
        size_t count = report->partition_count == 0 ? 256 : report->partition_count;
        while (count <= index)
            count *= 2;
        struct lab_report_partition *grown =
            FORE_NEW(&report->arena, struct lab_report_partition, count);
        if (report->partition_count > 0)
            memcpy(grown, report->partition, report->partition_count * sizeof *grown);
        report->partition = grown;
        report->partition_count = count;
    }
    return &report->partition[index];
}

/* Running moves are among the newest, so the search goes backwards. */
static struct lab_report_move *move_of(struct lab_report *report, uint64_t ticket)
{
    size_t oldest = report->move_count > MOVES_BACK ? report->move_count - MOVES_BACK : 0;
    for (size_t i = report->move_count; i > oldest; i--)
        if (report->move[i - 1].last.ticket == ticket) return &report->move[i - 1];
    return NULL;
}

static struct lab_report_move *new_move(struct lab_report *report)
{
    if (report->move_count == report->move_cap) {
        size_t cap = report->move_cap == 0 ? 64 : 2 * report->move_cap;
        struct lab_report_move *grown = FORE_NEW(&report->arena, struct lab_report_move, cap);
        if (report->move_count > 0) memcpy(grown, report->move, report->move_count * sizeof *grown);
        report->move = grown;
        report->move_cap = cap;
    }
    return &report->move[report->move_count++];
}

static void add_cluster(struct lab_report *report, const struct fore_journal_record *record)
{
    struct fore_event_cluster_load load;
    memcpy(&load, record->body, sizeof load);
    report->newest = load;
    report->windows++;
    report->requests += load.requests;
    report->slow += load.slow;
    report->window_s += (double)load.window_ns / (double)FORE_SEC;
    report->imbalance_sum += (double)load.imbalance;
    if (load.p99_ns <= report->p99_max_ns) return;
    report->p99_max_ns = load.p99_ns;
    report->p99_max_at = record->at;
}

static void add_partitions(struct lab_report *report, const struct fore_journal_record *record)
{
    size_t count = record->len / sizeof(struct fore_event_partition_load);
    for (size_t i = 0; i < count; i++) {
        struct fore_event_partition_load load;
        memcpy(&load, (const char *)record->body + i * sizeof load, sizeof load);
        struct lab_report_partition *partition = partition_of(report, load.partition);
        double cores = (double)load.load_cores;
        if (partition == NULL || !(cores >= 0)) continue;
        partition->load_sum += cores;
        partition->windows++;
        if (cores <= partition->load_max) continue;
        partition->load_max = cores;
        partition->max_at = record->at;
    }
}

static void add_score(struct lab_report *report, const struct fore_journal_record *record)
{
    struct fore_event_score score;
    memcpy(&score, record->body, sizeof score);
    struct lab_report_partition *partition = partition_of(report, score.partition);
    if (partition == NULL || !(score.rrs > partition->rrs_max)) return;
    partition->rrs_max = score.rrs;
    if (partition->reason == NULL)
        partition->reason = FORE_NEW(&report->arena, char, LAB_REPORT_TEXT);
    copy_text(partition->reason, record, sizeof score);
}

static void add_plan(struct lab_report *report, const struct fore_journal_record *record)
{
    struct fore_event_plan plan;
    memcpy(&plan, record->body, sizeof plan);
    size_t head = sizeof plan + plan.move_count * sizeof(struct fore_event_plan_move);
    if (plan.admitted != 0) {
        report->plans_admitted++;
        report->plan = plan.plan;
        copy_text(report->plan_why, record, head);
    } else {
        report->plans_refused++;
        copy_text(report->refused_why, record, head);
    }
}

static bool has_ended(uint8_t state)
{
    return state >= FORE_MIGRATE_DONE && state < FORE_MIGRATE_STATES;
}

static void add_move(struct lab_report *report, const struct fore_journal_record *record)
{
    struct fore_event_move event;
    memcpy(&event, record->body, sizeof event);
    struct lab_report_move *move = event.ticket != 0 ? move_of(report, event.ticket) : NULL;
    if (move == NULL) {
        move = new_move(report);
        move->first_seen = record->at;
        if (event.plan == report->plan) memcpy(move->why, report->plan_why, sizeof move->why);
    }
    move->last = event;
    copy_text(move->note, record, sizeof event);
    if (has_ended(event.state)) move->ended = record->at;
}

static void add_verify(struct lab_report *report, const struct fore_journal_record *record)
{
    struct fore_event_verify verify;
    memcpy(&verify, record->body, sizeof verify);
    struct lab_report_move *move = move_of(report, verify.ticket);
    if (move == NULL) return;
    move->verify = verify;
    move->verified = true;
}

/* Its place among those that stand; `open_count` when it does not. */
static size_t open_at(const struct lab_report *report, uint8_t code, uint16_t node,
                      uint32_t partition)
{
    size_t at = 0;
    for (; at < report->open_count; at++)
        if (report->open[at].code == code && report->open[at].node == node &&
            report->open[at].partition == partition)
            break;
    return at;
}

static void open_alert(struct lab_report *report, const struct fore_event_alert *event)
{
    if (open_at(report, event->code, event->node, event->partition) < report->open_count) return;
    if (report->open_count == OPEN_MAX) return;
    if (report->open_count == report->open_cap) {
        size_t cap = report->open_cap == 0 ? 32 : 2 * report->open_cap;
        struct lab_report_open *grown = FORE_NEW(&report->arena, struct lab_report_open, cap);
        if (report->open_count > 0) memcpy(grown, report->open, report->open_count * sizeof *grown);
        report->open = grown;
        report->open_cap = cap;
    }
    report->open[report->open_count++] = (struct lab_report_open){
        .code = event->code, .node = event->node, .partition = event->partition};
    report->alert[event->code].raised++;
}

static void add_gain(struct lab_report *report, const struct fore_journal_record *record)
{
    struct fore_event_gain gain;
    memcpy(&gain, record->body, sizeof gain);
    struct lab_report_move *move = move_of(report, gain.ticket);
    if (move == NULL) return;
    move->gain = gain;
    move->measured = true;
}

static void add_alert(struct lab_report *report, const struct fore_journal_record *record)
{
    struct fore_event_alert event;
    memcpy(&event, record->body, sizeof event);
    if (event.code >= LAB_REPORT_ALERTS) return;
    struct lab_report_alert *alert = &report->alert[event.code];
    open_alert(report, &event);
    if (alert->count++ == 0) {
        alert->first = record->at;
        copy_text(alert->text, record, sizeof event);
    }
    alert->last = record->at;
    if (event.severity > alert->severity) alert->severity = event.severity;
}

static void add_fallback(struct lab_report *report, const struct fore_journal_record *record)
{
    struct fore_event_fallback event;
    struct lab_report_fallback *fallback = &report->fallback;
    memcpy(&event, record->body, sizeof event);
    if (event.active == 0) {
        if (fallback->since != 0) fallback->lasted += record->at - fallback->since;
        fallback->since = 0;
        return;
    }
    if (fallback->since != 0) return;
    if (fallback->count++ == 0) fallback->first = record->at;
    fallback->since = fallback->last = record->at > 0 ? record->at : 1;
    copy_text(fallback->text, record, sizeof event);
}

static void add_resolved(struct lab_report *report, const struct fore_journal_record *record)
{
    struct fore_event_resolved event;
    memcpy(&event, record->body, sizeof event);
    if (event.code >= LAB_REPORT_ALERTS) return;
    struct lab_report_alert *alert = &report->alert[event.code];
    size_t at = open_at(report, event.code, event.node, event.partition);
    if (at < report->open_count) report->open[at] = report->open[--report->open_count];
    alert->resolved++;
    report->resolves = true;
    alert->last = record->at;
    if (event.raised_ns <= record->at)
        alert->stood_s += (double)(record->at - event.raised_ns) / (double)FORE_SEC;
}

static void add_keyframe(struct lab_report *report, const struct fore_journal_record *record)
{
    struct fore_event_keyframe keyframe;
    memcpy(&keyframe, record->body, sizeof keyframe);
    report->node_count = keyframe.node_count;
    size_t at = sizeof keyframe + (size_t)keyframe.node_count * sizeof(struct fore_event_node) +
                (size_t)keyframe.table_count * sizeof(struct fore_event_table);
    report->alive_count = 0;
    for (uint32_t i = 0; i < keyframe.partition_count; i++) {
        struct fore_event_partition partition;
        if (at + sizeof partition > record->len) return;
        memcpy(&partition, (const char *)record->body + at, sizeof partition);
        at += sizeof partition;
        report->alive_count += partition.replica_count > 0;
    }
}

typedef void add_fn(struct lab_report *report, const struct fore_journal_record *record);

void lab_report_add(struct lab_report *report, const struct fore_journal_record *record)
{
    static const struct {
        size_t head;
        add_fn *add;
    } rows[] = {
        [FORE_EV_KEYFRAME] = {sizeof(struct fore_event_keyframe),     add_keyframe  },
        [FORE_EV_CLUSTER_LOAD] = {sizeof(struct fore_event_cluster_load), add_cluster   },
        [FORE_EV_PARTITION_LOAD] = {0,                                      add_partitions},
        [FORE_EV_SCORE] = {sizeof(struct fore_event_score),        add_score     },
        [FORE_EV_PLAN] = {sizeof(struct fore_event_plan),         add_plan      },
        [FORE_EV_MOVE] = {sizeof(struct fore_event_move),         add_move      },
        [FORE_EV_VERIFY] = {sizeof(struct fore_event_verify),       add_verify    },
        [FORE_EV_ALERT] = {sizeof(struct fore_event_alert),        add_alert     },
        [FORE_EV_FALLBACK] = {sizeof(struct fore_event_fallback),     add_fallback  },
        [FORE_EV_GAIN] = {sizeof(struct fore_event_gain),         add_gain      },
        [FORE_EV_RESOLVED] = {sizeof(struct fore_event_resolved),     add_resolved  },
    };
    if (report->records++ == 0) report->first = record->at;
    report->last = record->at;
    if ((size_t)record->kind >= FORE_COUNTOF(rows) || rows[record->kind].add == NULL) return;
    if (record->len < rows[record->kind].head)
        report->skipped++;
    else
        rows[record->kind].add(report, record);
}
