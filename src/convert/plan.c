/* The text of one plan: its head, its phases, and what stands before those that take something away. */
#include <string.h>

#include "base/buf.h"
#include "convert/lua.h"
#include "convert/phases.h"

enum { SQL_SHOWN = 90, TITLE_MAX = 100 };

static const struct draft *next_of(const struct draft *d, size_t concern)
{
	while (d && (d->is_left_out || d->concern != concern))
		d = d->next;
	return d;
}

static size_t last_block(const struct conversion *conversion, size_t concern)
{
	size_t last = 0;

	for (const struct draft *d = next_of(conversion->first, concern); d; d = next_of(d->next, concern))
		last = d->block > last ? d->block : last;
	return last;
}

static size_t steps_in(const struct conversion *conversion, size_t concern, size_t block)
{
	size_t count = 0;

	for (const struct draft *d = next_of(conversion->first, concern); d; d = next_of(d->next, concern))
		count += d->block == block;
	return count;
}

/* The words of its first steps, as many as there is room for. */
static void write_title(struct buf *out, const struct conversion *conversion, size_t concern)
{
	struct buf title = {0};
	const char *before = "";
	size_t left = 0;

	for (const struct draft *d = next_of(conversion->first, concern); d; d = next_of(d->next, concern)) {
		if (strcmp(d->words, before) == 0)
			continue;
		if (title.length > 0 && title.length + 2 + strlen(d->words) > TITLE_MAX)
			left++;
		else
			buf_addf(&title, "%s%s", title.length ? ", " : "", d->words);
		before = d->words;
	}
	if (left > 0)
		buf_addf(&title, ", and %zu more", left);
	buf_add(out, "  title = ");
	lua_text(out, buf_text(&title));
	buf_add(out, ",\n");
	buf_release(&title);
}

/* "line 3: ALTER TABLE …": the statement, as far as a line holds it. */
static void write_origin(struct buf *out, const struct draft *d)
{
	struct buf line = {0};
	const char *text = d->sql;

	buf_addf(&line, "line %d: ", d->line);
	for (size_t shown = 0; *text && shown < SQL_SHOWN; shown++) {
		buf_add_char(&line, strchr("\t\r\n", *text) ? ' ' : *text);
		text++;
	}
	while (line.length > 0 && ((unsigned char)*text & 0xC0) == 0x80 && *text)
		buf_add_char(&line, *text++);
	if (*text)
		buf_add(&line, " …");
	lua_comment(out, buf_text(&line), 4);
	buf_release(&line);
}

static void write_remarks(struct buf *out, const struct draft *d)
{
	struct buf text = {0};

	for (size_t i = 0; i < d->remark_count; i++)
		lua_comment(out, d->remarks[i], 4);
	for (size_t i = 0; i < d->decide_count; i++) {
		buf_clear(&text);
		buf_addf(&text, "DECIDE: %s", d->decide[i]);
		lua_comment(out, buf_text(&text), 4);
	}
	buf_release(&text);
}

/* ---- What stands before a phase ---- */

/* The second block of its kind in a plan is "expand 2". */
static void write_number(struct buf *out, const struct conversion *conversion, size_t concern, size_t block)
{
	size_t number = 1;

	for (size_t before = block % BLOCK_KINDS; before < block; before += BLOCK_KINDS)
		number += steps_in(conversion, concern, before) > 0;
	if (number > 1)
		buf_addf(out, " %zu", number);
}

static void write_gate(struct buf *out, const struct conversion *conversion, size_t concern, size_t block)
{
	bool switches = block_kind_of(block) == BLOCK_SWITCH;

	buf_addf(out, "\n  gate \"%s", switches ? "the new release is ready" : "nobody uses it any more");
	write_number(out, conversion, concern, block);
	buf_addf(out, "\" {\n    text = \"%s\",\n  },\n",
	         switches ? "which release works with what is switched now, and who says that it may go on?"
	                  : "which release was the last to use what is dropped below, and who knows that it is gone?");
}

