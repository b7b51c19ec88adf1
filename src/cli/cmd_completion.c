/* interlock completion: what a shell completes, written out of the tables of commands, options and primitives. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/help.h"

#define LIB_VERBS "add update remove verify list diff doc"

/* A text between the apostrophes of a shell; `also` are characters that want a backslash. */
static void put_quoted(const char *text, const char *also)
{
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			printf("%s%c", strchr(also, *text) ? "\\" : "", *text);
}

static void put_commands(void)
{
	for (size_t i = 0; commands[i]; i++)
		printf("%s%s", i ? " " : "", commands[i]->name);
}

static void put_primitives(void)
{
	for (size_t i = 0; step_types[i]; i++)
		printf("%s%s", i ? " " : "", step_types[i]->name);
}

/* Every page that `help` knows. */
static void put_pages(void)
{
	struct arena arena = {0};
	const char *library;

	fputs("commands options primitives rules std ", stdout);
	for (size_t i = 0; (library = help_library_name(i, &arena)); i++)
		printf("%s ", library);
	arena_release(&arena);
	for (const struct help_topic *topic = help_topics; topic->name; topic++)
		printf("%s ", topic->name);
	for (const struct help_block_page *block = help_blocks; block->name; block++)
		printf("%s ", block->name);
	put_commands();
	fputc(' ', stdout);
	put_primitives();
	for (const struct rule_page *rule = rule_pages(); rule->id; rule++)
		printf(" %s", rule->id);
}

/* The words that may follow a command: what its synopsis says. */
static const char *operands_of(const struct command *command)
{
	if (strcmp(command->name, "help") == 0)
		return "page";
	if (strcmp(command->name, "completion") == 0)
		return "shell";
	if (strcmp(command->name, "gate") == 0)
		return "gate";
	if (strcmp(command->name, "lib") == 0)
		return "lib";
	if (command->synopsis && strstr(command->synopsis, "PLAN"))
		return "plan";
	return command->operands_max > 0 ? "file" : "nothing";
}

/* ---- bash ---- */

static void bash_options(const struct command *command)
{
	for (const struct args_option *o = args_options; o->name; o++)
		if (command ? args_accepts(command, o) : o->group != ARGS_OWN)
			printf("--%s ", o->name);
}

/* Options whose argument only a person knows. */
static void bash_arguments(void)
{
	const char *sep = "";

	for (const struct args_option *o = args_options; o->name; o++)
		if (o->argument) {
			printf("%s--%s", sep, o->name);
			sep = "|";
			if (o->letter)
				printf("|-%c", o->letter);
		}
}

static void bash_words(void)
{
	fputs("\tlocal commands='", stdout);
	put_commands();
	fputs("'\n\tlocal primitives='", stdout);
	put_primitives();
	fputs("'\n\tlocal pages='", stdout);
	put_pages();
	fputs("'\n", stdout);
}

static void bash(void)
{
	fputs(
		"# bash completion for interlock; written by: interlock completion bash\n_interlock() {\n"
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' options='' words='' i\n",
		stdout);
	bash_words();
	fputs("\tCOMPREPLY=()\n\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase \" $commands \" in *\" ${COMP_WORDS[i]} \"*) command=${COMP_WORDS[i]}; break ;; esac\n\tdone\n"
	      "\tcase $prev in\n"
	      "\t--from) mapfile -t COMPREPLY < <(compgen -W \"$primitives\" -- \"$cur\"); return ;;\n"
	      "\t--color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- \"$cur\"); return ;;\n"
	      "\t--target) words=$(sed -n 's/^\\[target \\(.*\\)\\]$/\\1/p' interlock.conf 2>/dev/null)\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"); return ;;\n"
	      "\t--load|--log-file|-L|--bindir|--man) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n\t",
	      stdout);
	bash_arguments();
	fputs(") return ;;\n\tesac\n\tcase $command in\n", stdout);
	for (size_t i = 0; commands[i]; i++) {
		printf("\t%s) options='", commands[i]->name);
		bash_options(commands[i]);
		printf("' words=%s ;;\n", operands_of(commands[i]));
	}
	fputs("\t*) options='", stdout);
	bash_options(NULL);
	fputs(
		"' words=command ;;\n\tesac\n"
		"\tcase $cur in -*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\"); return ;; esac\n"
		"\tcase $words in\n\tcommand) words=$commands ;;\n\tpage) words=$pages ;;\n\tshell) words='bash zsh fish' ;;\n"
		"\tplan|gate)\n\t\ti=$words; words=$(cd plans 2>/dev/null && printf '%s\\n' *.lua | sed -n 's/\\.lua$//p')\n"
		"\t\t[ \"$i\" = gate ] && [ \"$prev\" = gate ] && words='pass list' ;;\n"
		"\tlib) words=$(cd vendor 2>/dev/null && printf '%s\\n' */ | tr -d /)\n"
		"\t\t[ \"$prev\" = lib ] && words='" LIB_VERBS "' ;;\n"
		"\tfile) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n\t*) words='' ;;\n\tesac\n"
		"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\ncomplete -o default -F _interlock interlock\n",
		stdout);
}

