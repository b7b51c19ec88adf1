/* Pages of the manual as HTML: sections of one document (cli/help_html.c). */
#include <string.h>

#include "cli/help.h"
#include "cli/page.h"

static void put_escaped(FILE *to, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		switch (text[i]) {
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '&':
			fputs("&amp;", to);
			break;
		default:
			fputc(text[i], to);
		}
}

void page_html_text(FILE *to, const char *text)
{
	put_escaped(to, text, strlen(text));
}

/* How long the name of a page is that stands here, 0 when there is no such page. */
static size_t page_name(const char *text, const char *end)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	char name[64];

	if (length == 0 || length >= sizeof(name) || text + length > end)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)length, text);
	return help_knows(name) ? length : 0;
}

/* "interlock help NAME" leads to that page. */
static void put(FILE *to, const char *text, size_t length)
{
	static const char mention[] = "interlock help ";
	const char *end = text + length;

	while (text < end) {
		const char *at = strstr(text, mention), *name;
		size_t known;

		if (!at || at + strlen(mention) >= end) {
			put_escaped(to, text, (size_t)(end - text));
			return;
		}
		name = at + strlen(mention);
		known = page_name(name, end);
		put_escaped(to, text, (size_t)(name - text));
		if (known)
			fprintf(to, "<a href=\"#%.*s\">%.*s</a>", (int)known, name, (int)known, name);
		text = name + known;
	}
}

/* A table of rows begins with its first and ends before whatever else comes. */
static void end_rows(struct page *page)
{
	if (page->in_rows)
		fputs("</dl>\n", page->to);
	page->in_rows = false;
}

static void title(struct page *page, const char *tag, const char *text)
{
	end_rows(page);
	fprintf(page->to, "<%s>", tag);
	page_html_text(page->to, text);
	fprintf(page->to, "</%s>\n", tag);
}

static void heading(struct page *page, const char *text)
{
	title(page, "h3", text);
}

static void part(struct page *page, const char *text)
{
	title(page, "h4", text);
}

static void put_code(struct page *page, const char *text, size_t length)
{
	end_rows(page);
	fputs("<pre>", page->to);
	put(page->to, text, length);
	fputs("</pre>\n", page->to);
}

static void code(struct page *page, const char *text, int indent)
{
	size_t length = strlen(text);

	(void)indent;
	while (length && text[length - 1] == '\n')
		length--;
	put_code(page, text, length);
}

/* The lines that stay as they are, together, with the empty ones between them. */
static size_t kept_lines(const char *text)
{
	size_t length = 0, next = 0;

	while (text[next] == ' ' || (text[next] == '\n' && text[next + 1] == ' ')) {
		next += strcspn(text + next, "\n");
		length = next;
		next += text[next] == '\n';
	}
	return length;
}

static void paragraphs(struct page *page, const char *text, int indent)
{
	(void)indent;
	end_rows(page);
	while (*text) {
		size_t length = *text == ' ' ? kept_lines(text) : page_paragraph_length(text);

		if (*text == ' ') {
			put_code(page, text, length);
		} else if (length) {
			fputs("<p>", page->to);
			put(page->to, text, length);
			fputs("</p>\n", page->to);
		}
		text += length + (text[length] == '\n');
	}
}

static void row(struct page *page, const char *left, int column, const char *right)
{
	(void)column;
	if (!page->in_rows)
		fputs("<dl>\n", page->to);
	page->in_rows = true;
	fputs("<dt><code>", page->to);
	left += strspn(left, " ");
	if (page_name(left, left + strlen(left)) == strlen(left))
		fprintf(page->to, "<a href=\"#%s\">%s</a>", left, left);
	else
		page_html_text(page->to, left);
	fputs("</code></dt>\n<dd>", page->to);
	put(page->to, right, strlen(right));
	fputs("</dd>\n", page->to);
}

static void gap(struct page *page)
{
	end_rows(page);
}

const struct page_form page_html_form = {heading, part, paragraphs, code, row, gap};
