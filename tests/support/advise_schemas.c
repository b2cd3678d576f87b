#include "tests/support/advise_schemas.h"

typedef struct advise_maker maker;
static const double rate = 100;

static uint32_t below(maker *m, uint32_t bound)
{
    return fore_rng_below(&m->rng, bound);
}

static bool chance(maker *m, double share)
{
    return fore_rng_unit(&m->rng) < share;
}

/* One line; the time is put before it. */
#define SAY(m, ...)                                 \
    do {                                            \
        fore_buf_printf((m)->out, "%.6f,", (m)->t); \
        fore_buf_printf((m)->out, __VA_ARGS__);     \
        fore_buf_puts((m)->out, "\n");              \
    } while (0)

/* Every query names its tenant. */
static void tenants(maker *m)
{
    unsigned tenant = fore_alias_draw(&m->flat, &m->rng), id = below(m, 1000000);
    if (chance(m, 0.3))
        SAY(m, "docs,insert,tenant=%u id=%u,,", tenant, id);
    else if (chance(m, 0.5))
        SAY(m, "docs,read,tenant=%u id=%u,title,", tenant, id);
    else
        SAY(m, "docs,read,tenant=%u,title,", tenant);
}

/* Points by id; the tenant is rarely named. */
static void points(maker *m)
{
    unsigned id = below(m, 100000);
    if (chance(m, 0.1))
        SAY(m, "items,read,tenant=%u,name,", id % 500);
    else
        SAY(m, "items,%s,id=%u,name,", chance(m, 0.2) ? "update" : "read", id);
}

/* Ids only grow, and the newest are read most. */
static void growing_ids(maker *m)
{
    unsigned newest = (unsigned)m->number + 1000;
    if (chance(m, 0.5))
        SAY(m, "events,insert,id=%u kind=%u,,", newest, below(m, 5));
    else
        SAY(m, "events,read,id=%u,kind,", newest - 1 - below(m, 1000));
}

/* New rows carry the time; readers ask by device. */
static void devices(maker *m)
{
    unsigned device = fore_alias_draw(&m->flat, &m->rng);
    if (chance(m, 0.6))
        SAY(m, "readings,insert,at=%.0f device=%u,,", m->t * 1000, device);
    else
        SAY(m, "readings,read,device=%u,value,", device);
}

/* A status of five values is in most queries, a user in all. */
static void few_values(maker *m)
{
    unsigned user = below(m, 20000);
    if (chance(m, 0.8))
        SAY(m, "jobs,read,status=%u user=%u,id,", below(m, 5), user);
    else
        SAY(m, "jobs,update,user=%u,status,", user);
}

/* A few authors have nearly all readers; posts are many. */
static void celebrities(maker *m)
{
    unsigned author = fore_alias_draw(&m->steep, &m->rng);
    SAY(m, "posts,read,author=%u post=%u,text,", author, author * 1000 + below(m, 1000));
}

/* Fourteen tenants and fifteen days are too few alone. */
static void pairs_of_few(maker *m)
{
    SAY(m, "reports,%s,tenant=%u day=%u,sum,", chance(m, 0.4) ? "update" : "read", below(m, 14),
        below(m, 15));
}

/* One shop has a third of the load; its goods spread it. */
static void big_shop(maker *m)
{
    unsigned shop = chance(m, 0.35) ? 0 : 1 + below(m, 60), goods = below(m, 15);
    SAY(m, "stock,%s,shop=%u goods=%u,count,", chance(m, 0.3) ? "update" : "read", shop, goods);
}

/* Orders are read with their customer. */
static void customers(maker *m)
{
    unsigned customer = below(m, 20000);
    if (chance(m, 0.1))
        SAY(m, "orders,read,id=%u,total,", below(m, 1000000));
    else if (chance(m, 0.3))
        SAY(m, "orders,insert,id=%u customer_id=%u,,", below(m, 1000000), customer);
    else
        SAY(m, "orders,read,customers.id=%u,total,customers.id=customer_id", customer);
}

/* Lines are read with their order, which has two names for the same. */
static void lines(maker *m)
{
    unsigned order = below(m, 200000);
    if (chance(m, 0.4))
        SAY(m, "lines,insert,order_id=%u line=%u,,", order, below(m, 10));
    else if (chance(m, 0.8))
        SAY(m, "lines,read,orders.id=%u,price,orders.id=order_id", order);
    else
        SAY(m, "lines,read,order_id=%u line=%u,price,", order, below(m, 10));
}

/* Short stretches of a history that nobody adds to. */
static void scans(maker *m)
{
    unsigned from = below(m, 1000000);
    SAY(m, "ticks,scan,at>=%u at<%u,price,", from, from + 2000);
}

/* Scans of one device, and one device has a third of them. */
static void scans_of_few(maker *m)
{
    unsigned device = chance(m, 0.35) ? 7 : below(m, 200), from = below(m, 1000000);
    SAY(m, "samples,scan,device=%u at>=%u at<%u,value,", device, from, from + 500);
}

/* A short list that everything else looks up, by every column it has. */
static void countries(maker *m)
{
    unsigned user = below(m, 20000);
    if (chance(m, 0.5))
        SAY(m, "users,read,id=%u countries.code=%u,name,countries.code=country", user, user % 100);
    else if (chance(m, 0.5))
        SAY(m, "countries,read,continent=%u,name,", below(m, 7));
    else
        SAY(m, "countries,read,code=%u,name,", below(m, 100));
}