static void write_period(struct buf *out, const struct conversion *conversion, size_t concern, size_t block)
{
	size_t count = 0;

	buf_add(out, "  safety_period \"30 days\" {");
	for (const struct draft *d = next_of(conversion->first, concern); d; d = next_of(d->next, concern)) {
		if (d->block != block || !d->unused)
			continue;
		buf_add(out, count++ ? ", " : " unused = { ");
		lua_text(out, d->unused);
	}
	buf_add(out, count ? " } },\n" : " },\n");
}

static void write_stops(struct buf *out, const struct conversion *conversion, size_t concern, size_t block)
{
	enum block_kind kind = block_kind_of(block);

	if (kind == BLOCK_SWITCH || kind == BLOCK_CONTRACT)
		write_gate(out, conversion, concern, block);
	if (kind == BLOCK_CONTRACT)
		write_period(out, conversion, concern, block);
}

/* ---- Phases ---- */

static const char *label_of(const struct conversion *conversion, size_t concern, size_t block)
{
	static const char *const labels[] = {"expand", "data", "constrain", "switch", "contract"};
	bool fills = false;

	for (const struct draft *d = next_of(conversion->first, concern); d; d = next_of(d->next, concern))
		fills |= d->block == block && strcmp(d->primitive, "backfill") == 0;
	return fills && block_kind_of(block) == BLOCK_FILL ? "backfill" : labels[block_kind_of(block)];
}

static void write_phase(struct buf *out, const struct conversion *conversion, size_t concern, size_t block)
{
	const struct draft *before = NULL;

	write_stops(out, conversion, concern, block);
	buf_addf(out, "\n  phase \"%s", label_of(conversion, concern, block));
	write_number(out, conversion, concern, block);
	buf_add(out, "\" {\n");
	for (const struct draft *d = next_of(conversion->first, concern); d; d = next_of(d->next, concern)) {
		if (d->block != block)
			continue;
		if (!before || before->line != d->line || strcmp(before->sql, d->sql) != 0) {
			buf_add(out, before ? "\n" : "");
			write_origin(out, d);
		}
		write_remarks(out, d);
		lua_step(out, d, 4);
		before = d;
	}
	buf_add(out, "  },\n");
}

static bool has_decisions(const struct conversion *conversion, size_t concern)
{
	for (const struct draft *d = next_of(conversion->first, concern); d; d = next_of(d->next, concern))
		if (d->decide_count > 0)
			return true;
	return false;
}

static void write_head(struct buf *out, const struct conversion *conversion, const struct plan_head *head)
{
	buf_addf(out, "-- What %s does, in phases.  Written by interlock convert: read it before it runs.\n",
	         head->file);
	if (head->others)
		buf_addf(
			out,
			"-- The file takes several plans, each with what belongs together, in the order of their numbers:\n"
			"-- besides this one %s\n",
			head->others);
	if (has_decisions(conversion, head->concern))
		buf_add(out, "-- A comment that begins with DECIDE waits for a person: take it out when it is decided.\n");
	buf_addf(out, "plan \"%s\" {\n", head->name);
}

static bool has_step(const struct conversion *conversion, size_t concern, const char *primitive)
{
	for (const struct draft *d = next_of(conversion->first, concern); d; d = next_of(d->next, concern))
		if (strcmp(d->primitive, primitive) == 0)
			return true;
	return false;
}

void convert_write(struct buf *out, const struct conversion *conversion, const struct plan_head *head)
{
	size_t last = last_block(conversion, head->concern);

	write_head(out, conversion, head);
	write_title(out, conversion, head->concern);
	if (conversion->search_path && has_step(conversion, head->concern, "sql_step")) {
		buf_add(out, "  search_path = ");
		lua_text(out, conversion->search_path);
		buf_add(out, ",\n");
	}
	for (size_t block = 0; block <= last; block++)
		if (steps_in(conversion, head->concern, block) > 0)
			write_phase(out, conversion, head->concern, block);
	if (has_step(conversion, head->concern, "rename_swap_column"))
		buf_add(
			out,
			"\n  -- until then undo switches back, with all that was written since\n"
			"  gate \"the old column is not needed any more\" {\n"
			"    text = \"who says that the release stays, and the values in the new type are right?\",\n  },\n");
	buf_add(out, "}\n");
}
