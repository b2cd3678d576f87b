/*
 * bench_hot_range.c - a hot range that returns every five minutes, on three nodes: seconds in which
 * the clients' p99 was above the SLO, with our engine (predictive), our engine (reactive), and
 * redis-cli --cluster rebalance once a minute by measured load.
 *
 *   HOT_CYCLES=8   HOT_CYCLE_S=300   HOT_ARMS="predictive reactive rebalance"   HOT_CFG=FILE
 *   HOT_TOLD=1: the engine is told how long a cycle is
 *
 * The load is that of turns.h, of reads that keep a node for 4 ms (module/slow_read.c).
 * What the arms are measured by is whether the tenants are where they must be when their turn
 * comes: no fixed placement carries both parts of a cycle, and each part is carried by one (at most
 * 80 % of a node). Were there one, it would do to go there once, and nobody would need a forecast.
 *
 * Each arm has a cluster, a load (open loop, Poisson, latency from the intended time, 4
 * connections a node, one command each) and a controller of its own, all arms at the same time.
 */
#include "live/base/clock.h"
#include "live/redis/slot.h"
#include "tests/live/ground.h"
#include "tests/live/turns.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NODES = TURNS_NODES, POOL = 4, CYCLES_MAX = 32, QUEUE = 1 << 17, SECONDS_MAX = 40000 };
enum { BUILD_MAX = 300, PATH = 512, ARGUMENTS = 24 };
enum { REBALANCE_S = 60, ARMS_MAX = 4, SLOS = 3 };
/* The first is what the engine is told. The others say how much of what is above it is the
 * machine's doing: where two cores have other work, servers stand still for long.
 */
static const double slo_ms[SLOS] = {250, 500, 1000};
static const double node_rate = 235; /* reads a second that fill a node */

struct request {
    double due;
    uint32_t key;
    uint16_t slot;
    bool asking;
};

struct peer {
    int descriptor, node;
    bool busy;
    struct request request;
    char text[512];
    size_t len;
    int replies; /* still to come */
};

struct cycle {
    double above_s[SLOS]; /* seconds with more than 1 % of the requests above it */
    uint64_t keys_moved, requests, slow;
};

struct bench {
    const char *arm;
    char build[BUILD_MAX]; /* folder */
    struct ground *ground;
    struct fore_rng rng;
    double cycle_s, began; /* seconds */
    uint32_t cycles;
    int waiter;
    struct peer peer[NODES * POOL];
    struct request *queue[NODES];
    uint32_t head[NODES], tail[NODES];
    uint8_t owner[FORE_SLOT_COUNT];
    uint16_t port[NODES];
    char id[NODES][LIVE_ID_LEN + 1];
    uint64_t asked[NODES];                                   /* since the last rebalance */
    uint32_t arrived[SECONDS_MAX], quick[SLOS][SECONDS_MAX]; /* by the second they were due */
    uint64_t moved_before;
    uint64_t failures;
    pid_t controller;
    double rebalance_due;
    bool broken; /* the last rebalance ended badly */
};

static double seconds(void)
{
    return (double)live_clock_now() / 1e9;
}

static uint32_t wish(const char *name, uint32_t other, uint32_t most)
{
    const char *text = getenv(name);
    long value = text != NULL ? strtol(text, NULL, 10) : (long)other;
    return value < 1 ? 1 : value > (long)most ? most : (uint32_t)value;
}

/* ---- sending and receiving ---------------------------------------------------------------- */

static void enqueue(struct bench *b, int node, const struct request *r)
{
    b->queue[node][b->tail[node]++ % QUEUE] = *r;
    FORE_ASSERT(b->tail[node] - b->head[node] < QUEUE);
}

static void send_request(struct peer *peer, const struct request *r)
{
    char tag[LIVE_TAG_MAX], key[64], text[256];
    live_slot_tag(r->slot, tag);
    (void)snprintf(key, sizeof key, "%s%u", tag, (unsigned)r->key);
    int len = snprintf(text, sizeof text, "%s*2\r\n$9\r\nSLOW.READ\r\n$%zu\r\n%s\r\n",
                       r->asking ? "*1\r\n$6\r\nASKING\r\n" : "", strlen(key), key);
    peer->request = *r;
    peer->busy = true;
    peer->len = 0;
    peer->replies = r->asking ? 2 : 1;
    if (write(peer->descriptor, text, (size_t)len) != len) {
        perror("hot_range: write");
        exit(3);
    }
}

