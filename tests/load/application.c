/*
 * An application for the tests: several clients that write one table all the
 * while, and in the same transactions a second account of it, a table of its
 * own that nobody else touches.  Whatever happens to the table meanwhile, at
 * the end it must hold what the account says.
 *
 *   application -d CONNINFO --table T --key id=int --column name=text …
 *
 * Prints "ready" once all clients write, and at its end (SIGTERM, "stop" on
 * stdin or its end, --seconds) one line of JSON: what it did, what failed,
 * how long its statements took.  "new", "old" and "mixed" on stdin change the
 * shape in which the clients write (--new).
 *
 * --watch PATTERN looks fifty times a second which of the clients wait for
 * sessions of that application_name, and since when.
 */
#include "load.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t terminated;

static void on_signal(int number)
{
	(void)number;
	terminated = 1;
}

static void die(const char *what, const char *detail)
{
	fprintf(stderr, "application: %s: %s\n", what, detail);
	exit(1);
}

enum {
	OPT_TABLE = 256,
	OPT_ACCOUNT,
	OPT_KEY,
	OPT_COLUMN,
	OPT_GIVEN,
	OPT_NEW,
	OPT_CLIENTS,
	OPT_NEW_CLIENTS,
	OPT_RATE,
	OPT_SECONDS,
	OPT_SEED,
	OPT_THINK,
	OPT_HOT,
	OPT_ISOLATION,
	OPT_WATCH,
	OPT_POINT,
	OPT_KEEP,
	OPT_RECONNECT,
	OPT_NO_UPSERT
};

static const struct option words[] = {
	{"table", required_argument, NULL, OPT_TABLE},
	{"account", required_argument, NULL, OPT_ACCOUNT},
	{"key", required_argument, NULL, OPT_KEY},       /* NAME=KIND, once per column of the key */
	{"column", required_argument, NULL, OPT_COLUMN}, /* NAME=KIND or NAME=KIND! */
	{"given", required_argument, NULL, OPT_GIVEN},   /* a column that the new release alone writes */
	{"new", required_argument, NULL, OPT_NEW},       /* NAME=NEW:EXPRESSION over {} */
	{"clients", required_argument, NULL, OPT_CLIENTS},
	{"new-clients", required_argument, NULL, OPT_NEW_CLIENTS},
	{"rate", required_argument, NULL, OPT_RATE}, /* transactions a second of all clients */
	{"seconds", required_argument, NULL, OPT_SECONDS},
	{"seed", required_argument, NULL, OPT_SEED},
	{"think", required_argument, NULL, OPT_THINK},         /* ms that some transactions stay open */
	{"hot", required_argument, NULL, OPT_HOT},             /* percent that write the same five rows */
	{"isolation", required_argument, NULL, OPT_ISOLATION}, /* mixed, committed, repeatable */
	{"watch", required_argument, NULL, OPT_WATCH},
	{"point", no_argument, NULL, OPT_POINT},
	{"keep-account", no_argument, NULL, OPT_KEEP},
	{"reconnect", no_argument, NULL, OPT_RECONNECT}, /* a server that goes away is no error */
	{"no-upsert", no_argument, NULL, OPT_NO_UPSERT},
	{NULL, 0, NULL, 0},
};

