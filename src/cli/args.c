/* Reading the command line by getopt_long and the table of options. */
#include "cli/args.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/interval.h"
#include "base/suggest.h"

enum { OPTIONS_MAX = 64, VALUE_OF_LONG = 256 };

static const int64_t LONGEST_INTERVAL = (int64_t)365 * 24 * 3600 * 1000;

/* The command line while it is read. */
struct parser {
	struct context *context;
	struct target_request *request;
	struct err *err;
	bool given[OPTIONS_MAX]; /* by place in args_options */
};

static size_t option_index(const char *name)
{
	for (size_t i = 0; args_options[i].name; i++)
		if (strcmp(args_options[i].name, name) == 0)
			return i;
	return OPTIONS_MAX - 1;
}

static const char *option_suggest(const char *name, size_t length)
{
	const char *names[OPTIONS_MAX];
	char word[64] = "";
	size_t count = 0;

	strncat(word, name, length < sizeof(word) ? length : sizeof(word) - 1);
	for (; args_options[count].name; count++)
		names[count] = args_options[count].name;
	return suggest(word, names, count);
}

/* "check, preview and run": the commands that take the option. */
static const char *commands_with(struct arena *arena, const struct args_option *option)
{
	const char *list = NULL, *last = NULL;

	for (size_t i = 0; commands[i]; i++) {
		if (!args_accepts(commands[i], option))
			continue;
		if (last)
			list = list ? arena_printf(arena, "%s, %s", list, last) : last;
		last = commands[i]->name;
	}
	return list ? arena_printf(arena, "%s and %s", list, last) : last;
}

/* The array `list` (NULL: none yet) with one more entry, NULL-terminated. */
static const char **list_with(struct arena *arena, const char **list, const char *entry)
{
	size_t count = 0;
	const char **longer;

	while (list && list[count])
		count++;
	longer = arena_array(arena, const char *, count + 2);
	if (count)
		memcpy(longer, list, count * sizeof(*list));
	longer[count] = entry;
	return longer;
}

static bool wrong_value(struct parser *parser, const struct args_option *option, const char *value,
                        const char *wanted)
{
	err_set(parser->err, EXIT_USAGE, "\"--%s %s\" is not %s", option->name, value, wanted);
	return false;
}

/* --set NAME=VALUE; a later value replaces an earlier one. */
static bool take_set(struct parser *parser, const struct args_option *option, const char *value)
{
	struct cli_options *options = &parser->context->options;
	struct arena *arena = &parser->context->arena;
	const char *sign = strchr(value, '='), *name;

	if (!sign || sign == value)
		return wrong_value(parser, option, value, "of the form NAME=VALUE");
	name = arena_strndup(arena, value, (size_t)(sign - value));
	for (size_t i = 0; options->set_names && options->set_names[i]; i++) {
		if (strcmp(options->set_names[i], name) == 0) {
			options->set_values[i] = sign + 1;
			return true;
		}
	}
	options->set_names = list_with(arena, options->set_names, name);
	options->set_values = list_with(arena, options->set_values, sign + 1);
	return true;
}

static bool take_color(struct parser *parser, const struct args_option *option, const char *value)
{
	static const char *const words[] = {"auto", "always", "never"};

	for (int i = 0; i < 3; i++) {
		if (strcmp(value, words[i]) == 0) {
			parser->context->options.color = (enum color_mode)i;
			return true;
		}
	}
	return wrong_value(parser, option, value, "one of auto, always, never");
}

static bool take_count(struct parser *parser, const struct args_option *option, const char *value, int64_t *field)
{
	char *end;

	errno = 0;
	*field = strtoll(value, &end, 10);
	if (errno || end == value || *end || *field < 1 || *field > 1000000)
		return wrong_value(parser, option, value, "a number from 1 to 1000000");
	return true;
}

static bool take_interval(struct parser *parser, const struct args_option *option, const char *value,
                          int64_t *field)
{
	if (interval_parse(value, field) && *field >= 1 && *field <= 60000)
		return true;
	wrong_value(parser, option, value, "a length of time from 1 ms to 1 min");
	err_help(parser->err, "for example --%s 50ms", option->name);
	return false;
}

static bool take_long_interval(struct parser *parser, const struct args_option *option, const char *value,
                               int64_t *field)
{
	if (interval_parse(value, field) && *field >= 1 && *field <= LONGEST_INTERVAL)
		return true;
	wrong_value(parser, option, value, "a length of time from 1 ms to 365 days");
	err_help(parser->err, "for example --%s 2h", option->name);
	return false;
}

