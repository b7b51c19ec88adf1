/* Options: what each kind takes and refuses, in which order problems are told, defaults, the canonical form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/option.h"
#include "plan/step.h"

struct all {
	struct relname table;
	struct table_list tables;
	struct relname object;
	struct sql_object thing;
	struct text_list texts;
	struct column_list columns;
	const char *column, *name, *definition, *references, *type, *expression, *predicate, *query, *statements,
		*undo, *choice, *text, *version;
	int64_t interval, integer, unbounded;
	const int64_t *number;
	bool boolean;
	json_t *any;
};

static const char *const choices[] = {"skip", "set null", NULL};

#define ROW(field, ...)                                                                                           \
	{                                                                                                             \
		.name = #field, .offset = offsetof(struct all, field), .help = "help of " #field, __VA_ARGS__             \
	}

static const struct option options[] = {
	ROW(table, .kind = OPTION_TABLE),
	ROW(tables, .kind = OPTION_TABLES),
	ROW(object, .kind = OPTION_OBJECT),
	ROW(thing, .kind = OPTION_THING),
	ROW(texts, .kind = OPTION_TEXTS),
	ROW(column, .kind = OPTION_COLUMN),
	ROW(columns, .kind = OPTION_COLUMNS),
	ROW(name, .kind = OPTION_NAME),
	ROW(definition, .kind = OPTION_DEFINITION),
	ROW(references, .kind = OPTION_REFERENCES),
	ROW(type, .kind = OPTION_TYPE),
	ROW(expression, .kind = OPTION_EXPRESSION),
	ROW(predicate, .kind = OPTION_PREDICATE),
	ROW(query, .kind = OPTION_QUERY),
	ROW(statements, .kind = OPTION_STATEMENTS),
	ROW(undo, .kind = OPTION_UNDO),
	ROW(interval, .kind = OPTION_INTERVAL, .minimum = 10, .maximum = 60000),
	ROW(integer, .kind = OPTION_INTEGER, .minimum = -1, .maximum = 5),
	ROW(unbounded, .kind = OPTION_INTEGER),
	ROW(number, .kind = OPTION_NUMBER, .minimum = -9, .maximum = 9),
	ROW(boolean, .kind = OPTION_BOOLEAN),
	ROW(choice, .kind = OPTION_CHOICE, .choices = choices),
	ROW(text, .kind = OPTION_TEXT),
	ROW(version, .kind = OPTION_VERSION),
	ROW(any, .kind = OPTION_ANY),
	OPTION_END,
};

static const struct option needy[] = {
	ROW(table, .kind = OPTION_TABLE, .required = true),
	ROW(type, .kind = OPTION_TYPE, .required = true),
	ROW(integer, .kind = OPTION_INTEGER, .minimum = 1, .maximum = 5),
	OPTION_END,
};

static const struct option with_defaults[] = {
	ROW(table, .kind = OPTION_TABLE, .default_value = "app.orders"),
	ROW(tables, .kind = OPTION_TABLES, .default_value = "app.a"),
	ROW(column, .kind = OPTION_COLUMN, .default_value = "id"),
	ROW(columns, .kind = OPTION_COLUMNS, .default_value = "a, b DESC"),
	ROW(type, .kind = OPTION_TYPE, .default_value = "bigint"),
	ROW(query, .kind = OPTION_QUERY, .default_value = "SELECT 1"),
	ROW(interval, .kind = OPTION_INTERVAL, .default_value = "1 hour"),
	ROW(integer, .kind = OPTION_INTEGER, .default_value = "7"),
	ROW(boolean, .kind = OPTION_BOOLEAN, .default_value = "true"),
	ROW(choice, .kind = OPTION_CHOICE, .choices = choices, .default_value = "set null"),
	ROW(text, .kind = OPTION_TEXT, .default_value = "words"),
	ROW(version, .kind = OPTION_VERSION, .default_value = "5.3.0"),
	OPTION_END,
};

static struct arena arena;
static struct diags diags;
static struct all all;
static struct common_args common;
static json_t *given;

static int forget(void **state)
{
	(void)state;
	arena_release(&arena);
	diags_release(&diags);
	json_decref(given);
	given = NULL;
	memset(&all, 0, sizeof(all));
	memset(&common, 0, sizeof(common));
	return 0;
}

static bool decode(const struct option *rows, const char *json)
{
	const struct option_set set = {{rows, common_options}, {&all, &common}, false};
	const struct span chain[] = {{"plans/a.lua", 3}};
	const struct option_place place = {{"lib/keys.lua", 12}, chain, 1, "add_thing"};
	json_error_t error;

	forget(NULL);
	given = json_loads(json, 0, &error);
	if (!given)
		fail_msg("%s: %s", json, error.text);
	return options_decode(&set, given, &place, &arena, &diags);
}

static void assert_good(const char *json)
{
	if (!decode(options, json))
		fail_msg("%s: %s", json, diags.first ? diags.first->summary : "refused without a word");
	assert_int_equal(diags.errors, 0);
}

/* The one problem has that rule and these words. */
static void assert_bad(const char *json, const char *rule, const char *summary)
{
	if (decode(options, json))
		fail_msg("%s was accepted", json);
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.first->rule, rule);
	if (!strstr(diags.first->summary, summary))
		fail_msg("\"%s\" has no \"%s\"", diags.first->summary, summary);
	assert_non_null(diags.first->help);
}

