/* Walks the nodes of a plan. */
#include "engine/explain.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "sql/ident.h"

enum { NAMES_MAX = 4 };

static const char *word(json_t *node, const char *key)
{
	return json_string_value(json_object_get(node, key));
}

static double number(json_t *node, const char *key)
{
	return json_number_value(json_object_get(node, key));
}

/* The root node of an answer; NULL when it is none. */
static json_t *root_of(json_t *answer)
{
	return json_object_get(json_array_get(answer, 0), "Plan");
}

/* "Seq Scan on app.orders", "Index Scan of orders_pkey on app.orders", "Sort" */
static void add_node(json_t *node, struct buf *out)
{
	const char *type = word(node, "Node Type"), *index = word(node, "Index Name");
	struct relname table = {word(node, "Schema"), word(node, "Relation Name")};

	buf_add(out, type ? type : "?");
	if (index) {
		buf_add(out, " of ");
		ident_quote(out, index);
	}
	if (table.schema && table.name) {
		buf_add(out, " on ");
		ident_quote_relname(out, &table);
	} else if (word(node, "Function Name")) {
		buf_addf(out, " on %s", word(node, "Function Name"));
	}
}

/* Distinct texts; only the first few are kept. */
struct names {
	struct arena *arena;
	const char *items[NAMES_MAX];
	size_t kept, more;
};

static void note(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->kept; i++)
		if (strcmp(names->items[i], name) == 0)
			return;
	if (names->kept < NAMES_MAX)
		names->items[names->kept++] = arena_strdup(names->arena, name);
	else
		names->more++;
}

/* An index by its name; another way to read a table as PostgreSQL calls it. */
static void collect(json_t *node, struct names *names)
{
	const char *index = word(node, "Index Name"), *type = word(node, "Node Type");
	struct buf text = {0};
	json_t *child;
	size_t i;

	if (index) {
		buf_add(&text, "index ");
		ident_quote(&text, index);
	} else if (word(node, "Relation Name") && type && strcmp(type, "Bitmap Heap Scan") != 0 &&
	           strcmp(type, "ModifyTable") != 0) {
		add_node(node, &text);
	}
	if (text.length)
		note(names, buf_text(&text));
	buf_release(&text);
	json_array_foreach(json_object_get(node, "Plans"), i, child) collect(child, names);
}

const char *explain_served_by(const char *json, struct arena *arena)
{
	json_t *answer = json_loads(json, 0, NULL);
	struct names names = {.arena = arena};
	struct buf text = {0};
	const char *result = NULL;

	collect(root_of(answer), &names);
	for (size_t i = 0; i < names.kept; i++)
		buf_addf(&text, "%s%s", i == 0 ? "" : i + 1 == names.kept && !names.more ? " and " : ", ", names.items[i]);
	if (names.more)
		buf_addf(&text, " and %zu more", names.more);
	if (names.kept)
		result = arena_strdup(arena, buf_text(&text));
	buf_release(&text);
	json_decref(answer);
	return result;
}

/* What a node took with all below it: ms where it was measured, else cost. */
static double taken(json_t *node, bool measured)
{
	return measured ? number(node, "Actual Total Time") * number(node, "Actual Loops")
	                : number(node, "Total Cost");
}

static double taken_alone(json_t *node, bool measured)
{
	double sum = taken(node, measured);
	json_t *child;
	size_t i;

	json_array_foreach(json_object_get(node, "Plans"), i, child) sum -= taken(child, measured);
	return sum;
}

static void find_slowest(json_t *node, bool measured, json_t **slowest, double *most)
{
	double own = taken_alone(node, measured);
	json_t *child;
	size_t i;

	if (!*slowest || own > *most) {
		*slowest = node;
		*most = own;
	}
	json_array_foreach(json_object_get(node, "Plans"), i, child) find_slowest(child, measured, slowest, most);
}

/* "1,000,000" */
static void add_count(double count, struct buf *out)
{
	char digits[32];
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%.0f", count);

	for (size_t i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			buf_add_char(out, ',');
		buf_add_char(out, digits[i]);
	}
}

const char *explain_slowest(const char *json, struct arena *arena, bool *scans)
{
	json_t *answer = json_loads(json, 0, NULL), *root = root_of(answer), *slowest = NULL;
	bool measured = json_object_get(root, "Actual Loops") != NULL;
	const char *result = NULL;
	struct buf text = {0};
	double most = 0;

	*scans = false;
	if (json_is_object(root)) {
		find_slowest(root, measured, &slowest, &most);
		add_node(slowest, &text);
		*scans = word(slowest, "Node Type") && strcmp(word(slowest, "Node Type"), "Seq Scan") == 0;
	}
	if (measured && word(slowest, "Relation Name")) {
		buf_add(&text, ", ");
		/* Those that it read: what a filter threw away, too. */
		add_count((number(slowest, "Actual Rows") + number(slowest, "Rows Removed by Filter")) *
		              number(slowest, "Actual Loops"),
		          &text);
		buf_add(&text, " rows");
	}
	if (text.length)
		result = arena_strdup(arena, buf_text(&text));
	buf_release(&text);
	json_decref(answer);
	return result;
}