static void feed(struct bench *b, int node)
{
    for (int i = 0; i < POOL && b->head[node] != b->tail[node]; i++) {
        struct peer *peer = &b->peer[node * POOL + i];
        if (!peer->busy) send_request(peer, &b->queue[node][b->head[node]++ % QUEUE]);
    }
}

static void count(struct bench *b, const struct request *r, double latency_s)
{
    uint32_t second = (uint32_t)(r->due - b->began);
    for (int i = 0; second < SECONDS_MAX && i < SLOS; i++)
        b->quick[i][second] += latency_s * 1e3 <= slo_ms[i];
}

/* "-MOVED 12 127.0.0.1:7001" */
static int node_of(const struct bench *b, const char *text)
{
    const char *colon = strrchr(text, ':');
    for (int n = 0; colon != NULL && n < NODES; n++)
        if (strtol(colon + 1, NULL, 10) == b->port[n]) return n;
    return -1;
}

static void answered(struct bench *b, struct peer *peer, char *line)
{
    struct request r = peer->request;
    int to = line[0] == '-' ? node_of(b, line) : -1;
    peer->busy = false;
    if (line[0] != '-') {
        count(b, &r, seconds() - r.due);
    } else if (strncmp(line, "-MOVED", 6) == 0 && to >= 0) {
        b->owner[r.slot] = (uint8_t)to;
        r.asking = false;
    } else if (strncmp(line, "-ASK", 4) == 0 && to >= 0) {
        r.asking = true;
    } else { /* asked again, and its time goes on */
        b->failures++;
        r.asking = false;
        to = b->owner[r.slot];
    }
    if (line[0] != '-') to = -1;
    if (to >= 0) { /* ahead of those that wait: it has waited */
        b->queue[to][--b->head[to] % QUEUE] = r;
        feed(b, to);
    }
    feed(b, peer->node);
}

/* Replies are a line, or "$4" and a line. */
static void receive(struct bench *b, struct peer *peer)
{
    ssize_t got = read(peer->descriptor, peer->text + peer->len, sizeof peer->text - 1 - peer->len);
    if (got <= 0) {
        (void)fprintf(stderr, "hot_range: a connection was lost\n");
        exit(3);
    }
    peer->len += (size_t)got;
    for (;;) {
        peer->text[peer->len] = '\0';
        char *end = strstr(peer->text, "\r\n");
        if (end != NULL && peer->text[0] == '$') end = strstr(end + 2, "\r\n");
        if (end == NULL || !peer->busy) return;
        end += 2;
        size_t used = (size_t)(end - peer->text);
        if (--peer->replies == 0) {
            end[-2] = '\0';
            answered(b, peer, peer->text);
            return;
        }
        memmove(peer->text, end, peer->len - used);
        peer->len -= used;
    }
}

static void take_answers(struct bench *b, int wait_ms)
{
    struct epoll_event event[64];
    int ready = epoll_wait(b->waiter, event, 64, wait_ms);
    for (int i = 0; i < ready; i++)
        receive(b, event[i].data.ptr);
}

/* ---- controllers -------------------------------------------------------------------------- */

