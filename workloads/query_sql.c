/*
 * query_sql.c - what a statement asks of its tables, from PostgreSQL's own parse tree
 * (libpg_query).
 *
 * A predicate is taken apart as far as it binds columns: AND of column = value, IN, = ANY, BETWEEN,
 * comparisons, column = column. Everything else is walked through by the tree's own description
 * (protobuf-c keeps one for each kind of node), so that no kind of expression is forgotten: columns
 * found there count as read, sub-selects are looked into. Names resolve innermost first.
 */
#include "workloads/query_sql.h"

#include <stdio.h>
#include <string.h>

#ifndef WL_PG_QUERY

bool wl_query_csvlog_built(void)
{
    return false;
}
bool wl_query_sql_add(struct fore_query_log *log, const struct wl_query_sql *sql,
                      struct wl_query_read_report *report, char *why, size_t why_size)
{
    (void)log, (void)sql, (void)report;
    (void)snprintf(why, why_size, "built without libpg_query");
    return false;
}

#else
#    include <pg_query.h>

#    include "workloads/query_sql_walk.h"

bool wl_query_csvlog_built(void)
{
    return true;
}

static void visit(struct wl_query_sql_walk *walk, const ProtobufCMessage *message);
static void predicate(struct wl_query_sql_walk *walk, const PgQuery__Node *node);
static void select_stmt(struct wl_query_sql_walk *walk, const PgQuery__SelectStmt *select);

/* ---- predicates ------------------------------------------------------------------------------ */

static void equal_list(struct wl_query_sql_walk *walk, uint16_t column, PgQuery__Node *const *item,
                       size_t count)
{
    struct fore_query_term term = {.role = FORE_TERM_EQUAL, .column = column};
    for (size_t i = 0; i < count && i <= UINT8_MAX; i++) {
        term.row = (uint8_t)i;
        if (!wl_query_sql_put_value(walk, term, item[i])) visit(walk, &item[i]->base);
    }
}

/* column IN (...), column = ANY (...): true when it was one. */
static bool one_of(struct wl_query_sql_walk *walk, const PgQuery__AExpr *expr)
{
    uint16_t column = wl_query_sql_column(walk, expr->lexpr);
    const PgQuery__Node *right = wl_query_sql_bare(expr->rexpr);
    if (column == UINT16_MAX || right == NULL) return false;
    if (right->node_case == PG_QUERY__NODE__NODE_LIST)
        equal_list(walk, column, right->list->items, right->list->n_items);
    else if (right->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR)
        equal_list(walk, column, right->a_array_expr->elements, right->a_array_expr->n_elements);
    else {
        char space[32];
        const char *text = wl_query_sql_value(walk, right, space);
        struct fore_query_term term = {.role = FORE_TERM_EQUAL, .column = column};
        if (text == NULL) return false;
        wl_query_sql_put_array(walk, term, text);
    }
    return true;
}

static bool between(struct wl_query_sql_walk *walk, const PgQuery__AExpr *expr)
{
    const PgQuery__Node *right = expr->rexpr;
    struct fore_query_term term = {.role = FORE_TERM_LEAST,
                                   .column = wl_query_sql_column(walk, expr->lexpr)};
    if (right == NULL || right->node_case != PG_QUERY__NODE__NODE_LIST ||
        right->list->n_items != 2 || !wl_query_sql_put_value(walk, term, right->list->items[0]))
        return false;
    term.role = FORE_TERM_MOST;
    return wl_query_sql_put_value(walk, term, right->list->items[1]);
}

static bool join(struct wl_query_sql_walk *walk, uint16_t a, uint16_t b)
{
    if (a == UINT16_MAX || b == UINT16_MAX) return false;
    if (walk->log->column[a].table == walk->log->column[b].table) {
        wl_query_sql_put_column(walk, FORE_TERM_READ, a);
        wl_query_sql_put_column(walk, FORE_TERM_READ, b);
        return true;
    }
    wl_query_sql_put(walk,
                     (struct fore_query_term){.role = FORE_TERM_JOIN, .column = a, .other = b});
    return true;
}

