/* api_options.c - the option rows of the "api" section (api.h). */
#include "live/api/api.h"

#define AT(field) FORE_OPTION_AT(struct live_api_options, field)

static const struct fore_option rows[] = {
    {"listen",          FORE_OPT_TEXT,     AT(listen),          "",      0,   0,     NULL,
     "ADDRESS:PORT of the HTTP API and /metrics; \":7420\" is on loopback; empty: none"                                       },
    {"token_file",      FORE_OPT_TEXT,     AT(token_file),      "",      0,   0,     NULL,
     "file whose first line is the bearer token of changes; empty: no changes"                                                },
    {"tls_certificate", FORE_OPT_TEXT,     AT(tls_certificate), "",      0,   0,     NULL,
     "PEM file; empty: plain HTTP"                                                                                            },
    {"tls_key",         FORE_OPT_TEXT,     AT(tls_key),         "",      0,   0,     NULL, "PEM file of the certificate's key"},
    {"connections",     FORE_OPT_COUNT,    AT(connections),     "512",   4,   20000, NULL,
     "at once; more are not accepted until one goes"                                                                          },
    {"rate",            FORE_OPT_RATE,     AT(rate),            "20k/s", 1,   1e6,   NULL, "requests from one address"        },
    {"write_rate",      FORE_OPT_RATE,     AT(write_rate),      "20/s",  0.1, 1e5,   NULL, "changes, all together"            },
    {"patience",        FORE_OPT_DURATION, AT(patience),        "10s",   1e9, 300e9, NULL,
     "time for a whole request to arrive, and without any progress"                                                           },
    {"top",             FORE_OPT_COUNT,    AT(top),             "20",    0,   1000,  NULL,
     "partitions with metrics of their own: those with the highest RRS"                                                       },
};

const struct fore_option_section live_api_section = {
    .name = "api",
    .help = "the HTTP API and /metrics of the live daemon",
    .row = rows,
    .row_count = FORE_COUNTOF(rows)};
