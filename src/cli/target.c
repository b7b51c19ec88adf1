/* The order of precedence; the password; the one line about what was found. */
#include "cli/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/suggest.h"
#include "cli/password.h"
#include "cli/targets_file.h"

/* -W and -w of the command line; they hold for every session of the process. */
static enum { ASK_WHEN_WANTED, ASK_FIRST, ASK_NEVER } asking;

/* Keywords and values while they are put together; there is room for all of them. */
struct params {
	const char *keywords[10], *values[10];
	size_t count;
};

static void add(struct params *params, const char *keyword, const char *value)
{
	if (!value || !*value)
		return;
	params->keywords[params->count] = keyword;
	params->values[params->count++] = value;
}

static struct conn_params copied(const struct params *params, struct arena *arena)
{
	const char **keywords = arena_array(arena, const char *, params->count + 1);
	const char **values = arena_array(arena, const char *, params->count + 1);

	for (size_t i = 0; i < params->count; i++) {
		keywords[i] = arena_strdup(arena, params->keywords[i]);
		values[i] = arena_strdup(arena, params->values[i]);
	}
	return (struct conn_params){keywords, values};
}

/* A variable that is there but empty says nothing. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool from_options(const struct target_request *request, struct arena *arena, struct target *out)
{
	struct params params = {.count = 0};

	add(&params, "host", request->host);
	add(&params, "port", request->port);
	add(&params, "user", request->user);
	add(&params, "dbname", request->dbname); /* the last: what a connection string says wins, as in psql */
	out->named = params.count > 0;
	out->params = copied(&params, arena);
	return out->named;
}

/* With a service, libpq itself fills its gaps from the other variables: they stay where they are. */
static bool from_environment(struct arena *arena, struct target *out)
{
	struct params params = {.count = 0};

	add(&params, "service", variable("PGSERVICE"));
	if (!params.count) {
		add(&params, "host", variable("PGHOST"));
		add(&params, "hostaddr", variable("PGHOSTADDR"));
		add(&params, "dbname", variable("PGDATABASE"));
		out->named = params.count > 0;
		add(&params, "port", variable("PGPORT"));
	} else {
		out->named = true;
	}
	out->params = copied(&params, arena);
	return out->named;
}

static bool from_url(struct arena *arena, struct target *out, struct err *err)
{
	const char *url = variable("DATABASE_URL");
	struct params params = {.count = 0};

	if (strncmp(url, "postgres://", 11) != 0 && strncmp(url, "postgresql://", 13) != 0) {
		err_set(err, EXIT_OWN, "DATABASE_URL is not an address that begins with \"postgresql://\"");
		err_help(err, "name the database with -d, or --target with a target of interlock.conf");
		return false;
	}
	add(&params, "dbname", url);
	out->named = true;
	out->params = copied(&params, arena);
	return true;
}

static const struct file_target *find_named(const struct file_target *targets, const char *name)
{
	while (targets && strcmp(targets->name, name) != 0)
		targets = targets->next;
	return targets;
}

static bool no_such_target(const struct target_request *request, const struct file_target *targets,
                           struct err *err)
{
	struct arena scratch = {0};
	const char **names, *near;
	size_t count = 0;

	for (const struct file_target *target = targets; target; target = target->next)
		count++;
	names = arena_array(&scratch, const char *, count + 1);
	count = 0;
	for (const struct file_target *target = targets; target; target = target->next)
		names[count++] = target->name;
	err_set(err, EXIT_OWN, "no target \"%s\" in %s", request->target_name,
	        request->config_path ? request->config_path : "interlock.conf");
	near = suggest(request->target_name, names, count);
	if (near)
		err_help(err, "did you mean \"%s\"?", near);
	else
		err_help(err, "a target is a section \"[target %s]\" with libpq's keywords", request->target_name);
	arena_release(&scratch);
	return false;
}

static void take_file_target(const struct file_target *from, struct target *out)
{
	out->name = from->name;
	out->environment = from->environment;
	out->named = true;
	out->params = (struct conn_params){from->keywords, from->values};
}

/* --target, or "default" when the name is NULL; *found tells whether it is there. */
static bool from_file(const struct target_request *request, struct arena *arena, struct target *out, bool *found,
                      struct err *err)
{
	const char *name = request->target_name ? request->target_name : "default";
	struct file_target *targets = NULL;
	const struct file_target *named;

