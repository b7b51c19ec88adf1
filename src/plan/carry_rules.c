/*
 * Triggers, rules and row security: the new table gets them in the switch,
 * because earlier they would act on what is copied.  The retired table keeps
 * its own, switched off, so that nothing acts on what is brought back into it.
 */
#include "plan/carry_sql.h"

/* clang-format off */

/* "ALTER TABLE app.orders ENABLE ALWAYS TRIGGER t", as pg_trigger and pg_rewrite say how it fires. */
#define FIRING(object, kind, state) \
	"'ALTER TABLE ' || it.name || CASE " state " WHEN 'A' THEN ' ENABLE ALWAYS' WHEN 'R' THEN ' ENABLE REPLICA'" \
	" WHEN 'D' THEN ' DISABLE' ELSE ' ENABLE' END || ' " kind " ' || " object ".name"
#define OFF(object, kind) "'ALTER TABLE ' || it.name || ' DISABLE " kind " ' || " object ".name"
#define THING(object, kind) "'" kind " ' || " object ".name || ' ON ' || it.name"
#define IF_CARRIED(object, statement) "CASE WHEN NOT " object ".is_left THEN " statement " END"
#define LACKS_HELP "'drop it in an earlier phase, make it again behind the switch, or name it in leaves'"

/* The capture of this pair is the switch's own to take away. */
const char carry_triggers[] =
	CARRY_WITH ", t AS (SELECT t.oid, quote_ident(t.tgname) AS name, t.tgenabled AS state, 'trigger ' || quote_ident(t.tgname)"
	" || ' of ' || it.name AS what, t.tgname AS ordinal, pg_get_triggerdef(t.oid) AS def,"
	" starts_with(t.tgname::text, '~interlock_') AS ours,"
	" t.tgname ~ '^~interlock_[0-9]+_[0-9]+_r(_t)?$' AS back,"
	" p.proname ~ '^capture_[0-9]+_[0-9]+$' AND n.nspname = 'interlock'"
	" AS capture, obj_description(t.oid, 'pg_trigger') AS comment, " CARRY_LACKS("pg_trigger", "t.oid") " AS lacks, "
	CARRY_IS_LEFT("ARRAY[t.tgname::text]") " AS is_left, EXISTS (SELECT FROM pg_catalog.pg_trigger s"
	" WHERE s.tgrelid = it.shadow AND s.tgname = t.tgname) AS is_there"
	" FROM it JOIN pg_catalog.pg_trigger t ON t.tgrelid = it.live AND NOT t.tgisinternal"
	" JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace),"
	" theirs AS (SELECT * FROM t WHERE NOT (ours AND capture))"
	CARRY_ANSWER("theirs",
	CARRY_REFUSAL("CASE WHEN theirs.ours AND theirs.back THEN 'the table that an earlier switch retired follows through it' END",
	"'let the plan of that switch end first'") ","
	CARRY_REFUSAL("CASE WHEN theirs.ours AND NOT theirs.back THEN 'it keeps columns of ' || it.name"
	" || ' in step, and would not on the new table' END", "'end that first, with drop_sync or by finishing its plan'") ","
	CARRY_REFUSAL("CASE WHEN NOT theirs.is_left THEN " CARRY_LACKS_REASON("theirs.lacks") " END", LACKS_HELP) ","
	CARRY_REFUSAL("CASE WHEN NOT theirs.is_left AND theirs.is_there THEN it.shadow_name || ' has a trigger of that name' END",
	"'leave it to the switch to make it, or name it in leaves'") ","
	CARRY_ROW(ON_DETACH, "0", "CASE WHEN theirs.state <> 'D' THEN " OFF("theirs", "TRIGGER") " END") ","
	CARRY_ROW(ON_ATTACH, "0", IF_CARRIED("theirs", "theirs.def")) ","
	CARRY_ROW(ON_ATTACH, "1", "CASE WHEN theirs.state <> 'O' THEN " IF_CARRIED("theirs", FIRING("theirs", "TRIGGER", "theirs.state"))
	" END") ","
	CARRY_ROW(ON_ATTACH, "2", IF_CARRIED("theirs", CARRY_COMMENT(THING("theirs", "TRIGGER"), "theirs.comment"))) ","
	CARRY_ROW(ON_BACK_DETACH, "0", IF_CARRIED("theirs", "'DROP ' || " THING("theirs", "TRIGGER"))) ","
	CARRY_ROW(ON_BACK_ATTACH, "0", "CASE WHEN theirs.state <> 'D' THEN " FIRING("theirs", "TRIGGER", "theirs.state") " END"));