static int isolation_of(const char *name)
{
	static const char *const names[] = {"mixed", "committed", "repeatable"};

	for (int i = 0; i < 3; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	die("there is no isolation", name);
	return 0;
}

static void take_column(struct column *columns, int *count, int limit, char *text)
{
	if (*count == limit)
		die("too many columns", text);
	columns[(*count)++] = column_parse(text);
}

static void take_table_word(struct table *table, int word)
{
	switch (word) {
	case OPT_TABLE:
		table->name = optarg;
		break;
	case OPT_ACCOUNT:
		table->account = optarg;
		break;
	case OPT_KEY:
		take_column(table->keys, &table->key_count, MAX_KEYS, optarg);
		break;
	case OPT_GIVEN:
	case OPT_COLUMN:
		take_column(table->columns, &table->column_count, MAX_COLUMNS, optarg);
		table->columns[table->column_count - 1].given = word == OPT_GIVEN;
		break;
	case OPT_NEW:
		column_new_shape(table, optarg);
		break;
	case OPT_NO_UPSERT:
		table->upsert = false;
		break;
	default:
		exit(64);
	}
}

static void take_word(struct options *options, int word)
{
	switch (word) {
	case 'd':
		options->conninfo = optarg;
		break;
	case OPT_CLIENTS:
		options->clients = atoi(optarg);
		break;
	case OPT_NEW_CLIENTS:
		options->new_clients = atoi(optarg);
		break;
	case OPT_RATE:
		options->rate = atof(optarg);
		break;
	case OPT_SECONDS:
		options->seconds = atof(optarg);
		break;
	case OPT_SEED:
		options->seed = (unsigned)atoi(optarg);
		break;
	case OPT_THINK:
		options->think_ms = atoi(optarg);
		break;
	case OPT_HOT:
		options->hot = atoi(optarg);
		break;
	case OPT_ISOLATION:
		options->isolation = isolation_of(optarg);
		break;
	case OPT_WATCH:
		options->watch = optarg;
		break;
	case OPT_POINT:
		options->point = true;
		break;
	case OPT_KEEP:
		options->keep_account = true;
		break;
	case OPT_RECONNECT:
		options->reconnect = true;
		break;
	default:
		take_table_word(&options->table, word);
	}
}

static void take_options(struct options *options, int argc, char **argv)
{
	int word;

	while ((word = getopt_long(argc, argv, "d:", words, NULL)) != -1)
		take_word(options, word);
	if (!options->table.name || !options->table.key_count || !options->table.column_count)
		die("--table, --key and --column are wanted", "see tests/load/application.c");
	if (options->clients < 1 || options->clients > MAX_CLIENTS)
		die("--clients", "1 to 64");
}

static PGresult *query(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		die(sql, PQerrorMessage(conn));
	return result;
}

/* "k1, k2" or, with the columns, "k1, k2, a, b" */
static char *name_list(const struct table *table, bool columns)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < table->key_count; i++)
		fprintf(out, "%s%s", i ? ", " : "", table->keys[i].name);
	for (int i = 0; columns && i < table->column_count; i++)
		fprintf(out, ", %s", table->columns[i].name);
	fclose(out);
	return text;
}

/* The account begins as a copy of the table. */
static void open_account(PGconn *conn, const struct options *options)
{
	const struct table *table = &options->table;
	char *keys = name_list(table, false), *all = name_list(table, true), *sql = NULL;
	size_t size;
	FILE *out = open_memstream(&sql, &size);

	fprintf(out,
	        "SET client_min_messages = warning; CREATE SCHEMA IF NOT EXISTS account;"
	        " DROP TABLE IF EXISTS %s; CREATE TABLE %s AS SELECT %s FROM %s; ALTER TABLE %s ADD PRIMARY KEY (%s)",
	        table->account, table->account, all, table->name, table->account, keys);
	fclose(out);
	PQclear(query(conn, sql));
	free(sql);
	free(keys);
	free(all);
}

static void read_keys(PGconn *conn, const struct table *table, struct keys *keys)
{
	char *names = name_list(table, false), *sql = NULL;
	size_t size;
	FILE *out = open_memstream(&sql, &size);

	fprintf(out, "SELECT %s FROM %s ORDER BY %s", names, table->name, names);
	fclose(out);
	PGresult *result = query(conn, sql);
	keys->count = PQntuples(result);
	keys->texts = calloc((size_t)keys->count * (size_t)table->key_count + 1, sizeof *keys->texts);
	for (int row = 0; row < keys->count; row++)
		for (int i = 0; i < table->key_count; i++)
			keys->texts[row * table->key_count + i] = strdup(PQgetvalue(result, row, i));
	PQclear(result);
	free(sql);
	free(names);
}

static void free_keys(const struct table *table, struct keys *keys)
{
	for (int i = 0; i < keys->count * table->key_count; i++)
		free(keys->texts[i]);
	free(keys->texts);
}

/* What the parent knows of waits for the sessions that it watches for. */
struct watch {
	PGconn *conn;
	double longest_ms;
	char victim[TEXT], blocker[TEXT];
};

/* A client's wait for a lock counts while one of the sessions in its way is watched, directly or through another.
 */
static void look(struct watch *watch, const struct options *options)
{
	static const char sql[] =
		"WITH RECURSIVE waiting AS ("
		" SELECT l.pid, pg_catalog.clock_timestamp() - l.waitstart AS time, b.pid AS blocker FROM pg_catalog.pg_locks l"
		" JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid AND a.application_name = 'application',"
		" LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(l.pid)) AS b (pid) WHERE NOT l.granted"
		" UNION SELECT w.pid, w.time, b.pid FROM waiting w, LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.blocker)) AS b (pid))"
		" SELECT extract(epoch FROM w.time) * 1000, v.query, s.application_name || ': ' || s.query FROM waiting w"
		" JOIN pg_catalog.pg_stat_activity v ON v.pid = w.pid JOIN pg_catalog.pg_stat_activity s ON s.pid = w.blocker"
		" WHERE s.application_name LIKE $1 AND w.time IS NOT NULL ORDER BY 1 DESC LIMIT 1";
	const char *params[] = {options->watch};

	if (!options->watch)
		return;
	if (PQstatus(watch->conn) == CONNECTION_BAD) {
		PQreset(watch->conn);
		return;
	}
	PGresult *result = PQexecParams(watch->conn, sql, 1, NULL, params, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK && !options->reconnect)
		fprintf(stderr, "application: watching: %s", PQerrorMessage(watch->conn));
	if (PQntuples(result) && atof(PQgetvalue(result, 0, 0)) > watch->longest_ms) {
		watch->longest_ms = atof(PQgetvalue(result, 0, 0));
		snprintf(watch->victim, TEXT, "%s", PQgetvalue(result, 0, 1));
		snprintf(watch->blocker, TEXT, "%s", PQgetvalue(result, 0, 2));
	}
	PQclear(result);
}

