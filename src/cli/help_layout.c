/* How pages of the manual are set: headings, rows, words broken at the right margin. */
#include <string.h>

#include "cli/help.h"
#include "cli/report.h"

int help_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xC0) != 0x80; /* bytes that begin a character of UTF-8 */
	return width;
}

void help_heading(FILE *to, const char *text)
{
	fprintf(to, "%s%s%s\n", report_color(to, COLOR_BOLD), text, report_color(to, COLOR_PLAIN));
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
		if (!first && at + 1 + width > HELP_WIDTH) {
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

void help_words(FILE *to, const char *text, int at, int indent)
{
	put_words(to, text, strlen(text), at, indent);
}

void help_code(FILE *to, const char *text, int indent)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length)
			fprintf(to, "%*s%.*s\n", indent, "", (int)length, text);
		else
			fputc('\n', to);
		text += length + (text[length] == '\n');
	}
}

/* How many bytes belong together: one line that stays as it is, or the lines up to the next such or empty one. */
static size_t paragraph_length(const char *text)
{
	size_t length = strcspn(text, "\n");

	if (!length || *text == ' ')
		return length;
	while (text[length] == '\n' && text[length + 1] != '\n' && text[length + 1] != ' ' && text[length + 1])
		length += 1 + strcspn(text + length + 1, "\n");
	return length;
}

void help_paragraphs(FILE *to, const char *text, int indent)
{
	while (*text) {
		size_t length = paragraph_length(text);

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

void help_row(FILE *to, const char *left, int column, const char *right)
{
	int width = 2 + help_width(left);

	fprintf(to, "  %s", left);
	if (width + 2 > column) {
		fputc('\n', to);
		width = 0;
	}
	fprintf(to, "%*s", column - width, "");
	help_words(to, right, column, column);
}