/* column OP value, value OP column, column = column. */
static bool comparison(struct wl_query_sql_walk *walk, const PgQuery__AExpr *expr)
{
    const char *name = expr->n_name == 1 ? wl_query_sql_string(expr->name[0]) : NULL;
    if (name == NULL || strchr("=<>", name[0]) == NULL || strcmp(name, "<>") == 0) return false;
    uint16_t left = wl_query_sql_column(walk, expr->lexpr),
             right = wl_query_sql_column(walk, expr->rexpr);
    if (name[0] == '=' && join(walk, left, right)) return true;
    bool turned = left == UINT16_MAX;
    uint8_t role = name[0] == '='               ? FORE_TERM_EQUAL
                   : (name[0] == '<') != turned ? FORE_TERM_MOST
                                                : FORE_TERM_LEAST;
    struct fore_query_term term = {.role = role, .column = turned ? right : left};
    return wl_query_sql_put_value(walk, term, turned ? expr->lexpr : expr->rexpr);
}

static bool expression(struct wl_query_sql_walk *walk, const PgQuery__AExpr *expr)
{
    const char *name = expr->n_name == 1 ? wl_query_sql_string(expr->name[0]) : NULL;
    bool equals = name != NULL && strcmp(name, "=") == 0;
    switch ((int)expr->kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP: return comparison(walk, expr);
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN: return equals && one_of(walk, expr);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN: return between(walk, expr);
    default: return false;
    }
}

