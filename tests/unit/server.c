/* Sessions on a throwaway server, and that nothing of the server stays behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/interrupt.h"
#include "cli/target.h"
#include "db/server.h"

static struct arena arena;
static const char *bindir;
static struct loop *loop;
static struct server *server;
static struct conn *conn, *other;
static struct err err;

/* ---- Each test has two fresh sessions. ---- */

static int start(void **state)
{
	(void)state;
	loop = loop_new();
	server = server_start(loop, bindir, &err);
	if (!server)
		print_error("%s\n", err.diag.summary);
	return !server;
}

static int stop(void **state)
{
	(void)state;
	server_stop(server, false);
	loop_free(loop);
	arena_release(&arena);
	return 0;
}

static int connect_both(void **state)
{
	(void)state;
	while (!(conn = conn_open(loop, server_params(server), &err)) && err_is(&err, "57P03")) /* after a crash */
		loop_sleep(loop, 50);
	other = conn_open(loop, server_params(server), &err);
	return !conn || !other;
}

static int disconnect(void **state)
{
	(void)state;
	conn_close(conn);
	conn_close(other);
	err_release(&err);
	return 0;
}

static void must(bool ok)
{
	if (!ok)
		fail_msg("%s %s", err.sqlstate, err.diag.summary);
}

static void run(struct conn *session, const char *sql)
{
	must(conn_query(session, QUERY(sql), NULL, &err));
}

static int64_t integer(struct conn *session, const char *sql)
{
	struct rows *rows;
	int64_t value;

	must(conn_query(session, QUERY(sql), &rows, &err));
	value = rows_integer(rows, 0, rows_name(rows, 0));
	rows_free(rows);
	return value;
}

/* ---- Asking ---- */

static void facts_of_the_session(void **state)
{
	(void)state;
	assert_string_equal(conn_server_version_text(conn), server_version(server));
	assert_int_equal(conn_server_version(conn) / 10000, atoi(server_version(server)));
	assert_string_equal(conn_host(conn), server_directory(server));
	assert_string_equal(conn_port(conn), server_port(server));
	assert_string_equal(conn_database(conn), "postgres");
	assert_string_equal(conn_user(conn), "postgres");
	assert_false(conn_lost(conn));
	assert_int_equal(access(server_log(server), R_OK), 0);
	assert_true(integer(conn, "SELECT (current_setting('application_name') = 'interlock')::int") == 1);
	assert_true(integer(conn, "SELECT (current_setting('client_encoding') = 'UTF8')::int") == 1);
	assert_true(integer(conn, "SELECT (current_setting('listen_addresses') = '')::int") == 1);
}

static void the_line_about_the_database(void **state)
{
	(void)state;
	assert_string_equal(target_describe(conn, "staging", &arena),
	                    arena_printf(&arena,
	                                 "postgres on [%s]:5432 as postgres, PostgreSQL %s, environment staging",
	                                 server_directory(server), server_version(server)));
	assert_null(strstr(target_describe(conn, NULL, &arena), "environment"));
}

static void parameters_and_nulls(void **state)
{
	const char *const params[] = {"it's", NULL, "7"};
	struct query query = {"SELECT $1::text AS a, $2::text AS b, $3::int + 1 AS c", 3, params, false};
	struct rows *rows;

	(void)state;
	must(conn_query(conn, &query, &rows, &err));
	assert_int_equal(rows_count(rows), 1);
	assert_string_equal(rows_get(rows, 0, "a"), "it's");
	assert_null(rows_get(rows, 0, "b"));
	assert_true(rows_integer(rows, 0, "c") == 8);
	rows_free(rows);
}