static bool take_option(struct parser *parser, size_t index, const char *value)
{
	const struct args_option *option = &args_options[index];
	struct cli_options *options = &parser->context->options;
	void *field = (char *)(option->for_request ? (void *)parser->request : (void *)options) + option->offset;

	parser->given[index] = true;
	switch (option->kind) {
	case ARGS_FLAG:
		*(bool *)field = true;
		return true;
	case ARGS_TEXT:
		*(const char **)field = value;
		return true;
	case ARGS_LOAD:
		options->load = list_with(&parser->context->arena, options->load, value);
		return true;
	case ARGS_INTERVAL:
		return take_interval(parser, option, value, field);
	case ARGS_LONG_INTERVAL:
		return take_long_interval(parser, option, value, field);
	case ARGS_COUNT:
		return take_count(parser, option, value, field);
	case ARGS_COLOR:
		return take_color(parser, option, value);
	case ARGS_SET:
		return take_set(parser, option, value);
	}
	return true;
}

static void take_operand(struct context *context, const char *word)
{
	context->operands = list_with(&context->arena, (const char **)(uintptr_t)context->operands, word);
	context->operand_count++;
}

/* A word that getopt_long did not know as a long option: no such name, or the beginning of several. */
static bool unknown_long(struct parser *parser, const char *word)
{
	size_t length = strcspn(word, "=");
	const char *near = option_suggest(word + 2, length - 2), *matches = NULL;
	struct arena *arena = &parser->context->arena;
	int count = 0;

	for (size_t i = 0; args_options[i].name; i++) {
		if (strncmp(args_options[i].name, word + 2, length - 2) != 0)
			continue;
		matches =
			arena_printf(arena, "%s%s--%s", matches ? matches : "", matches ? ", " : "", args_options[i].name);
		count++;
	}
	if (count > 1)
		return err_set(parser->err, EXIT_USAGE, "\"%.*s\" can mean %s", (int)length, word, matches);
	err_set(parser->err, EXIT_USAGE, "there is no option \"%.*s\"", (int)length, word);
	if (near)
		err_help(parser->err, "did you mean \"--%s\"?", near);
	else
		err_help(parser->err, "interlock COMMAND --help lists the options");
	return false;
}

/* What getopt_long answered '?' to; `word` is the argument that it stands in. */
static bool unknown_option(struct parser *parser, const char *word)
{
	if (optopt == 0)
		return unknown_long(parser, word);
	if (optopt >= VALUE_OF_LONG)
		return err_set(parser->err, EXIT_USAGE, "\"--%s\" takes no value",
		               args_options[optopt - VALUE_OF_LONG].name);
	err_set(parser->err, EXIT_USAGE, "there is no option \"-%c\"", optopt);
	err_help(parser->err, "interlock COMMAND --help lists the options");
	return false;
}

static bool missing_value(struct parser *parser)
{
	size_t index = 0;

	if (optopt >= VALUE_OF_LONG)
		index = (size_t)optopt - VALUE_OF_LONG;
	else
		while (args_options[index].letter != optopt)
			index++;
	err_set(parser->err, EXIT_USAGE, "\"--%s\" needs a value: --%s %s", args_options[index].name,
	        args_options[index].name, args_options[index].argument);
	if (optopt == 'h')
		err_help(parser->err, "-h is the host, as in psql; for help: interlock --help");
	return false;
}

/* One answer of getopt_long. */
static bool take_answer(struct parser *parser, int answer, char **argv)
{
	if (answer == 1) {
		take_operand(parser->context, optarg);
		return true;
	}
	if (answer == ':')
		return missing_value(parser);
	if (answer == '?' && optopt != '?')
		return unknown_option(parser, argv[optind - 1]);
	if (answer >= VALUE_OF_LONG)
		return take_option(parser, (size_t)answer - VALUE_OF_LONG, optarg);
	for (size_t i = 0; args_options[i].name; i++)
		if (args_options[i].letter == answer)
			return take_option(parser, i, optarg);
	return true;
}

/* What getopt_long wants to know, from the table. */
static void getopt_tables(char *letters, struct option *longs)
{
	*letters++ = '-'; /* operands come as answers, in their order */
	*letters++ = ':'; /* so does a missing value */
	for (size_t i = 0; args_options[i].name; i++) {
		const struct args_option *option = &args_options[i];

		longs[i] = (struct option){option->name, option->argument ? required_argument : no_argument, NULL,
		                           VALUE_OF_LONG + (int)i};
		if (!option->letter || option->letter == '?') /* getopt answers '?' to "-?" by itself */
			continue;
		*letters++ = option->letter;
		if (option->argument)
			*letters++ = ':';
	}
	*letters = '\0';
}

