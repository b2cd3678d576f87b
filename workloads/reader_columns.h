/*
 * reader_columns.h - which column of a text trace means what; private to reader*.c.
 *
 * From a header line, or from a specification such as "t=1,key=2" or "time-col=2,obj-id-col=5", to
 * one role per column.
 */
#ifndef WL_READER_COLUMNS_H
#define WL_READER_COLUMNS_H

#include "core/base/err.h"

enum wl_role {
    WL_ROLE_SKIP,
    WL_ROLE_TIME,
    WL_ROLE_KEY,
    WL_ROLE_OP,
    WL_ROLE_SIZE,
    WL_ROLE_CLIENT,
    WL_ROLE_GROUP,
    WL_ROLE_COLUMNS,
    WL_ROLE_EXEC,
    WL_ROLES,
};
enum wl_tristate { WL_AUTO, WL_NO, WL_YES };

enum { WL_COLUMNS_MAX = 256 };

struct wl_columns {
    uint8_t role[WL_COLUMNS_MAX];
    uint32_t count; /* columns up to the last one that means something */
    char delimiter; /* ' ' stands for any run of blanks */
    bool header;    /* the first line is names */
    bool timed;
    enum wl_tristate text_keys;
};

struct wl_field {
    const char *text; /* not NUL-ended; quotes and blanks around it removed */
    size_t len;
};
/* Cuts a line (without its newline) into at most `cap` fields. */
size_t wl_columns_split(const char *line, size_t len, char delimiter, struct wl_field *out,
                        size_t cap);

/* `spec` may be NULL or "". `line` is the first that is neither empty nor a comment; `where` names
 * it in messages. */
FORE_MUST_USE enum fore_err wl_columns_resolve(const char *spec, const char *line, size_t len,
                                               const char *where, struct wl_columns *out,
                                               struct fore_diag *diag);
const char *wl_columns_role_name(enum wl_role role);
bool wl_columns_is_number(struct wl_field field);  /* -12.5e3 */
bool wl_columns_is_natural(struct wl_field field); /* fits 64 bits without a sign */

#endif