static void rows_touched(void **state)
{
	struct rows *rows;

	(void)state;
	run(conn, "CREATE TEMP TABLE t AS SELECT generate_series(1, 10) AS n");
	must(conn_query(conn, QUERY("UPDATE t SET n = n WHERE n > 7"), &rows, &err));
	assert_true(rows_affected(rows) == 3);
	rows_free(rows);
	must(conn_query(conn, QUERY(""), &rows, &err));
	assert_int_equal(rows_count(rows), 0);
	rows_free(rows);
}

static void large_answers(void **state)
{
	char *large = malloc(3000001);
	const char *params[] = {large};
	struct query query = {"SELECT $1 AS a, g FROM generate_series(1, 10) g", 1, params, false};
	struct rows *rows;

	(void)state;
	memset(large, 'x', 3000000);
	large[3000000] = '\0';
	must(conn_query(conn, &query, &rows, &err));
	assert_int_equal(rows_count(rows), 10);
	assert_int_equal(strlen(rows_get(rows, 9, "a")), 3000000);
	rows_free(rows);
	must(conn_query(conn, QUERY("SELECT * FROM generate_series(1, 300000)"), &rows, &err));
	assert_int_equal(rows_count(rows), 300000);
	rows_free(rows);
	free(large);
}

static void an_error_in_full(void **state)
{
	(void)state;
	assert_false(conn_query(conn, QUERY("SELECT nope FROM pg_class"), NULL, &err));
	assert_int_equal(err.code, EXIT_STEP);
	assert_true(err_is(&err, "42703"));
	assert_int_equal(err.position, 8);
	assert_string_equal(err.diag.summary, "column \"nope\" does not exist");
	assert_false(conn_query(conn,
	                        QUERY("DO $$ BEGIN RAISE 'sum' USING DETAIL = E'one\\ntwo', HINT = 'so', "
	                              "ERRCODE = 'ZZ001'; END $$"),
	                        NULL, &err));
	assert_string_equal(err.sqlstate, "ZZ001");
	assert_string_equal(err.diag.details[0], "one");
	assert_string_equal(err.diag.details[1], "two");
	assert_non_null(strstr(err.diag.details[2], "context: PL/pgSQL"));
	assert_string_equal(err.diag.help, "so");
	assert_true(integer(conn, "SELECT 1") == 1);
}

static void one_statement_at_a_time(void **state)
{
	(void)state;
	assert_false(conn_query(conn, QUERY("SELECT 1; SELECT 2"), NULL, &err));
	assert_true(err_is(&err, "42601"));
}

static void transactions(void **state)
{
	(void)state;
	assert_false(conn_in_transaction(conn));
	run(conn, "BEGIN");
	assert_true(conn_in_transaction(conn));
	assert_false(conn_query(conn, QUERY("SELECT 1/0"), NULL, &err));
	assert_true(conn_in_transaction(conn));
	run(conn, "ROLLBACK");
	assert_false(conn_in_transaction(conn));
}

static void copy_is_refused(void **state)
{
	(void)state;
	assert_false(conn_query(conn, QUERY("COPY (SELECT 1) TO STDOUT"), NULL, &err));
	assert_true(err_is(&err, "0A000"));
	assert_true(conn_lost(conn));
	run(other, "CREATE TEMP TABLE t (n int)");
	assert_false(conn_pipeline(other, QUERY("COPY t FROM STDIN"), 1, 0, NULL, NULL, &err));
	assert_true(err_is(&err, "0A000"));
	assert_true(conn_lost(other));
}

static void note(void *arg, const char *severity, const char *message)
{
	char *text = arg;

	snprintf(text, 100, "%s: %s", severity, message);
}

static void notices(void **state)
{
	char text[100] = "";

	(void)state;
	run(conn, "DO $$ BEGIN RAISE WARNING 'dropped'; END $$");
	conn_on_notice(conn, note, text);
	run(conn, "DO $$ BEGIN RAISE WARNING 'kept'; END $$");
	assert_string_equal(text, "WARNING: kept");
}

/* ---- Preparing ---- */

static int64_t prepared_count(void)
{
	return integer(conn, "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'il%'");
}