/* false at "stop" or the end of stdin */
static bool hear(struct shared *shared)
{
	char line[64];
	ssize_t length = read(STDIN_FILENO, line, sizeof line - 1);

	if (length <= 0)
		return length < 0 && errno == EINTR;
	line[length] = '\0';
	if (strstr(line, "new"))
		shared->shape = 1;
	if (strstr(line, "old"))
		shared->shape = 0;
	if (strstr(line, "mixed"))
		shared->shape = 2;
	return !strstr(line, "stop");
}

/* Until it is told to stop. */
static void oversee(const struct options *options, struct shared *shared, struct watch *watch)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	int64_t end = now_us() + (int64_t)(options->seconds * 1e6);
	bool said = false;

	while (!terminated && (options->seconds <= 0 || now_us() < end)) {
		if (!said && shared->ready >= options->clients) {
			said = true;
			puts("ready");
			fflush(stdout);
		}
		if (poll(&in, options->seconds > 0 ? 0 : 1, 20) > 0 && !hear(shared))
			break;
		if (options->seconds > 0)
			usleep(20000);
		look(watch, options);
	}
	shared->stop = 1;
}

static void add_latency(struct latency *sum, const struct latency *one)
{
	for (int i = 0; i < BUCKETS; i++)
		sum->buckets[i] += one->buckets[i];
	if (one->longest_us > sum->longest_us) {
		sum->longest_us = one->longest_us;
		memcpy(sum->slowest, one->slowest, TEXT);
	}
}

static int64_t latency_count(const struct latency *latency)
{
	int64_t count = 0;

	for (int i = 0; i < BUCKETS; i++)
		count += latency->buckets[i];
	return count;
}

static double percentile_ms(const struct latency *latency, double percent)
{
	double left = (double)latency_count(latency) * percent / 100, limit = 10;
	int i = 0;

	for (; i < BUCKETS - 1 && (left -= latency->buckets[i]) > 0; i++)
		limit *= 1.1;
	double longest = (double)latency->longest_us;
	return (limit < longest ? limit : longest) / 1000;
}

/* A text that the server gave may have been cut in the middle of a character. */
static json_t *text_json(const char *text)
{
	char clean[TEXT];
	size_t i = 0;

	for (; text[i] && i < TEXT - 1; i++)
		clean[i] = (text[i] & 0x80) ? '?' : text[i];
	clean[i] = '\0';
	return json_string(clean);
}

static json_t *latency_json(const struct latency *latency)
{
	return json_pack("{s:I, s:f, s:f, s:f, s:o}", "count", (json_int_t)latency_count(latency), "p50_ms",
	                 percentile_ms(latency, 50), "p99_ms", percentile_ms(latency, 99), "longest_ms",
	                 (double)latency->longest_us / 1000, "slowest", text_json(latency->slowest));
}

static json_t *failures_json(const struct options *options, const struct shared *shared)
{
	json_t *list = json_array();

	for (int c = 0; c < options->clients; c++)
		for (int i = 0; i < MAX_ERRORS && shared->counts[c].failures[i].count; i++) {
			const struct failure *failure = &shared->counts[c].failures[i];

			json_array_append_new(list,
			                      json_pack("{s:i, s:s, s:o, s:o, s:I}", "client", c, "sqlstate",
			                                failure->sqlstate, "message", text_json(failure->message), "statement",
			                                text_json(failure->statement), "count", (json_int_t)failure->count));
		}
	return list;
}

static json_t *mismatches_json(const struct options *options, const struct shared *shared)
{
	json_t *list = json_array();

	for (int c = 0; c < options->clients; c++)
		if (shared->counts[c].mismatches)
			json_array_append_new(list, json_pack("{s:i, s:I, s:o}", "client", c, "count",
			                                      (json_int_t)shared->counts[c].mismatches, "first",
			                                      text_json(shared->counts[c].mismatch)));
	return list;
}

static json_t *operations_json(const struct counts *sum)
{
	static const char *const names[OPERATIONS] = {
		[OP_INSERT] = "insert", [OP_UPSERT] = "upsert",    [OP_UPDATE] = "update", [OP_UPDATE_ONE] = "update_one",
		[OP_DELETE] = "delete", [OP_REKEY] = "change_key", [OP_SWAP] = "swap",     [OP_CHECK] = "check",
	};
	json_t *object = json_object();

	for (int i = 0; i < OPERATIONS; i++)
		json_object_set_new(object, names[i], json_integer(sum->operations[i]));
	return object;
}

