/*
 * A page of the manual, whatever it is written on: a terminal, or man(7).
 * Whoever writes a page says what things are (a heading, words, code, a row of
 * a table); a form says how that looks.
 */
#ifndef INTERLOCK_CLI_PAGE_H
#define INTERLOCK_CLI_PAGE_H

#include <stdbool.h>
#include <stdio.h>

struct page;

struct page_form {
	void (*heading)(struct page *page, const char *text);
	void (*part)(struct page *page, const char *text);
	void (*paragraphs)(struct page *page, const char *text, int indent);
	void (*code)(struct page *page, const char *text, int indent);
	void (*row)(struct page *page, const char *left, int column, const char *right);
	void (*gap)(struct page *page);
};

struct page {
	FILE *to;
	const struct page_form *form;
	bool in_rows; /* HTML: a table is open */
};

extern const struct page_form page_text_form; /* at most PAGE_WIDTH columns wide, bold where there are colours */
extern const struct page_form page_man_form;  /* the language of man pages, man(7) */
extern const struct page_form page_html_form; /* sections of an HTML document */

enum { PAGE_WIDTH = 100 };

/* What the page is about; and a part of it. */
void page_heading(struct page *page, const char *text);
void page_part(struct page *page, const char *text);
/* Paragraphs, parted by empty lines; lines that begin with a space stay as they are. */
void page_paragraphs(struct page *page, const char *text, int indent);
/* The lines as they are, indented. */
void page_code(struct page *page, const char *text, int indent);
/* "  left      right", the right side in words from that column on. */
void page_row(struct page *page, const char *left, int column, const char *right);
/* An empty line. */
void page_gap(struct page *page);

/* How wide a text is, in columns. */
int page_width_of(const char *text);
/* How many bytes of paragraphs belong together: a line that stays as it is, or those up to the next such or empty
 * one. */
size_t page_paragraph_length(const char *text);

/* A text with what HTML wants escaped. */
void page_html_text(FILE *to, const char *text);
/* Begins a man page: the .TH line and NAME. */
void page_man_begin(struct page *page, const char *name, int section, const char *summary);

#endif
