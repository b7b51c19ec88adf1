/* interlock convert: a plain SQL migration becomes phased plans. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "cli/offline.h"
#include "cli/report.h"
#include "cli/scaffold.h"
#include "cli/sql_file.h"
#include "convert/convert.h"

enum { NAME_MAX_BYTES = 44 }; /* of the 48 that a plan's name may have: the rest is for its number */

struct output {
	const char *folder; /* with its slash; NULL: standard output */
	const char *name;   /* of the plan, or what the names of several begin with */
};

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), other = strlen(end);

	return length >= other && strcasecmp(text + length - other, end) == 0;
}

static const char *good_name(struct arena *arena, const char *text, size_t length)
{
	char *name = arena_strndup(arena, text, length < NAME_MAX_BYTES ? length : NAME_MAX_BYTES);

	for (char *c = name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.", *c))
			*c = '_';
	return *name ? name : "migration";
}

/* The file's name without its endings; Prisma calls every file migration.sql, and the folder has the name. */
static const char *name_of(struct arena *arena, const char *path)
{
	static const char *const endings[] = {".sql", ".up", ".lua"};
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t length = strlen(base);

	if (strcmp(path, "-") == 0)
		return "migration";
	if (slash && slash > path && strcasecmp(base, "migration.sql") == 0) {
		base = slash;
		while (base > path && base[-1] != '/')
			base--;
		return good_name(arena, base, (size_t)(slash - base));
	}
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const char *text = arena_strndup(arena, base, length);

		if (ends_with(text, endings[i]))
			length -= strlen(endings[i]);
	}
	return good_name(arena, base, length);
}

static struct output output_of(struct context *context)
{
	const char *given = context->options.output, *slash;
	struct output output = {NULL, name_of(&context->arena, context->operands[0])};

	if (!given || strcmp(given, "-") == 0)
		return output;
	if (!ends_with(given, ".lua")) {
		output.folder = ends_with(given, "/") ? given : arena_printf(&context->arena, "%s/", given);
		return output;
	}
	slash = strrchr(given, '/');
	output.folder = slash ? arena_strndup(&context->arena, given, (size_t)(slash + 1 - given)) : "";
	output.name = name_of(&context->arena, given);
	return output;
}

/* NAME, or NAME_1, NAME_2, … where there are several. */
static const char *plan_name(struct context *context, const struct output *output,
                             const struct conversion *conversion, size_t i)
{
	return conversion->concern_count == 1 ? output->name
	                                      : arena_printf(&context->arena, "%s_%zu", output->name, i + 1);
}

static const char *other_names(struct context *context, const struct output *output,
                               const struct conversion *conversion, size_t i)
{
	struct buf names = {0};
	const char *text;

	if (conversion->concern_count < 2)
		return NULL;
	for (size_t k = 0; k < conversion->concern_count; k++)
		if (k != i)
			buf_addf(&names, "%s%s", names.length ? ", " : "", plan_name(context, output, conversion, k));
	text = arena_strdup(&context->arena, buf_text(&names));
	buf_release(&names);
	return text;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(path, "-") == 0 ? "the migration" : slash ? slash + 1 : path;
}

static void write_text(struct context *context, const struct output *output, const struct conversion *conversion,
                       size_t i, struct buf *text)
{
	const struct plan_head head = {plan_name(context, output, conversion, i), file_name(context->operands[0]), i,
	                               other_names(context, output, conversion, i)};

	convert_write(text, conversion, &head);
}

static bool write_file(struct context *context, const struct output *output, const struct conversion *conversion,
                       size_t i, struct err *err)
{
	const char *path =
		arena_printf(&context->arena, "%s%s.lua", output->folder, plan_name(context, output, conversion, i));
	struct buf text = {0};
	bool there, ok;

	write_text(context, output, conversion, i, &text);
	ok = scaffold_write(path, buf_text(&text), &there, err);
	buf_release(&text);
	if (ok && there) {
		err_set(err, EXIT_OWN, "\"%s\" is there already, and was left as it is", path);
		return err_help(err, "give another folder or name with -o, or remove that file"), false;
	}
	if (ok && !context->options.quiet)
		report_message("%s written", path);
	return ok;
}

static bool write_plans(struct context *context, const struct conversion *conversion, struct err *err)
{
	struct output output = output_of(context);
	struct buf text = {0};
	bool ok = true;

	for (size_t i = 0; ok && i < conversion->concern_count; i++) {
		if (output.folder) {
			ok = write_file(context, &output, conversion, i, err);
			continue;
		}
		buf_add(&text, i ? "\n" : "");
		write_text(context, &output, conversion, i, &text);
	}
	fputs(buf_text(&text), stdout);
	buf_release(&text);
	if (ok && !output.folder && conversion->concern_count > 1)
		report_message("%zu plans, and a file holds one: -o FOLDER writes each into its own",
		               conversion->concern_count);
	if (ok && conversion->concern_count == 0)
		report_message("nothing to convert: the file changes nothing that is a plan's work");
	return ok;
}

static bool convert(struct context *context, struct conversion *conversion, struct diags *diags, struct err *err)
{
	struct lint_options options = {.assume_large = true};
	struct conn *conn = NULL;
	struct lint *lint;
	struct buf text = {0};
	bool ok = sql_file_read(context->operands[0], &text, err) && connect_or_offline(context, &conn, err);

	if (ok) {
		lint = lint_new(&options, conn);
		ok = convert_text(lint, context->operands[0], buf_text(&text), conversion, diags, err) &&
		     convert_group(conversion, err) && convert_order(conversion, err);
		ok = ok && (diags->errors > 0 || write_plans(context, conversion, err));
		lint_free(lint);
	}
	conn_close(conn);
	buf_release(&text);
	return ok;
}

static enum exit_code run_convert(struct context *context, struct err *err)
{
	struct conversion conversion = {0};
	struct diags diags = {0};
	bool ok = convert(context, &conversion, &diags, err);
	enum exit_code code = !ok ? err->code : diags.errors > 0 ? EXIT_REJECTED : EXIT_DONE;

	if (ok && diags.first)
		report_diags(stderr, &diags);
	conversion_release(&conversion);
	diags_release(&diags);
	return code;
}

const struct command command_convert = {
	.name = "convert",
	.group = "write",
	.summary = "phased plans that do what a plain SQL migration does, safely",
	.synopsis = "FILE.sql",
	.description =
		"Reads a migration as lint does, and writes plans that end in the same schema: a plan for each thing that has "
		"nothing to do with the others, and in it a step for each statement or part of one. A default that is computed "
		"for each row becomes a column, its default and a backfill; indexes and constraints are built without holding "
		"anybody up; DELETE moves rows aside; what is dropped waits behind a gate and a safety period. A comment at "
		"each step says which line of the file it comes from.\n\n"
		"What has no safe form, and what the text does not tell, is written with a comment that begins with DECIDE: and "
		"says what a person must decide, and why. Of files with a way back in them, as dbmate and goose write them, "
		"only the way forward is read. When a database is named, or libpq's default answers, its catalogue says what "
		"the text leaves open, such as whether a change of type is free; nothing is changed.\n\n"
		"The plans go to standard output, or with -o into NAME.lua, or into a folder; several are numbered. A file that "
		"is there is never written over. What can't be read is told, and nothing is written (exit code 4). \"-\" is "
		"standard input.",
	.accepts = "offline output",
	.server = SERVER_OPTIONAL,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_convert,
};
