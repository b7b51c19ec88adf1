/*
 * The table of statements: verb, kind, whether a transaction takes it, and a
 * function where the verb names its object.  What is not in it is opaque.
 */
#include "sql/verb.h"

#define OBJECT(type) [PG_QUERY__OBJECT_TYPE__OBJECT_##type]

static const char *const objects[] = {
	OBJECT(ACCESS_METHOD) = "ACCESS METHOD",
	OBJECT(AGGREGATE) = "AGGREGATE",
	OBJECT(ATTRIBUTE) = "TYPE",
	OBJECT(CAST) = "CAST",
	OBJECT(COLUMN) = "COLUMN",
	OBJECT(COLLATION) = "COLLATION",
	OBJECT(CONVERSION) = "CONVERSION",
	OBJECT(DATABASE) = "DATABASE",
	OBJECT(DOMAIN) = "DOMAIN",
	OBJECT(DOMCONSTRAINT) = "CONSTRAINT",
	OBJECT(EVENT_TRIGGER) = "EVENT TRIGGER",
	OBJECT(EXTENSION) = "EXTENSION",
	OBJECT(FDW) = "FOREIGN DATA WRAPPER",
	OBJECT(FOREIGN_SERVER) = "SERVER",
	OBJECT(FOREIGN_TABLE) = "FOREIGN TABLE",
	OBJECT(FUNCTION) = "FUNCTION",
	OBJECT(INDEX) = "INDEX",
	OBJECT(LANGUAGE) = "LANGUAGE",
	OBJECT(LARGEOBJECT) = "LARGE OBJECT",
	OBJECT(MATVIEW) = "MATERIALIZED VIEW",
	OBJECT(OPCLASS) = "OPERATOR CLASS",
	OBJECT(OPERATOR) = "OPERATOR",
	OBJECT(OPFAMILY) = "OPERATOR FAMILY",
	OBJECT(PARAMETER_ACL) = "PARAMETER",
	OBJECT(POLICY) = "POLICY",
	OBJECT(PROCEDURE) = "PROCEDURE",
	OBJECT(PUBLICATION) = "PUBLICATION",
	OBJECT(ROLE) = "ROLE",
	OBJECT(ROUTINE) = "ROUTINE",
	OBJECT(RULE) = "RULE",
	OBJECT(SCHEMA) = "SCHEMA",
	OBJECT(SEQUENCE) = "SEQUENCE",
	OBJECT(SUBSCRIPTION) = "SUBSCRIPTION",
	OBJECT(STATISTIC_EXT) = "STATISTICS",
	OBJECT(TABCONSTRAINT) = "CONSTRAINT",
	OBJECT(TABLE) = "TABLE",
	OBJECT(TABLESPACE) = "TABLESPACE",
	OBJECT(TRANSFORM) = "TRANSFORM",
	OBJECT(TRIGGER) = "TRIGGER",
	OBJECT(TSCONFIGURATION) = "TEXT SEARCH CONFIGURATION",
	OBJECT(TSDICTIONARY) = "TEXT SEARCH DICTIONARY",
	OBJECT(TSPARSER) = "TEXT SEARCH PARSER",
	OBJECT(TSTEMPLATE) = "TEXT SEARCH TEMPLATE",
	OBJECT(TYPE) = "TYPE",
	OBJECT(USER_MAPPING) = "USER MAPPING",
	OBJECT(VIEW) = "VIEW",
};

const char *verb_object(PgQuery__ObjectType type)
{
	if ((size_t)type >= sizeof(objects) / sizeof(*objects) || !objects[type])
		return "OBJECT";
	return objects[type];
}

/* The verbs that name what they are about. */

static const char *create_as_words(const PgQuery__Node *node, struct arena *arena)
{
	return arena_printf(arena, "CREATE %s AS", verb_object(node->create_table_as_stmt->objtype));
}

static const char *index_words(const PgQuery__Node *node, struct arena *arena)
{
	return arena_printf(arena, "CREATE %sINDEX%s", node->index_stmt->unique ? "UNIQUE " : "",
	                    node->index_stmt->concurrent ? " CONCURRENTLY" : "");
}

static const char *define_words(const PgQuery__Node *node, struct arena *arena)
{
	return arena_printf(arena, "CREATE %s%s", node->define_stmt->replace ? "OR REPLACE " : "",
	                    verb_object(node->define_stmt->kind));
}

