/* Opening a session: libpq's asynchronous connecting in the loop, with the time limit that it leaves to its
 * caller. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/interrupt.h"
#include "base/xalloc.h"
#include "db/session.h"

enum { DEFAULT_TIMEOUT = 10 }; /* seconds for each address */

/* Connecting, while it lasts. */
struct attempt {
	struct conn *conn;
	int seconds; /* for each address; 0 without limit */
	int64_t deadline;
	int interrupts;
	struct buf address; /* the one that is tried now */
	struct buf unheard; /* a sentence about the last one that did not answer in time */
	bool interrupted;
};

static void receive_notice(void *arg, const PGresult *result)
{
	struct conn *conn = arg;
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	keep_last_words(conn, result);
	if (conn->on_notice && message)
		conn->on_notice(conn->notice_arg, severity ? severity : "NOTICE", message);
}

/* libpq takes the last of two equal keywords, so what the person said comes after our words. */
static PGconn *start(const struct conn_params *params)
{
	size_t count = 0, used = 0;
	const char **keywords, **values;
	PGconn *pg;

	while (params->keywords[count])
		count++;
	keywords = xcalloc(count + 3, sizeof(*keywords));
	values = xcalloc(count + 3, sizeof(*values));
	keywords[used] = "fallback_application_name";
	values[used++] = "interlock";
	if (!getenv("PGCLIENTENCODING")) {
		keywords[used] = "client_encoding";
		values[used++] = "UTF8";
	}
	if (count) {
		memcpy(keywords + used, params->keywords, count * sizeof(*keywords));
		memcpy(values + used, params->values, count * sizeof(*values));
	}
	pg = PQconnectStartParams(keywords, values, 1);
	free(keywords);
	free(values);
	if (!pg)
		bug("out of memory in PQconnectStartParams");
	return pg;
}

static bool strings_are_readable(const struct conn_params *params, struct err *err)
{
	for (size_t i = 0; params->keywords[i]; i++)
		if (strcmp(params->keywords[i], "dbname") == 0 && params->values[i] &&
		    !conninfo_check(params->values[i], err))
			return false;
	return true;
}

/* connect_timeout from wherever libpq has it. */
static int timeout_of(PGconn *pg)
{
	PQconninfoOption *options = PQconninfo(pg);
	int seconds = DEFAULT_TIMEOUT;

	for (PQconninfoOption *option = options; option && option->keyword; option++)
		if (strcmp(option->keyword, "connect_timeout") == 0 && option->val && *option->val)
			seconds = atoi(option->val);
	PQconninfoFree(options);
	return seconds > 0 ? seconds : 0;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* Every address has its own time: starts the clock when libpq went on to another one. */
static void watch_address(struct attempt *attempt)
{
	PGconn *pg = attempt->conn->pg;
	struct buf now = {0};

	buf_addf(&now, "%s %s %s", or_empty(PQhost(pg)), or_empty(PQhostaddr(pg)), or_empty(PQport(pg)));
	if (strcmp(buf_text(&now), buf_text(&attempt->address)) == 0) {
		buf_release(&now);
		return;
	}
	buf_release(&attempt->address);
	attempt->address = now;
	attempt->deadline = attempt->seconds ? loop_now() + (int64_t)attempt->seconds * 1000 : 0;
}

/* Shutting its socket down makes libpq go on to the next address by itself. */
static void give_up_address(struct attempt *attempt)
{
	PGconn *pg = attempt->conn->pg;

	buf_clear(&attempt->unheard);
	buf_addf(&attempt->unheard, "connection to server at \"%s\", port %s failed: no answer within %d s",
	         or_empty(PQhost(pg)), or_empty(PQport(pg)), attempt->seconds);
	attempt->deadline = 0;
	shutdown(PQsocket(pg), SHUT_RDWR);
}

static bool establish(struct attempt *attempt)
{
	PGconn *pg = attempt->conn->pg;
	PostgresPollingStatusType wish = PQstatus(pg) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;

	while (wish != PGRES_POLLING_OK && wish != PGRES_POLLING_FAILED) {
		struct loop_interest interest = {PQsocket(pg), wish == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0,
		                                 attempt->interrupts};

		watch_address(attempt);
		interest.deadline = attempt->deadline;
		switch (loop_wait_for(attempt->conn->loop, &interest)) {
		case LOOP_INTERRUPT:
			attempt->interrupted = true;
			return false;
		case LOOP_TIMEOUT:
			give_up_address(attempt);
			break;
		case LOOP_READY:
			break;
		}
		wish = PQconnectPoll(pg);
	}
	return wish == PGRES_POLLING_OK;
}

static void describe_failure(struct attempt *attempt, bool *wants_password, struct err *err)
{
	PGconn *pg = attempt->conn->pg;
	bool wants = PQconnectionNeedsPassword(pg);

	if (wants_password)
		*wants_password = wants;
	if (attempt->interrupted) {
		err_set(err, EXIT_INTERRUPTED, "interrupted while connecting");
		return;
	}
	connect_err(PQerrorMessage(pg), err);
	if (wants)
		err_help(err, "set PGPASSWORD, write the password to ~/.pgpass, or use -W on a terminal");
	if (attempt->unheard.length && !err->sqlstate[0]) {
		/* libpq's words are about the socket that we shut down */
		err_set(err, EXIT_CONNECTION, "%s", buf_text(&attempt->unheard));
		err_help(err, "a wrong address, or a firewall; connect_timeout=SECONDS waits longer");
	}
}

static void settle(struct conn *conn)
{
	const char *version = PQparameterStatus(conn->pg, "server_version");

	PQsetErrorVerbosity(conn->pg, PQERRORS_DEFAULT);
	PQsetnonblocking(conn->pg, 1);
	conn->version = xstrdup(version ? version : "");
	conn->version[strcspn(conn->version, " ")] = '\0'; /* "15.20 (Debian …)" */
}

struct conn *conn_attempt(struct loop *loop, const struct conn_params *params, bool *wants_password,
                          struct err *err)
{
	struct conn *conn;
	struct attempt attempt = {.interrupts = interrupt_count()};

	if (wants_password)
		*wants_password = false;
	if (!strings_are_readable(params, err))
		return NULL;
	conn = xcalloc(1, sizeof(*conn));
	conn->loop = loop;
	conn->pg = start(params);
	PQsetNoticeReceiver(conn->pg, receive_notice, conn);
	PQsetErrorVerbosity(conn->pg, PQERRORS_VERBOSE); /* so that a refusal says its SQLSTATE */
	attempt.conn = conn;
	attempt.seconds = timeout_of(conn->pg);
	if (establish(&attempt)) {
		settle(conn);
	} else {
		describe_failure(&attempt, wants_password, err);
		conn_close(conn);
		conn = NULL;
	}
	buf_release(&attempt.address);
	buf_release(&attempt.unheard);
	return conn;
}

struct conn *conn_open(struct loop *loop, const struct conn_params *params, struct err *err)
{
	return conn_attempt(loop, params, NULL, err);
}