static pid_t start(const char *const *argument, const char *output)
{
    pid_t pid = fork();
    if (pid != 0) return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    int out = open(output, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (out >= 0) (void)(dup2(out, 1) + dup2(out, 2));
    char *copy[ARGUMENTS + 1] = {NULL};
    for (int i = 0; i < ARGUMENTS && argument[i] != NULL; i++)
        copy[i] = strdup(argument[i]);
    if (copy[0] != NULL) (void)execvp(copy[0], copy);
    _exit(127);
}

/* A file that is kept: $BUILD/results/hot_range.ARM.ENDING. */
static const char *kept(const struct bench *b, const char *ending, char out[PATH])
{
    (void)snprintf(out, PATH, "%s/results", b->build);
    (void)mkdir(out, 0755);
    (void)snprintf(out, PATH, "%s/results/hot_range.%s.%s", b->build, b->arm, ending);
    return out;
}

static void start_engine(struct bench *b)
{
    char program[PATH], path[PATH], events[PATH], set[5][PATH + 32];
    const char *other = getenv("HOT_CFG"), *told = getenv("HOT_TOLD");
    double period_s = told != NULL ? b->cycle_s : 0;
    (void)snprintf(program, sizeof program, "%s/foreshard", b->build);
    (void)snprintf(set[0], sizeof set[0], "live.nodes=127.0.0.1:%d", (int)b->port[0]);
    (void)snprintf(set[1], sizeof set[1], "live.state=%s", ground_path(b->ground, "state.db"));
    (void)snprintf(set[2], sizeof set[2], "live.log=%s", kept(b, "log", path));
    (void)snprintf(set[3], sizeof set[3], "policy.name=%s", b->arm);
    (void)snprintf(set[4], sizeof set[4], "forecast.periods=%.0fs", period_s);
    const char *argument[ARGUMENTS] = {program, "live",
                                       other != NULL ? other : "tests/live/hot_range.cfg",
                                       "--journal", kept(b, "fsj", events)};
    int n = 5;
    for (size_t i = 0; i < FORE_COUNTOF(set) - (told == NULL); i++) {
        argument[n++] = "--set";
        argument[n++] = set[i];
    }
    (void)unlink(path);
    b->controller = start(argument, kept(b, "out", path));
}

/* Weights that give each node its mean share of the load that was asked in the last minute. */
static void start_rebalance(struct bench *b)
{
    char at[64], weight[NODES][96], path[PATH];
    const char *argument[ARGUMENTS];
    int n = 0;
    double all = 0, slots[NODES] = {0}, want[NODES], sum = 0;
    for (uint32_t s = 0; s < FORE_SLOT_COUNT; s++)
        slots[b->owner[s]]++;
    for (int i = 0; i < NODES; i++)
        all += (double)b->asked[i] + 1;
    for (int i = 0; i < NODES; i++) {
        want[i] = fmax(slots[i], 1) * (all / NODES) / ((double)b->asked[i] + 1);
        sum += want[i];
        b->asked[i] = 0;
    }
    (void)snprintf(at, sizeof at, "127.0.0.1:%d", (int)b->port[0]);
    const char *fix[] = {"redis-cli", "--cluster", "fix", at, NULL};
    const char *fixed[] = {"redis-cli",           "--cluster",
                           "rebalance",           at,
                           "--cluster-yes",       "--cluster-use-empty-masters",
                           "--cluster-pipeline",  "100",
                           "--cluster-threshold", "2",
                           "--cluster-weight"};
    for (size_t i = 0; i < FORE_COUNTOF(fixed); i++)
        argument[n++] = fixed[i];
    for (int i = 0; i < NODES; i++) {
        (void)snprintf(weight[i], sizeof weight[i], "%s=%.4f", b->id[i], NODES * want[i] / sum);
        argument[n++] = weight[i];
    }
    argument[n] = NULL;
    b->controller = start(b->broken ? fix : argument, kept(b, "out", path));
    b->broken = false;
}

static void tend(struct bench *b, double now)
{
    int code;
    if (strcmp(b->arm, "rebalance") != 0) {
        if (waitpid(b->controller, &code, WNOHANG) != b->controller) return;
        (void)fprintf(stderr, "hot_range: %s has ended\n", b->arm);
        exit(3);
    }
    if (b->controller > 0 && waitpid(b->controller, &code, WNOHANG) == b->controller) {
        b->broken = code != 0;
        b->controller = 0;
        if (b->broken) b->rebalance_due = now;
    }
    if (now < b->rebalance_due || b->controller > 0) return;
    start_rebalance(b);
    b->rebalance_due += REBALANCE_S;
    if (b->rebalance_due < now) b->rebalance_due = now + REBALANCE_S;
}

/* ---- a run -------------------------------------------------------------------------------- */

static void fill(struct ground *ground)
{
    static char value[TURNS_BYTES + 1];
    char name[32];
    for (uint32_t i = 0; i < TURNS_BYTES; i++)
        value[i] = (char)('a' + i % 23);
    for (uint32_t t = 0; t < TURNS_TENANTS; t++)
        for (uint32_t i = 0; i < TURNS_KEYS; i++) {
            (void)snprintf(name, sizeof name, "%u", (unsigned)i);
            ground_put(ground, turns_slot[t], name, value);
        }
    value[TURNS_REST_BYTES] = '\0';
    for (uint32_t i = 0; i < TURNS_REST_KEYS; i++) {
        (void)snprintf(name, sizeof name, "%u", (unsigned)i);
        ground_put(ground, turns_rest_slot(i), name, value);
    }
}

static void connect_all(struct bench *b)
{
    b->waiter = epoll_create1(0);
    for (int n = 0; n < NODES; n++) {
        struct live_instance *at = live_cluster_primary(&b->ground->cluster, (uint16_t)n);
        b->port[n] = at->link.address.port;
        memcpy(b->id[n], at->id, sizeof b->id[n]);
        b->queue[n] = calloc(QUEUE, sizeof *b->queue[n]);
        FORE_ASSERT(b->queue[n] != NULL);
        b->head[n] = b->tail[n] = QUEUE;
        for (int i = 0; i < POOL; i++) {
            struct peer *peer = &b->peer[n * POOL + i];
            redisContext *link = redisConnect("127.0.0.1", b->port[n]);
            FORE_ASSERT(link != NULL && link->err == 0);
            *peer = (struct peer){.descriptor = link->fd, .node = n};
            struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
            FORE_ASSERT(epoll_ctl(b->waiter, EPOLL_CTL_ADD, link->fd, &event) == 0);
        }
    }
    for (uint32_t s = 0; s < FORE_SLOT_COUNT; s++)
        b->owner[s] = (uint8_t)live_cluster_shard_of(&b->ground->cluster, (uint16_t)s);
}

/* Keys that nodes have taken in so far, whoever moved them. */
static uint64_t keys_moved(struct bench *b)
{
    uint64_t sum = 0;
    for (int n = 0; n < NODES; n++) {
        struct live_instance *at = live_cluster_primary(&b->ground->cluster, (uint16_t)n);
        if (live_link_open(&at->link) != FORE_E_OK) continue;
        redisReply *reply = live_link_call(&at->link, "INFO commandstats");
        static const char *const name[] = {"cmdstat_restore-asking:calls=",
                                           "cmdstat_restore:calls="};
        for (size_t i = 0; reply != NULL && reply->str != NULL && i < 2; i++) {
            const char *place = strstr(reply->str, name[i]);
            if (place != NULL) sum += strtoull(place + strlen(name[i]), NULL, 10);
        }
        if (reply != NULL) freeReplyObject(reply);
    }
    return sum;
}

static struct cycle end_cycle(struct bench *b, uint32_t index)
{
    struct cycle out = {0};
    uint32_t from = (uint32_t)(index * b->cycle_s), to = (uint32_t)((index + 1) * b->cycle_s);
    for (uint32_t s = from; s < to && s < SECONDS_MAX; s++) {
        out.requests += b->arrived[s];
        out.slow += b->arrived[s] - b->quick[0][s];
        for (int i = 0; i < SLOS; i++) /* those not answered yet are slow already */
            out.above_s[i] += (b->arrived[s] - b->quick[i][s]) * 100.0 > b->arrived[s];
    }
    uint64_t moved = keys_moved(b);
    out.keys_moved = moved - b->moved_before;
    b->moved_before = moved;
    (void)fprintf(
        stderr,
        "# %-10s cycle %2u: %3.0f %3.0f %3.0f s above, %llu keys moved, %llu of %llu slow, %llu failures\n",
        b->arm, index + 1, out.above_s[0], out.above_s[1], out.above_s[2],
        (unsigned long long)out.keys_moved, (unsigned long long)out.slow,
        (unsigned long long)out.requests, (unsigned long long)b->failures);
    return out;
}

static void arrive(struct bench *b, double *next, double now)
{
    struct turns_share share = turns_shares(*next - b->began, b->cycle_s);
    while (*next <= now) {
        struct request r = {.due = *next};
        r.key = turns_draw(&share, &b->rng, &r.slot);
        uint32_t second = (uint32_t)(r.due - b->began);
        if (second < SECONDS_MAX) b->arrived[second]++;
        b->asked[b->owner[r.slot]]++;
        enqueue(b, b->owner[r.slot], &r);
        *next += -log(1 - fore_rng_unit(&b->rng)) / (share.all * node_rate);
    }
}

static void run_arm(const char *arm, uint32_t cycles, double cycle_s, int out)
{
    struct bench *b = calloc(1, sizeof *b);
    char arguments[900];
    FORE_ASSERT(b != NULL);
    *b = (struct bench){.arm = arm,
                        .cycle_s = cycle_s,
                        .cycles = cycles,
                        .rng = fore_rng_stream(1, "hot.range", 0)};
    const char *build = getenv("BUILD");
    if (build == NULL) build = "build/rel";
    char here[BUILD_MAX / 2];
    FORE_ASSERT(getcwd(here, sizeof here) != NULL && strlen(build) < BUILD_MAX / 2);
    (void)snprintf(b->build, sizeof b->build, "%s/%s", build[0] == '/' ? "" : here, build);
    (void)snprintf(arguments, sizeof arguments,
                   "3 -t 15000 -c '--loadmodule %s/slow_read.so --loadmodule %s/foreshard-heat.so'",
                   b->build, b->build);
    b->ground = ground_begin(arguments);
    fill(b->ground);
    connect_all(b);
    if (strcmp(arm, "rebalance") != 0) start_engine(b);
    b->began = seconds() + 1;
    b->rebalance_due = b->began + REBALANCE_S;
    double next = b->began;
    for (uint32_t done = 0; done < cycles;) {
        double now = seconds();
        arrive(b, &next, now);
        for (int n = 0; n < NODES; n++)
            feed(b, n);
        take_answers(b, 1);
        tend(b, now);
        /* A cycle is read a little into the next: what is to be quick is answered by then. */
        if (now < b->began + (done + 1) * cycle_s + 1) continue;
        struct cycle cycle = end_cycle(b, done++);
        if (write(out, &cycle, sizeof cycle) != (ssize_t)sizeof cycle) exit(3);
    }
    if (b->controller > 0) {
        (void)kill(b->controller, SIGTERM);
        (void)waitpid(b->controller, NULL, 0);
    }
    ground_end(b->ground);
    exit(0);
}

/* ---- the table ---------------------------------------------------------------------------- */

static double late_sum(const struct cycle *cycle, uint32_t count, int slo)
{
    double sum = 0;
    for (uint32_t i = 3; i < count; i++)
        sum += cycle[i].above_s[slo];
    return sum;
}

static void tell(struct cycle cycle[][CYCLES_MAX], char *const *arm, uint32_t arms, uint32_t cycles)
{
    (void)printf("\nhot range: seconds of p99 above %.0f ms (keys moved)\n%-18s", slo_ms[0],
                 "cycle");
    for (uint32_t a = 0; a < arms; a++)
        (void)printf("%20s", arm[a]);
    for (uint32_t c = 0; c < cycles; c++) {
        (void)printf("\n%-18u", c + 1);
        for (uint32_t a = 0; a < arms; a++)
            (void)printf("%10.0f (%7llu)", cycle[a][c].above_s[0],
                         (unsigned long long)cycle[a][c].keys_moved);
    }
    for (int i = 0; i < SLOS; i++) {
        double ours = late_sum(cycle[0], cycles, i);
        (void)printf("\nfrom 4, %4.0f ms   ", slo_ms[i]);
        for (uint32_t a = 0; a < arms; a++) {
            double sum = late_sum(cycle[a], cycles, i);
            (void)printf("%10.0f (%5.0f %%)", sum, sum > 0 ? 100 * (1 - ours / sum) : 0);
        }
    }
    (void)printf("\n(%%: how many fewer %s has)\n", arm[0]);
}

int main(void)
{
    static struct cycle cycle[ARMS_MAX][CYCLES_MAX];
    char names[128], *arm[ARMS_MAX] = {NULL}, *save = NULL;
    int from[ARMS_MAX], bad = 0;
    uint32_t arms = 0, cycles = wish("HOT_CYCLES", 8, CYCLES_MAX);
    double cycle_s = wish("HOT_CYCLE_S", 300, 1200);
    const char *asked = getenv("HOT_ARMS");
    if (!ground_possible()) {
        (void)printf("SKIP hot range: no redis-server\n");
        return 0;
    }
    (void)snprintf(names, sizeof names, "%s",
                   asked != NULL ? asked : "predictive reactive rebalance");
    for (char *name = strtok_r(names, " ", &save); name != NULL && arms < ARMS_MAX;
         name = strtok_r(NULL, " ", &save), arms++) {
        int ends[2];
        arm[arms] = name;
        FORE_ASSERT(pipe(ends) == 0);
        (void)fflush(stdout);
        if (fork() == 0) run_arm(name, cycles, cycle_s, ends[1]);
        (void)close(ends[1]);
        from[arms] = ends[0];
    }
    for (uint32_t c = 0; c < cycles; c++)
        for (uint32_t a = 0; a < arms; a++)
            bad += read(from[a], &cycle[a][c], sizeof cycle[a][c]) != (ssize_t)sizeof cycle[a][c];
    while (wait(NULL) > 0) {}
    tell(cycle, arm, arms, cycles);
    return bad > 0 ? 3 : 0;
}