static const char *function_words(const PgQuery__Node *node, struct arena *arena)
{
	return arena_printf(arena, "CREATE %s%s", node->create_function_stmt->replace ? "OR REPLACE " : "",
	                    node->create_function_stmt->is_procedure ? "PROCEDURE" : "FUNCTION");
}

static const char *drop_words(const PgQuery__Node *node, struct arena *arena)
{
	return arena_printf(arena, "DROP %s%s", verb_object(node->drop_stmt->remove_type),
	                    node->drop_stmt->concurrent ? " CONCURRENTLY" : "");
}

static const char *comment_words(const PgQuery__Node *node, struct arena *arena)
{
	return arena_printf(arena, "COMMENT ON %s", verb_object(node->comment_stmt->objtype));
}

static const char *schema_words(const PgQuery__Node *node, struct arena *arena)
{
	return arena_printf(arena, "ALTER %s … SET SCHEMA", verb_object(node->alter_object_schema_stmt->object_type));
}

static const char *owner_words(const PgQuery__Node *node, struct arena *arena)
{
	return arena_printf(arena, "ALTER %s … OWNER TO", verb_object(node->alter_owner_stmt->object_type));
}

static const char *rename_words(const PgQuery__Node *node, struct arena *arena)
{
	const PgQuery__RenameStmt *rename = node->rename_stmt;

	switch (rename->rename_type) {
	case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
		return arena_printf(arena, "ALTER %s … RENAME COLUMN", verb_object(rename->relation_type));
	case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT:
		return "ALTER TABLE … RENAME CONSTRAINT";
	case PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT:
		return "ALTER DOMAIN … RENAME CONSTRAINT";
	case PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE:
		return "ALTER TYPE … RENAME ATTRIBUTE";
	default:
		return arena_printf(arena, "ALTER %s … RENAME", verb_object(rename->rename_type));
	}
}

struct row {
	const char *verb;
	enum statement_kind kind;
	bool outside_transaction;
	const char *(*words)(const PgQuery__Node *node, struct arena *arena); /* instead of verb */
};

#define NODE(type) [PG_QUERY__NODE__NODE_##type]