/* ---- zsh ---- */

static void zsh_option(const struct args_option *o)
{
	fputs("\t\t\t'", stdout);
	if (o->letter)
		printf("(-%c --%s)'{-%c,--%s}'[", o->letter, o->name, o->letter, o->name);
	else
		printf("--%s[", o->name);
	put_quoted(o->help, "[]:\\");
	fputc(']', stdout);
	if (strcmp(o->name, "from") == 0)
		fputs(":primitive:('\"$primitives\"')", stdout);
	else if (o->argument)
		printf(":%s:%s", o->argument, strstr(o->argument, "FILE") || strstr(o->argument, "DIR") ? "_files" : "");
	fputs("'\n", stdout);
}

static void zsh_operands(const struct command *command)
{
	const char *operands = operands_of(command);

	if (strcmp(operands, "page") == 0)
		fputs("\t\t\t\"*:page:($pages)\"\n", stdout);
	else if (strcmp(operands, "shell") == 0)
		fputs("\t\t\t'1:shell:(bash zsh fish)'\n", stdout);
	else if (strcmp(operands, "gate") == 0)
		fputs("\t\t\t'1:what:(pass list)'\n\t\t\t\"2:plan:($plans)\"\n", stdout);
	else if (strcmp(operands, "lib") == 0)
		fputs("\t\t\t'1:what:(" LIB_VERBS ")'\n\t\t\t'*:library:_files -W vendor'\n", stdout);
	else if (strcmp(operands, "plan") == 0)
		fputs("\t\t\t\"*:plan:($plans)\"\n", stdout);
	else if (strcmp(operands, "file") == 0)
		fputs("\t\t\t'*:file:_files'\n", stdout);
}

static void zsh_arguments(const struct command *command)
{
	fputs("\t\targuments=(\n", stdout);
	for (const struct args_option *o = args_options; o->name; o++)
		if (command ? args_accepts(command, o) : o->group != ARGS_OWN)
			zsh_option(o);
	if (command)
		zsh_operands(command);
	fputs("\t\t) ;;\n", stdout);
}

static void zsh(void)
{
	fputs(
		"#compdef interlock\n# zsh completion for interlock; written by: interlock completion zsh\n_interlock() {\n"
		"\tlocal -a commands arguments plans\n\tlocal command='' primitives pages i\n\tplans=(plans/*.lua(N:t:r))\n"
		"\tprimitives='",
		stdout);
	put_primitives();
	fputs("'\n\tpages='", stdout);
	put_pages();
	fputs("'\n\tcommands=(\n", stdout);
	for (size_t i = 0; commands[i]; i++) {
		printf("\t\t'%s:", commands[i]->name);
		put_quoted(commands[i]->summary, ":\\");
		fputs("'\n", stdout);
	}
	fputs(
		"\t)\n\tfor ((i = 2; i < CURRENT; i++)); do\n\t\tif (( ${commands[(I)${words[i]}:*]} )); then\n"
		"\t\t\tcommand=${words[i]}\n\t\t\tshift $((i - 1)) words\n\t\t\t((CURRENT -= i - 1))\n\t\t\tbreak\n\t\tfi\n"
		"\tdone\n\tcase $command in\n",
		stdout);
	for (size_t i = 0; commands[i]; i++) {
		printf("\t%s)\n", commands[i]->name);
		zsh_arguments(commands[i]);
	}
	fputs("\t*)\n", stdout);
	zsh_arguments(NULL);
	fputs("\tesac\n\tif [[ -z $command && $words[CURRENT] != -* ]]; then\n\t\t_describe command commands\n\telse\n"
	      "\t\t_arguments -s $arguments\n\tfi\n}\ncompdef _interlock interlock\n",
	      stdout);
}

