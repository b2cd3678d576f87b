/*
 * journal_report.h - what happened, for a person: how long, how fast, what was moved and why, what
 * was raised, where it was hot. Made from the events alone, so it says the same of a simulated
 * and of a real cluster.
 */
#ifndef LAB_JOURNAL_REPORT_H
#define LAB_JOURNAL_REPORT_H

#include "core/base/arena.h"
#include "core/cluster/journal.h"

enum { LAB_REPORT_TEXT = 200 };

struct lab_report_move { /* one a ticket */
    struct fore_event_move last;
    fore_ns first_seen, ended;
    struct fore_event_verify verify;
    bool verified;
    struct fore_event_gain gain;
    bool measured;             /* `gain` is there */
    char why[LAB_REPORT_TEXT]; /* of its plan */
    char note[LAB_REPORT_TEXT];
};
struct lab_report_partition {
    double load_sum, load_max; /* cores, over the windows that were journalled */
    fore_ns max_at;
    uint64_t windows;
    float rrs_max;
    char *reason; /* at the highest RRS; NULL: never scored */
};
struct lab_report_alert {
    uint64_t count;            /* said */
    uint64_t raised, resolved; /* begun; ended */
    double stood_s;            /* of those that ended */
    fore_ns first, last;
    uint8_t severity;
    char text[LAB_REPORT_TEXT]; /* of the first */
};
struct lab_report_fallback { /* from the forecast to the present load */
    uint64_t count;
    fore_ns since; /* of the one that lasts; 0: none does */
    fore_ns lasted, first, last;
    char text[LAB_REPORT_TEXT]; /* of the newest */
};
enum { LAB_REPORT_ALERTS = 64 };

struct lab_report_open { /* an alert that stands */
    uint32_t partition;
    uint16_t node;
    uint8_t code;
};

struct lab_report {
    struct fore_arena arena; /* owns the arrays */
    struct lab_report_move *move;
    size_t move_count, move_cap;
    struct lab_report_partition *partition;
    size_t partition_count;
    struct lab_report_alert alert[LAB_REPORT_ALERTS]; /* by code */
    struct lab_report_fallback fallback;
    struct lab_report_open *open;
    size_t open_count, open_cap;
    bool resolves; /* the journal is of a version that says when an alert is over */
    struct fore_event_cluster_load newest;
    uint64_t windows, requests, slow;
    uint64_t p99_max_ns;
    fore_ns p99_max_at;
    double imbalance_sum, window_s;
    uint64_t plans_admitted, plans_refused, records, skipped;
    uint64_t plan; /* the newest admitted one, and why */
    char plan_why[LAB_REPORT_TEXT];
    char refused_why[LAB_REPORT_TEXT]; /* the newest refusal */
    uint32_t node_count, alive_count;
    fore_ns first, last;
};

void lab_report_init(struct lab_report *report);
void lab_report_fini(struct lab_report *report);
/* Payloads come from a file: one too short for its kind is counted in `skipped`. */
void lab_report_add(struct lab_report *report, const struct fore_journal_record *record);
/* What moves were to save and what they saved: sums, and the ratio's spread over moves and plans.
 */
void lab_report_print_gain(const struct lab_report *report, struct fore_arena *arena,
                           struct fore_buf *out);
void lab_report_print(const struct lab_report *report, const struct fore_journal_header *header,
                      struct fore_buf *out);

#endif