	*found = false;
	if (request->config_path && !targets_file_read(request->config_path, arena, &targets, err))
		return false;
	named = find_named(targets, name);
	if (!named)
		return !request->target_name || no_such_target(request, targets, err);
	*found = true;
	take_file_target(named, out);
	return true;
}

static bool find(const struct target_request *request, struct arena *arena, struct target *out, struct err *err)
{
	bool found;

	if (from_options(request, arena, out))
		return true;
	if (request->target_name)
		return from_file(request, arena, out, &found, err);
	if (from_environment(arena, out))
		return true;
	if (variable("DATABASE_URL"))
		return from_url(arena, out, err);
	if (!from_file(request, arena, out, &found, err))
		return false;
	if (!found)
		from_environment(arena, out); /* PGPORT alone is a default of libpq's */
	return true;
}

/* Does it come from PGSERVICE? */
static bool is_service(const struct target *target)
{
	return !target->name && target->params.keywords[0] && strcmp(target->params.keywords[0], "service") == 0;
}

bool target_find(const struct target_request *request, struct arena *arena, struct target *out, struct err *err)
{
	static const char *const variables[] = {"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE"};

	*out = (struct target){0};
	asking = request->no_password ? ASK_NEVER : request->force_password ? ASK_FIRST : ASK_WHEN_WANTED;
	if (!find(request, arena, out, err))
		return false;
	for (size_t i = 0; !is_service(out) && i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	unsetenv("PGSERVICE");
	return true;
}

/* The params and one more, which wins over the same keyword before it. */
static struct conn_params with(const struct conn_params *params, const char *keyword, const char *value,
                               struct arena *arena)
{
	size_t count = 0;
	const char **keywords, **values;

	while (params->keywords[count])
		count++;
	keywords = arena_array(arena, const char *, count + 2);
	values = arena_array(arena, const char *, count + 2);
	if (count) {
		memcpy(keywords, params->keywords, count * sizeof(*keywords));
		memcpy(values, params->values, count * sizeof(*values));
	}
	keywords[count] = keyword;
	values[count] = value;
	return (struct conn_params){keywords, values};
}

/* Puts the person's answer into the target; false without one. */
static bool ask_password(struct target *target)
{
	static struct arena answers; /* as long as the process, like the target */
	const char *password = password_ask("password: ", &answers);

	asking = ASK_NEVER; /* once */
	if (password)
		target->params = with(&target->params, "password", password, &answers);
	return password != NULL;
}

static struct conn *attempt(struct loop *loop, const struct target *target, const char *application_name,
                            bool *wants_password, struct err *err)
{
	struct arena scratch = {0};
	struct conn_params params = target->params;
	struct conn *conn;

	if (application_name)
		params = with(&params, "application_name", application_name, &scratch);
	conn = conn_attempt(loop, &params, wants_password, err);
	arena_release(&scratch);
	return conn;
}

struct conn *target_connect(struct loop *loop, struct target *target, const char *application_name,
                            struct err *err)
{
	bool wants_password = false;
	int interrupts = interrupt_count();
	struct conn *conn = NULL;

	if (asking != ASK_FIRST || ask_password(target))
		conn = attempt(loop, target, application_name, &wants_password, err);
	if (!conn && wants_password && asking == ASK_WHEN_WANTED && ask_password(target))
		conn = attempt(loop, target, application_name, &wants_password, err);
	if (conn) {
		err_release(err);
		return conn;
	}
	if (interrupt_count() != interrupts)
		err_set(err, EXIT_INTERRUPTED, "interrupted while connecting");
	else if (!err->diag.summary)
		err_set(err, EXIT_CONNECTION, "a password is wanted (-W), and there is no terminal to ask for it");
	else if (target->name)
		err_detail(err, "target \"%s\"", target->name);
	return NULL;
}

const char *target_describe(struct conn *conn, const char *environment, struct arena *arena)
{
	const char *host = conn_host(conn);
	bool bracket = strpbrk(host, "/@:") != NULL; /* a socket directory or an IPv6 address */

	return arena_printf(arena, "%s on %s%s%s:%s as %s, PostgreSQL %s%s%s", conn_database(conn), bracket ? "[" : "",
	                    host, bracket ? "]" : "", conn_port(conn), conn_user(conn), conn_server_version_text(conn),
	                    environment ? ", environment " : "", environment ? environment : "");
}
