/* textbook.c - see textbook.h. Written plainly, compiled like the rest. */
#include "tests/bench/textbook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/hist.h"

struct request {
    double arrival;
    double service;
    uint32_t partition;
    int follower; /* a copy of a write: not measured */
    struct request *next;
};

struct event {
    double at;
    uint64_t number; /* ties in order */
    int is_departure;
    uint32_t node;
    struct request *request;
};

struct node {
    struct request *head, *tail;
    uint32_t busy;
};

struct textbook {
    const struct textbook_options *options;
    struct event *heap;
    size_t count, cap;
    uint64_t numbers, drawn;
    uint64_t random;
    double *cumulative;
    uint32_t *owner;
    uint64_t *served;
    struct node *node;
    struct fore_hist hist;
    double busy_ns, now;
};

static double uniform(struct textbook *t)
{
    t->random = t->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(t->random >> 11) + 0.5) * 0x1p-53;
}

static double exponential(struct textbook *t, double mean)
{
    return -mean * log(uniform(t));
}

static int before(const struct event *a, const struct event *b)
{
    return a->at < b->at || (!(a->at > b->at) && a->number < b->number);
}

static void push(struct textbook *t, struct event event)
{
    if (t->count == t->cap) {
        t->cap = t->cap == 0 ? 64 : 2 * t->cap;
        t->heap = realloc(t->heap, t->cap * sizeof *t->heap);
        if (t->heap == NULL) abort();
    }
    event.number = t->numbers++;
    size_t i = t->count++;
    for (; i > 0 && before(&event, &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
        t->heap[i] = t->heap[(i - 1) / 2];
    t->heap[i] = event;
}

static struct event pop(struct textbook *t)
{
    struct event top = t->heap[0], last = t->heap[--t->count];
    size_t i = 0;
    for (size_t child = 1; child < t->count; child = 2 * i + 1) {
        if (child + 1 < t->count && before(&t->heap[child + 1], &t->heap[child])) child++;
        if (!before(&t->heap[child], &last)) break;
        t->heap[i] = t->heap[child];
        i = child;
    }
    t->heap[i] = last;
    return top;
}

static uint32_t draw_key(struct textbook *t)
{
    double u = uniform(t);
    uint32_t low = 0, high = t->options->keys - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (t->cumulative[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void schedule_arrival(struct textbook *t)
{
    if (t->drawn == t->options->requests) return;
    t->drawn++;
    struct request *request = malloc(sizeof *request);
    if (request == NULL) abort();
    uint64_t key = fore_hash_u64(draw_key(t), 1) % t->options->keys;
    *request = (struct request){
        .arrival = t->now + exponential(t, 1e9 / t->options->rate),
        .partition = (uint32_t)(key * t->options->partitions / t->options->keys),
    };
    push(t, (struct event){
                .at = request->arrival, .node = t->owner[request->partition], .request = request});
}

static void begin_service(struct textbook *t, uint32_t node, struct request *request)
{
    t->node[node].busy++;
    t->busy_ns += request->service;
    push(t,
         (struct event){
             .at = t->now + request->service, .is_departure = 1, .node = node, .request = request});
}

static void send_copies(struct textbook *t, const struct event *event)
{
    if (uniform(t) >= t->options->write_share) return;
    for (uint32_t copy = 1; copy <= 2; copy++) {
        struct request *request = malloc(sizeof *request);
        if (request == NULL) abort();
        *request = (struct request){.arrival = t->now + 250e3,
                                    .service = event->request->service,
                                    .partition = event->request->partition,
                                    .follower = 1};
        push(t, (struct event){.at = request->arrival,
                               .node = (event->node + copy) % t->options->nodes,
                               .request = request});
    }
}

static void arrive(struct textbook *t, struct event event)
{
    struct node *node = &t->node[event.node];
    if (!event.request->follower) {
        event.request->service = exponential(t, t->options->service_mean_ns);
        if (t->options->write_share > 0) send_copies(t, &event);
        schedule_arrival(t);
    }
    if (node->busy < t->options->cores) {
        begin_service(t, event.node, event.request);
        return;
    }
    if (node->tail != NULL)
        node->tail->next = event.request;
    else
        node->head = event.request;
    node->tail = event.request;
}

static void depart(struct textbook *t, struct event event)
{
    struct node *node = &t->node[event.node];
    if (!event.request->follower) {
        fore_hist_add(&t->hist, (uint64_t)(t->now - event.request->arrival));
        t->served[event.request->partition]++;
    }
    free(event.request);
    node->busy--;
    if (node->head == NULL) return;
    struct request *next = node->head;
    node->head = next->next;
    if (node->head == NULL) node->tail = NULL;
    begin_service(t, event.node, next);
}

static void build(struct textbook *t)
{
    const struct textbook_options *options = t->options;
    t->random = options->seed;
    t->cumulative = calloc(options->keys, sizeof *t->cumulative);
    t->owner = calloc(options->partitions, sizeof *t->owner);
    t->served = calloc(options->partitions, sizeof *t->served);
    t->node = calloc(options->nodes, sizeof *t->node);
    if (!t->cumulative || !t->owner || !t->served || !t->node) abort();
    double sum = 0;
    for (uint32_t k = 0; k < options->keys; k++)
        t->cumulative[k] = sum += pow(k + 1.0, -options->zipf_s);
    for (uint32_t k = 0; k < options->keys; k++)
        t->cumulative[k] /= sum;
    for (uint32_t p = 0; p < options->partitions; p++)
        t->owner[p] = p % options->nodes;
}

struct textbook_result textbook_run(const struct textbook_options *options)
{
    static struct textbook t;
    t = (struct textbook){.options = options};
    build(&t);
    schedule_arrival(&t);
    while (t.count > 0) {
        struct event event = pop(&t);
        t.now = event.at;
        if (event.is_departure)
            depart(&t, event);
        else
            arrive(&t, event);
    }
    struct textbook_result result = {
        .requests = t.hist.count,
        .p50_ns = fore_hist_quantile(&t.hist, 0.5),
        .p99_ns = fore_hist_quantile(&t.hist, 0.99),
        .utilization = t.busy_ns / (t.now * options->nodes * options->cores),
    };
    free(t.heap);
    free(t.cumulative);
    free(t.owner);
    free(t.served);
    free(t.node);
    return result;
}
