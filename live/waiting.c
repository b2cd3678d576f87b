/* waiting.c - see waiting.h. */
#include "live/waiting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char name_of_note[] = "waiting";
enum { WORDS_MAX = 160 };

static const struct fore_migration *leader_of(const struct fore_migrate *migrate,
                                              const struct fore_migration *m)
{
    for (uint32_t i = 0; i < migrate->running; i++)
        if (migrate->migration[i].id == m->leader) return &migrate->migration[i];
    return NULL;
}

/* It was taken together with its leader, and its turn has not come. */
static bool waits(const struct fore_migration *m)
{
    return m->leader != 0 && m->state == FORE_MIGRATE_QUEUED && m->ticket == 0;
}

static void put_line(const struct fore_migration *m, const struct fore_migration *leader,
                     struct fore_buf *out)
{
    char line[WORDS_MAX + 160], subject[40] = "";
    if (leader != NULL && !fore_move_of_node(leader->move.kind))
        (void)snprintf(subject, sizeof subject, " of p%u", leader->move.partition);
    (void)snprintf(line, sizeof line, "%llu %u %u %u %u %u %s%s%s\n", (unsigned long long)m->plan,
                   (unsigned)m->move.kind, m->move.partition, m->move.other, m->move.source,
                   m->move.target, m->waits && leader != NULL ? "the " : "",
                   !m->waits        ? "a slot, its leader being through"
                   : leader != NULL ? fore_move_kind_text(leader->move.kind)
                                    : "its leader",
                   m->waits ? subject : "");
    fore_buf_puts(out, line);
}

void live_waiting_text(const struct fore_migrate *migrate, struct fore_buf *out)
{
    for (uint32_t i = 0; i < migrate->running; i++) {
        const struct fore_migration *m = &migrate->migration[i];
        if (waits(m)) put_line(m, leader_of(migrate, m), out);
    }
}

/* Numbers of a line, each followed by one space. */
static bool take_number(const char **at, uint64_t most, uint64_t *out)
{
    char *end;
    if (**at < '0' || **at > '9') return false;
    *out = strtoull(*at, &end, 10);
    if (*end != ' ' || *out > most) return false;
    *at = end + 1;
    return true;
}

static bool tell(const char *line, struct fore_sink sink, fore_ns now)
{
    static const uint64_t most[] = {UINT64_MAX, FORE_MOVE_KINDS - 1, UINT32_MAX,
                                    UINT32_MAX, UINT16_MAX,          UINT16_MAX};
    uint64_t number[FORE_COUNTOF(most)];
    char why[WORDS_MAX + 120];
    for (size_t i = 0; i < FORE_COUNTOF(most); i++)
        if (!take_number(&line, most[i], &number[i])) return false;
    size_t words = strlen(line);
    if (words == 0 || words > WORDS_MAX) return false;
    for (size_t i = 0; i < words; i++)
        if ((unsigned char)line[i] < ' ' || (unsigned char)line[i] > '~') return false;
    struct fore_event_move event = {.plan = number[0],
                                    .partition = (uint32_t)number[2],
                                    .other = (uint32_t)number[3],
                                    .source = (uint16_t)number[4],
                                    .target = (uint16_t)number[5],
                                    .kind = (uint8_t)number[1],
                                    .state = FORE_MIGRATE_CANCELLED};
    (void)snprintf(why, sizeof why,
                   "it waited for %s when the daemon ended: dropped, the next plan decides anew",
                   line);
    fore_sink_put_text(sink, now, FORE_EV_MOVE, &event, sizeof event, why);
    return true;
}

uint32_t live_waiting_tell(const char *text, struct fore_sink sink, fore_ns now, bool *damaged)
{
    uint32_t told = 0;
    while (*text != '\0') {
        char line[WORDS_MAX + 160];
        size_t length = strcspn(text, "\n");
        bool whole = text[length] == '\n' && length < sizeof line;
        if (whole) {
            memcpy(line, text, length);
            line[length] = '\0';
            whole = tell(line, sink, now);
        }
        told += whole;
        if (!whole) *damaged = true;
        text += length + (text[length] == '\n');
    }
    return told;
}

enum fore_err live_waiting_keep(struct live_memory *memory, const struct fore_migrate *migrate,
                                struct fore_buf *told, struct fore_diag *diag)
{
    struct fore_buf text = {0};
    live_waiting_text(migrate, &text);
    bool same =
        text.len == told->len && (text.len == 0 || memcmp(text.data, told->data, text.len) == 0);
    enum fore_err err = FORE_E_OK;
    if (!same) err = live_memory_note(memory, name_of_note, text.len > 0 ? text.data : NULL, diag);
    if (!same && err == FORE_E_OK) {
        fore_buf_fini(told);
        *told = text;
        return err;
    }
    fore_buf_fini(&text);
    return err;
}

enum fore_err live_waiting_recall(struct live_memory *memory, struct fore_sink sink, fore_ns now,
                                  uint32_t *count, bool *damaged, struct fore_diag *diag)
{
    char *text = live_memory_noted(memory, name_of_note);
    *count = 0;
    *damaged = false;
    if (text == NULL) return FORE_E_OK;
    *count = live_waiting_tell(text, sink, now, damaged);
    free(text);
    return live_memory_note(memory, name_of_note, NULL, diag);
}