static void prepared_once(void **state)
{
	const char *params[] = {"1"};
	struct query query = {"SELECT $1::int + 1 AS n", 1, params, true};
	struct rows *rows;

	(void)state;
	for (int i = 0; i < 3; i++) {
		must(conn_query(conn, &query, &rows, &err));
		assert_true(rows_integer(rows, 0, "n") == 2);
		rows_free(rows);
	}
	assert_true(prepared_count() == 1);
}

static void a_failed_prepare_is_forgotten(void **state)
{
	struct query query = {.sql = "SELECT count(*) FROM later", .prepare = true};

	(void)state;
	assert_false(conn_query(conn, &query, NULL, &err));
	assert_true(err_is(&err, "42P01"));
	run(conn, "CREATE TEMP TABLE later ()");
	must(conn_query(conn, &query, NULL, &err));
}

static void a_changed_result_is_prepared_anew(void **state)
{
	struct query query = {.sql = "SELECT * FROM changing", .prepare = true};

	(void)state;
	run(conn, "CREATE TEMP TABLE changing (a int)");
	must(conn_query(conn, &query, NULL, &err));
	run(conn, "ALTER TABLE changing ADD b int");
	assert_false(conn_query(conn, &query, NULL, &err));
	assert_true(err_is(&err, "0A000"));
	must(conn_query(conn, &query, NULL, &err));
	run(conn, "DEALLOCATE ALL");
	assert_false(conn_query(conn, &query, NULL, &err));
	assert_true(err_is(&err, "26000"));
	must(conn_query(conn, &query, NULL, &err));
}

/* ---- Pipelines ---- */

static void a_pipeline_answers_all(void **state)
{
	const char *params[] = {"5"};
	struct query queries[] = {
		{.sql = "BEGIN"},
		{"SELECT $1::int AS n", 1, params, true},
		{"SELECT $1::int AS n", 1, params, true},
		{.sql = "SELECT 'x' AS a UNION ALL SELECT NULL"},
		{.sql = "COMMIT"},
	};
	struct rows *results[5];
	size_t failed = 77;

	(void)state;
	must(conn_pipeline(conn, queries, 5, 0, results, &failed, &err));
	assert_true(rows_integer(results[1], 0, "n") == 5);
	assert_true(rows_integer(results[2], 0, "n") == 5);
	assert_int_equal(rows_count(results[3]), 2);
	for (int i = 0; i < 5; i++)
		rows_free(results[i]);
	assert_true(prepared_count() == 1);
	assert_false(conn_in_transaction(conn));
	must(conn_pipeline(conn, queries, 0, 0, NULL, NULL, &err));
	must(conn_pipeline(conn, queries, 5, 0, NULL, NULL, &err));
	assert_true(prepared_count() == 1);
}

static void a_pipeline_stops_at_the_first_failure(void **state)
{
	struct query queries[] = {
		{.sql = "BEGIN"},      {.sql = "SELECT 1 AS before", .prepare = true},
		{.sql = "SELECT 1/0"}, {.sql = "SELECT 2 AS after", .prepare = true},
		{.sql = "COMMIT"},
	};
	struct rows *results[5];
	size_t failed = 77;

	(void)state;
	assert_false(conn_pipeline(conn, queries, 5, 0, results, &failed, &err));
	assert_int_equal(failed, 2);
	assert_true(err_is(&err, "22012"));
	assert_non_null(results[1]);
	for (int i = 2; i < 5; i++)
		assert_null(results[i]);
	rows_free(results[0]);
	rows_free(results[1]);
	assert_true(conn_in_transaction(conn));
	run(conn, "ROLLBACK");
	assert_true(prepared_count() == 1);
	must(conn_query(conn, &queries[1], NULL, &err));
	must(conn_query(conn, &queries[3], NULL, &err));
	assert_true(prepared_count() == 2);
}

