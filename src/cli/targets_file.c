/* A line is empty, a comment, a section or "keyword = value". */
#include "cli/targets_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "db/conn.h"

enum { KEYWORDS = 64 }; /* more than libpq has, and each stands once at most */

struct reader {
	struct arena *arena;
	struct span span;           /* the line that is read */
	struct file_target **end;   /* where the next target is hung */
	struct file_target *first;  /* all that were read */
	struct file_target *target; /* the section it is in; NULL before the first and in a group */
	bool in_group;
	struct err *err;
};

/* Adds the place to the error; false. */
static bool here(struct reader *reader)
{
	err_at(reader->err, reader->span);
	return false;
}

static char *trimmed(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

static bool begin_target(struct reader *reader, const char *name)
{
	struct file_target *target;

	for (target = reader->first; target; target = target->next)
		if (strcmp(target->name, name) == 0) {
			err_set(reader->err, EXIT_OWN, "target \"%s\" is there twice", name);
			return here(reader);
		}
	target = arena_alloc(reader->arena, sizeof(*target));
	target->name = arena_strdup(reader->arena, name);
	target->keywords = arena_array(reader->arena, const char *, KEYWORDS + 1);
	target->values = arena_array(reader->arena, const char *, KEYWORDS + 1);
	*reader->end = target;
	reader->end = &target->next;
	reader->first = reader->first ? reader->first : target;
	reader->target = target;
	reader->in_group = false;
	return true;
}

static bool read_section(struct reader *reader, char *line)
{
	char *close = strchr(line, ']'), *name;

	if (close && !close[1]) {
		*close = '\0';
		line = trimmed(line + 1);
		name = line + strcspn(line, " \t");
		if (*name)
			*name++ = '\0';
		name = trimmed(name);
		if (strcmp(line, "target") == 0 && *name)
			return begin_target(reader, name);
		if (strcmp(line, "group") == 0 && *name) {
			reader->target = NULL;
			return reader->in_group = true;
		}
	}
	err_set(reader->err, EXIT_OWN, "this is neither \"[target NAME]\" nor \"[group NAME]\"");
	return here(reader);
}

static bool add_keyword(struct reader *reader, const char *keyword, const char *value)
{
	struct file_target *target = reader->target;

	for (size_t i = 0; i < target->count; i++)
		if (strcmp(target->keywords[i], keyword) == 0) {
			err_set(reader->err, EXIT_OWN, "\"%s\" is there twice", keyword);
			return here(reader);
		}
	if (!conn_keyword_known(keyword) || target->count == KEYWORDS) {
		err_set(reader->err, EXIT_OWN, "unknown keyword \"%s\"", keyword);
		err_help(reader->err,
		         "a target has libpq's keywords (host, port, dbname, user, service, …) and \"environment\"");
		return here(reader);
	}
	target->keywords[target->count] = arena_strdup(reader->arena, keyword);
	target->values[target->count++] = arena_strdup(reader->arena, value);
	return true;
}

static bool read_setting(struct reader *reader, char *line)
{
	char *equals = strchr(line, '='), *keyword, *value;

	if (!equals || (!reader->target && !reader->in_group)) {
		err_set(reader->err, EXIT_OWN, equals ? "this stands before the first section" : "\"=\" is missing");
		return here(reader);
	}
	*equals = '\0';
	keyword = trimmed(line);
	if (reader->in_group)
		return true;
	value = trimmed(equals + 1);
	if (strcmp(keyword, "environment") != 0)
		return add_keyword(reader, keyword, value);
	reader->target->environment = *value ? arena_strdup(reader->arena, value) : NULL;
	return true;
}

static bool read_line(struct reader *reader, char *line)
{
	line = trimmed(line);
	if (!*line || *line == '#')
		return true;
	return *line == '[' ? read_section(reader, line) : read_setting(reader, line);
}

bool targets_file_read(const char *path, struct arena *arena, struct file_target **first, struct err *err)
{
	struct reader reader = {.arena = arena, .span = {path, 0}, .end = first, .err = err};
	FILE *file = fopen(path, "re");
	char line[4096];
	bool ok = true;

	*first = NULL;
	if (!file && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (!file)
		return err_set(err, EXIT_OWN, "cannot read \"%s\": %s", path, strerror(errno));
	while (ok && fgets(line, sizeof(line), file)) {
		reader.span.line++;
		ok = read_line(&reader, line);
	}
	fclose(file);
	return ok;
}
