/* A parallel table takes the place of its live one; everything that belongs to that goes over. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plan/carry_question.h"
#include "plan/names.h"
#include "plan/probes.h"
#include "plan/reverse.h"

enum { PAIRS_MAX = 16 };

struct rename_swap_args {
	struct relname live, shadow, retire_as;
	json_t *pairs;
	bool sync_back;
	struct text_list leaves;
};

static const struct option options[] = {
	{.name = "live",
     .kind = OPTION_TABLE,
     .offset = offsetof(struct rename_swap_args, live),
     .help = "the table in use"},
	{.name = "shadow",
     .kind = OPTION_TABLE,
     .offset = offsetof(struct rename_swap_args, shadow),
     .help = "the one that takes its place: filled and verified in earlier phases"},
	{.name = "retire_as",
     .kind = OPTION_TABLE,
     .offset = offsetof(struct rename_swap_args, retire_as),
     .help = "what the live table is called from then on, in the same schema"},
	{.name = "pairs",
     .kind = OPTION_ANY,
     .offset = offsetof(struct rename_swap_args, pairs),
     .help =
         "instead of these, several tables in one transaction: { { live = …, shadow = …, retire_as = … }, … }"},
	{.name = "sync_back",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct rename_swap_args, sync_back),
     .default_value = "false",
     .help = "the retired table follows what is written from then on, so that undo brings it back with all of it, "
             "until the plan is done or the retired table goes"},
	{.name = "leaves",
     .kind = OPTION_TEXTS,
     .offset = offsetof(struct rename_swap_args, leaves),
     .help = "names of what can't go over and stays with the retired table, such as a materialized view"},
	OPTION_END,
};

/* ---- The pairs ---- */

/* "app.orders" of one entry of `pairs`; NULL, or what is wrong with it. */
static const char *read_name(json_t *entry, const char *option, struct arena *arena, struct relname *out)
{
	const char *text = json_string_value(json_object_get(entry, option)), *wrong;

	if (!text)
		return arena_printf(arena, "each of pairs is a table of live, shadow and retire_as; one has no %s",
		                    option);
	wrong = ident_parse_relname(text, arena, out);
	return wrong ? arena_printf(arena, "%s of pairs: %s", option, wrong) : NULL;
}

static bool is_of_pair(const char *name)
{
	return strcmp(name, "live") == 0 || strcmp(name, "shadow") == 0 || strcmp(name, "retire_as") == 0;
}

static const char *read_pair(json_t *entry, struct arena *arena, struct swap_pair *pair)
{
	const char *name, *wrong = NULL;
	json_t *value;

	json_object_foreach(entry, name, value) if (!wrong && !is_of_pair(name)) wrong =
		arena_printf(arena, "a pair has live, shadow and retire_as, and no \"%s\"", name);
	if (!wrong)
		wrong = read_name(entry, "live", arena, &pair->live);
	if (!wrong)
		wrong = read_name(entry, "shadow", arena, &pair->shadow);
	return wrong ? wrong : read_name(entry, "retire_as", arena, &pair->retired);
}

/* All of them, in the arena; NULL, or what is wrong with the option. */
static const char *read_pairs(const struct rename_swap_args *args, struct arena *arena, struct swap_pair **pairs,
                              size_t *count)
{
	const char *wrong = NULL;

	*count = args->pairs ? json_array_size(args->pairs) : 1;
	if (*count == 0 || *count > PAIRS_MAX)
		return arena_printf(arena, "pairs is no list of one to %d pairs", PAIRS_MAX);
	*pairs = arena_array(arena, struct swap_pair, *count);
	if (!args->pairs)
		**pairs = (struct swap_pair){args->live, args->shadow, args->retire_as};
	for (size_t i = 0; args->pairs && i < *count && !wrong; i++)
		wrong = read_pair(json_array_get(args->pairs, i), arena, &(*pairs)[i]);
	return wrong;
}