static void a_pipeline_with_a_failed_prepare(void **state)
{
	struct query queries[] = {
		{.sql = "SELECT 1", .prepare = true},
		{.sql = "SELECT * FROM nowhere", .prepare = true},
	};
	size_t failed = 77;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_false(conn_pipeline(conn, queries, 2, 0, NULL, &failed, &err));
		assert_int_equal(failed, 1);
		assert_true(err_is(&err, "42P01"));
	}
	assert_true(prepared_count() == 1);
}

static void the_end_of_a_pipeline_can_fail(void **state)
{
	struct query queries[] = {
		{.sql = "INSERT INTO child VALUES (1)"},
		{.sql = "SELECT 1"},
	};

	(void)state;
	run(conn, "CREATE TEMP TABLE parent (id int PRIMARY KEY)");
	run(conn, "CREATE TEMP TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
	assert_false(conn_pipeline(conn, queries, 2, 0, NULL, NULL, &err));
	must(err_is(&err, "23503"));
	assert_true(integer(conn, "SELECT count(*) FROM child") == 0);
}

static void a_large_pipeline(void **state)
{
	enum { COUNT = 2000 };
	static char large[5001];
	const char *params[] = {large};
	struct query *queries = calloc(COUNT, sizeof(*queries));
	struct rows **results = calloc(COUNT, sizeof(*results));

	(void)state;
	memset(large, 'x', 5000);
	for (int i = 0; i < COUNT; i++)
		queries[i] = (struct query){"SELECT $1 AS a", 1, params, i % 2};
	must(conn_pipeline(conn, queries, COUNT, 0, results, NULL, &err));
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(strlen(rows_get(results[i], 0, "a")), 5000);
		rows_free(results[i]);
	}
	free(queries);
	free(results);
}

static void a_deadline_cancels(void **state)
{
	struct query queries[] = {{.sql = "BEGIN"}, {.sql = "SELECT pg_sleep(60)"}, {.sql = "SELECT 1"}};
	int64_t before = loop_now();
	size_t failed;

	(void)state;
	assert_false(conn_pipeline(conn, queries, 3, before + 100, NULL, &failed, &err));
	assert_true(err_is(&err, "57014"));
	assert_int_equal(failed, 1);
	assert_in_range(loop_now() - before, 100, 20000);
	run(conn, "ROLLBACK");
	must(conn_pipeline(conn, queries, 1, loop_now() + 60000, NULL, NULL, &err));
	run(conn, "ROLLBACK");
}

/* ---- Losing the session ---- */

