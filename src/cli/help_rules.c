/* The pages of rules: those of plans (check/rule.h) and of plain SQL (hazard/hazard.h) as one list, by name. */
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"

enum { PAGES_MAX = 512 };

static int compare(const void *a, const void *b)
{
	const struct rule_page *x = a, *y = b;

	return strcmp(x->id, y->id);
}

const struct rule_page *rule_pages(void)
{
	static struct rule_page pages[PAGES_MAX];
	size_t count = 0;

	if (pages[0].id)
		return pages;
	for (const struct rule *r = rules; r->id; r++)
		pages[count++] = (struct rule_page){r->id, r->title, r->why, r, hazard_find(r->id)};
	for (size_t i = 0; hazard_tables[i]; i++)
		for (const struct hazard *h = hazard_tables[i]; h->id; h++)
			if (!rule_find(h->id) && count + 1 < PAGES_MAX)
				pages[count++] = (struct rule_page){h->id, h->title, h->why, NULL, h};
	qsort(pages, count, sizeof(*pages), compare);
	return pages;
}

const struct rule_page *rule_page_find(const char *id)
{
	for (const struct rule_page *page = rule_pages(); page->id; page++)
		if (strcmp(page->id, id) == 0)
			return page;
	return NULL;
}

static void section(struct page *page, const char *title, const char *text)
{
	if (!text)
		return;
	page_gap(page);
	page_part(page, title);
	page_paragraphs(page, text, 2);
}

static void code_section(struct page *page, const char *title, const char *text)
{
	if (!text)
		return;
	page_gap(page);
	page_part(page, title);
	page_code(page, text, 2);
}

static void hazard_sections(struct page *page, const struct hazard *hazard)
{
	section(page, "what it is", hazard_class_name(hazard->class));
	section(page, "lock", hazard->lock);
	section(page, "told from",
	        hazard->level == LEVEL_OFFLINE ? "the text; a database makes it exact"
	                                       : "the catalogue of a database");
	code_section(page, "in SQL, instead of", hazard->bad);
	code_section(page, hazard->bad ? "write in SQL" : "example in SQL", hazard->good);
}

void help_rule(struct page *page, const struct rule_page *rule)
{
	page_heading(page, rule->id);
	page_paragraphs(page, rule->title, 2);
	section(page, "why", rule->why);
	if (rule->rule) {
		code_section(page, "instead of", rule->rule->bad);
		code_section(page, rule->rule->bad ? "write" : "example", rule->rule->good);
	}
	if (rule->hazard)
		hazard_sections(page, rule->hazard);
}

void help_rules(struct page *page)
{
	for (const struct rule_page *rule = rule_pages(); rule->id; rule++)
		page_row(page, rule->id, 34, rule->title);
	page_gap(page);
	page_paragraphs(page, "interlock help RULE: why, and what to write instead", 0);
}
