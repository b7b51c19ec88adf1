/* The whole manual as one HTML page that needs nothing else: contents, every page, light and dark, fit for paper.
 */
#include <string.h>

#include "base/version.h"
#include "cli/help.h"

static const char style[] =
	":root{--ink:#1d2530;--dim:#5b6675;--paper:#fdfdfb;--line:#d9dde2;--code:#f1f3f0;--link:#1a5a96}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#dfe3e8;--dim:#98a3b0;--paper:#14181d;--line:#303842;--code:#1d232a;"
	"--link:#7fb6ea}}\n"
	"*{box-sizing:border-box}html{scroll-padding-top:1rem}\n"
	"body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif;display:flex}\n"
	"nav{flex:0 0 17rem;height:100vh;position:sticky;top:0;overflow-y:auto;padding:1.5rem 1rem 2rem 1.5rem;"
	"border-right:1px solid var(--line);font-size:.85rem}\n"
	"nav h2{font-size:.75rem;text-transform:uppercase;letter-spacing:.06em;color:var(--dim);margin:1.4em 0 .3em}\n"
	"nav ul{list-style:none;margin:0;padding:0}nav a{display:block;padding:.1rem 0;overflow-wrap:anywhere}\n"
	"main{flex:1;min-width:0;max-width:58rem;padding:1.5rem 2.5rem 6rem}\n"
	"h1{font-size:1.9rem;margin:0 0 .3rem}h2{font-size:1.4rem;margin:3.5rem 0 1rem;padding-bottom:.3rem;"
	"border-bottom:2px solid var(--line)}\n"
	"section{border-bottom:1px solid var(--line);padding-bottom:1.2rem}\n"
	"h3{font:600 1.05rem ui-monospace,monospace;margin:1.8rem 0 .6rem;overflow-wrap:anywhere}\n"
	"h4{font-size:.95rem;margin:1.2rem 0 .3rem;color:var(--dim)}p{margin:.5rem 0}\n"
	"a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}\n"
	"pre{background:var(--code);padding:.7rem .9rem;overflow-x:auto;border-radius:4px;font-size:.83rem;line-height:1.45}\n"
	"code,pre{font-family:ui-monospace,monospace}dt{margin-top:.45rem}dd{margin:0 0 0 1.6rem;color:var(--ink)}\n"
	"dt code{font-size:.85rem;white-space:pre-wrap}\n"
	"@media(max-width:800px){body{display:block}nav{position:static;height:auto;border:0}main{padding:1rem}}\n"
	"@media print{body{display:block;font-size:10pt}nav{position:static;height:auto;border:0;columns:3}main{max-width:none;"
	"padding:0}section{break-inside:avoid-page}pre{white-space:pre-wrap}}\n";

/* The pages that are written by hand have no heading of their own. */
static bool is_topic(const char *name)
{
	for (const struct help_topic *topic = help_topics; topic->name; topic++)
		if (strcmp(topic->name, name) == 0)
			return true;
	return false;
}

/* What a part of the manual is made of, said once for the contents and once for the pages. */
static void entry(FILE *to, const char *name, bool contents)
{
	struct page page = {to, &page_html_form, false};

	if (contents) {
		fprintf(to, "<li><a href=\"#%s\">%s</a></li>\n", name, name);
		return;
	}
	fprintf(to, "<section id=\"%s\">\n", name);
	if (is_topic(name))
		page_heading(&page, name);
	help_print(&page, name);
	page_gap(&page);
	fputs("</section>\n", to);
}

static void begin(FILE *to, const char *title, bool contents)
{
	fprintf(to, contents ? "<h2>%s</h2>\n<ul>\n" : "<h2>%s</h2>\n", title);
}

static void end(FILE *to, bool contents)
{
	fputs(contents ? "</ul>\n" : "", to);
}

/* A name may be that of a command and of a rule, or of a block: one page then holds both. */
static bool is_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return true;
	return false;
}

static void language(FILE *to, bool contents)
{
	begin(to, "The language", contents);
	for (const struct help_topic *topic = help_topics; topic->name; topic++)
		if (!is_command(topic->name))
			entry(to, topic->name, contents);
	for (const struct help_block_page *block = help_blocks; block->name; block++)
		entry(to, block->name, contents);
	end(to, contents);
}

static void all_commands(FILE *to, bool contents)
{
	begin(to, "Commands", contents);
	for (size_t i = 0; commands[i]; i++)
		entry(to, commands[i]->name, contents);
	entry(to, "options", contents);
	end(to, contents);
}

static void primitives(FILE *to, bool contents)
{
	begin(to, "Primitives", contents);
	entry(to, "primitives", contents);
	for (size_t i = 0; step_types[i]; i++)
		entry(to, step_types[i]->name, contents);
	end(to, contents);
}

static void all_rules(FILE *to, bool contents)
{
	begin(to, "Rules", contents);
	for (const struct rule_page *rule = rule_pages(); rule->id; rule++)
		entry(to, rule->id, contents);
	end(to, contents);
}

static void libraries(FILE *to, bool contents)
{
	struct arena arena = {0};
	const char *name;

	begin(to, "The standard library", contents);
	entry(to, "std", contents);
	for (size_t i = 0; (name = help_library_name(i, &arena)); i++)
		entry(to, name, contents);
	end(to, contents);
	arena_release(&arena);
}

static void parts(FILE *to, bool contents)
{
	language(to, contents);
	all_commands(to, contents);
	primitives(to, contents);
	libraries(to, contents);
	all_rules(to, contents);
}

void help_html(FILE *to)
{
	fprintf(
		to,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n<title>Interlock %s</title>\n<style>\n%s</style>\n</head>\n"
		"<body>\n<nav aria-label=\"contents\">\n",
		INTERLOCK_VERSION, style);
	parts(to, true);
	fputs("</nav>\n<main>\n<h1>Interlock</h1>\n"
	      "<p>Safe PostgreSQL migrations, phase by phase, with a way back. Version " INTERLOCK_VERSION
	      "; written by <code>interlock help --html</code>.</p>\n",
	      to);
	parts(to, false);
	fputs("</main>\n</body>\n</html>\n", to);
}