static const struct swapping *swapping_of(const struct rename_swap_args *args, struct arena *arena)
{
	struct swapping *swapping = arena_alloc(arena, sizeof(*swapping));
	struct swap_pair *pairs = NULL;

	read_pairs(args, arena, &pairs, &swapping->count);
	swapping->pairs = pairs;
	swapping->sync_back = args->sync_back;
	swapping->leaves = args->leaves;
	return swapping;
}

static const struct swapping *swaps(const void *step, struct arena *arena)
{
	return swapping_of(step, arena);
}

/* ---- What the plan shows ---- */

static bool check_pair(const struct swap_pair *pair, const struct option_place *place, struct diags *diags)
{
	const char *schema = pair->live.schema;

	if (strcmp(schema, pair->shadow.schema) != 0 || strcmp(schema, pair->retired.schema) != 0)
		return bad_option(
			place, diags, strcmp(schema, pair->shadow.schema) ? "shadow" : "retire_as",
			arena_printf(&diags->arena, "%s is not in the schema of %s",
		                 relname_quoted(&diags->arena,
		                                strcmp(schema, pair->shadow.schema) ? &pair->shadow : &pair->retired),
		                 relname_quoted(&diags->arena, &pair->live)),
			"a switch only renames: write all three names with the schema of the live table");
	if (relname_equal(&pair->live, &pair->shadow) || relname_equal(&pair->live, &pair->retired) ||
	    relname_equal(&pair->shadow, &pair->retired))
		return bad_option(place, diags, "retire_as", "two of live, shadow and retire_as have the same name",
		                  "the live table gets a name of its own, and the shadow that of the live table");
	return true;
}

static bool twice(const struct swap_pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (relname_equal(&pairs[i].live, &pairs[j].live) ||
			    relname_equal(&pairs[i].shadow, &pairs[j].shadow) ||
			    relname_equal(&pairs[i].retired, &pairs[j].retired))
				return true;
	return false;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct rename_swap_args *args = step;
	struct swap_pair *pairs;
	const char *wrong;
	size_t count;
	bool ok = true;

	if (args->pairs && (args->live.name || args->shadow.name || args->retire_as.name))
		return bad_option(place, diags, "pairs", "a switch has either live, shadow and retire_as, or pairs",
		                  "write all of them into pairs");
	if (!args->pairs && (!args->live.name || !args->shadow.name || !args->retire_as.name))
		return bad_option(place, diags, args->live.name ? "live" : NULL,
		                  arena_printf(&diags->arena, "rename_swap without %s",
		                               !args->live.name     ? "live"
		                               : !args->shadow.name ? "shadow"
		                                                    : "retire_as"),
		                  "rename_swap { live = \"app.orders\", shadow = \"app.orders_v2\", retire_as ="
		                  " \"app.orders_retired\", sync_back = true }");
	if (args->pairs && !json_is_array(args->pairs))
		return bad_option(place, diags, "pairs", "pairs is no list",
		                  "pairs = { { live = …, shadow = …, retire_as = … }, … }");
	wrong = read_pairs(args, &diags->arena, &pairs, &count);
	if (wrong)
		return bad_option(place, diags, "pairs", wrong, "pairs = { { live = …, shadow = …, retire_as = … }, … }");
	for (size_t i = 0; i < count; i++)
		ok = check_pair(&pairs[i], place, diags) && ok;
	if (ok && twice(pairs, count))
		ok = bad_option(place, diags, "pairs", "a table is in two of the pairs", "each table takes one place");
	return ok;
}

static bool first_pair(const void *step, struct swap_pair *pair)
{
	struct arena arena = {0};
	struct swap_pair *pairs;
	size_t count;

	/* Names of the single pair are borrowed from the args; those of a list are in its JSON. */
	if (((const struct rename_swap_args *)step)->pairs)
		return false;
	read_pairs(step, &arena, &pairs, &count);
	*pair = *pairs;
	arena_release(&arena);
	return true;
}

