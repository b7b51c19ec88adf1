/* The options of a plan itself and of the blocks at which it waits. */
#include "plan/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/interval.h"
#include "plan/rollout.h"
#include "plan/window.h"

const struct option setting_options[] = {
	{.name = "title",
     .kind = OPTION_TEXT,
     .required = true,
     .offset = offsetof(struct plan_settings, title),
     .help = "what the plan is for, in one line"},
	{.name = "owner",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct plan_settings, owner),
     .help = "the team to ask"},
	{.name = "ticket",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct plan_settings, ticket),
     .help = "where the reason is written down"},
	{.name = "search_path",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct plan_settings, search_path),
     .default_value = "pg_catalog, public, pg_temp",
     .help = "the search_path of the plan's own SQL, the same in every session"},
	{.name = "lock_timeout",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct plan_settings, lock_timeout),
     .default_value = "50 ms",
     .minimum = 1,
     .maximum = 60000,
     .help = "how long one attempt waits for a lock, and so the longest that others wait behind it"},
	{.name = "lock_attempts",
     .kind = OPTION_INTEGER,
     .offset = offsetof(struct plan_settings, lock_attempts),
     .default_value = "600",
     .minimum = 1,
     .maximum = 1000000,
     .help = "how often a lock is tried before the step gives up (600 are about 10 minutes)"},
	{.name = "lock_hold",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct plan_settings, lock_hold),
     .default_value = "500 ms",
     .minimum = 10,
     .maximum = 60000,
     .help = "how long a lock that others wait for may be held before the work is rolled back"},
	{.name = "min_server",
     .kind = OPTION_VERSION,
     .offset = offsetof(struct plan_settings, min_server),
     .help = "the oldest PostgreSQL that the plan is written for"},
	{.name = "standbys",
     .kind = OPTION_TEXTS,
     .offset = offsetof(struct plan_settings, standbys),
     .help =
         "connection strings of standbys whose readers count too, as \"host=db2\"; passwords come from ~/.pgpass"},
	{.name = "windows",
     .kind = OPTION_TEXTS,
     .offset = offsetof(struct plan_settings, windows),
     .help = "hours in which long steps may work, as \"22:00-06:00 Europe/Berlin\"; interlock help throttle"},
	{.name = "batch_target",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct plan_settings, batch_target),
     .minimum = 5,
     .maximum = 2000,
     .help =
         "how long a batch of a long step is to take, and so the longest that its rows are locked (25 ms where a"
         " table is filled in place)"},
	{.name = "max_replica_lag",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct plan_settings, max_replica_lag),
     .minimum = 100,
     .maximum = INT64_C(7) * 86400000,
     .help = "how far a standby may be behind before the next batch waits (5 seconds)"},
	{.name = "max_wal_rate",
     .kind = OPTION_INTEGER,
     .offset = offsetof(struct plan_settings, max_wal_rate),
     .minimum = 1,
     .maximum = 100000,
     .help = "how many MB of WAL the server may write in a second, for others too, before the next batch waits"},
	{.name = "max_active_sessions",
     .kind = OPTION_INTEGER,
     .offset = offsetof(struct plan_settings, max_active_sessions),
     .minimum = 1,
     .maximum = 100000,
     .help = "how many other sessions may be at work on the server before the next batch waits"},
	OPTION_END,
};

const struct option gate_options[] = {
	{.name = "text",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct gate_args, text),
     .help = "what must be true before the plan goes on, for the person who passes the gate"},
	{.name = "query",
     .kind = OPTION_QUERY,
     .offset = offsetof(struct gate_args, query),
     .help = "a query of one boolean; the gate passes by itself when it is true"},
	{.name = "app",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct gate_args, app),
     .help = "an application whose sessions are named APP/VERSION (application_name); with at_least"},
	{.name = "at_least",
     .kind = OPTION_VERSION,
     .offset = offsetof(struct gate_args, at_least),
     .help = "the gate passes by itself when sessions of app are there and none is of an older version"},
	{.name = "no_sessions",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct gate_args, no_sessions),
     .help = "the gate passes by itself when no session has an application_name like this (LIKE)"},
	{.name = "quiet",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct gate_args, quiet),
     .default_value = "10 minutes",
     .minimum = 1,
     .maximum = INT64_C(30) * 86400000,
     .help = "for how long no such session may have been seen"},
	OPTION_END,
};

const struct option approval_options[] = {
	{.name = "role",
     .kind = OPTION_NAME,
     .offset = offsetof(struct approval_args, role),
     .help = "the database role whose members may approve; without it anybody may who can write the registry"},
	{.name = "by_other",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct approval_args, by_other),
     .default_value = "true",
     .help = "whether it must be somebody else than the role that started the run"},
	OPTION_END,
};

const struct option safety_options[] = {
	{.name = "unused",
     .kind = OPTION_TABLES,
     .offset = offsetof(struct safety_args, unused),
     .help = "tables that nobody may read meanwhile; a read starts the period again"},
	{.name = "allow",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct safety_args, allow),
     .help =
         "reads that do no harm, as \"1 scan a day\" for a backup that is not pg_dump; a little early is fine"},
	OPTION_END,
};