static void sum_up(struct counts *sum, const struct counts *one)
{
	sum->transactions += one->transactions;
	sum->rollbacks += one->rollbacks;
	sum->reconnects += one->reconnects;
	sum->shape_changes += one->shape_changes;
	sum->serialization_failures += one->serialization_failures;
	sum->deadlocks += one->deadlocks;
	sum->errors += one->errors;
	for (int i = 0; i < OPERATIONS; i++)
		sum->operations[i] += one->operations[i];
	add_latency(&sum->main, &one->main);
	add_latency(&sum->account, &one->account);
	add_latency(&sum->transaction, &one->transaction);
}

static void report(const struct options *options, const struct shared *shared, const struct watch *watch,
                   double seconds, int dead)
{
	struct counts sum = {0};

	for (int c = 0; c < options->clients; c++)
		sum_up(&sum, &shared->counts[c]);
	json_t *object = json_pack("{s:i, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:i}", "clients", options->clients,
	                           "seconds", seconds, "transactions", (json_int_t)sum.transactions, "rollbacks",
	                           (json_int_t)sum.rollbacks, "reconnects", (json_int_t)sum.reconnects,
	                           "serialization_failures", (json_int_t)sum.serialization_failures, "deadlocks",
	                           (json_int_t)sum.deadlocks, "errors", (json_int_t)sum.errors, "dead_clients", dead);
	json_object_set_new(object, "shape_changes", json_integer(sum.shape_changes));
	json_object_set_new(object, "operations", operations_json(&sum));
	json_object_set_new(object, "failures", failures_json(options, shared));
	json_object_set_new(object, "mismatches", mismatches_json(options, shared));
	json_object_set_new(object, options->point ? "writes" : "statements", latency_json(&sum.main));
	json_object_set_new(object, options->point ? "reads" : "account", latency_json(&sum.account));
	json_object_set_new(object, "transaction", latency_json(&sum.transaction));
	json_object_set_new(object, "blocked_ms", json_real(watch->longest_ms));
	json_object_set_new(object, "blocked", text_json(watch->victim));
	json_object_set_new(object, "blocked_by", text_json(watch->blocker));
	char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	puts(text);
	free(text);
	json_decref(object);
}

/* Starts a process for each client. */
static void start_clients(const struct options *options, struct shared *shared, const struct keys *keys,
                          pid_t *pids)
{
	for (int i = 0; i < options->clients; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork", strerror(errno));
		if (pids[i] == 0) {
			signal(SIGTERM, SIG_IGN);
			signal(SIGINT, SIG_IGN);
			client_run(options, shared, keys, i);
			_exit(0);
		}
	}
}

/* How many of them died, or had to be killed because they did not end in time. */
static int end_clients(const struct options *options, const pid_t *pids, struct watch *watch)
{
	int64_t deadline = now_us() + 30000000;
	int dead = 0;

	for (int i = 0; i < options->clients; i++) {
		int status = 0;

		while (waitpid(pids[i], &status, WNOHANG) == 0) {
			if (now_us() > deadline)
				kill(pids[i], SIGKILL);
			look(watch, options);
			usleep(5000);
		}
		dead += status != 0;
	}
	return dead;
}

int main(int argc, char **argv)
{
	struct options options = {.conninfo = "",
	                          .clients = 6,
	                          .seed = (unsigned)getpid(),
	                          .table = {.account = "account.rows", .upsert = true}};
	struct watch watch = {0};
	struct keys keys = {0};
	pid_t pids[MAX_CLIENTS];
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	take_options(&options, argc, argv);
	setenv("PGAPPNAME", "application", 1);
	setenv("PGCLIENTENCODING", "UTF8", 1);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	signal(SIGPIPE, SIG_IGN);
	PGconn *conn = PQconnectdb(options.conninfo);
	if (PQstatus(conn) != CONNECTION_OK)
		die("connect", PQerrorMessage(conn));
	if (!options.keep_account && !options.point)
		open_account(conn, &options);
	read_keys(conn, &options.table, &keys);
	PQfinish(conn);
	start_clients(&options, shared, &keys, pids);
	setenv("PGAPPNAME", "watch", 1);
	if (options.watch)
		watch.conn = PQconnectdb(options.conninfo);
	int64_t begin = now_us();
	oversee(&options, shared, &watch);
	double seconds = (double)(now_us() - begin) / 1e6;
	int dead = end_clients(&options, pids, &watch);
	report(&options, shared, &watch, seconds, dead);
	PQfinish(watch.conn);
	free_keys(&options.table, &keys);
	return 0;
}