static bool subject(const void *step, struct relname *table)
{
	struct swap_pair pair;

	if (!first_pair(step, &pair))
		return false;
	*table = pair.live;
	return true;
}

static bool other_subject(const void *step, struct relname *table)
{
	struct swap_pair pair;

	if (!first_pair(step, &pair))
		return false;
	*table = pair.retired;
	return true;
}

/* The shadows first, then the live tables. */
static bool stands_on(const void *step, size_t n, struct arena *arena, struct relname *table)
{
	const struct swapping *s = swapping_of(step, arena);

	if (n >= 2 * s->count)
		return false;
	*table = n < s->count ? s->pairs[n].shadow : s->pairs[n - s->count].live;
	return true;
}

/* ---- What the catalogue shows ---- */

/* clang-format off */

/* $1, $2, $3: text[] of live tables, shadows and retired names, quoted. */
static const char query[] =
	"WITH p AS (SELECT u.n, u.live, u.shadow, u.retired, l.oid AS l, l.relkind, s.oid AS s, r.oid AS r,"
	" o.owner FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY u(live, shadow, retired, n)"
	" LEFT JOIN pg_catalog.pg_class l ON l.oid = pg_catalog.to_regclass(u.live)"
	" LEFT JOIN pg_catalog.pg_class s ON s.oid = pg_catalog.to_regclass(u.shadow)"
	" LEFT JOIN pg_catalog.pg_class r ON r.oid = pg_catalog.to_regclass(u.retired)"
	" LEFT JOIN LATERAL (SELECT c.oid::regclass::text || ' belongs to role ' ||"
	" pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)) FROM pg_catalog.pg_class c WHERE c.oid IN (l.oid, s.oid)"
	" AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') LIMIT 1) o(owner) ON true),"
	" w AS (SELECT p.*, CASE WHEN p.l IS NULL THEN 'missing' WHEN p.relkind <> 'r' OR p.r IS NOT NULL AND p.s IS NOT NULL"
	" THEN 'conflict' WHEN p.r IS NOT NULL THEN 'partial' WHEN p.s IS NULL THEN 'missing' ELSE 'absent' END AS state FROM p)"
	" SELECT CASE WHEN pg_catalog.bool_or(w.state = 'conflict') OR pg_catalog.bool_or(w.state = 'partial')"
	" AND pg_catalog.bool_or(w.state = 'absent') THEN 'conflict' WHEN pg_catalog.bool_or(w.state = 'missing') THEN 'missing'"
	" ELSE pg_catalog.min(w.state) END AS state,"
	" (pg_catalog.array_agg(CASE WHEN w.l IS NULL THEN 'no table ' || w.live WHEN w.state = 'missing' THEN 'no table '"
	" || w.shadow WHEN w.relkind <> 'r' THEN w.live || ' is no ordinary table' WHEN w.r IS NOT NULL THEN w.retired ||"
	" ' is there already' END ORDER BY CASE w.state WHEN 'conflict' THEN 1 WHEN 'missing' THEN 2 WHEN 'partial' THEN 3 ELSE 4"
	" END, w.n))[1] AS found, 'a live table, a shadow, and a retired name that is free' AS expected,"
	" CASE WHEN pg_catalog.bool_or(w.r IS NOT NULL) THEN 'choose another name for retire_as, or drop what has it if nobody"
	" needs that' WHEN pg_catalog.bool_or(w.l IS NULL) THEN 'correct the name' ELSE 'parallel_table makes it, in an earlier"
	" phase of the same plan' END AS help,"
	" CASE WHEN pg_catalog.bool_or(w.r IS NOT NULL) THEN 'retire_as' WHEN pg_catalog.bool_or(w.l IS NULL OR w.relkind <> 'r')"
	" THEN 'live' ELSE 'shadow' END AS option, pg_catalog.min(w.owner) AS not_owner,"
	" (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('run', x[1], 'number', x[2], 'schema', n.nspname, 'name',"
	" c.relname) ORDER BY w.n)::text FROM w JOIN pg_catalog.pg_trigger t ON t.tgrelid = w.l JOIN pg_catalog.pg_class c"
	" ON c.oid = w.l JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,"
	" pg_catalog.regexp_match(t.tgname::text, '^~interlock_([0-9]+)_([0-9]+)_r$') x WHERE x IS NOT NULL) AS following FROM w";

