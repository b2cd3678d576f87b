/* faults.c - reads fault lines and fails nodes; see faults.h. */
#include "sim/faults.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 4, WORD_MAX = 32 };

/* "node3", "node-03", "3" */
static bool parse_node(const char *word, uint32_t node_count, uint16_t *out)
{
    word += strncmp(word, "node", 4) == 0 ? 4 : 0;
    word += *word == '-';
    size_t len = strspn(word, "0123456789");
    if (len == 0 || len > 5 || word[len] != '\0') return false;
    unsigned long node = strtoul(word, NULL, 10);
    *out = (uint16_t)node;
    return node < node_count;
}

static size_t split(const char *text, char word[WORDS][WORD_MAX])
{
    size_t count = 0;
    for (const char *p = text + strspn(text, " "); *p != '\0'; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        if (count == WORDS || len >= WORD_MAX) return 0;
        memcpy(word[count], p, len);
        word[count++][len] = '\0';
        p += len;
    }
    return count;
}

enum fore_err sim_faults_parse(const char *text, uint32_t node_count, struct sim_fault *out,
                               struct fore_diag *diag)
{
    char word[WORDS][WORD_MAX];
    fore_ns hold = 0;
    bool good = split(text, word) == WORDS && parse_node(word[0], node_count, &out->node) &&
                strcmp(word[1], "down") == 0 &&
                fore_option_duration(word[2], &out->down) == FORE_E_OK &&
                fore_option_duration(word[3], &hold) == FORE_E_OK && hold > 0;
    if (!good)
        return fore_err_set(diag, FORE_E_FORMAT,
                            "sim.faults: \"%.60s\": write a node below %u, \"down\", when and for "
                            "how long, as in \"node3 down 2h 10min\"",
                            text, (unsigned)node_count);
    out->up = out->down + hold;
    return FORE_E_OK;
}

enum fore_err sim_faults_check(const struct fore_strings *faults, uint32_t node_count,
                               struct fore_diag *diag)
{
    struct sim_fault ignored;
    for (size_t i = 0; i < faults->count; i++)
        FORE_TRY(sim_faults_parse(faults->item[i], node_count, &ignored, diag));
    return FORE_E_OK;
}

static bool is_down(const struct sim_fault *fault, size_t count, uint16_t node, fore_ns now)
{
    for (size_t i = 0; i < count; i++)
        if (fault[i].node == node && now >= fault[i].down && now < fault[i].up) return true;
    return false;
}

/* The first follower that is up takes over; the old owner becomes a follower. */
static bool promote(const struct fore_topology *topology, struct fore_partition *partition)
{
    if (!partition->alive || topology->node[partition->replica[0]].up) return false;
    for (uint16_t r = 1; r < partition->replica_count; r++) {
        if (!topology->node[partition->replica[r]].up) continue;
        uint16_t owner = partition->replica[0];
        partition->replica[0] = partition->replica[r];
        partition->replica[r] = owner;
        return true;
    }
    return false;
}

bool sim_faults_apply(const struct sim_fault *fault, size_t count, fore_ns now,
                      struct fore_topology *topology, struct fore_sink sink)
{
    bool changed = false;
    for (uint16_t n = 0; count > 0 && n < topology->node_count; n++) {
        bool up = !is_down(fault, count, n, now);
        if (up == topology->node[n].up) continue;
        topology->node[n].up = up;
        changed = true;
    }
    if (!changed) return false;
    for (uint32_t p = 0; p < topology->partition_count; p++)
        (void)promote(topology, &topology->partition[p]);
    topology->epoch++;
    struct fore_buf keyframe = {0};
    fore_event_keyframe_build(topology, &keyframe);
    fore_sink_put(sink, now, FORE_EV_KEYFRAME, keyframe.data, keyframe.len);
    fore_buf_fini(&keyframe);
    return true;
}