const struct option rollout_options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct rollout_args, table),
     .help = "the table of those who come in, for what preview and status tell about it"},
	{.name = "column",
     .kind = OPTION_COLUMN,
     .required = true,
     .offset = offsetof(struct rollout_args, column),
     .help = "its column whose value, as text, is the key that the application asks with"},
	{.name = "percent",
     .kind = OPTION_ANY,
     .required = true,
     .offset = offsetof(struct rollout_args, percent),
     .help = "the shares of all keys at which it stops, ascending, as { 1, 10, 50, 100 }"},
	OPTION_END,
};

/* The word at *at, without an "s" at its end, and moves on. */
static size_t take_word(const char **at, const char **word)
{
	size_t length;

	while (isspace((unsigned char)**at))
		++*at;
	*word = *at;
	while (isalpha((unsigned char)**at))
		++*at;
	length = (size_t)(*at - *word);
	return length > 1 && ((*word)[length - 1] == 's' || (*word)[length - 1] == 'S') ? length - 1 : length;
}

static bool is_one_of(const char *word, size_t length, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (strlen(words[i]) == length && strncasecmp(word, words[i], length) == 0)
			return true;
	return false;
}

/* "2 scans a day", "1 scan per hour". */
static bool allow_parse(const char *text, int64_t *scans, int64_t *within)
{
	static const char *const things[] = {"scan", "read", NULL}, *const links[] = {"a", "an", "per", "every", NULL};
	static const char *const units[] = {"hour", "day", "week", NULL};
	const char *word, *rest;
	char unit[16], *end;
	size_t length;

	*scans = strtoll(text, &end, 10);
	rest = end;
	if (!isdigit((unsigned char)*text) || *scans < 1 || *scans > 1000000)
		return false;
	length = take_word(&rest, &word);
	if (!is_one_of(word, length, things))
		return false;
	length = take_word(&rest, &word);
	if (!is_one_of(word, length, links))
		return false;
	length = take_word(&rest, &word);
	if (!is_one_of(word, length, units) || *rest)
		return false;
	snprintf(unit, sizeof(unit), "1 %.*s", (int)length, word);
	return interval_parse(unit, within);
}

/* One half of a condition is none, and the gate would never pass by itself. */
static void settle_gate(const struct gate_args *gate, const struct option_place *place, struct diags *diags)
{
	if (gate->app && !gate->at_least)
		diag_help(
			&diags->arena,
			option_error(place, diags, "bad-option", "app", "\"app\" without \"at_least\" waits for no release"),
			"name the oldest version that may be live: at_least = \"5.3\"");
	if (gate->at_least && !gate->app)
		diag_help(&diags->arena,
		          option_error(place, diags, "bad-option", "at_least",
		                       "\"at_least\" without \"app\" is a version of nothing"),
		          "name the application, as its sessions do: app = \"checkout\"");
}

void block_settle(struct block *block, const struct option_place *place, struct diags *diags)
{
	struct safety_args *safety = &block->wait.safety;
	struct diag *diag;

	if (block->kind == BLOCK_GATE)
		settle_gate(&block->wait.gate, place, diags);
	if (block->kind == BLOCK_ROLLOUT)
		rollout_settle(&block->wait.rollout, place, diags);
	if (block->kind != BLOCK_SAFETY_PERIOD || !safety->allow)
		return;
	if (!allow_parse(safety->allow, &safety->allow_scans, &safety->allow_within)) {
		diag = option_error(place, diags, "bad-option", "allow",
		                    "\"%s\" does not say how many scans in which time", safety->allow);
		diag_help(&diags->arena, diag, "write it as allow = \"1 scan a day\"; hour and week are known too");
	} else if (safety->unused.count == 0) {
		diag = option_error(place, diags, "bad-option", "allow", "\"allow\" without \"unused\" allows nothing");
		diag_help(&diags->arena, diag, "name the tables that nobody may read: unused = \"app.orders_retired\"");
	}
}

/* user:password@ in a URI. */
static bool uri_has_password(const char *text)
{
	const char *rest = strstr(text, "://"), *end = rest ? strpbrk(rest + 3, "@/") : NULL;

	return end && *end == '@' && memchr(rest + 3, ':', (size_t)(end - rest) - 3);
}

/* Windows that can't be read, or could mean two things. */
static void settle_windows(const struct text_list *windows, const struct option_place *place, struct diags *diags)
{
	struct window_problem problem;
	struct window_list list;
	struct diag *diag;

	if (windows_parse(windows, &diags->arena, &list, &problem))
		return;
	diag = option_error(place, diags, "bad-option", "windows", "%s", problem.what);
	diag_help(&diags->arena, diag, "%s", problem.help);
}

void settings_settle(const struct plan_settings *settings, const struct option_place *place, struct diags *diags)
{
	settle_windows(&settings->windows, place, diags);
	for (size_t i = 0; i < settings->standbys.count; i++) {
		const char *text = settings->standbys.items[i];
		struct diag *diag = NULL;

		if (strstr(text, "password") || uri_has_password(text)) {
			diag = option_error(place, diags, "bad-option", "standbys", "a standby's address holds a password");
			diag_help(&diags->arena, diag, "leave it out, and write it to ~/.pgpass: plans are kept and shown");
		} else if (!strchr(text, '=') && !strstr(text, "://")) {
			diag = option_error(place, diags, "bad-option", "standbys", "\"%s\" is not a connection string", text);
			diag_help(&diags->arena, diag, "write standbys = { \"host=db2 port=5432\" }, as psql takes it");
		}
	}
}