/* clang-format on */

static const char *names_array(const struct swapping *s, size_t offset, struct arena *arena)
{
	const char **items = arena_array(arena, const char *, s->count);

	for (size_t i = 0; i < s->count; i++)
		items[i] = relname_quoted(arena, (const struct relname *)((const char *)&s->pairs[i] + offset));
	return array_or_empty(items, s->count, arena);
}

static void probe(const void *step, struct probe *probe)
{
	const struct swapping *s = swapping_of(step, probe->arena);

	probe->query =
		(struct probe_query){.sql = query,
	                         .params = {names_array(s, offsetof(struct swap_pair, live), probe->arena),
	                                    names_array(s, offsetof(struct swap_pair, shadow), probe->arena),
	                                    names_array(s, offsetof(struct swap_pair, retired), probe->arena)},
	                         .count = 3};
}

/* ---- There and back ---- */

/* What stands for the transaction that the engine puts together (engine/swap.h). */
static void add_swap(const struct swapping *s, bool back, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	struct buf out = {0};
	struct stmt *stmt;

	for (size_t i = 0; i < s->count; i++) {
		const struct swap_pair *p = &s->pairs[i];
		const char *live = relname_quoted(arena, &p->live);

		buf_addf(&out, "%sALTER TABLE %s RENAME TO %s; ALTER TABLE %s RENAME TO %s", i ? "; " : "", live,
		         ident_quoted(arena, back ? p->shadow.name : p->retired.name),
		         relname_quoted(arena, back ? &p->retired : &p->shadow), ident_quoted(arena, p->live.name));
	}
	stmt = stmts_add(stmts, STMT_BATCHES, "%s", buf_text(&out));
	buf_release(&out);
	stmt->swapping = s;
	stmt->note = "one brief transaction, with all that belongs to the table; then its foreign keys are validated";
	for (size_t i = 0; i < s->count; i++) {
		stmt_lock(stmts, stmt, &s->pairs[i].live, LOCK_ACCESS_EXCLUSIVE);
		stmt_lock(stmts, stmt, back ? &s->pairs[i].retired : &s->pairs[i].shadow, LOCK_ACCESS_EXCLUSIVE);
	}
}

static bool not_owner(const struct facts *facts, struct stmts *stmts)
{
	const char *owner = record_get(facts->now, "not_owner");

	if (owner)
		stmts_refuse(stmts, "run as that role, or as a member of it", "%s, and only an owner may rename it",
		             owner);
	return owner != NULL;
}

/* Of this run's own swap that was cut short only the end is left; anything else that has the name is in the way.
 */
static bool name_taken(const struct facts *facts, struct stmts *stmts)
{
	if (facts->state != STATE_PARTIAL || facts->before)
		return false;
	stmts_refuse(stmts, record_get(facts->now, "help"), "%s", record_get(facts->now, "found"));
	stmts->refusal_option = "retire_as";
	return true;
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	if (!not_owner(facts, stmts) && !name_taken(facts, stmts))
		add_swap(swapping_of(step, stmts->arena), false, stmts);
}