/* ---- Kinds ---- */

static void tables(void **state)
{
	(void)state;
	assert_good("{\"table\": \"app.orders\"}");
	assert_string_equal(all.table.schema, "app");
	assert_string_equal(all.table.name, "orders");
	assert_good("{\"table\": \"Orders\"}");
	assert_string_equal(all.table.schema, "public");
	assert_string_equal(all.table.name, "orders");
	assert_good("{\"table\": \"app.\\\"Order Items\\\"\"}");
	assert_string_equal(all.table.name, "Order Items");
	assert_bad("{\"table\": \"app.order items\"}", "bad-option", "is not the name of a table");
	assert_bad("{\"table\": \"\"}", "bad-option", "is not the name of a table");
	assert_bad("{\"table\": \"a.b.c\"}", "bad-option", "is not the name of a table");
	assert_bad("{\"table\": 5}", "bad-option", "must be the name of a table");
	assert_bad("{\"table\": [\"a\"]}", "bad-option", "must be the name of a table");
	assert_bad("{\"table\": null}", "bad-option", "must be the name of a table");
}

static void objects(void **state)
{
	(void)state;
	assert_good("{\"object\": \"app.status\"}");
	assert_string_equal(all.object.schema, "app");
	assert_string_equal(all.object.name, "status");
	assert_bad("{\"object\": \"a b\"}", "bad-option", "is not a name: ");
	assert_good("{\"thing\": \"app.users\"}");
	assert_int_equal(all.thing.kind, OBJECT_RELATION);
	assert_string_equal(all.thing.schema, "app");
	assert_string_equal(all.thing.text, "app.users");
	assert_good("{\"thing\": \"Column  users.EMAIL\"}");
	assert_int_equal(all.thing.kind, OBJECT_COLUMN);
	assert_string_equal(all.thing.member, "email");
	assert_string_equal(all.thing.text, "column users.email");
	assert_bad("{\"thing\": \"table a; drop table b\"}", "bad-sql", "a kind and a name");
	assert_bad("{\"thing\": 5}", "bad-option", "a kind and a name");
}

static void lists_of_texts(void **state)
{
	(void)state;
	assert_good("{\"texts\": \"open\"}");
	assert_int_equal(all.texts.count, 1);
	assert_string_equal(all.texts.items[0], "open");
	assert_good("{\"texts\": [\"open\", \"paid\"]}");
	assert_int_equal(all.texts.count, 2);
	assert_string_equal(all.texts.items[1], "paid");
	assert_bad("{\"texts\": []}", "bad-option", "must be a text, or a list of texts");
	assert_bad("{\"texts\": [\"open\", 1]}", "bad-option", "must be a text, or a list of texts");
	assert_bad("{\"texts\": 1}", "bad-option", "must be a text, or a list of texts");
}

static void lists_of_tables(void **state)
{
	(void)state;
	assert_good("{\"tables\": \"app.a\"}");
	assert_int_equal(all.tables.count, 1);
	assert_string_equal(all.tables.items[0].name, "a");
	assert_good("{\"tables\": [\"a\", \"app.b\"]}");
	assert_int_equal(all.tables.count, 2);
	assert_string_equal(all.tables.items[0].schema, "public");
	assert_string_equal(all.tables.items[1].schema, "app");
	assert_string_equal(all.tables.items[1].name, "b");
	assert_bad("{\"tables\": [\"a\", \"b c\"]}", "bad-option", "is not the name of a table");
	assert_bad("{\"tables\": [\"a\", 2]}", "bad-option", "or a list of them");
	assert_bad("{\"tables\": true}", "bad-option", "or a list of them");
	assert_bad("{\"tables\": {\"a\": \"b\"}}", "bad-option", "or a list of them");
}

