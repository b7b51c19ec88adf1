/* How a stop looks to people and as JSON: what `run`, `wait`, `sync` and `status` say of where a run waits. */
#ifndef INTERLOCK_CLI_STOPS_H
#define INTERLOCK_CLI_STOPS_H

#include <jansson.h>

#include "engine/run.h"

/* "10" or "0.25" as a number. */
json_t *stop_percent(const char *percent);
/* Adds what a safety period knows (due, reads, dumped, again_at, again_why), or a rollout (percent, back). */
void stop_add(json_t *line, const struct stop *stop);

/* {"type": type, "plan": …, "kind": …, "label": …, "why": …, "next": …} and what stop_add() adds. */
json_t *stop_json(const char *type, const char *plan, const struct run_end *end);

/* "waiting at gate "x": why" or "paused by …", and the next command; as text or as a
 * "waiting" line of JSON.  `named`: the run as run_named() has it. */
void stop_show(bool json, const char *plan, const char *named, const struct run_end *end);

#endif
