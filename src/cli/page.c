/* What all forms of pages share. */
#include "cli/page.h"

#include <string.h>

void page_heading(struct page *page, const char *text)
{
	page->form->heading(page, text);
}

void page_part(struct page *page, const char *text)
{
	page->form->part(page, text);
}

void page_paragraphs(struct page *page, const char *text, int indent)
{
	page->form->paragraphs(page, text, indent);
}

void page_code(struct page *page, const char *text, int indent)
{
	page->form->code(page, text, indent);
}

void page_row(struct page *page, const char *left, int column, const char *right)
{
	page->form->row(page, left, column, right);
}

void page_gap(struct page *page)
{
	page->form->gap(page);
}

int page_width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xC0) != 0x80; /* bytes that begin a character of UTF-8 */
	return width;
}

size_t page_paragraph_length(const char *text)
{
	size_t length = strcspn(text, "\n");

	if (!length || *text == ' ')
		return length;
	while (text[length] == '\n' && text[length + 1] != '\n' && text[length + 1] != ' ' && text[length + 1])
		length += 1 + strcspn(text + length + 1, "\n");
	return length;
}
