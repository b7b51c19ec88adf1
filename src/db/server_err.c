/* What the server or libpq said, as a struct err.  Texts are taken over; decisions look at SQLSTATE. */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "db/session.h"

static const char *field(const PGresult *result, int code)
{
	const char *text = PQresultErrorField(result, code);

	return text ? text : "";
}

static void set_sqlstate(struct err *err, const char *sqlstate)
{
	snprintf(err->sqlstate, sizeof(err->sqlstate), "%s", sqlstate);
}

/* The next line of a text without white space around it, in *length; NULL after the last. */
static const char *next_line(const char **text, int *length)
{
	const char *line = *text, *end;

	if (!*line)
		return NULL;
	end = line + strcspn(line, "\n");
	*text = *end ? end + 1 : end;
	while (line < end && isspace((unsigned char)*line))
		line++;
	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*length = (int)(end - line);
	return line;
}

static void add_lines(struct err *err, const char *prefix, const char *text)
{
	const char *line;
	int length;

	while ((line = next_line(&text, &length)))
		if (length)
			err_detail(err, "%s%.*s", prefix, length, line);
}

/* A prepared statement of ours that is there already, or no longer: we were given somebody else's session. */
static void say_mixed_up(struct err *err)
{
	if (!err_is(err, "42P05") && !err_is(err, "26000"))
		return;
	err->code = EXIT_CONNECTION;
	err_detail(err, "a pooler in transaction mode, which gives one session to several clients, does that");
	err_help(err, "connect to the server itself, or to a pool in session mode");
}

void server_err(const PGresult *result, struct err *err)
{
	const char *summary = field(result, PG_DIAG_MESSAGE_PRIMARY), *rest = PQresultErrorMessage(result);
	int length = (int)strlen(summary);

	if (!length) /* libpq itself has something to say */
		summary = next_line(&rest, &length);
	err_set(err, EXIT_STEP, "%.*s", length, summary ? summary : "");
	set_sqlstate(err, field(result, PG_DIAG_SQLSTATE));
	err->position = atoi(field(result, PG_DIAG_STATEMENT_POSITION));
	add_lines(err, "", field(result, PG_DIAG_MESSAGE_DETAIL));
	add_lines(err, "context: ", field(result, PG_DIAG_CONTEXT));
	/* Whatever language it is in: what depends on something never goes because of a hint. */
	if (*field(result, PG_DIAG_MESSAGE_HINT) && !strstr(field(result, PG_DIAG_MESSAGE_HINT), "CASCADE"))
		err_help(err, "%s", field(result, PG_DIAG_MESSAGE_HINT));
	say_mixed_up(err);
}

void keep_last_words(struct conn *conn, const PGresult *result)
{
	const char *severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *sqlstate = field(result, PG_DIAG_SQLSTATE);

	/* An immediate shutdown and a crash elsewhere are announced by a mere warning. */
	if (strcmp(severity, "FATAL") != 0 && strcmp(severity, "PANIC") != 0 && strncmp(sqlstate, "57P0", 4) != 0)
		return;
	snprintf(conn->last_sqlstate, sizeof(conn->last_sqlstate), "%s", sqlstate);
	free(conn->last_words);
	conn->last_words = xstrdup(field(result, PG_DIAG_MESSAGE_PRIMARY));
}

bool lost_err(struct conn *conn, struct err *err)
{
	const char *words = PQerrorMessage(conn->pg), *line;
	int length = 0;

	conn->lost = true;
	if (!conn->last_words) { /* then libpq's, which stay the same for every call that follows */
		line = next_line(&words, &length);
		conn->last_words = xcalloc(1, (size_t)length + 1);
		memcpy(conn->last_words, line ? line : "", (size_t)length);
	}
	err_set(err, EXIT_CONNECTION, "connection to the server was lost");
	set_sqlstate(err, conn->last_sqlstate[0] ? conn->last_sqlstate : "08006");
	if (*conn->last_words)
		err_detail(err, "%s", conn->last_words);
	return false;
}

/*
 * While connecting the server's code is to be had only inside of libpq's text, which is in its verbose form
 * then: "…FATAL:  28P01: password…".  Takes the code out of the line; false when there is none.
 */
static bool take_sqlstate(char *line, char sqlstate[6])
{
	for (char *at = strstr(line, ":  "); at; at = strstr(at + 1, ":  ")) {
		size_t length = strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");

		if (length != 5 || strncmp(at + 8, ": ", 2) != 0)
			continue;
		memcpy(sqlstate, at + 3, 5);
		sqlstate[5] = '\0';
		memmove(at + 3, at + 10, strlen(at + 10) + 1);
		return true;
	}
	return false;
}

static bool said_already(const struct err *err, const char *line)
{
	if (strcmp(err->diag.summary, line) == 0)
		return true;
	for (size_t i = 0; i < err->diag.detail_count; i++)
		if (strcmp(err->diag.details[i], line) == 0)
			return true;
	return false;
}

/* The way out, by SQLSTATE; without one the words of the operating system tell. */
static const char *help_for(const char *sqlstate, const char *message)
{
	static const struct {
		const char *sqlstate, *help;
	} helps[] = {
		{"28P01", "the password comes from PGPASSWORD, ~/.pgpass or the connection string; -W asks for it"},
		{"28000", "check the role (-U) and the server's pg_hba.conf, which says who may connect from where"},
		{"3D000", "name another database with -d, or create this one with createdb"},
		{"53300", "all connections of the server are taken; try again later, or raise max_connections"},
		{"57P03", "the server is starting or stopping; try again in a moment"},
		{"42501", "the role may not connect to this database; GRANT CONNECT ON DATABASE allows it"},
	};

	for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++)
		if (strcmp(helps[i].sqlstate, sqlstate) == 0)
			return helps[i].help;
	if (*sqlstate)
		return NULL;
	if (strstr(message, strerror(ECONNREFUSED)))
		return "nothing listens there: check host and port, and that the server runs and listens on that address";
	if (strstr(message, strerror(ENOENT)))
		return "no server has its socket there; name the host with -h, or try --sandbox";
	if (strstr(message, gai_strerror(EAI_NONAME)) || strstr(message, gai_strerror(EAI_AGAIN)))
		return "check the name of the host";
	return NULL;
}

void connect_err(const char *message, struct err *err)
{
	const char *rest = message, *line, *help;
	char sqlstate[6] = "";
	int length;

	err_set(err, EXIT_CONNECTION, "no connection to the server");
	err->diag.summary = NULL;
	while (*rest) {
		bool skipped = *rest == '\t' || strncmp(rest, "LOCATION: ", 10) == 0; /* a guess of libpq's; a line in C */
		char *text;

		line = next_line(&rest, &length);
		if (skipped || !length)
			continue;
		text = arena_strndup(&err->arena, line, (size_t)length);
		if (take_sqlstate(text, sqlstate) && !err->sqlstate[0])
			set_sqlstate(err, sqlstate);
		if (!err->diag.summary)
			err->diag.summary = text;
		else if (!said_already(err, text))
			err_detail(err, "%s", text);
	}
	if (!err->diag.summary)
		err->diag.summary = "no connection to the server";
	help = help_for(err->sqlstate, message);
	if (help)
		err_help(err, "%s", help);
}