static bool read_words(struct parser *parser, int argc, char **argv)
{
	struct option longs[OPTIONS_MAX] = {{0}};
	char letters[2 * OPTIONS_MAX + 3];
	int answer, before;

	getopt_tables(letters, longs);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	for (;;) {
		before = optind ? optind : 1;
		optopt = 0;
		answer = getopt_long(argc, argv, letters, longs, NULL);
		if (answer == -1)
			break;
		if (!take_answer(parser, answer, argv))
			return false;
	}
	if (optind > before) /* a "--" was passed over */
		parser->context->rest = argv + optind;
	return true;
}

static bool unknown_command(const struct context *context, struct err *err)
{
	const char *word = context->operands[0], *near = command_suggest(word);
	size_t length = strlen(word);

	err_set(err, EXIT_USAGE, "there is no command \"%s\"", word);
	if (near)
		err_help(err, "did you mean \"%s\"?", near);
	else if (length > 4 && strcmp(word + length - 4, ".lua") == 0)
		err_help(err, "to run a plan: interlock run %s", word);
	else
		err_help(err, "interlock help lists the commands");
	return false;
}

/* Takes the command from the operands, and what follows "--" unless the command wants that for itself. */
static bool find_command(struct context *context, struct err *err)
{
	if (!context->operand_count)
		return true;
	context->command = command_find(context->operands[0]);
	if (!context->command)
		return unknown_command(context, err);
	context->operands++;
	context->operand_count--;
	if (context->command->takes_rest || !context->rest)
		return true;
	for (; *context->rest; context->rest++)
		take_operand(context, *context->rest);
	context->rest = NULL;
	return true;
}

static bool not_accepted(const struct context *context, const struct args_option *option, struct err *err)
{
	const char *name = context->command->name, *others;

	err_set(err, EXIT_USAGE, "\"%s\" has no option \"--%s\"", name, option->name);
	if (option->group == ARGS_CONNECTION)
		err_detail(err, "it uses no server");
	else if ((others = commands_with(&err->arena, option)))
		err_detail(err, "\"--%s\" belongs to %s", option->name, others);
	err_help(err, "interlock %s --help lists its options", name);
	return false;
}

static bool check_options(const struct parser *parser)
{
	const struct context *context = parser->context;

	for (size_t i = 0; args_options[i].name; i++) {
		/* --sandbox brings the options of the throwaway server to every command that may use one. */
		bool of_sandbox = i == option_index("load") || i == option_index("bindir");

		if (!parser->given[i] || args_accepts(context->command, &args_options[i]) ||
		    (of_sandbox && context->options.sandbox && context->command->server != SERVER_NONE))
			continue;
		if (!of_sandbox || context->command->server == SERVER_NONE)
			return not_accepted(context, &args_options[i], parser->err);
		err_set(parser->err, EXIT_USAGE, "\"--%s\" goes with \"--sandbox\"", args_options[i].name);
		err_help(parser->err, "add --sandbox to use a throwaway server");
		return false;
	}
	return true;
}

static bool check_conflicts(const struct parser *parser)
{
	const struct target_request *request = parser->request;
	const struct cli_options *options = &parser->context->options;

	if (options->sandbox &&
	    (request->dbname || request->host || request->port || request->user || request->target_name))
		return err_set(parser->err, EXIT_USAGE, "\"--sandbox\" is a server of its own: name no other");
	if (options->sandbox && options->offline)
		return err_set(parser->err, EXIT_USAGE, "\"--sandbox\" and \"--offline\" exclude each other");
	if (options->quiet && options->verbose)
		return err_set(parser->err, EXIT_USAGE, "\"--quiet\" and \"--verbose\" exclude each other");
	return true;
}

static bool check_operands(const struct context *context, struct err *err)
{
	const struct command *command = context->command;

	if (context->operand_count < command->operands_min)
		err_set(err, EXIT_USAGE, "\"%s\" needs more: interlock %s %s", command->name, command->name,
		        command->synopsis ? command->synopsis : "");
	else if (context->operand_count > command->operands_max)
		err_set(err, EXIT_USAGE, "\"%s\" can't use \"%s\"", command->name,
		        context->operands[command->operands_max]);
	else
		return true;
	err_help(err, "interlock %s --help", command->name);
	return false;
}

bool args_parse(int argc, char **argv, struct context *context, struct target_request *request, struct err *err)
{
	struct parser parser = {.context = context, .request = request, .err = err};
	static const char *const none[] = {NULL};

	if (!read_words(&parser, argc, argv) || (!context->options.version && !find_command(context, err)))
		return false;
	if (!context->operands)
		context->operands = none;
	if (!context->command || context->options.help || context->options.version)
		return true;
	return check_options(&parser) && check_conflicts(&parser) && check_operands(context, err);
}