static void names(void **state)
{
	(void)state;
	assert_good("{\"column\": \"Total\", \"name\": \"\\\"Total\\\"\"}");
	assert_string_equal(all.column, "total");
	assert_string_equal(all.name, "Total");
	assert_bad("{\"column\": \"a.b\"}", "bad-option", "is not a name");
	assert_bad("{\"column\": \"a, b\"}", "bad-option", "is not a name");
	assert_bad("{\"column\": false}", "bad-option", "must be the name of a column");
	assert_bad("{\"name\": \"a b\"}", "bad-option", "is not a name");
	assert_bad("{\"name\": [\"a\"]}", "bad-option", "must be a name");
}

static void lists_of_columns(void **state)
{
	(void)state;
	assert_good("{\"columns\": \"a, lower( b )  DESC\"}");
	assert_int_equal(all.columns.count, 2);
	assert_string_equal(all.columns.items[0].column, "a");
	assert_null(all.columns.items[1].column);
	assert_string_equal(all.columns.text, "a, lower(b) desc");
	assert_good("{\"columns\": [\"a\", \"\\\"B c\\\" DESC\"]}");
	assert_int_equal(all.columns.count, 2);
	assert_string_equal(all.columns.items[1].column, "B c");
	assert_string_equal(all.columns.text, "a, \"B c\" desc");
	assert_bad("{\"columns\": \"a,\"}", "bad-sql", "must be columns");
	assert_bad("{\"columns\": \"a) WHERE (true\"}", "bad-sql", "must be columns");
	assert_bad("{\"columns\": \"\"}", "bad-sql", "must be columns");
	assert_bad("{\"columns\": [\"a\", \"\"]}", "bad-sql", "must be columns");
	assert_bad("{\"columns\": []}", "bad-option", "must be columns");
	assert_bad("{\"columns\": [\"a\", 5]}", "bad-option", "must be columns");
	assert_bad("{\"columns\": 5}", "bad-option", "must be columns");
}

/* A comment in one entry must not swallow the next. */
static void an_entry_of_a_list_is_one_column(void **state)
{
	(void)state;
	assert_bad("{\"columns\": [\"a --\", \"b\"]}", "bad-option", "one column");
	assert_bad("{\"columns\": [\"a /*\", \"b */\"]}", "bad-option", "one column");
	assert_bad("{\"columns\": [\"a, b\"]}", "bad-option", "one column");
	assert_good("{\"columns\": [\"coalesce(a, b)\", \"(c + d)\"]}");
	assert_int_equal(all.columns.count, 2);
}

