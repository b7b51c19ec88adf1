/*
 * The layout of diagnostics and errors as text and as JSON lines, and colours.
 * What a message says is decided elsewhere.
 */
#include "cli/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/version.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "cli/redraw.h"
#include "cli/sqlstate.h"
#include "plan/lua_sources.h"

enum { LINE_SHOWN_MAX = 200, STATEMENT_SHOWN_MAX = 400 };

static struct report_style style;
static bool version_written;

void report_init(const struct report_style *wanted)
{
	style = *wanted;
}

void report_finish(void)
{
	if (style.log)
		fclose(style.log);
	style.log = NULL;
}

void report_target(const char *target)
{
	style.target = target;
}

bool report_is_json(void)
{
	return style.json;
}

bool report_wants_color(const struct cli_options *options, bool terminal)
{
	const char *no_color = getenv("NO_COLOR"), *pg_color = getenv("PG_COLOR"), *term = getenv("TERM");

	if (options->plain || options->color != COLOR_AUTO)
		return !options->plain && options->color == COLOR_ALWAYS;
	if (no_color && *no_color)
		return false;
	if (pg_color && strcmp(pg_color, "always") == 0)
		return true;
	if (pg_color && *pg_color && strcmp(pg_color, "auto") != 0)
		return false;
	return terminal && !(term && strcmp(term, "dumb") == 0);
}

const char *report_color(FILE *to, enum report_color color)
{
	static const char *const sequences[] = {"\033[0m",  "\033[1m",  "\033[2m", "\033[31m",
	                                        "\033[32m", "\033[33m", "\033[34m"};
	bool on = (to == stdout && style.color) || (to == stderr && style.color_err);

	return on ? sequences[color] : "";
}

/*
 * Writes a text whose later lines are indented by that many spaces.  Control
 * characters can't reach the terminal: names and messages come from elsewhere.
 */
static void put_text(FILE *to, const char *text, int indent)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '\n')
			fprintf(to, "\n%*s", indent, "");
		else if (*c == '\t')
			fputs("    ", to);
		else if (*c == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0)
			fputc('?', to), c++;
		else
			fputc(*c < ' ' || *c == 0x7F ? '?' : *c, to);
	}
}

/* The text of a library that is inside the binary, as a stream; NULL: there is no such file. */
static FILE *open_embedded(const char *path)
{
	for (const struct lua_source *source = lua_sources; source->path; source++)
		if (strcmp(source->path, path) == 0 && *source->text)
			return fmemopen((void *)(uintptr_t)source->text, strlen(source->text), "r");
	return NULL;
}

