/*
 * advise_schemas.h - query logs whose best sharding key is known, because they were made so: one
 * trap each (monotone keys, few values, celebrities, joins, ranges, growth). Text in our own
 * layout, so that what is tested begins with the reader.
 */
#ifndef TEST_ADVISE_SCHEMAS_H
#define TEST_ADVISE_SCHEMAS_H

#include "core/base/buf.h"
#include "core/base/dist.h"

struct advise_maker {
    struct fore_rng rng;
    struct fore_buf *out;
    struct fore_arena arena;
    struct fore_alias flat, zipf, steep; /* over 2,000 ranks: s = 0.5, 0.9, 1.4 */
    double t, done;                      /* seconds; share of the log that is written */
    uint64_t number;                     /* of the query */
};
struct advise_schema {
    const char *name;
    const char *table;  /* the one the question is about */
    const char *answer; /* keys as lab_advise_key_name() says them, '|' between equals */
    void (*query)(struct advise_maker *maker);
};
enum { ADVISE_SCHEMAS = 20 };
extern const struct advise_schema advise_schemas[ADVISE_SCHEMAS];

/* The whole log of a schema: `queries` of them, 100 a second on average. */
void advise_schema_write(const struct advise_schema *schema, size_t queries, uint64_t seed,
                         struct fore_buf *out);

#endif