static void sql_of_each_kind(void **state)
{
	static const char *const good[] = {
		"{\"definition\": \"id bigint PRIMARY KEY, n int CHECK (n > 0)\"}",
		"{\"references\": \"app.orgs\"}",
		"{\"references\": \"app.orgs(id)\"}",
		"{\"type\": \"varchar(255)[]\"}",
		"{\"expression\": \"now() - interval '1 day'\"}",
		"{\"predicate\": \"a > 5 AND NOT b\"}",
		"{\"query\": \"SELECT 1 UNION ALL SELECT 2\"}",
		"{\"statements\": \"UPDATE a SET b = 1; DELETE FROM c\"}",
		"{\"undo\": \"DROP TABLE a\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_good(good[i]);
	assert_good("{\"type\": \"text\", \"undo\": \"DROP TABLE a\", \"query\": \"TABLE a\"}");
	assert_string_equal(all.type, "text");
	assert_string_equal(all.undo, "DROP TABLE a");
	assert_string_equal(all.query, "TABLE a");
}

static void sql_of_another_kind(void **state)
{
	(void)state;
	assert_bad("{\"definition\": \"id bigint); DROP TABLE a; --\"}", "bad-sql", "must be column definitions");
	assert_bad("{\"references\": \"app.orgs(id) ON DELETE CASCADE\"}", "bad-sql",
	           "must be a table, or table(column)");
	assert_bad("{\"type\": \"text; DROP TABLE a\"}", "bad-sql", "must be a type");
	assert_bad("{\"type\": \"text DEFAULT 1\"}", "bad-sql", "must be a type");
	assert_bad("{\"expression\": \"1, 2\"}", "bad-sql", "must be an SQL expression");
	assert_bad("{\"expression\": \"\"}", "bad-sql", "must be an SQL expression");
	assert_bad("{\"predicate\": \"a >\"}", "bad-sql", "must be an SQL condition");
	assert_bad("{\"query\": \"DELETE FROM a\"}", "bad-sql", "must be a SELECT");
	assert_bad("{\"query\": \"SELECT 1; SELECT 2\"}", "bad-sql", "must be a SELECT");
	assert_bad("{\"statements\": \"SELEC 1\"}", "bad-sql", "must be SQL statements");
	assert_bad("{\"undo\": \"DROP TABL a\"}", "bad-sql", "must be SQL statements, or false");
}

static void sql_is_a_string(void **state)
{
	static const char *const sql[] = {"definition", "references", "type",       "expression",
	                                  "predicate",  "query",      "statements", "undo"};

	(void)state;
	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
		char json[64];

		snprintf(json, sizeof(json), "{\"%s\": 5}", sql[i]);
		assert_bad(json, "bad-option", "must be");
		snprintf(json, sizeof(json), "{\"%s\": true}", sql[i]);
		assert_bad(json, "bad-option", "must be");
	}
	assert_bad("{\"statements\": false}", "bad-option", "must be SQL statements");
	assert_good("{\"undo\": false}");
	assert_string_equal(all.undo, "");
}

static void intervals(void **state)
{
	(void)state;
	assert_good("{\"interval\": \"10 ms\"}");
	assert_int_equal(all.interval, 10);
	assert_good("{\"interval\": \"1 min\"}");
	assert_int_equal(all.interval, 60000);
	assert_bad("{\"interval\": \"9 ms\"}", "bad-option", "must be between 10 ms and 1 min");
	assert_bad("{\"interval\": \"60001 ms\"}", "bad-option", "must be between 10 ms and 1 min");
	assert_bad("{\"interval\": \"soon\"}", "bad-option", "must be a length of time");
	assert_bad("{\"interval\": 50}", "bad-option", "must be a length of time");
}

static void integers(void **state)
{
	(void)state;
	assert_good("{\"integer\": -1, \"unbounded\": 9223372036854775807}");
	assert_int_equal(all.integer, -1);
	assert_true(all.unbounded == INT64_MAX);
	assert_good("{\"integer\": 5}");
	assert_int_equal(all.integer, 5);
	assert_bad("{\"integer\": 6}", "bad-option", "must be between -1 and 5");
	assert_bad("{\"integer\": -2}", "bad-option", "must be between -1 and 5");
	assert_bad("{\"integer\": 1.5}", "bad-option", "must be a whole number");
	assert_bad("{\"integer\": \"1\"}", "bad-option", "must be a whole number");
	assert_null(all.number);
	assert_good("{\"number\": 0}");
	assert_non_null(all.number);
	assert_int_equal(*all.number, 0);
	assert_bad("{\"number\": -10}", "bad-option", "must be between -9 and 9");
	assert_bad("{\"number\": \"0\"}", "bad-option", "must be a whole number");
}

static void booleans_and_choices(void **state)
{
	(void)state;
	assert_good("{\"boolean\": true, \"choice\": \"set null\"}");
	assert_true(all.boolean);
	assert_ptr_equal(all.choice, choices[1]);
	assert_good("{\"boolean\": false}");
	assert_false(all.boolean);
	assert_bad("{\"boolean\": \"true\"}", "bad-option", "must be true or false");
	assert_bad("{\"boolean\": 1}", "bad-option", "must be true or false");
	assert_bad("{\"choice\": \"skipped\"}", "bad-option", "must be one of \"skip\", \"set null\"");
	assert_bad("{\"choice\": \"SKIP\"}", "bad-option", "must be one of \"skip\", \"set null\"");
	assert_bad("{\"choice\": 1}", "bad-option", "must be one of \"skip\", \"set null\"");
}

