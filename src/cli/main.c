/* The program: from argv to a command to an exit code. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/interrupt.h"
#include "base/version.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/report.h"
#include "cli/sandbox.h"
#include "cli/target.h"

enum { STACK_BYTES = 64 << 20 };

/*
 * What came closed (">&-") must not become the number of a pipe or a connection, into which messages would then
 * go. Reading finds nothing, writing to stdout fails and is told at the end, messages go nowhere.
 */
static void occupy_closed(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_OWN);
}

/* PostgreSQL's parser descends with the depth of an expression; the main thread's stack grows up to this limit. */
static void raise_stack_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STACK_BYTES)
		return;
	limit.rlim_cur = limit.rlim_max < STACK_BYTES ? limit.rlim_max : STACK_BYTES;
	setrlimit(RLIMIT_STACK, &limit);
}

/* Characters are UTF-8, whatever the environment says; everything else stays as in C. */
static void set_locale(void)
{
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static bool init_report(const struct context *context, struct err *err)
{
	const struct cli_options *options = &context->options;
	struct report_style style = {
		.json = options->json && !(context->command && context->command->document),
		.color = report_wants_color(options, isatty(STDOUT_FILENO)),
		.color_err = report_wants_color(options, isatty(STDERR_FILENO)),
		.quiet = options->quiet,
	};

	if (options->log_file)
		style.log = fopen(options->log_file, "ae");
	report_init(&style);
	if (options->log_file && !style.log)
		return err_set(err, EXIT_OWN, "cannot write \"%s\": %s", options->log_file, strerror(errno));
	return true;
}

/* interlock.conf in the current directory or the nearest one above; NULL: there is none. */
static const char *find_config(struct arena *arena)
{
	char *folder = getcwd(NULL, 0), *slash;
	const char *found = NULL;

	while (folder && !found) {
		const char *path = arena_printf(arena, "%s/interlock.conf", folder);

		if (access(path, F_OK) == 0)
			found = path;
		if (!(slash = strrchr(folder, '/')))
			break;
		*slash = '\0';
	}
	free(folder);
	return found;
}

/* The command with its loop and its server. */
static enum exit_code run_connected(struct context *context, struct target_request *request, struct err *err)
{
	const struct command *command = context->command;
	struct server *server = NULL;
	enum exit_code code;
	bool ok = true;

	context->loop = loop_new();
	if (context->options.sandbox) {
		ok = (server = sandbox_start(context, err)) != NULL;
	} else if (command->server != SERVER_NONE && !context->options.offline) {
		request->config_path = find_config(&context->arena);
		request->no_password |= context->options.no_input;
		ok = target_find(request, &context->arena, &context->target, err);
	}
	report_target(context->target.name);
	code = ok ? command->run(context, err) : err->code;
	if (code == EXIT_DONE && context->options.json && command->server == SERVER_REQUIRED)
		report_json_begin(); /* a reader gets it when there is nothing to tell, too */
	server_stop(server, false);
	loop_free(context->loop);
	return code;
}

static enum exit_code dispatch(struct context *context, struct target_request *request, struct err *err)
{
	if (context->options.version) {
		puts("interlock " INTERLOCK_VERSION);
		return EXIT_DONE;
	}
	if (context->options.help && context->command) {
		help_command(&(struct page){stdout, &page_text_form, false}, context->command);
		return EXIT_DONE;
	}
	if (!context->command) {
		help_overview(&(struct page){context->options.help ? stdout : stderr, &page_text_form, false});
		return context->options.help ? EXIT_DONE : EXIT_USAGE;
	}
	return run_connected(context, request, err);
}

/* What was written to stdout must have arrived; but whoever reads a pipe may stop when he has seen enough. */
static enum exit_code check_output(enum exit_code code)
{
	bool ok = fflush(stdout) == 0 && !ferror(stdout);
	struct stat info;

	if (ok || (fstat(STDOUT_FILENO, &info) == 0 && S_ISFIFO(info.st_mode)))
		return code;
	fputs("error: cannot write the output\n", stderr);
	return code == EXIT_DONE ? EXIT_OWN : code;
}

int main(int argc, char **argv)
{
	struct target_request request = {0};
	struct context context = {0};
	struct err err = {0};
	enum exit_code code = EXIT_USAGE;
	bool ok;

	occupy_closed();
	raise_stack_limit();
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a line at a time, not a character */
	set_locale();
	interrupt_install();
	ok = args_parse(argc, argv, &context, &request, &err);
	context.options.json |= context.options.format && strcmp(context.options.format, "json") == 0;
	if (init_report(&context, &err) && ok)
		code = dispatch(&context, &request, &err);
	report_err(&err);
	if (err.code && (code == EXIT_DONE || code == EXIT_USAGE))
		code = err.code;
	code = check_output(code);
	fault_report();
	report_finish();
	err_release(&err);
	arena_release(&context.arena);
	return (int)code;
}
