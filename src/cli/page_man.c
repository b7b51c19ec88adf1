/* Pages of the manual in the language of man pages, man(7). */
#include <ctype.h>
#include <string.h>

#include "base/version.h"
#include "cli/page.h"

/* One line: a backslash and a hyphen say what they are, a control character at the begin says nothing. */
static void put(FILE *to, const char *text, size_t length)
{
	if (length && (*text == '.' || *text == '\''))
		fputs("\\&", to);
	for (size_t i = 0; i < length; i++)
		if (text[i] == '\\')
			fputs("\\e", to);
		else if (text[i] == '-')
			fputs("\\-", to);
		else
			fputc(text[i], to);
}

static void put_lines(FILE *to, const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		size_t line = strcspn(text, "\n");

		if (text + line > end)
			line = (size_t)(end - text);
		put(to, text, line);
		fputc('\n', to);
		text += line + 1;
	}
}

void page_man_begin(struct page *page, const char *name, int section, const char *summary)
{
	fprintf(page->to, ".TH \"");
	for (const char *c = name; *c; c++)
		fputc(toupper((unsigned char)*c), page->to);
	fprintf(page->to, "\" \"%d\" \"\" \"interlock %s\" \"Interlock\"\n.SH NAME\n", section, INTERLOCK_VERSION);
	put(page->to, name, strlen(name));
	fputs(" \\- ", page->to);
	put(page->to, summary, strlen(summary));
	fputc('\n', page->to);
}

static void title(struct page *page, const char *macro, const char *text)
{
	fprintf(page->to, "%s \"", macro);
	for (; *text; text++)
		if (*text == '"')
			fputs("\\(dq", page->to);
		else if (*text == '\\')
			fputs("\\e", page->to);
		else
			fputc(*text, page->to);
	fputs("\"\n", page->to);
}

static void heading(struct page *page, const char *text)
{
	title(page, ".SH", text);
}

static void part(struct page *page, const char *text)
{
	title(page, ".SS", text);
}

static void code(struct page *page, const char *text, int indent)
{
	(void)indent;
	fputs(".PP\n.RS 4\n.nf\n", page->to);
	put_lines(page->to, text, strlen(text));
	fputs(".fi\n.RE\n", page->to);
}

/* The lines that stay as they are, together. */
static size_t kept_lines(const char *text)
{
	size_t length = 0;

	while (text[length] == ' ' || (text[length] == '\n' && text[length + 1] == ' '))
		length += strcspn(text + length, "\n") + (text[length + strcspn(text + length, "\n")] == '\n');
	return length;
}

static void paragraphs(struct page *page, const char *text, int indent)
{
	while (*text) {
		size_t length = *text == ' ' ? kept_lines(text) : page_paragraph_length(text);

		if (*text == ' ') {
			fputs(".PP\n.nf\n", page->to);
			put_lines(page->to, text, length);
			fputs(".fi\n", page->to);
			text += length;
			continue;
		}
		if (length) {
			fputs(".PP\n", page->to);
			put_lines(page->to, text, length);
		}
		text += length + (text[length] == '\n');
	}
	(void)indent;
}

static void row(struct page *page, const char *left, int column, const char *right)
{
	(void)column;
	fputs(".TP\n.B ", page->to);
	left += strspn(left, " ");
	put(page->to, left, strlen(left));
	fputc('\n', page->to);
	put_lines(page->to, right, strlen(right));
}

static void gap(struct page *page)
{
	(void)page; /* man(7) parts paragraphs itself */
}

const struct page_form page_man_form = {heading, part, paragraphs, code, row, gap};