static void texts_and_versions(void **state)
{
	static const char *const bad[] = {"", ".", "5.", ".5", "5..3", "5.3-beta", "v5", "5 3"};

	(void)state;
	assert_good("{\"text\": \"any words; at 'all'\", \"version\": \"5.3.0\"}");
	assert_string_equal(all.text, "any words; at 'all'");
	assert_string_equal(all.version, "5.3.0");
	assert_good("{\"version\": \"15\"}");
	assert_bad("{\"text\": 5}", "bad-option", "must be a text");
	assert_bad("{\"version\": 5.3}", "bad-option", "must be a version");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char json[64];

		snprintf(json, sizeof(json), "{\"version\": \"%s\"}", bad[i]);
		assert_bad(json, "bad-option", "must be a version");
	}
}

static void anything(void **state)
{
	(void)state;
	assert_good("{\"any\": {\"a\": [1, false]}}");
	assert_ptr_equal(all.any, json_object_get(given, "any"));
	assert_good("{\"any\": false}");
	assert_true(json_is_false(all.any));
	assert_good("{}");
	assert_null(all.any);
}

static void every_kind_has_a_name(void **state)
{
	(void)state;
	for (enum option_kind kind = OPTION_TABLE; kind <= OPTION_ANY; kind++)
		assert_true(strlen(option_kind_name(kind)) > 2);
	assert_string_equal(option_kind_name(OPTION_EXPRESSION), "sql expression");
	assert_true(option_kind_is_sql(OPTION_TYPE));
	assert_true(option_kind_is_sql(OPTION_COLUMNS));
	assert_false(option_kind_is_sql(OPTION_TABLE));
	assert_false(option_kind_is_sql(OPTION_TEXT));
}

/* ---- What is told, and in which order ---- */

static void problems_say_where_and_how_out(void **state)
{
	(void)state;
	assert_bad("{\"integer\": 6}", "bad-option", "\"integer\" of add_thing");
	assert_string_equal(diags.first->span.file, "lib/keys.lua");
	assert_int_equal(diags.first->span.line, 12);
	assert_int_equal(diags.first->chain_length, 1);
	assert_int_equal(diags.first->chain[0].line, 3);
	assert_string_equal(diags.first->help, "help of integer; interlock help add_thing");
}

static void unknown_names_are_suggested(void **state)
{
	(void)state;
	assert_bad("{\"tpye\": \"text\"}", "unknown-option", "add_thing has no option \"tpye\"");
	assert_string_equal(diags.first->help, "did you mean \"type\"?");
	assert_non_null(strstr(diags.first->details[0], "expression, predicate, query"));
	assert_non_null(strstr(diags.first->details[0], "lock_timeout"));
	assert_bad("{\"lock_tmeout\": \"5 s\"}", "unknown-option", "has no option \"lock_tmeout\"");
	assert_string_equal(diags.first->help, "did you mean \"lock_timeout\"?");
	assert_false(decode(options, "{\"zzz\": 1}"));
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.first->help, "interlock help add_thing");
}

static void missing_options_are_named(void **state)
{
	(void)state;
	assert_false(decode(needy, "{\"table\": \"a\"}"));
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.first->rule, "missing-option");
	assert_string_equal(diags.first->summary, "add_thing needs the option \"type\"");
	assert_string_equal(diags.first->details[0], "type: type, help of type");
	assert_false(decode(needy, "{}"));
	assert_int_equal(diags.errors, 2);
	assert_true(decode(needy, "{\"table\": \"a\", \"type\": \"text\"}"));
}

/* Else a typo would read as "missing". */
static void unknown_comes_before_bad_and_missing_last(void **state)
{
	(void)state;
	assert_false(decode(needy, "{\"integer\": 99, \"tpye\": \"text\", \"table\": \"a b\"}"));
	assert_int_equal(diags.errors, 3);
	assert_string_equal(diags.first->rule, "unknown-option");
	assert_string_equal(diags.first->next->rule, "bad-option");
	assert_string_equal(diags.first->next->next->rule, "bad-option");
	assert_false(decode(needy, "{\"integer\": 99}"));
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.first->rule, "bad-option");
}