static void terminate_conn(void *arg)
{
	(void)arg;
	run(other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
	           "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
}

static void assert_lost(const char *sqlstate)
{
	assert_int_equal(err.code, EXIT_CONNECTION);
	assert_string_equal(err.sqlstate, sqlstate);
	assert_string_equal(err.diag.summary, "connection to the server was lost");
	assert_int_equal(err.diag.detail_count, 1);
	assert_true(conn_lost(conn));
}

static void lost_while_idle(void **state)
{
	(void)state;
	run(conn, "BEGIN");
	terminate_conn(NULL);
	assert_true(loop_sleep(loop, 100));
	assert_false(conn_query(conn, QUERY("SELECT 1"), NULL, &err));
	assert_lost("57P01");
	assert_false(conn_query(conn, QUERY("SELECT 1"), NULL, &err));
	assert_lost("57P01");
	assert_non_null(strstr(err.diag.details[0], "administrator"));
	assert_false(conn_in_transaction(conn));
}

static void lost_in_a_statement(void **state)
{
	struct timer *timer = loop_add_timer(loop, 100, terminate_conn, NULL);

	(void)state;
	assert_false(conn_query(conn, QUERY("SELECT pg_sleep(60)"), NULL, &err));
	timer_remove(timer);
	assert_lost("57P01");
}

static void lost_in_a_pipeline(void **state)
{
	struct query queries[] = {
		{.sql = "SELECT 1"}, {.sql = "SELECT pg_sleep(60)", .prepare = true}, {.sql = "SELECT 2"}};
	struct timer *timer = loop_add_timer(loop, 100, terminate_conn, NULL);
	struct rows *results[3];
	size_t failed;

	(void)state;
	assert_false(conn_pipeline(conn, queries, 3, 0, results, &failed, &err));
	timer_remove(timer);
	assert_lost("57P01");
	assert_int_equal(failed, 1);
	rows_free(results[0]);
	assert_null(results[1]);
	assert_false(conn_pipeline(conn, queries, 3, 0, results, NULL, &err));
	assert_lost("57P01");
	assert_null(results[0]);
}

static void lost_without_a_word(void **state)
{
	(void)state;
	assert_int_equal(kill((pid_t)integer(conn, "SELECT pg_backend_pid()"), SIGKILL), 0);
	assert_true(loop_sleep(loop, 500));
	assert_false(conn_query(conn, QUERY("SELECT 1"), NULL, &err));
	assert_lost("08006");
}

/* ---- Timers and signals ---- */

static int beats;

static void beat(void *arg)
{
	(void)arg;
	beats++;
	assert_true(integer(other, "SELECT 1") == 1);
}

static void timers_ask_during_a_wait(void **state)
{
	struct timer *timer = loop_add_timer(loop, 20, beat, NULL);

	(void)state;
	beats = 0;
	run(conn, "SELECT pg_sleep(0.3)");
	timer_remove(timer);
	assert_in_range(beats, 2, 15);
}

static void cancel(void *arg)
{
	conn_cancel(arg);
}

static void cancelled_by_a_timer(void **state)
{
	struct timer *timer = loop_add_timer(loop, 100, cancel, conn);

	(void)state;
	assert_false(conn_query(conn, QUERY("SELECT pg_sleep(60)"), NULL, &err));
	timer_remove(timer);
	assert_true(err_is(&err, "57014"));
	assert_int_equal(err.code, EXIT_STEP);
}

static void interrupt_us(void *arg)
{
	(void)arg;
	raise(SIGINT);
}

/* The last test with sessions: the count never goes back. */
static void the_second_interrupt_cancels(void **state)
{
	struct timer *timer = loop_add_timer(loop, 50, interrupt_us, NULL);

	(void)state;
	run(conn, "SELECT pg_sleep(0.07)"); /* the first is a wish for later */
	assert_int_equal(interrupt_count(), 1);
	assert_false(conn_query(conn, QUERY("SELECT pg_sleep(60)"), NULL, &err));
	timer_remove(timer);
	assert_true(interrupt_count() >= 2);
	assert_true(err_is(&err, "57014"));
	run(conn, "SELECT 1"); /* what comes after is left alone */
}

/* ---- Connecting ---- */

static struct conn *open_with(const char *keyword, const char *value)
{
	const char *keywords[] = {"host", "user", "dbname", keyword, NULL};
	const char *values[] = {server_directory(server), "postgres", "postgres", value, NULL};
	struct conn_params params = {keywords, values};

	return conn_open(loop, &params, &err);
}

static struct conn *open_string(const char *string)
{
	struct conn_params params = {(const char *const[]){"dbname", NULL}, (const char *const[]){string, NULL}};

	return conn_open(loop, &params, &err);
}

static void refused_with_a_reason(void **state)
{
	(void)state;
	assert_null(open_with("dbname", "nowhere"));
	assert_int_equal(err.code, EXIT_CONNECTION);
	assert_true(err_is(&err, "3D000"));
	assert_non_null(err.diag.help);
	assert_int_equal(err.diag.detail_count, 0);
	assert_null(strstr(err.diag.summary, "3D000"));
	assert_null(open_with("user", "nobody_here"));
	assert_true(err_is(&err, "28000"));
	assert_null(open_with("host", "/nowhere"));
	assert_string_equal(err.sqlstate, "");
	assert_non_null(strstr(err.diag.help, "--sandbox"));
	assert_null(open_with("service", "nothing of the kind"));
	assert_int_equal(err.code, EXIT_CONNECTION);
}

/* A socket on a free port of this machine; backlog -1: it does not listen. */
static int a_port(int backlog, char port[8])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int descriptor = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(descriptor, (struct sockaddr *)&address, length), 0);
	assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
	if (backlog >= 0)
		assert_int_equal(listen(descriptor, backlog), 0);
	snprintf(port, 8, "%d", ntohs(address.sin_port));
	return descriptor;
}