/* column IN (SELECT other FROM ...) joins the two. */
static bool in_select(struct wl_query_sql_walk *walk, const PgQuery__SubLink *link)
{
    if (link->sub_link_type != PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK || link->subselect == NULL ||
        link->subselect->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return false;
    const PgQuery__SelectStmt *select = link->subselect->select_stmt;
    uint16_t outer = wl_query_sql_column(walk, link->testexpr);
    size_t scopes = walk->scopes;
    select_stmt(walk, select);
    walk->scopes = scopes;
    if (outer == UINT16_MAX) return true;
    wl_query_sql_put_column(walk, FORE_TERM_READ, outer);
    if (select->n_target_list != 1 || select->n_from_clause != 1 ||
        select->from_clause[0]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR)
        return true;
    wl_query_sql_table(walk, select->from_clause[0]->range_var);
    const PgQuery__Node *target = select->target_list[0];
    if (target->node_case == PG_QUERY__NODE__NODE_RES_TARGET && walk->scopes > scopes) {
        struct wl_query_sql_scope inner = walk->scope[walk->scopes - 1];
        const PgQuery__Node *value = wl_query_sql_bare(target->res_target->val);
        if (value != NULL && value->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
            value->column_ref->n_fields > 0) {
            const char *name =
                wl_query_sql_string(value->column_ref->fields[value->column_ref->n_fields - 1]);
            if (name != NULL)
                (void)join(walk, wl_query_sql_column_named(walk, inner.alias, name), outer);
        }
    }
    walk->scopes = scopes;
    return true;
}

static void predicate(struct wl_query_sql_walk *walk, const PgQuery__Node *node)
{
    if (node == NULL) return;
    if (node->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR &&
        node->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
        for (size_t i = 0; i < node->bool_expr->n_args; i++)
            predicate(walk, node->bool_expr->args[i]);
        return;
    }
    if (node->node_case == PG_QUERY__NODE__NODE_A_EXPR && expression(walk, node->a_expr)) return;
    if (node->node_case == PG_QUERY__NODE__NODE_SUB_LINK && in_select(walk, node->sub_link)) return;
    visit(walk, &node->base);
}

/* ---- statements ------------------------------------------------------------------------------ */

static void visit_all(struct wl_query_sql_walk *walk, PgQuery__Node *const *node, size_t count)
{
    for (size_t i = 0; i < count; i++)
        visit(walk, &node[i]->base);
}

static void with_clause(struct wl_query_sql_walk *walk, const PgQuery__WithClause *with)
{
    for (size_t i = 0; with != NULL && i < with->n_ctes; i++) {
        if (with->ctes[i]->node_case != PG_QUERY__NODE__NODE_COMMON_TABLE_EXPR) continue;
        const PgQuery__CommonTableExpr *cte = with->ctes[i]->common_table_expr;
        size_t scopes = walk->scopes;
        if (with->recursive) wl_query_sql_enter(walk, cte->ctename, UINT16_MAX);
        if (cte->ctequery != NULL) visit(walk, &cte->ctequery->base);
        walk->scopes = scopes;
        wl_query_sql_enter(walk, cte->ctename, UINT16_MAX);
    }
}

/* JOIN ... USING (column): the newest table on the left that is one, with the one on the right. */
static void join_using(struct wl_query_sql_walk *walk, const PgQuery__JoinExpr *expr, size_t left,
                       size_t right)
{
    for (size_t i = 0; i < expr->n_using_clause; i++) {
        const char *name = wl_query_sql_string(expr->using_clause[i]);
        if (name == NULL || right >= walk->scopes || left >= right) continue;
        uint16_t a = walk->scope[left].table, b = walk->scope[right].table;
        if (a == UINT16_MAX || b == UINT16_MAX) continue;
        (void)join(walk, fore_query_log_column(walk->log, a, name),
                   fore_query_log_column(walk->log, b, name));
    }
}

static void from_item(struct wl_query_sql_walk *walk, const PgQuery__Node *node)
{
    if (node == NULL || walk->depth >= WL_QUERY_SQL_DEPTH) return;
    walk->depth++;
    size_t left = walk->scopes;
    if (node->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
        wl_query_sql_table(walk, node->range_var);
    } else if (node->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR) {
        const PgQuery__JoinExpr *expr = node->join_expr;
        from_item(walk, expr->larg);
        size_t right = walk->scopes;
        from_item(walk, expr->rarg);
        join_using(walk, expr, left, right);
        predicate(walk, expr->quals);
    } else if (node->node_case == PG_QUERY__NODE__NODE_RANGE_SUBSELECT) {
        const PgQuery__RangeSubselect *sub = node->range_subselect;
        if (sub->subquery != NULL) visit(walk, &sub->subquery->base);
        walk->scopes = left;
        if (sub->alias != NULL) wl_query_sql_enter(walk, sub->alias->aliasname, UINT16_MAX);
    } else {
        visit(walk, &node->base);
    }
    walk->depth--;
}

static void select_stmt(struct wl_query_sql_walk *walk, const PgQuery__SelectStmt *select)
{
    if (select->larg != NULL) visit(walk, &select->larg->base);
    if (select->rarg != NULL) visit(walk, &select->rarg->base);
    with_clause(walk, select->with_clause);
    for (size_t i = 0; i < select->n_from_clause; i++)
        from_item(walk, select->from_clause[i]);
    predicate(walk, select->where_clause);
    visit_all(walk, select->target_list, select->n_target_list);
    visit_all(walk, select->group_clause, select->n_group_clause);
    visit_all(walk, select->sort_clause, select->n_sort_clause);
    if (select->having_clause != NULL) visit(walk, &select->having_clause->base);
    visit_all(walk, select->values_lists, select->n_values_lists);
}

static const char *target_name(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_RES_TARGET ? node->res_target->name : NULL;
}

static void insert_row(struct wl_query_sql_walk *walk, const PgQuery__InsertStmt *insert,
                       uint16_t table, const PgQuery__Node *row, size_t index)
{
    if (row->node_case != PG_QUERY__NODE__NODE_LIST) return;
    for (size_t i = 0; i < row->list->n_items && i < insert->n_cols; i++) {
        const char *name = target_name(insert->cols[i]);
        if (name == NULL) continue;
        struct fore_query_term term = {.role = FORE_TERM_INSERT,
                                       .column = fore_query_log_column(walk->log, table, name),
                                       .row = (uint8_t)index};
        if (!wl_query_sql_put_value(walk, term, row->list->items[i]))
            wl_query_sql_put_column(walk, FORE_TERM_SET, term.column);
    }
}

static void insert_stmt(struct wl_query_sql_walk *walk, const PgQuery__InsertStmt *insert)
{
    walk->query.op = FORE_QUERY_WRITE;
    walk->query.adds = true;
    with_clause(walk, insert->with_clause);
    size_t scopes = walk->scopes;
    wl_query_sql_table(walk, insert->relation);
    if (insert->select_stmt == NULL || walk->scopes == scopes) return;
    uint16_t table = walk->scope[scopes].table;
    const PgQuery__SelectStmt *select = insert->select_stmt->select_stmt;
    for (size_t r = 0; r < select->n_values_lists && r <= UINT8_MAX; r++)
        insert_row(walk, insert, table, select->values_lists[r], r);
    if (select->n_values_lists > 0) return;
    walk->scopes = scopes;
    select_stmt(walk, select);
}

static void update_stmt(struct wl_query_sql_walk *walk, const PgQuery__UpdateStmt *update)
{
    walk->query.op = FORE_QUERY_WRITE;
    with_clause(walk, update->with_clause);
    size_t scopes = walk->scopes;
    wl_query_sql_table(walk, update->relation);
    if (walk->scopes == scopes) return;
    uint16_t table = walk->scope[scopes].table;
    for (size_t i = 0; i < update->n_from_clause; i++)
        from_item(walk, update->from_clause[i]);
    predicate(walk, update->where_clause);
    for (size_t i = 0; i < update->n_target_list; i++) {
        const char *name = target_name(update->target_list[i]);
        if (name == NULL || table == UINT16_MAX) continue;
        wl_query_sql_put_column(walk, FORE_TERM_SET, fore_query_log_column(walk->log, table, name));
        if (update->target_list[i]->res_target->val != NULL)
            visit(walk, &update->target_list[i]->res_target->val->base);
    }
}

static void delete_stmt(struct wl_query_sql_walk *walk, const PgQuery__DeleteStmt *delete)
{
    walk->query.op = FORE_QUERY_WRITE;
    with_clause(walk, delete->with_clause);
    wl_query_sql_table(walk, delete->relation);
    for (size_t i = 0; i < delete->n_using_clause; i++)
        from_item(walk, delete->using_clause[i]);
    predicate(walk, delete->where_clause);
}

/* Every message inside a message, by its description. */
static void visit_fields(struct wl_query_sql_walk *walk, const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE) continue;
        const char *base = (const char *)message;
        uint32_t which = 0;
        size_t count = 1;
        if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
            memcpy(&which, base + field->quantifier_offset, sizeof which);
            if (which != field->id) continue;
        }
        const void *member = NULL;
        memcpy(&member, base + field->offset, sizeof member);
        if (member == NULL) continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            visit(walk, member);
            continue;
        }
        memcpy(&count, base + field->quantifier_offset, sizeof count);
        for (size_t k = 0; k < count; k++)
            visit(walk, ((ProtobufCMessage *const *)member)[k]);
    }
}