static void common_options_go_to_their_own_struct(void **state)
{
	(void)state;
	assert_good("{\"type\": \"text\", \"timeout\": \"1 h\", \"lock_timeout\": \"5 s\", \"lock_attempts\": 3, "
	            "\"loses\": \"nobody reads it\"}");
	assert_int_equal(common.timeout, 3600000);
	assert_int_equal(common.lock_timeout, 5000);
	assert_int_equal(common.lock_attempts, 3);
	assert_string_equal(common.loses, "nobody reads it");
	assert_string_equal(all.type, "text");
	assert_bad("{\"lock_attempts\": 0}", "bad-option", "must be between 1 and 1000000");
	assert_bad("{\"lock_timeout\": \"61 s\"}", "bad-option", "must be between 1 ms and 1 min");
	assert_bad("{\"timeout\": \"0 s\"}", "bad-option", "must be between 1 ms and 30 days");
	assert_bad("{\"loses\": true}", "bad-option", "must be a text");
}

/* ---- Defaults and the canonical form ---- */

static void defaults_are_as_a_plan_would_write_them(void **state)
{
	(void)state;
	assert_true(decode(with_defaults, "{}"));
	assert_string_equal(all.table.name, "orders");
	assert_int_equal(all.tables.count, 1);
	assert_string_equal(all.column, "id");
	assert_int_equal(all.columns.count, 2);
	assert_string_equal(all.columns.items[1].column, "b");
	assert_string_equal(all.type, "bigint");
	assert_string_equal(all.query, "SELECT 1");
	assert_int_equal(all.interval, 3600000);
	assert_int_equal(all.integer, 7);
	assert_true(all.boolean);
	assert_ptr_equal(all.choice, choices[1]);
	assert_string_equal(all.text, "words");
	assert_string_equal(all.version, "5.3.0");
	assert_null(all.undo);
}

static void what_is_given_beats_the_default(void **state)
{
	(void)state;
	assert_true(
		decode(with_defaults, "{\"boolean\": false, \"integer\": 0, \"text\": \"\", \"choice\": \"skip\"}"));
	assert_false(all.boolean);
	assert_int_equal(all.integer, 0);
	assert_string_equal(all.text, "");
	assert_ptr_equal(all.choice, choices[0]);
	assert_string_equal(all.version, "5.3.0");
}

static void assert_canonical(const struct option *rows, bool defaults, const char *json, const char *wanted)
{
	const struct option_set set = {{rows, common_options}, {NULL}, false};
	json_t *value = json_loads(json, 0, NULL), *copy = json_deep_copy(value), *canonical;
	char *text;

	assert_non_null(value);
	canonical = options_canonical(&set, value, defaults);
	text = json_dumps(canonical, JSON_SORT_KEYS | JSON_COMPACT);
	assert_string_equal(text, wanted);
	assert_true(json_equal(value, copy));
	free(text);
	json_decref(canonical);
	json_decref(copy);
	json_decref(value);
}

static void the_canonical_form_normalises_sql_alone(void **state)
{
	(void)state;
	assert_canonical(options, false, "{\"type\": \" VARCHAR (5) -- short\\n\", \"expression\": \"A+b\"}",
	                 "{\"expression\":\"a + b\",\"type\":\"varchar(5)\"}");
	assert_canonical(options, false, "{\"text\": \"A  B -- c\", \"table\": \"App.X\"}",
	                 "{\"table\":\"App.X\",\"text\":\"A  B -- c\"}");
	assert_canonical(options, false, "{\"columns\": [\"a\", \"B DESC\"]}", "{\"columns\":\"a, b desc\"}");
	assert_canonical(options, false, "{\"columns\": \"a,B  DESC\"}", "{\"columns\":\"a, b desc\"}");
	assert_canonical(options, false, "{\"columns\": [1]}", "{\"columns\":[1]}");
	assert_canonical(options, false, "{\"undo\": false}", "{\"undo\":false}");
	assert_canonical(options, false, "{\"undo\": \"DROP  TABLE a;\"}", "{\"undo\":\"drop table a\"}");
	assert_canonical(options, false, "{\"any\": {\"b\": \"X  Y\"}, \"zzz\": [1]}",
	                 "{\"any\":{\"b\":\"X  Y\"},\"zzz\":[1]}");
}

