/* query_sql_names.c - a statement's names -> tables and columns, its constants and parameters ->
 * values. */
#include "workloads/query_sql_walk.h"

typedef int wl_query_sql_names_not_empty; /* ISO C wants something in every file */

#ifdef WL_PG_QUERY
#    include <stdio.h>
#    include <string.h>

void wl_query_sql_put(struct wl_query_sql_walk *walk, struct fore_query_term term)
{
    if (walk->terms < FORE_QUERY_TERMS_MAX) walk->term[walk->terms++] = term;
}

void wl_query_sql_put_column(struct wl_query_sql_walk *walk, uint8_t role, uint16_t column)
{
    if (column != UINT16_MAX)
        wl_query_sql_put(walk, (struct fore_query_term){.role = role, .column = column});
}

/* ---- names ----------------------------------------------------------------------------------- */

void wl_query_sql_enter(struct wl_query_sql_walk *walk, const char *alias, uint16_t table)
{
    if (walk->scopes < WL_QUERY_SQL_SCOPES)
        walk->scope[walk->scopes++] = (struct wl_query_sql_scope){.alias = alias, .table = table};
}

void wl_query_sql_table(struct wl_query_sql_walk *walk, const PgQuery__RangeVar *var)
{
    char name[160];
    bool plain = var->schemaname[0] == '\0' || strcmp(var->schemaname, "public") == 0;
    (void)snprintf(name, sizeof name, "%s%s%s", plain ? "" : var->schemaname, plain ? "" : ".",
                   var->relname);
    const char *alias = var->alias != NULL ? var->alias->aliasname : var->relname;
    for (size_t i = walk->scopes; plain && i-- > 0;)
        if (walk->scope[i].table == UINT16_MAX && strcmp(walk->scope[i].alias, name) == 0) {
            wl_query_sql_enter(walk, alias, UINT16_MAX); /* a CTE */
            return;
        }
    uint16_t table = fore_query_log_table(walk->log, name);
    if (table == UINT16_MAX) return;
    wl_query_sql_put_column(walk, FORE_TERM_TABLE, table);
    wl_query_sql_enter(walk, alias, table);
}

const char *wl_query_sql_string(const PgQuery__Node *node)
{
    return node != NULL && node->node_case == PG_QUERY__NODE__NODE_STRING ? node->string->sval
                                                                          : NULL;
}

/* A bare column belongs to the only table there is, or the only one known to have it. */
static uint16_t table_of_bare(struct wl_query_sql_walk *walk, const char *column)
{
    uint16_t only = UINT16_MAX, having = UINT16_MAX;
    size_t tables = 0, owners = 0;
    for (size_t i = 0; i < walk->scopes; i++) {
        uint16_t table = walk->scope[i].table;
        if (table == UINT16_MAX || table == only) continue;
        if (tables++ == 0) only = table;
        if (fore_query_log_find_column(walk->log, table, column) == UINT16_MAX) continue;
        if (owners++ == 0) having = table;
    }
    if (owners == 1) return having;
    if (tables > 1) walk->report->ambiguous++;
    return owners > 0 ? having : only;
}

uint16_t wl_query_sql_column_named(struct wl_query_sql_walk *walk, const char *alias,
                                   const char *name)
{
    uint16_t table = UINT16_MAX;
    if (alias == NULL) {
        table = table_of_bare(walk, name);
    } else {
        for (size_t i = walk->scopes; table == UINT16_MAX && i-- > 0;)
            if (strcmp(walk->scope[i].alias, alias) == 0) table = walk->scope[i].table;
    }
    return table == UINT16_MAX ? UINT16_MAX : fore_query_log_column(walk->log, table, name);
}

