/* Starting a throwaway server and making everybody use it. */
#include "cli/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/report.h"

static void clean_environment(void)
{
	static const char *const names[] = {
		"PGHOSTADDR",    "PGSERVICE",          "PGSYSCONFDIR",     "PGSSLMODE",
		"PGREQUIRESSL",  "PGGSSENCMODE",       "PGCHANNELBINDING", "PGREQUIREPEER",
		"PGREQUIREAUTH", "PGLOADBALANCEHOSTS", "PGSSLNEGOTIATION", "PGTARGETSESSIONATTRS",
		"DATABASE_URL",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

/* Its programs come last in PATH, for who has no psql of their own. */
static void set_environment(const struct server *server, const char *bindir)
{
	const char *path = getenv("PATH");
	struct buf longer = {0};

	setenv("PGHOST", server_directory(server), 1);
	setenv("PGPORT", server_port(server), 1);
	setenv("PGUSER", "postgres", 1);
	setenv("PGDATABASE", "postgres", 1);
	buf_addf(&longer, "%s:%s", path ? path : "/usr/local/bin:/usr/bin:/bin", bindir);
	setenv("PATH", buf_text(&longer), 1);
	buf_release(&longer);
}

static bool read_file(const char *path, struct buf *text, struct err *err)
{
	FILE *file = fopen(path, "re");
	char bytes[8192];
	size_t length;
	bool ok;

	if (!file)
		return err_set(err, EXIT_OWN, "cannot read \"%s\": %s", path, strerror(errno));
	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_add_bytes(text, bytes, length);
	ok = !ferror(file);
	if (!ok)
		err_set(err, EXIT_OWN, "cannot read \"%s\": %s", path, strerror(errno));
	fclose(file);
	if (ok && text->length && memchr(text->data, '\0', text->length))
		ok = err_set(err, EXIT_OWN, "\"%s\" is no text: it has a zero byte", path);
	return ok;
}

/* pg_dump frames its output with two commands that only psql knows and that are of no use here: blanks instead. */
static void drop_restrict(struct buf *text)
{
	static const char *const commands_of_psql[] = {"\\restrict ", "\\unrestrict "};
	char *line = text->data;

	while (line && *line) {
		size_t length = strcspn(line, "\n");

		for (int i = 0; i < 2; i++)
			if (strncmp(line, commands_of_psql[i], strlen(commands_of_psql[i])) == 0)
				memset(line, ' ', length);
		line += length + (line[length] == '\n');
	}
}

/* Where in the file the server found something wrong; its position counts characters of UTF-8. */
static void locate_error(const char *path, const char *text, struct err *err)
{
	const char *at = text;
	int line = 1;

	if (!err->position)
		return;
	for (int i = 1; *at && i < err->position; i++) {
		line += *at == '\n';
		at++;
		while (((unsigned char)*at & 0xC0) == 0x80)
			at++;
	}
	err_at(err, (struct span){path, line});
	if (*at == '\\')
		err_help(err, "commands of psql can't be used here, only SQL");
}

static bool load_file(struct conn *conn, const char *path, struct err *err)
{
	struct buf text = {0};
	bool ok = read_file(path, &text, err);

	if (ok) {
		drop_restrict(&text);
		ok = conn_script(conn, buf_text(&text), err);
		if (!ok) {
			locate_error(path, buf_text(&text), err);
			err_prefix(err, "loading \"%s\"", path);
			err->code = EXIT_OWN;
		}
	}
	buf_release(&text);
	return ok;
}

static bool load_files(struct context *context, struct server *server, struct err *err)
{
	const char **path = context->options.load;
	struct conn *conn;
	bool ok = true;

	if (!path)
		return true;
	conn = conn_open(context->loop, server_params(server), err);
	for (; conn && ok && *path; path++)
		ok = load_file(conn, *path, err);
	conn_close(conn);
	return conn && ok;
}

struct server *sandbox_start(struct context *context, struct err *err)
{
	struct server *server;
	const char *bindir;

	clean_environment();
	if (!server_find_bindir(context->options.bindir, &context->arena, &bindir, err))
		return NULL;
	server = server_start(context->loop, bindir, err);
	if (!server)
		return NULL;
	if (!load_files(context, server, err)) {
		server_stop(server, false);
		return NULL;
	}
	set_environment(server, bindir);
	/* One role does everything here, so whoever started a run may approve it, as in development. */
	context->target = (struct target){"sandbox", "development", true, *server_params(server)};
	return server;
}