/* Nearly all writes, by an id drawn at random. */
static void writes(maker *m)
{
    unsigned id = below(m, 1u << 30);
    if (chance(m, 0.9))
        SAY(m, "audit,insert,uuid=%08x source=%u,,", id, below(m, 30));
    else
        SAY(m, "audit,read,uuid=%08x,text,", id);
}

/* One tenant grows from 2 % to 35 %. */
static void growing_tenant(maker *m)
{
    unsigned tenant = chance(m, 0.02 + 0.33 * m->done) ? 0 : 1 + below(m, 500);
    SAY(m, "rows,%s,tenant=%u user=%u,data,", chance(m, 0.3) ? "update" : "read", tenant,
        tenant * 1000 + below(m, 1000));
}

/* Over the log the days are even, but each has its day. */
static void days(maker *m)
{
    unsigned day = (unsigned)(m->done * 200), user = below(m, 20000);
    SAY(m, "visits,%s,day=%u user=%u,count,", chance(m, 0.5) ? "insert" : "read", day, user);
}

/* Two ways to the same row, one of them taken more often. */
static void two_paths(maker *m)
{
    unsigned user = below(m, 50000);
    if (chance(m, 0.9))
        SAY(m, "accounts,read,user=%u,balance,", user);
    else
        SAY(m, "accounts,read,email=a%u@example.org,balance,", user);
}

/* Lists of a user's items. */
static void item_lists(maker *m)
{
    unsigned user = below(m, 20000), first = user * 50 + below(m, 40);
    SAY(m, "carts,read,user=%u item=%u|%u|%u|%u,price,", user, first, first + 1, first + 3,
        first + 7);
}

/* Eight regions, five thousand places in them. */
static void places(maker *m)
{
    unsigned place = fore_alias_draw(&m->flat, &m->rng) + 2000 * below(m, 3);
    SAY(m, "parcels,%s,region=%u place=%u,state,", chance(m, 0.4) ? "update" : "read", place % 8,
        place);
}

/* An edge is asked for from its source, sometimes from its target. */
static void edges(maker *m)
{
    unsigned source = below(m, 30000), target = fore_alias_draw(&m->zipf, &m->rng);
    if (chance(m, 0.15))
        SAY(m, "follows,read,target=%u,source,", target);
    else if (chance(m, 0.3))
        SAY(m, "follows,insert,source=%u target=%u,,", source, target);
    else
        SAY(m, "follows,read,source=%u,target,", source);
}

const struct advise_schema advise_schemas[ADVISE_SCHEMAS] = {
    {"tenants",        "docs",      "hash(tenant)",                               tenants       },
    {"points",         "items",     "hash(id)",                                   points        },
    {"growing ids",    "events",    "hash(id)",                                   growing_ids   },
    {"devices",        "readings",  "hash(device)",                               devices       },
    {"few values",     "jobs",      "hash(user)",                                 few_values    },
    {"celebrities",    "posts",     "hash(post)",                                 celebrities   },
    {"pairs of few",   "reports",
     "hash(tenant, day)|hash(day, tenant)|range(tenant, day)|range(day, tenant)", pairs_of_few  },
    {"big shop",       "stock",
     "hash(shop, goods)|hash(goods, shop)|range(shop, goods)|range(goods, shop)", big_shop      },
    {"customers",      "orders",    "hash(customer_id)",                          customers     },
    {"lines",          "lines",     "hash(order_id)",                             lines         },
    {"scans",          "ticks",     "range(at)",                                  scans         },
    {"scans of few",   "samples",   "range(device, at)|range(at)",                scans_of_few  },
    {"countries",      "countries", "a copy on every node",                       countries     },
    {"writes",         "audit",     "hash(uuid)",                                 writes        },
    {"growing tenant", "rows",      "hash(user)",                                 growing_tenant},
    {"days",           "visits",    "hash(user)",                                 days          },
    {"two paths",      "accounts",  "hash(user)",                                 two_paths     },
    {"item lists",     "carts",     "hash(user)",                                 item_lists    },
    {"places",         "parcels",   "hash(place)",                                places        },
    {"edges",          "follows",   "hash(source)",                               edges         },
};

static struct fore_alias zipf_over(struct fore_arena *arena, double s)
{
    static double weight[2000];
    fore_dist_zipf_weights(weight, FORE_COUNTOF(weight), s);
    return fore_alias_build(arena, weight, FORE_COUNTOF(weight));
}

void advise_schema_write(const struct advise_schema *schema, size_t queries, uint64_t seed,
                         struct fore_buf *out)
{
    maker m = {.rng = fore_rng_stream(seed, schema->name, 0), .out = out};
    m.flat = zipf_over(&m.arena, 0.5);
    m.zipf = zipf_over(&m.arena, 0.9);
    m.steep = zipf_over(&m.arena, 1.4);
    fore_buf_puts(out, "t,table,op,where,columns,join\n");
    for (m.number = 0; m.number < queries; m.number++) {
        m.done = (double)m.number / (double)queries;
        schema->query(&m);
        m.t += fore_dist_exp(&m.rng) / rate;
    }
    fore_arena_fini(&m.arena);
}