/* The line of the source as it is now, without its end; the caller frees it.  NULL: it can't be read. */
static char *source_line(const struct span *span)
{
	FILE *file = fopen(span->file, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t length = -1;

	if (!file && !(file = open_embedded(span->file)))
		return NULL;
	for (int i = 0; i < span->line && (length = getline(&line, &room, file)) >= 0; i++)
		;
	fclose(file);
	if (length < 0) {
		free(line);
		return NULL;
	}
	if (length > LINE_SHOWN_MAX)
		length = LINE_SHOWN_MAX;
	line[length] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

/* How many columns line numbers take; everything below the first line is aligned with it. */
static int gutter_width(const struct diag *diag)
{
	int width = 2;

	for (int line = diag->span.line; line >= 100; line /= 10)
		width++;
	return width;
}

static void put_place(FILE *to, const struct diag *diag, bool with_source)
{
	const char *blue = report_color(to, COLOR_BLUE), *plain = report_color(to, COLOR_PLAIN);
	int width = gutter_width(diag);
	char *line;

	fprintf(to, "%*s%s-->%s ", width, "", blue, plain);
	put_text(to, diag->span.file, 0);
	fprintf(to, ":%d\n", diag->span.line);
	line = with_source ? source_line(&diag->span) : NULL;
	if (line) {
		fprintf(to, "%*s%s|%s\n%s%*d |%s ", width + 1, "", blue, plain, blue, width, diag->span.line, plain);
		put_text(to, line, 0);
		fputc('\n', to);
	}
	free(line);
}

static void put_reason(FILE *to, int width, const char *lead, const char *text)
{
	fprintf(to, "%*s%s=%s %s", width + 1, "", report_color(to, COLOR_BLUE), report_color(to, COLOR_PLAIN), lead);
	put_text(to, text, width + 3);
	fputc('\n', to);
}

/* Everything below the first line. */
static void put_body(FILE *to, const struct diag *diag, bool with_source)
{
	int width = gutter_width(diag);

	if (diag->span.file && diag->span.line)
		put_place(to, diag, with_source);
	for (size_t i = 0; i < diag->detail_count; i++)
		put_reason(to, width, "", diag->details[i]);
	if (diag->help)
		put_reason(to, width, "help: ", diag->help);
	for (size_t i = 0; i < diag->chain_length; i++) {
		fputs("  called from ", to);
		put_text(to, diag->chain[i].file ? diag->chain[i].file : "?", 0);
		fprintf(to, ":%d\n", diag->chain[i].line);
	}
}

/* A line of the log begins with the time and the process. */
static void put_stamp(FILE *log)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", gmtime_r(&now, &utc));
	fprintf(log, "%s UTC [%d] ", text, (int)getpid());
}

static void put_diag(FILE *to, const char *label, const struct diag *diag, bool with_source)
{
	static const enum report_color colors[] = {COLOR_BLUE, COLOR_YELLOW, COLOR_RED};
	const char *bold = report_color(to, COLOR_BOLD), *plain = report_color(to, COLOR_PLAIN);

	fprintf(to, "%s%s%s", bold, report_color(to, colors[diag->severity]), label);
	if (diag->rule)
		fprintf(to, "[%s]", diag->rule);
	fprintf(to, "%s%s:%s ", plain, bold, plain);
	put_text(to, diag->summary ? diag->summary : "", 2);
	fputc('\n', to);
	put_body(to, diag, with_source);
}

/* A string of JSON; bytes that are no UTF-8 (a LATIN1 server's) become "?".  NULL gives null. */
static json_t *json_text(const char *text)
{
	json_t *json = text ? json_string(text) : json_null();
	char *copy;

	if (json)
		return json;
	copy = xstrdup(text);
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	json = json_string(copy);
	free(copy);
	return json;
}

/* The fields that "diagnostic" and "failed" share. */
static json_t *diag_json(const char *type, const struct diag *diag)
{
	json_t *details = json_array(), *chain = json_array();
	bool placed = diag->span.file && diag->span.line;

	for (size_t i = 0; i < diag->detail_count; i++)
		json_array_append_new(details, json_text(diag->details[i]));
	for (size_t i = 0; i < diag->chain_length; i++)
		json_array_append_new(
			chain, json_pack("{s:o, s:i}", "file", json_text(diag->chain[i].file), "line", diag->chain[i].line));
	return json_pack(
		"{s:s, s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "type", type, "severity",
		severity_name(diag->severity), "rule", diag->rule, "summary", json_text(diag->summary), "detail", details,
		"help", json_text(diag->help), "file", json_text(placed ? diag->span.file : NULL), "line",
		placed ? json_integer(diag->span.line) : json_null(), "call_chain", chain, "sql", json_text(diag->sql));
}

static void write_line(json_t *line)
{
	if (!line)
		bug("a line of JSON can't be built");
	json_dumpf(line, stdout, JSON_COMPACT);
	fputc('\n', stdout);
	fflush(stdout);
	json_decref(line);
}

void report_json_begin(void)
{
	if (!version_written)
		write_line(json_pack("{s:s, s:i, s:s, s:s, s:o}", "type", "version", "format", 1, "tool", "interlock",
		                     "version", INTERLOCK_VERSION, "target", json_text(style.target)));
	version_written = true;
}

void report_json(json_t *line)
{
	report_json_begin();
	json_object_set_new(line, "target", json_text(style.target));
	write_line(line);
}

static void log_diag(const char *label, const struct diag *diag)
{
	if (!style.log)
		return;
	put_stamp(style.log);
	put_diag(style.log, label, diag, false);
	fflush(style.log);
}

void report_diag(FILE *to, const struct diag *diag)
{
	redraw_erase();
	if (style.json)
		report_json(diag_json("diagnostic", diag));
	else
		put_diag(to, severity_name(diag->severity), diag, true);
	log_diag(severity_name(diag->severity), diag);
}

void report_message(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!style.quiet && !style.json) {
		redraw_erase();
		fflush(stdout);
		put_text(stderr, text ? text : format, 2);
		fputc('\n', stderr);
	}
	if (style.log) {
		put_stamp(style.log);
		put_text(style.log, text ? text : format, 2);
		fputc('\n', style.log);
		fflush(style.log);
	}
	free(text);
}

