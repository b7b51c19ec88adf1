/* Words around a stop. */
#include "cli/stops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"

json_t *stop_percent(const char *percent)
{
	return strchr(percent, '.') ? json_real(strtod(percent, NULL)) : json_integer(strtol(percent, NULL, 10));
}

void stop_add(json_t *line, const struct stop *stop)
{
	if (stop->percent) {
		json_object_set_new(line, "percent", stop_percent(stop->percent));
		json_object_set_new(line, "back", stop->back ? json_string(stop->back) : json_null());
	}
	if (!stop->due)
		return;
	json_object_set_new(line, "due", json_string(stop->due));
	json_object_set_new(line, "reads", json_integer(stop->reads));
	json_object_set_new(line, "dumped", json_integer(stop->dumped));
	json_object_set_new(line, "again_at", stop->again_at ? json_string(stop->again_at) : json_null());
	json_object_set_new(line, "again_why", stop->again_why ? json_string(stop->again_why) : json_null());
}

json_t *stop_json(const char *type, const char *plan, const struct run_end *end)
{
	json_t *line = json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:b, s:b}", "type", type, "plan", plan, "kind",
	                         end->block ? block_kind_name(end->block->kind) : NULL, "label",
	                         end->block ? end->block->label : NULL, "why", end->why, "next", end->command,
	                         "paused", end->why && !end->block && !end->outside, "outside", end->outside);

	if (end->block)
		stop_add(line, &end->stop);
	return line;
}

void stop_show(bool json, const char *plan, const char *named, const struct run_end *end)
{
	const char *color = report_color(stdout, COLOR_YELLOW), *plain = report_color(stdout, COLOR_PLAIN);

	if (json) {
		report_json(stop_json("waiting", plan, end));
		return;
	}
	if (end->block)
		printf("%swaiting at %s \"%s\"%s: %s\n", color, block_kind_name(end->block->kind), end->block->label,
		       plain, end->why);
	else
		printf("%swaiting%s: %s\n", color, plain, end->why);
	if (!end->command)
		return;
	printf("  next: %s\n", end->command);
	if (end->stop.back)
		printf("  back: %s\n", end->stop.back);
	if (!end->stop.percent && strncmp(end->command, "interlock run", 13) != 0)
		printf("  then: interlock run %s\n", named);
}