/* ---- fish ---- */

static void fish_option(const struct args_option *o, const char *condition)
{
	printf("complete -c interlock%s -l %s", condition, o->name);
	if (o->letter)
		printf(" -s '%c'", o->letter);
	if (strcmp(o->name, "from") == 0) {
		fputs(" -x -a '", stdout);
		put_primitives();
		fputs("'", stdout);
	} else if (o->argument) {
		fputs(strstr(o->argument, "FILE") || strstr(o->argument, "DIR") ? " -r" : " -x", stdout);
	}
	fputs(" -d '", stdout);
	put_quoted(o->help, "\\");
	fputs("'\n", stdout);
}

static void fish_operands(const struct command *command)
{
	const char *operands = operands_of(command);

	if (strcmp(operands, "file") == 0)
		return;
	printf("complete -c interlock -n '__fish_seen_subcommand_from %s' -f", command->name);
	if (strcmp(operands, "page") == 0) {
		fputs(" -a '", stdout);
		put_pages();
		fputs("'", stdout);
	} else if (strcmp(operands, "shell") == 0) {
		fputs(" -a 'bash zsh fish'", stdout);
	} else if (strcmp(operands, "gate") == 0) {
		fputs(" -a 'pass list (__interlock_plans)'", stdout);
	} else if (strcmp(operands, "lib") == 0) {
		fputs(" -a '" LIB_VERBS "'", stdout);
	} else if (strcmp(operands, "plan") == 0) {
		fputs(" -a '(__interlock_plans)'", stdout);
	}
	fputc('\n', stdout);
}

static void fish(void)
{
	fputs("# fish completion for interlock; written by: interlock completion fish\n"
	      "function __interlock_plans\n\tfor file in plans/*.lua\n\t\tbasename $file .lua\n\tend\nend\n",
	      stdout);
	for (const struct args_option *o = args_options; o->name; o++)
		if (o->group != ARGS_OWN)
			fish_option(o, "");
	for (size_t i = 0; commands[i]; i++) {
		char condition[128];

		printf("complete -c interlock -n '__fish_use_subcommand' -f -a %s -d '", commands[i]->name);
		put_quoted(commands[i]->summary, "\\");
		fputs("'\n", stdout);
		fish_operands(commands[i]);
		snprintf(condition, sizeof(condition), " -n '__fish_seen_subcommand_from %s'", commands[i]->name);
		for (const struct args_option *o = args_options; o->name; o++)
			if (o->group == ARGS_OWN && args_accepts(commands[i], o))
				fish_option(o, condition);
	}
}

static enum exit_code run_completion(struct context *context, struct err *err)
{
	static const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(shells[i].shell, context->operands[0]) == 0) {
			shells[i].print();
			return EXIT_DONE;
		}
	err_set(err, EXIT_USAGE, "there is no completion for \"%s\"", context->operands[0]);
	err_help(err, "there is one for bash, zsh and fish");
	return EXIT_USAGE;
}

const struct command command_completion = {
	.name = "completion",
	.group = "reuse",
	.summary = "what a shell completes: commands, options, plans, primitives, pages",
	.synopsis = "bash|zsh|fish",
	.description =
		"Prints a script for the shell. For bash: source <(interlock completion bash), for ever in ~/.bashrc; for fish: "
		"interlock completion fish | source; for zsh: interlock completion zsh > a folder of $fpath/_interlock. make "
		"install puts all three in their places.",
	.server = SERVER_NONE,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_completion,
};