static void put_count(FILE *to, size_t count, const char *what, const char *before)
{
	if (count)
		fprintf(to, "%s%zu %s%s", before, count, what, count == 1 ? "" : "s");
}

void report_diags(FILE *to, const struct diags *diags)
{
	size_t notes = 0;

	for (const struct diag *diag = diags->first; diag; diag = diag->next) {
		if (diag != diags->first && !style.json)
			fputc('\n', to);
		report_diag(to, diag);
		notes += diag->severity == SEVERITY_NOTE;
	}
	if (style.json) {
		report_json(json_pack("{s:s, s:I, s:I, s:I}", "type", "summary", "errors", (json_int_t)diags->errors,
		                      "warnings", (json_int_t)diags->warnings, "notes", (json_int_t)notes));
	} else if (diags->errors || diags->warnings) {
		fputc('\n', to);
		put_count(to, diags->errors, "error", "");
		put_count(to, diags->warnings, "warning", diags->errors ? ", " : "");
		fputc('\n', to);
	}
}

static bool names_sqlstate(const struct err *err)
{
	for (size_t i = 0; i < err->diag.detail_count; i++)
		if (strstr(err->diag.details[i], err->sqlstate))
			return true;
	return false;
}

/* The diagnostic of an error, with what the server said among its details; text lives in the arena. */
static struct diag err_diag(const struct err *err, struct arena *arena)
{
	struct diag diag = err->diag;

	diag.details = NULL;
	diag.detail_count = 0;
	if (err->sqlstate[0] && !names_sqlstate(err))
		diag_detail(arena, &diag, "server: %s %s", err->sqlstate, sqlstate_meaning(err->sqlstate));
	for (size_t i = 0; i < err->diag.detail_count; i++)
		diag_detail(arena, &diag, "%s", err->diag.details[i]);
	if (diag.sql && !style.json) {
		bool cut = strlen(diag.sql) > STATEMENT_SHOWN_MAX;

		diag_detail(arena, &diag, "statement: %.*s%s", STATEMENT_SHOWN_MAX, diag.sql, cut ? " ..." : "");
		if (err->position)
			diag_detail(arena, &diag, "at character %d of the statement", err->position);
	}
	return diag;
}

/* The word an error begins with. */
static const char *err_label(const struct err *err)
{
	if (err->diag.rule)
		return "error";
	if (err->code == EXIT_STEP)
		return "failed";
	return err->code == EXIT_INTERRUPTED ? "stopped" : "error";
}

void report_err(const struct err *err)
{
	struct arena arena = {0};
	struct diag diag;

	redraw_erase();
	if (!err->diag.summary)
		return;
	diag = err_diag(err, &arena);
	if (err_is(err, "25006") && !diag.help)
		diag.help = "default_transaction_read_only is on, or the server is a standby: interlock doctor says which";
	if (style.json) {
		json_t *line = diag_json("failed", &diag);

		json_object_set_new(line, "exit_code", json_integer(err->code));
		json_object_set_new(line, "sqlstate", json_text(err->sqlstate[0] ? err->sqlstate : NULL));
		report_json(line);
	} else {
		fflush(stdout);
		put_diag(stderr, err_label(err), &diag, err->code != EXIT_STEP || diag.rule);
	}
	log_diag(err_label(err), &diag);
	arena_release(&arena);
}