static const struct row rows[] = {
	NODE(SELECT_STMT) = {.verb = "SELECT", .kind = STATEMENT_READ},
	NODE(EXPLAIN_STMT) = {.verb = "EXPLAIN", .kind = STATEMENT_READ},
	NODE(VARIABLE_SHOW_STMT) = {.verb = "SHOW", .kind = STATEMENT_READ},
	NODE(VARIABLE_SET_STMT) = {.verb = "SET", .kind = STATEMENT_READ},
	NODE(CONSTRAINTS_SET_STMT) = {.verb = "SET CONSTRAINTS", .kind = STATEMENT_READ},
	NODE(DISCARD_STMT) = {.verb = "DISCARD", .kind = STATEMENT_READ},
	NODE(TRANSACTION_STMT) = {.verb = "TRANSACTION", .kind = STATEMENT_READ},
	NODE(LOCK_STMT) = {.verb = "LOCK", .kind = STATEMENT_READ},
	NODE(DECLARE_CURSOR_STMT) = {.verb = "DECLARE CURSOR", .kind = STATEMENT_READ},
	NODE(FETCH_STMT) = {.verb = "FETCH", .kind = STATEMENT_READ},
	NODE(CLOSE_PORTAL_STMT) = {.verb = "CLOSE", .kind = STATEMENT_READ},
	NODE(PREPARE_STMT) = {.verb = "PREPARE", .kind = STATEMENT_READ},
	NODE(DEALLOCATE_STMT) = {.verb = "DEALLOCATE", .kind = STATEMENT_READ},
	NODE(LISTEN_STMT) = {.verb = "LISTEN", .kind = STATEMENT_READ},
	NODE(UNLISTEN_STMT) = {.verb = "UNLISTEN", .kind = STATEMENT_READ},
	NODE(NOTIFY_STMT) = {.verb = "NOTIFY", .kind = STATEMENT_READ},
	NODE(CHECK_POINT_STMT) = {.verb = "CHECKPOINT", .kind = STATEMENT_READ},

	NODE(INSERT_STMT) = {.verb = "INSERT", .kind = STATEMENT_DATA},
	NODE(UPDATE_STMT) = {.verb = "UPDATE", .kind = STATEMENT_DATA},
	NODE(DELETE_STMT) = {.verb = "DELETE", .kind = STATEMENT_DATA},
	NODE(MERGE_STMT) = {.verb = "MERGE", .kind = STATEMENT_DATA},
	NODE(COPY_STMT) = {.verb = "COPY", .kind = STATEMENT_DATA},
	NODE(REFRESH_MAT_VIEW_STMT) = {.verb = "REFRESH MATERIALIZED VIEW", .kind = STATEMENT_DATA},

	NODE(VACUUM_STMT) = {.verb = "VACUUM", .kind = STATEMENT_ADDITIVE},
	NODE(CLUSTER_STMT) = {.verb = "CLUSTER", .kind = STATEMENT_ADDITIVE},
	NODE(REINDEX_STMT) = {.verb = "REINDEX", .kind = STATEMENT_ADDITIVE},
	NODE(COMMENT_STMT) = {.verb = "COMMENT", .kind = STATEMENT_ADDITIVE, .words = comment_words},
	NODE(SEC_LABEL_STMT) = {.verb = "SECURITY LABEL", .kind = STATEMENT_ADDITIVE},
	NODE(GRANT_STMT) = {.verb = "GRANT", .kind = STATEMENT_ADDITIVE},
	NODE(GRANT_ROLE_STMT) = {.verb = "GRANT", .kind = STATEMENT_ADDITIVE},
	NODE(ALTER_DEFAULT_PRIVILEGES_STMT) = {.verb = "ALTER DEFAULT PRIVILEGES", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_STMT) = {.verb = "CREATE TABLE", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_TABLE_AS_STMT) = {.verb = "CREATE TABLE AS", .kind = STATEMENT_ADDITIVE, .words = create_as_words},
	NODE(CREATE_FOREIGN_TABLE_STMT) = {.verb = "CREATE FOREIGN TABLE", .kind = STATEMENT_ADDITIVE},
	NODE(IMPORT_FOREIGN_SCHEMA_STMT) = {.verb = "IMPORT FOREIGN SCHEMA", .kind = STATEMENT_ADDITIVE},
	NODE(INDEX_STMT) = {.verb = "CREATE INDEX", .kind = STATEMENT_ADDITIVE, .words = index_words},
	NODE(VIEW_STMT) = {.verb = "CREATE VIEW", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_SEQ_STMT) = {.verb = "CREATE SEQUENCE", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_SCHEMA_STMT) = {.verb = "CREATE SCHEMA", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_EXTENSION_STMT) = {.verb = "CREATE EXTENSION", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_FUNCTION_STMT) = {.verb = "CREATE FUNCTION", .kind = STATEMENT_ADDITIVE, .words = function_words},
	NODE(CREATE_TRIG_STMT) = {.verb = "CREATE TRIGGER", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_EVENT_TRIG_STMT) = {.verb = "CREATE EVENT TRIGGER", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_DOMAIN_STMT) = {.verb = "CREATE DOMAIN", .kind = STATEMENT_ADDITIVE},
	NODE(COMPOSITE_TYPE_STMT) = {.verb = "CREATE TYPE", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_ENUM_STMT) = {.verb = "CREATE TYPE", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_RANGE_STMT) = {.verb = "CREATE TYPE", .kind = STATEMENT_ADDITIVE},
	NODE(ALTER_ENUM_STMT) = {.verb = "ALTER TYPE", .kind = STATEMENT_ADDITIVE},
	NODE(DEFINE_STMT) = {.verb = "CREATE", .kind = STATEMENT_ADDITIVE, .words = define_words},
	NODE(CREATE_STATS_STMT) = {.verb = "CREATE STATISTICS", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_POLICY_STMT) = {.verb = "CREATE POLICY", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_PUBLICATION_STMT) = {.verb = "CREATE PUBLICATION", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_SUBSCRIPTION_STMT) = {.verb = "CREATE SUBSCRIPTION", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_ROLE_STMT) = {.verb = "CREATE ROLE", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_CAST_STMT) = {.verb = "CREATE CAST", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_CONVERSION_STMT) = {.verb = "CREATE CONVERSION", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_TRANSFORM_STMT) = {.verb = "CREATE TRANSFORM", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_AM_STMT) = {.verb = "CREATE ACCESS METHOD", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_OP_CLASS_STMT) = {.verb = "CREATE OPERATOR CLASS", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_OP_FAMILY_STMT) = {.verb = "CREATE OPERATOR FAMILY", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_PLANG_STMT) = {.verb = "CREATE LANGUAGE", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_FDW_STMT) = {.verb = "CREATE FOREIGN DATA WRAPPER", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_FOREIGN_SERVER_STMT) = {.verb = "CREATE SERVER", .kind = STATEMENT_ADDITIVE},
	NODE(CREATE_USER_MAPPING_STMT) = {.verb = "CREATE USER MAPPING", .kind = STATEMENT_ADDITIVE},
	NODE(CREATEDB_STMT) = {.verb = "CREATE DATABASE", .kind = STATEMENT_ADDITIVE, .outside_transaction = true},
	NODE(CREATE_TABLE_SPACE_STMT) = {.verb = "CREATE TABLESPACE",
                                     .kind = STATEMENT_ADDITIVE,
                                     .outside_transaction = true},

	NODE(RULE_STMT) = {.verb = "CREATE RULE", .kind = STATEMENT_SWITCH},
	NODE(RENAME_STMT) = {.verb = "RENAME", .kind = STATEMENT_SWITCH, .words = rename_words},
	NODE(ALTER_OBJECT_SCHEMA_STMT) = {.verb = "SET SCHEMA", .kind = STATEMENT_SWITCH, .words = schema_words},
	NODE(ALTER_OWNER_STMT) = {.verb = "OWNER TO", .kind = STATEMENT_SWITCH, .words = owner_words},
	NODE(ALTER_OBJECT_DEPENDS_STMT) = {.verb = "ALTER … DEPENDS ON EXTENSION", .kind = STATEMENT_SWITCH},
	NODE(REASSIGN_OWNED_STMT) = {.verb = "REASSIGN OWNED", .kind = STATEMENT_SWITCH},
	NODE(ALTER_DOMAIN_STMT) = {.verb = "ALTER DOMAIN", .kind = STATEMENT_SWITCH},
	NODE(ALTER_TYPE_STMT) = {.verb = "ALTER TYPE", .kind = STATEMENT_SWITCH},
	NODE(ALTER_SEQ_STMT) = {.verb = "ALTER SEQUENCE", .kind = STATEMENT_SWITCH},
	NODE(ALTER_FUNCTION_STMT) = {.verb = "ALTER FUNCTION", .kind = STATEMENT_SWITCH},
	NODE(ALTER_OPERATOR_STMT) = {.verb = "ALTER OPERATOR", .kind = STATEMENT_SWITCH},
	NODE(ALTER_OP_FAMILY_STMT) = {.verb = "ALTER OPERATOR FAMILY", .kind = STATEMENT_SWITCH},
	NODE(ALTER_COLLATION_STMT) = {.verb = "ALTER COLLATION", .kind = STATEMENT_SWITCH},
	NODE(ALTER_STATS_STMT) = {.verb = "ALTER STATISTICS", .kind = STATEMENT_SWITCH},
	NODE(ALTER_POLICY_STMT) = {.verb = "ALTER POLICY", .kind = STATEMENT_SWITCH},
	NODE(ALTER_EXTENSION_STMT) = {.verb = "ALTER EXTENSION", .kind = STATEMENT_SWITCH},
	NODE(ALTER_EXTENSION_CONTENTS_STMT) = {.verb = "ALTER EXTENSION", .kind = STATEMENT_SWITCH},
	NODE(ALTER_EVENT_TRIG_STMT) = {.verb = "ALTER EVENT TRIGGER", .kind = STATEMENT_SWITCH},
	NODE(ALTER_PUBLICATION_STMT) = {.verb = "ALTER PUBLICATION", .kind = STATEMENT_SWITCH},
	NODE(ALTER_SUBSCRIPTION_STMT) = {.verb = "ALTER SUBSCRIPTION", .kind = STATEMENT_SWITCH},
	NODE(ALTER_ROLE_STMT) = {.verb = "ALTER ROLE", .kind = STATEMENT_SWITCH},
	NODE(ALTER_ROLE_SET_STMT) = {.verb = "ALTER ROLE … SET", .kind = STATEMENT_SWITCH},
	NODE(ALTER_DATABASE_STMT) = {.verb = "ALTER DATABASE", .kind = STATEMENT_SWITCH},
	NODE(ALTER_DATABASE_SET_STMT) = {.verb = "ALTER DATABASE … SET", .kind = STATEMENT_SWITCH},
	NODE(ALTER_DATABASE_REFRESH_COLL_STMT) = {.verb = "ALTER DATABASE", .kind = STATEMENT_SWITCH},
	NODE(ALTER_TSDICTIONARY_STMT) = {.verb = "ALTER TEXT SEARCH DICTIONARY", .kind = STATEMENT_SWITCH},
	NODE(ALTER_TSCONFIGURATION_STMT) = {.verb = "ALTER TEXT SEARCH CONFIGURATION", .kind = STATEMENT_SWITCH},
	NODE(ALTER_FDW_STMT) = {.verb = "ALTER FOREIGN DATA WRAPPER", .kind = STATEMENT_SWITCH},
	NODE(ALTER_FOREIGN_SERVER_STMT) = {.verb = "ALTER SERVER", .kind = STATEMENT_SWITCH},
	NODE(ALTER_USER_MAPPING_STMT) = {.verb = "ALTER USER MAPPING", .kind = STATEMENT_SWITCH},
	NODE(ALTER_TABLE_SPACE_OPTIONS_STMT) = {.verb = "ALTER TABLESPACE", .kind = STATEMENT_SWITCH},
	NODE(ALTER_TABLE_MOVE_ALL_STMT) = {.verb = "ALTER … ALL IN TABLESPACE", .kind = STATEMENT_SWITCH},
	NODE(ALTER_SYSTEM_STMT) = {.verb = "ALTER SYSTEM", .kind = STATEMENT_SWITCH, .outside_transaction = true},

	NODE(DROP_STMT) = {.verb = "DROP", .kind = STATEMENT_DESTRUCTIVE, .words = drop_words},
	NODE(TRUNCATE_STMT) = {.verb = "TRUNCATE", .kind = STATEMENT_DESTRUCTIVE},
	NODE(DROP_OWNED_STMT) = {.verb = "DROP OWNED", .kind = STATEMENT_DESTRUCTIVE},
	NODE(DROP_ROLE_STMT) = {.verb = "DROP ROLE", .kind = STATEMENT_DESTRUCTIVE},
	NODE(DROP_USER_MAPPING_STMT) = {.verb = "DROP USER MAPPING", .kind = STATEMENT_DESTRUCTIVE},
	NODE(DROP_SUBSCRIPTION_STMT) = {.verb = "DROP SUBSCRIPTION",
                                    .kind = STATEMENT_DESTRUCTIVE,
                                    .outside_transaction = true},
	NODE(DROPDB_STMT) = {.verb = "DROP DATABASE", .kind = STATEMENT_DESTRUCTIVE, .outside_transaction = true},
	NODE(DROP_TABLE_SPACE_STMT) = {.verb = "DROP TABLESPACE",
                                   .kind = STATEMENT_DESTRUCTIVE,
                                   .outside_transaction = true},

	NODE(DO_STMT) = {.verb = "DO", .kind = STATEMENT_OPAQUE},
	NODE(CALL_STMT) = {.verb = "CALL", .kind = STATEMENT_OPAQUE},
	NODE(EXECUTE_STMT) = {.verb = "EXECUTE", .kind = STATEMENT_OPAQUE},
	NODE(LOAD_STMT) = {.verb = "LOAD", .kind = STATEMENT_OPAQUE},
};

void verb_describe(const PgQuery__Node *node, struct arena *arena, struct statement *statement)
{
	size_t type = (size_t)node->node_case;
	struct row row = {"statement", STATEMENT_OPAQUE, false, NULL};

	if (node->node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_STMT) {
		verb_alter_table(node, arena, statement);
		return;
	}
	if (node->node_case == PG_QUERY__NODE__NODE_EXPLAIN_STMT && verb_runs(node->explain_stmt)) {
		verb_describe(node->explain_stmt->query, arena, statement);
		statement->verb = arena_printf(arena, "EXPLAIN ANALYZE %s", statement->verb);
		return;
	}
	if (type < sizeof(rows) / sizeof(*rows) && rows[type].verb)
		row = rows[type];
	statement->kind = row.kind;
	statement->verb = row.words ? row.words(node, arena) : row.verb;
	statement->outside_transaction = row.outside_transaction;
	verb_refine(node, statement);
}
