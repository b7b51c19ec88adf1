/* The whole manual as man pages: commands in section 1, the language and what it knows in section 7. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "cli/help.h"

/* One page, while it is written. */
struct sheet {
	const char *folder;
	struct page page;
	char path[4096];
	struct err *err;
};

static bool cannot(struct sheet *sheet, const char *what)
{
	return err_set(sheet->err, EXIT_OWN, "cannot write \"%s\": %s", what, strerror(errno));
}

static bool make_folder(struct sheet *sheet, const char *path)
{
	return mkdir(path, 0777) == 0 || errno == EEXIST || cannot(sheet, path);
}

/* Opens FOLDER/man<section>/<name>.<section>. */
static bool begin(struct sheet *sheet, const char *name, int section, const char *summary)
{
	snprintf(sheet->path, sizeof(sheet->path), "%s/man%d", sheet->folder, section);
	if (!make_folder(sheet, sheet->path))
		return false;
	snprintf(sheet->path, sizeof(sheet->path), "%s/man%d/%s.%d", sheet->folder, section, name, section);
	sheet->page = (struct page){fopen(sheet->path, "we"), &page_man_form, false};
	if (!sheet->page.to)
		return cannot(sheet, sheet->path);
	page_man_begin(&sheet->page, name, section, summary);
	return true;
}

static bool end(struct sheet *sheet)
{
	bool bad = ferror(sheet->page.to);

	return (fclose(sheet->page.to) == 0 && !bad) || cannot(sheet, sheet->path);
}

static bool begin_named(struct sheet *sheet, const char *name, int section, const char *summary)
{
	char full[256];

	snprintf(full, sizeof(full), "interlock-%s", name);
	return begin(sheet, full, section, summary);
}

static bool write_commands(struct sheet *sheet)
{
	if (!begin(sheet, "interlock", 1, "safe PostgreSQL migrations, phase by phase, with a way back"))
		return false;
	page_heading(&sheet->page, "commands and pages");
	help_overview(&sheet->page);
	page_heading(&sheet->page, "options");
	help_options(&sheet->page);
	if (!end(sheet))
		return false;
	for (size_t i = 0; commands[i]; i++) {
		if (!begin_named(sheet, commands[i]->name, 1, commands[i]->summary))
			return false;
		help_command(&sheet->page, commands[i]);
		if (!end(sheet))
			return false;
	}
	return true;
}

static bool write_topics(struct sheet *sheet)
{
	for (const struct help_topic *topic = help_topics; topic->name; topic++) {
		if (!begin_named(sheet, topic->name, 7, topic->summary))
			return false;
		page_heading(&sheet->page, topic->name);
		page_paragraphs(&sheet->page, topic->text, 0);
		if (!end(sheet))
			return false;
	}
	if (!begin_named(sheet, "blocks", 7, "what a plan file is made of besides steps"))
		return false;
	for (const struct help_block_page *block = help_blocks; block->name; block++)
		help_block(&sheet->page, block);
	return end(sheet);
}

static bool write_primitives(struct sheet *sheet)
{
	if (!begin_named(sheet, "primitives", 7, "the steps that plans are made of"))
		return false;
	page_heading(&sheet->page, "primitives");
	help_primitives(&sheet->page);
	if (!end(sheet))
		return false;
	for (size_t i = 0; step_types[i]; i++) {
		if (!begin_named(sheet, step_types[i]->name, 7, step_types[i]->summary))
			return false;
		help_primitive(&sheet->page, step_types[i]);
		if (!end(sheet))
			return false;
	}
	return true;
}

static bool write_library(struct sheet *sheet, const char *name)
{
	const struct lua_source *source = help_library_find(name);
	struct buf summary = {0};
	bool ok;

	help_library_summary(source, &summary);
	ok = begin_named(sheet, name, 7, buf_text(&summary));
	buf_release(&summary);
	if (!ok)
		return false;
	help_library(&sheet->page, source);
	return end(sheet);
}

static bool write_libraries(struct sheet *sheet)
{
	struct arena arena = {0};
	const char *name;
	bool ok = begin_named(sheet, "std", 7, "the standard library: whole changes in one call");

	if (ok) {
		page_heading(&sheet->page, "std");
		help_libraries(&sheet->page);
		ok = end(sheet);
	}
	for (size_t i = 0; ok && (name = help_library_name(i, &arena)); i++)
		ok = write_library(sheet, name);
	arena_release(&arena);
	return ok;
}

static bool write_rules(struct sheet *sheet)
{
	if (!begin_named(sheet, "rules", 7, "what the checker knows, rule by rule"))
		return false;
	for (const struct rule_page *rule = rule_pages(); rule->id; rule++)
		help_rule(&sheet->page, rule);
	return end(sheet);
}

bool help_write_man(const char *folder, struct err *err)
{
	struct sheet sheet = {.folder = folder, .err = err};

	return make_folder(&sheet, folder) && write_commands(&sheet) && write_topics(&sheet) &&
	       write_primitives(&sheet) && write_libraries(&sheet) && write_rules(&sheet);
}