const PgQuery__Node *wl_query_sql_bare(const PgQuery__Node *node)
{
    while (node != NULL && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
        node = node->type_cast->arg;
    return node;
}

/* UINT16_MAX: no column, or one of a sub-select. */
uint16_t wl_query_sql_column(struct wl_query_sql_walk *walk, const PgQuery__Node *node)
{
    node = wl_query_sql_bare(node);
    if (node == NULL || node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF) return UINT16_MAX;
    const PgQuery__ColumnRef *ref = node->column_ref;
    const char *name =
        ref->n_fields > 0 ? wl_query_sql_string(ref->fields[ref->n_fields - 1]) : NULL;
    const char *alias =
        ref->n_fields > 1 ? wl_query_sql_string(ref->fields[ref->n_fields - 2]) : NULL;
    return name != NULL ? wl_query_sql_column_named(walk, alias, name) : UINT16_MAX;
}

/* "*" and "orders.*": every column the log has shown so far. */
static void read_star(struct wl_query_sql_walk *walk, const char *alias)
{
    for (size_t i = 0; i < walk->scopes; i++) {
        if (walk->scope[i].table == UINT16_MAX) continue;
        if (alias != NULL && strcmp(walk->scope[i].alias, alias) != 0) continue;
        for (uint32_t c = 0; c < walk->log->column_count; c++)
            if (walk->log->column[c].table == walk->scope[i].table)
                wl_query_sql_put_column(walk, FORE_TERM_READ, (uint16_t)c);
    }
}

void wl_query_sql_read(struct wl_query_sql_walk *walk, const PgQuery__ColumnRef *ref)
{
    const char *alias =
        ref->n_fields > 1 ? wl_query_sql_string(ref->fields[ref->n_fields - 2]) : NULL;
    const char *name =
        ref->n_fields > 0 ? wl_query_sql_string(ref->fields[ref->n_fields - 1]) : NULL;
    if (name == NULL)
        read_star(walk, alias);
    else
        wl_query_sql_put_column(walk, FORE_TERM_READ, wl_query_sql_column_named(walk, alias, name));
}

/* ---- values ---------------------------------------------------------------------------------- */

/* The text of a constant or bound parameter, in `space` where it has to be made. NULL: neither. */
const char *wl_query_sql_value(struct wl_query_sql_walk *walk, const PgQuery__Node *node,
                               char space[32])
{
    node = wl_query_sql_bare(node);
    if (node == NULL) return NULL;
    if (node->node_case == PG_QUERY__NODE__NODE_PARAM_REF) {
        size_t number = (size_t)node->param_ref->number;
        if (number > 0 && number <= walk->sql->params && walk->sql->param[number - 1] != NULL)
            return walk->sql->param[number - 1];
        /* Not in the log: some value, another one each time. */
        walk->report->valueless++;
        (void)snprintf(space, 32, "?%zu", walk->log->query_count);
        return space;
    }
    if (node->node_case != PG_QUERY__NODE__NODE_A_CONST || node->a_const->isnull) return NULL;
    const PgQuery__AConst *constant = node->a_const;
    if (constant->val_case == PG_QUERY__A__CONST__VAL_FVAL) return constant->fval->fval;
    if (constant->val_case == PG_QUERY__A__CONST__VAL_SVAL) return constant->sval->sval;
    if (constant->val_case == PG_QUERY__A__CONST__VAL_BSVAL) return constant->bsval->bsval;
    if (constant->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL)
        return constant->boolval->boolval ? "true" : "false";
    (void)snprintf(space, 32, "%d", (int)constant->ival->ival);
    return space;
}

static void put_text(struct wl_query_sql_walk *walk, struct fore_query_term term, const char *text,
                     size_t len)
{
    struct fore_query_column *column = &walk->log->column[term.column];
    column->values++;
    column->value_bytes += len;
    fore_query_log_value(&term, text, len);
    wl_query_sql_put(walk, term);
}

bool wl_query_sql_put_value(struct wl_query_sql_walk *walk, struct fore_query_term term,
                            const PgQuery__Node *node)
{
    char space[32];
    const char *text = wl_query_sql_value(walk, node, space);
    if (text == NULL || term.column == UINT16_MAX) return false;
    put_text(walk, term, text, strlen(text));
    return true;
}

/* The items of "{1,2,\"a b\"}", a bound array. */
void wl_query_sql_put_array(struct wl_query_sql_walk *walk, struct fore_query_term term,
                            const char *text)
{
    for (const char *at = *text == '{' ? text + 1 : text; *at != '\0' && *at != '}';) {
        size_t len = strcspn(at, ",}");
        bool quoted = len >= 2 && at[0] == '"' && at[len - 1] == '"';
        put_text(walk, term, at + quoted, len - 2 * (size_t)quoted);
        at += len + (at[len] == ',');
        if (term.row++ == UINT8_MAX) return;
    }
}

#endif