static void refused_by_the_machine(void **state)
{
	char port[8];
	int descriptor = a_port(-1, port);

	(void)state;
	assert_null(open_string(arena_printf(&arena, "host=127.0.0.1 port=%s", port)));
	assert_int_equal(err.code, EXIT_CONNECTION);
	assert_non_null(strstr(err.diag.help, "nothing listens"));
	close(descriptor);
}

static void silence_ends_by_the_time_limit(void **state)
{
	int64_t before = loop_now();
	char port[8];
	int descriptor = a_port(5, port);

	(void)state;
	assert_null(open_string(arena_printf(&arena, "host=127.0.0.1 port=%s connect_timeout=1", port)));
	assert_in_range(loop_now() - before, 900, 5000);
	assert_non_null(strstr(err.diag.summary, "no answer within 1 s"));
	assert_non_null(strstr(err.diag.help, "connect_timeout"));
	close(descriptor);
}

static void run_as_password_server(const char *method)
{
	FILE *file = fopen(arena_printf(&arena, "%s/data/pg_hba.conf", server_directory(server)), "w");

	fprintf(file, "local all guarded %s\nlocal all all trust\n", method);
	fclose(file);
	run(conn, "SELECT pg_reload_conf()");
	assert_true(loop_sleep(loop, 300));
}

static void passwords(void **state)
{
	const char *keywords[] = {"host", "user", "dbname", "passfile", "password", NULL};
	const char *values[] = {server_directory(server), "guarded", "postgres", "/nowhere/pgpass", NULL, NULL};
	struct conn_params params = {keywords, values};
	struct conn *session;
	bool wants;

	(void)state;
	unsetenv("PGPASSWORD");
	run(conn, "CREATE ROLE guarded LOGIN PASSWORD 'right'");
	run_as_password_server("scram-sha-256");
	assert_null(conn_attempt(loop, &params, &wants, &err));
	assert_true(wants);
	assert_non_null(strstr(err.diag.help, "PGPASSWORD"));
	values[4] = "wrong-hush";
	assert_null(conn_attempt(loop, &params, &wants, &err));
	assert_false(wants);
	assert_true(err_is(&err, "28P01"));
	assert_null(strstr(err.diag.summary, "hush"));
	values[4] = "right";
	session = conn_attempt(loop, &params, &wants, &err);
	assert_non_null(session);
	conn_close(session);
	run_as_password_server("trust");
}

/* ---- The server itself: a second one, and its end ---- */

static bool is_running(pid_t pid)
{
	return kill(pid, 0) == 0 || errno != ESRCH;
}

static void nothing_stays_behind(void **state)
{
	struct server *second = server_start(loop, bindir, &err);
	struct arena kept = {0};
	const char *directory;
	pid_t pid;

	(void)state;
	must(second != NULL);
	directory = arena_strdup(&kept, server_directory(second));
	pid = server_pid(second);
	assert_true(is_running(pid));
	assert_string_not_equal(directory, server_directory(server));
	server_stop(second, false);
	assert_false(is_running(pid));
	assert_int_not_equal(access(directory, F_OK), 0);
	server_stop(NULL, false);
	arena_release(&kept);
}