/* A question for undo, before anything is taken back: is there what the retired tables could not hold? */
static void ask_conflicts(const struct facts *facts, struct stmts *stmts)
{
	struct stmt *stmt =
		stmts_add(stmts, STMT_TOGETHER,
	              "SELECT k.key AS \"key\", k.message, k.since FROM interlock.undo_conflict k WHERE k.run = %lld"
	              " AND k.kind <> 'left' ORDER BY k.since LIMIT %d",
	              (long long)facts->run, VERIFY_ROWS);

	stmt->must_be_empty = true;
	stmt->wrong = "the retired table can't hold what was written since the switch, and undo would lose it";
	stmt->help = "mend these rows in the live table, run interlock sync, then undo again";
	stmt->note = "what the retired table can't hold";
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct rename_swap_args *args = step;
	const char *now = record_get(facts->now, "state");

	if (now && strcmp(now, "partial") == 0) {
		if (!args->sync_back)
			stmts_refuse(stmts, "only a backup, or a plan that copies the other way, brings it back",
			             "it switched without sync_back: what was written since is not in the retired table");
		else if (!record_get(facts->now, "following"))
			stmts_refuse(stmts, "only a backup, or a plan that copies the other way, brings it back",
			             "the retired table follows no more: what was written since is not in it");
		stmts->refusal_stays = stmts->refusal != NULL;
		if (stmts->refusal || not_owner(facts, stmts))
			return;
		ask_conflicts(facts, stmts);
	} else if (facts->state == STATE_CONFLICT || facts->state == STATE_MISSING) {
		stmts_refuse(stmts, "undo by hand what was changed since, then undo again",
		             "the tables are not as the switch left them: %s", record_get(facts->now, "found"));
		return;
	}
	add_swap(swapping_of(step, stmts->arena), true, stmts);
}

/* The retired tables stop following. */
static void finish(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const char *text = record_get(facts->now, "following");
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *entry;
	size_t i;

	(void)step;
	json_array_foreach(list, i, entry)
	{
		int64_t run = strtoll(json_string_value(json_object_get(entry, "run")), NULL, 10);
		int number = (int)strtol(json_string_value(json_object_get(entry, "number")), NULL, 10);
		struct relname live = {
			arena_strdup(stmts->arena, json_string_value(json_object_get(entry, "schema"))),
			arena_strdup(stmts->arena, json_string_value(json_object_get(entry, "name"))),
		};

		if (run != facts->run)
			continue;
		reverse_drop(&live, run, number, stmts);
		stmts_add(stmts, STMT_TOGETHER,
		          "UPDATE interlock.pair SET state = 'ended' WHERE run = %lld AND number = %d", (long long)run,
		          number);
	}
	json_decref(list);
}

static void describe(const void *step, struct buf *out)
{
	struct arena arena = {0};
	const struct swapping *s = swapping_of(step, &arena);

	for (size_t i = 0; i < s->count; i++)
		buf_addf(out, "%s%s for %s", i ? ", " : "switch ", relname_quoted(&arena, &s->pairs[i].shadow),
		         relname_quoted(&arena, &s->pairs[i].live));
	arena_release(&arena);
}

const struct step_type step_rename_swap = {
	.name = "rename_swap",
	.summary = "puts a filled parallel table in the place of its live one, in one transaction of milliseconds",
	.example = "rename_swap { live = \"app.orders\", shadow = \"app.orders_v2\",\n"
			   "              retire_as = \"app.orders_retired\", sync_back = true }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,\n"
			 "  total numeric NOT NULL, note text);\n"
			 "INSERT INTO app.orders (total) SELECT n FROM generate_series(1, 100) n",
	.class = CLASS_SWITCH,
	.size = sizeof(struct rename_swap_args),
	.options = options,
	.locks =
		"ACCESS EXCLUSIVE on both tables, on those that refer to the live one and those that it refers to, and "
		"on its views, for milliseconds; then SHARE UPDATE EXCLUSIVE while foreign keys are validated",
	.way_back =
		"with sync_back: the retired table comes back with everything written since, until the plan is done "
		"or the retired table goes; without it: none",
	.looks_again = true,
	.only_registry_tells = true,
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.other_subject = other_subject,
	.stands_on = stands_on,
	.swaps = swaps,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.finish = finish,
	.describe = describe,
};
