/* Pages of the manual as text: headings, rows, words broken at the right margin. */
#include <string.h>

#include "cli/page.h"
#include "cli/report.h"

static void heading(struct page *page, const char *text)
{
	fprintf(page->to, "%s%s%s\n", report_color(page->to, COLOR_BOLD), text, report_color(page->to, COLOR_PLAIN));
}

static int width_of_bytes(const char *text, size_t length)
{
	int width = 0;

	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)text[i] & 0xC0) != 0x80;
	return width;
}

/* The words of the first `length` bytes. */
static void put_words(FILE *to, const char *text, size_t length, int at, int indent)
{
	const char *end = text + length;
	bool first = true;

	while (text < end) {
		size_t word = 0;
		int width;

		while (text < end && (*text == ' ' || *text == '\n'))
			text++;
		while (text + word < end && text[word] != ' ' && text[word] != '\n')
			word++;
		width = width_of_bytes(text, word);
		if (!first && at + 1 + width > PAGE_WIDTH) {
			fprintf(to, "\n%*s", indent, "");
			at = indent;
		} else if (!first && word) {
			fputc(' ', to);
			at++;
		}
		fprintf(to, "%.*s", (int)word, text);
		at += width;
		text += word;
		first = false;
	}
	fputc('\n', to);
}

static void code(struct page *page, const char *text, int indent)
{
	FILE *to = page->to;

	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length)
			fprintf(to, "%*s%.*s\n", indent, "", (int)length, text);
		else
			fputc('\n', to);
		text += length + (text[length] == '\n');
	}
}

static void paragraphs(struct page *page, const char *text, int indent)
{
	FILE *to = page->to;

	while (*text) {
		size_t length = page_paragraph_length(text);

		if (!length) {
			fputc('\n', to);
		} else if (*text == ' ') {
			fprintf(to, "%*s%.*s\n", indent, "", (int)length, text);
		} else {
			fprintf(to, "%*s", indent, "");
			put_words(to, text, length, indent, indent);
		}
		text += length + (text[length] == '\n');
	}
}

static void row(struct page *page, const char *left, int column, const char *right)
{
	FILE *to = page->to;
	int width = 2 + page_width_of(left);

	fprintf(to, "  %s", left);
	if (width + 2 > column) {
		fputc('\n', to);
		width = 0;
	}
	fprintf(to, "%*s", column - width, "");
	put_words(to, right, strlen(right), column, column);
}

static void gap(struct page *page)
{
	fputc('\n', page->to);
}

const struct page_form page_text_form = {heading, heading, paragraphs, code, row, gap};