const char carry_rules[] =
	CARRY_WITH ", r AS (SELECT r.oid, quote_ident(r.rulename) AS name, r.ev_enabled AS state, 'rule ' || quote_ident(r.rulename)"
	" || ' of ' || it.name AS what, r.rulename AS ordinal, rtrim(pg_get_ruledef(r.oid), ';') AS def,"
	" obj_description(r.oid, 'pg_rewrite') AS comment, " CARRY_LACKS("pg_rewrite", "r.oid") " AS lacks, "
	CARRY_IS_LEFT("ARRAY[r.rulename::text]") " AS is_left, EXISTS (SELECT FROM pg_catalog.pg_rewrite s"
	" WHERE s.ev_class = it.shadow AND s.rulename = r.rulename) AS is_there"
	" FROM it JOIN pg_catalog.pg_rewrite r ON r.ev_class = it.live AND r.rulename <> '_RETURN')"
	CARRY_ANSWER("r",
	CARRY_REFUSAL("CASE WHEN NOT r.is_left THEN " CARRY_LACKS_REASON("r.lacks") " END", LACKS_HELP) ","
	CARRY_REFUSAL("CASE WHEN NOT r.is_left AND r.is_there THEN it.shadow_name || ' has a rule of that name' END",
	"'leave it to the switch to make it, or name it in leaves'") ","
	CARRY_ROW(ON_DETACH, "0", "CASE WHEN r.state <> 'D' THEN " OFF("r", "RULE") " END") ","
	CARRY_ROW(ON_ATTACH, "0", IF_CARRIED("r", "r.def")) ","
	CARRY_ROW(ON_ATTACH, "1", "CASE WHEN r.state <> 'O' THEN " IF_CARRIED("r", FIRING("r", "RULE", "r.state")) " END") ","
	CARRY_ROW(ON_ATTACH, "2", IF_CARRIED("r", CARRY_COMMENT(THING("r", "RULE"), "r.comment"))) ","
	CARRY_ROW(ON_BACK_DETACH, "0", IF_CARRIED("r", "'DROP ' || " THING("r", "RULE"))) ","
	CARRY_ROW(ON_BACK_ATTACH, "0", "CASE WHEN r.state <> 'D' THEN " FIRING("r", "RULE", "r.state") " END"));

#define POLICY_DEF \
	"'CREATE POLICY ' || quote_ident(p.polname) || ' ON ' || it.name || CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END" \
	" || CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE' WHEN 'd' THEN" \
	" ' FOR DELETE' ELSE '' END || ' TO ' || (SELECT string_agg(" CARRY_GRANTEE("u.role") ", ', ' ORDER BY u.n)" \
	" FROM unnest(p.polroles) WITH ORDINALITY u(role, n)) || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')" \
	" || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')"

const char carry_policies[] =
	CARRY_WITH ", p AS (SELECT p.oid, quote_ident(p.polname) AS name, 'policy ' || quote_ident(p.polname) || ' of ' || it.name AS what,"
	" p.polname AS ordinal, " POLICY_DEF " AS def, obj_description(p.oid, 'pg_policy') AS comment, "
	CARRY_LACKS("pg_policy", "p.oid") " AS lacks, " CARRY_IS_LEFT("ARRAY[p.polname::text]") " AS is_left,"
	" EXISTS (SELECT FROM pg_catalog.pg_policy s WHERE s.polrelid = it.shadow AND s.polname = p.polname) AS is_there"
	" FROM it JOIN pg_catalog.pg_policy p ON p.polrelid = it.live)"
	CARRY_ANSWER("p",
	CARRY_REFUSAL("CASE WHEN NOT p.is_left THEN " CARRY_LACKS_REASON("p.lacks") " END", LACKS_HELP) ","
	CARRY_REFUSAL("CASE WHEN NOT p.is_left AND p.is_there THEN it.shadow_name || ' has a policy of that name' END",
	"'leave it to the switch to make it, or name it in leaves'") ","
	CARRY_ROW(ON_ATTACH, "0", IF_CARRIED("p", "p.def")) ","
	CARRY_ROW(ON_ATTACH, "1", IF_CARRIED("p", CARRY_COMMENT(THING("p", "POLICY"), "p.comment"))) ","
	CARRY_ROW(ON_BACK_DETACH, "0", IF_CARRIED("p", "'DROP ' || " THING("p", "POLICY"))));

/* What the shadow has of it by itself stays. */
const char carry_row_security[] =
	CARRY_WITH ", s AS (SELECT 'row security of ' || it.name AS what, 0 AS ordinal, 'ALTER TABLE ' || it.name AS alter,"
	" l.relrowsecurity AND NOT n.relrowsecurity AS enabled, l.relforcerowsecurity AND NOT n.relforcerowsecurity AS forced"
	" FROM it JOIN pg_catalog.pg_class l ON l.oid = it.live JOIN pg_catalog.pg_class n ON n.oid = it.shadow)"
	CARRY_ANSWER("s",
	CARRY_ROW(ON_ATTACH, "0", "CASE WHEN s.enabled THEN s.alter || ' ENABLE ROW LEVEL SECURITY' END") ","
	CARRY_ROW(ON_ATTACH, "1", "CASE WHEN s.forced THEN s.alter || ' FORCE ROW LEVEL SECURITY' END") ","
	CARRY_ROW(ON_BACK_DETACH, "0", "CASE WHEN s.enabled THEN s.alter || ' DISABLE ROW LEVEL SECURITY' END") ","
	CARRY_ROW(ON_BACK_DETACH, "1", "CASE WHEN s.forced THEN s.alter || ' NO FORCE ROW LEVEL SECURITY' END"));

/* clang-format on */