/* The second time: what was found to be SQL is borrowed as it is, and everything else is still checked. */
static void sql_that_was_parsed_is_taken_as_it_is(void **state)
{
	const struct option_set set = {{options}, {&all}, true};
	const struct option_place place = {{NULL, 0}, NULL, 0, "add_thing"};

	(void)state;
	forget(NULL);
	given = json_pack("{s:s, s:b}", "type", "no type, but text", "undo", 0);
	assert_true(options_decode(&set, given, &place, &arena, &diags));
	assert_ptr_equal(all.type, json_string_value(json_object_get(given, "type")));
	assert_string_equal(all.undo, "");
	json_object_set_new(given, "type", json_integer(5));
	assert_false(options_decode(&set, given, &place, &arena, &diags));
	assert_string_equal(diags.first->rule, "bad-option");
}

static void defaults_are_in_it_only_on_request(void **state)
{
	(void)state;
	assert_canonical(with_defaults, false, "{\"integer\": 1}", "{\"integer\":1}");
	assert_canonical(with_defaults, true, "{\"integer\": 1, \"boolean\": false, \"timeout\": \"1 s\"}",
	                 "{\"boolean\":false,\"choice\":\"set null\",\"column\":\"id\",\"columns\":\"a, b DESC\","
	                 "\"integer\":1,\"interval\":\"1 hour\",\"query\":\"SELECT 1\",\"table\":\"app.orders\","
	                 "\"tables\":\"app.a\",\"text\":\"words\",\"timeout\":\"1 s\",\"type\":\"bigint\","
	                 "\"version\":\"5.3.0\"}");
	assert_canonical(options, true, "{}", "{}");
}

/* ---- The rows of the program ---- */

/* A default must be something that a plan could have written. */
static void assert_defaults_are_valid(const struct option *rows, size_t size, const char *name)
{
	json_t *no_options = json_object();
	struct arena memory = {0};
	struct diags problems = {0};
	const struct option_place place = {{NULL, 0}, NULL, 0, name};

	for (const struct option *o = rows; o->name; o++) {
		struct option one[] = {*o, OPTION_END};
		const struct option_set set = {{one}, {arena_alloc(&memory, size)}, false};
		json_t *written;

		one[0].required = false;
		written = options_canonical(&set, no_options, true);
		if (!options_decode(&set, written, &place, &memory, &problems))
			fail_msg("%s: %s", name, problems.first->summary);
		assert_int_equal(json_object_size(written), o->default_value ? 1 : 0);
		assert_non_null(o->help);
		assert_false(o->kind == OPTION_ANY && o->default_value);
		json_decref(written);
	}
	json_decref(no_options);
	arena_release(&memory);
	diags_release(&problems);
}

static void the_defaults_of_all_primitives_are_valid(void **state)
{
	(void)state;
	for (size_t i = 0; step_types[i]; i++)
		assert_defaults_are_valid(step_types[i]->options, step_types[i]->size, step_types[i]->name);
	assert_defaults_are_valid(common_options, sizeof(struct common_args), "common options");
	assert_ptr_equal(step_type_find(step_types[0]->name), step_types[0]);
	assert_null(step_type_find("no_such_step"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(lists_of_tables),
		cmocka_unit_test(objects),
		cmocka_unit_test(lists_of_texts),
		cmocka_unit_test(names),
		cmocka_unit_test(lists_of_columns),
		cmocka_unit_test(an_entry_of_a_list_is_one_column),
		cmocka_unit_test(sql_of_each_kind),
		cmocka_unit_test(sql_of_another_kind),
		cmocka_unit_test(sql_is_a_string),
		cmocka_unit_test(intervals),
		cmocka_unit_test(integers),
		cmocka_unit_test(booleans_and_choices),
		cmocka_unit_test(texts_and_versions),
		cmocka_unit_test(anything),
		cmocka_unit_test(every_kind_has_a_name),
		cmocka_unit_test(problems_say_where_and_how_out),
		cmocka_unit_test(unknown_names_are_suggested),
		cmocka_unit_test(missing_options_are_named),
		cmocka_unit_test(unknown_comes_before_bad_and_missing_last),
		cmocka_unit_test(common_options_go_to_their_own_struct),
		cmocka_unit_test(defaults_are_as_a_plan_would_write_them),
		cmocka_unit_test(what_is_given_beats_the_default),
		cmocka_unit_test(the_canonical_form_normalises_sql_alone),
		cmocka_unit_test(sql_that_was_parsed_is_taken_as_it_is),
		cmocka_unit_test(defaults_are_in_it_only_on_request),
		cmocka_unit_test(the_defaults_of_all_primitives_are_valid),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("option", tests, NULL, forget);
}