static void visit(struct wl_query_sql_walk *walk, const ProtobufCMessage *message)
{
    if (message == NULL || walk->depth >= WL_QUERY_SQL_DEPTH) return;
    const ProtobufCMessageDescriptor *kind = message->descriptor;
    size_t scopes = walk->scopes;
    walk->depth++;
    if (kind == &pg_query__column_ref__descriptor)
        wl_query_sql_read(walk, (const PgQuery__ColumnRef *)message);
    else if (kind == &pg_query__select_stmt__descriptor)
        select_stmt(walk, (const PgQuery__SelectStmt *)message);
    else if (kind == &pg_query__insert_stmt__descriptor)
        insert_stmt(walk, (const PgQuery__InsertStmt *)message);
    else if (kind == &pg_query__update_stmt__descriptor)
        update_stmt(walk, (const PgQuery__UpdateStmt *)message);
    else if (kind == &pg_query__delete_stmt__descriptor)
        delete_stmt(walk, (const PgQuery__DeleteStmt *)message);
    else
        visit_fields(walk, message);
    walk->depth--;
    walk->scopes = scopes;
}

static bool queries(const PgQuery__Node *node)
{
    if (node == NULL) return false;
    switch ((int)node->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
    case PG_QUERY__NODE__NODE_INSERT_STMT:
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
    case PG_QUERY__NODE__NODE_DELETE_STMT: return true;
    default: return false;
    }
}

static void one_statement(struct wl_query_sql_walk *walk, const PgQuery__Node *node)
{
    walk->scopes = walk->terms = walk->depth = 0;
    walk->query = (struct fore_query){.t = walk->sql->t, .op = FORE_QUERY_READ};
    if (queries(node)) visit(walk, &node->base);
    if (walk->terms > 0)
        fore_query_log_add(walk->log, walk->query, walk->term, walk->terms);
    else
        walk->report->tableless++;
}

bool wl_query_sql_add(struct fore_query_log *log, const struct wl_query_sql *sql,
                      struct wl_query_read_report *report, char *why, size_t why_size)
{
    PgQueryProtobufParseResult parsed = pg_query_parse_protobuf(sql->text);
    struct wl_query_sql_walk walk = {.log = log, .sql = sql, .report = report};
    bool done = parsed.error == NULL;
    if (!done) {
        (void)snprintf(why, why_size, "%s", parsed.error->message);
    } else {
        PgQuery__ParseResult *tree = pg_query__parse_result__unpack(
            NULL, parsed.parse_tree.len, (const uint8_t *)parsed.parse_tree.data);
        for (size_t i = 0; tree != NULL && i < tree->n_stmts; i++)
            one_statement(&walk, tree->stmts[i]->stmt);
        if (tree != NULL) pg_query__parse_result__free_unpacked(tree, NULL);
    }
    pg_query_free_protobuf_parse_result(parsed);
    return done;
}
#endif