static void kept_on_demand(void **state)
{
	struct server *second = server_start(loop, bindir, &err);
	const char *directory;

	(void)state;
	must(second != NULL);
	directory = arena_strdup(&arena, server_directory(second));
	server_stop(second, true);
	assert_int_equal(access(arena_printf(&arena, "%s/data/PG_VERSION", directory), F_OK), 0);
	assert_int_not_equal(access(arena_printf(&arena, "%s/data/postmaster.pid", directory), F_OK), 0);
	assert_int_equal(system(arena_printf(&arena, "rm -rf '%s'", directory)), 0);
}

/* A child of ours starts a server and is killed. */
static void it_dies_with_us(void **state)
{
	int ends[2], status;
	char directory[200] = "";
	pid_t child, pid = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		struct server *second = server_start(loop_new(), bindir, &err);

		pid = second ? server_pid(second) : 0;
		if (write(ends[1], &pid, sizeof(pid)) < 0 || !second ||
		    write(ends[1], server_directory(second), strlen(server_directory(second))) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	close(ends[1]);
	waitpid(child, &status, 0);
	assert_int_equal(read(ends[0], &pid, sizeof(pid)), sizeof(pid));
	assert_true(pid > 0);
	assert_true(read(ends[0], directory, sizeof(directory) - 1) > 0);
	close(ends[0]);
	for (int i = 0; i < 100 && access(arena_printf(&arena, "%s/data/postmaster.pid", directory), F_OK) == 0; i++)
		assert_true(loop_sleep(loop, 50));
	assert_int_not_equal(access(arena_printf(&arena, "%s/data/postmaster.pid", directory), F_OK), 0);
	assert_int_equal(system(arena_printf(&arena, "rm -rf '%s'", directory)), 0);
}

static void a_folder_without_programs(void **state)
{
	const char *found;

	(void)state;
	assert_false(server_find_bindir("/tmp", &arena, &found, &err));
	assert_int_equal(err.code, EXIT_OWN);
	assert_false(server_find_bindir("/nowhere", &arena, &found, &err));
	assert_true(server_find_bindir(bindir, &arena, &found, &err));
	assert_null(server_start(loop, "/nowhere", &err));
	assert_string_equal(err.diag.summary, "initdb failed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, connect_both, disconnect)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(facts_of_the_session),
		TEST(the_line_about_the_database),
		TEST(parameters_and_nulls),
		TEST(rows_touched),
		TEST(large_answers),
		TEST(an_error_in_full),
		TEST(one_statement_at_a_time),
		TEST(transactions),
		TEST(copy_is_refused),
		TEST(notices),
		TEST(prepared_once),
		TEST(a_failed_prepare_is_forgotten),
		TEST(a_changed_result_is_prepared_anew),
		TEST(a_pipeline_answers_all),
		TEST(a_pipeline_stops_at_the_first_failure),
		TEST(a_pipeline_with_a_failed_prepare),
		TEST(the_end_of_a_pipeline_can_fail),
		TEST(a_large_pipeline),
		TEST(a_deadline_cancels),
		TEST(lost_while_idle),
		TEST(lost_in_a_statement),
		TEST(lost_in_a_pipeline),
		TEST(timers_ask_during_a_wait),
		TEST(cancelled_by_a_timer),
		TEST(refused_with_a_reason),
		TEST(refused_by_the_machine),
		TEST(silence_ends_by_the_time_limit),
		TEST(passwords),
		TEST(nothing_stays_behind),
		TEST(kept_on_demand),
		TEST(it_dies_with_us),
		TEST(a_folder_without_programs),
		TEST(lost_without_a_word),
		TEST(the_second_interrupt_cancels),
	};

	if (!server_find_bindir(NULL, &arena, &bindir, &err)) {
		puts("1..0 # SKIP no server programs (initdb, postgres) are installed");
		err_release(&err);
		return 0;
	}
	interrupt_install();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("server", tests, start, stop);
}
