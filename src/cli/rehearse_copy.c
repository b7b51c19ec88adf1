/* From options to a copy, and what is said of it. */
#include "cli/rehearse_copy.h"

#include <jansson.h>
#include <stdlib.h>

#include "cli/act.h"
#include "cli/report.h"

enum { SAMPLE_MAX = 1000000 };

bool rehearse_sample(const struct context *context, int64_t *sample, struct err *err)
{
	const char *text = context->options.sample;
	char *end;

	*sample = 1;
	if (!text)
		return true;
	*sample = strtoll(text, &end, 10);
	if (end == text || *end || *sample < 0 || *sample > SAMPLE_MAX)
		return err_set(err, EXIT_USAGE, "\"--sample %s\" is not a number of rows from 0 to %d", text, SAMPLE_MAX);
	return true;
}

bool rehearse_copy(struct context *context, int64_t sample, struct scratch *scratch, struct err *err)
{
	const struct scratch_wish wish = {context->options.bindir, context->options.in, sample};
	struct conn *original = act_connect(context, err);
	bool ok = original && scratch_make(scratch, context->loop, original, &wish, err);

	conn_close(original);
	return ok;
}

const char *rehearse_rests_on(const struct scratch *scratch, struct arena *arena)
{
	if (scratch->row_count == 0)
		return "the schema and statistics, without rows";
	return arena_printf(arena, "the schema, statistics and %lld row%s of %lld table%s",
	                    (long long)scratch->row_count, scratch->row_count == 1 ? "" : "s",
	                    (long long)scratch->row_tables, scratch->row_tables == 1 ? "" : "s");
}

void rehearse_say_copy(struct scratch *scratch)
{
	report_message("a copy on %s, PostgreSQL %s: %s",
	               scratch->server ? "a throwaway server" : "the server of --in", scratch->version,
	               rehearse_rests_on(scratch, &scratch->arena));
	for (size_t i = 0; i < scratch->notes.count; i++)
		report_message("note: %s", scratch->notes.items[i]);
	if (scratch->more_notes)
		report_message("note: %zu more of the kind", scratch->more_notes);
	for (size_t i = 0; report_is_json() && i < scratch->notes.count; i++)
		report_json(json_pack("{s:s, s:s}", "type", "note", "text", scratch->notes.items[i]));
}
