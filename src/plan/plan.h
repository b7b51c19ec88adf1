/*
 * The compiled plan: what a plan file means, as data.  Everything after this
 * (check, preview, run, undo, be it thirty days later) works from it alone.
 */
#ifndef INTERLOCK_PLAN_PLAN_H
#define INTERLOCK_PLAN_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/err.h"
#include "plan/step.h"

enum { PLAN_FORMAT = 1 };

enum block_kind { BLOCK_PHASE, BLOCK_GATE, BLOCK_APPROVAL, BLOCK_SAFETY_PERIOD, BLOCK_ROLLOUT };
const char *block_kind_name(enum block_kind kind); /* "safety period" */

struct step {
	const struct step_type *type;
	int number; /* in the plan, from 1 */
	void *args;
	struct common_args common;
	struct span span;
	const struct span *chain;
	size_t chain_length;
};

/* What the blocks that wait accept; each uses its own. */
struct gate_args {
	const char *text, *query;
	const char *app, *at_least; /* sessions named app/VERSION, none below */
	const char *no_sessions;    /* LIKE pattern of application_name */
	int64_t quiet;              /* ms without such a session */
};
struct approval_args {
	const char *role;
	bool by_other;
};
struct safety_args {
	int64_t length; /* ms, from the label */
	struct table_list unused;
	const char *allow;                 /* "1 scan a day", read into: */
	int64_t allow_scans, allow_within; /* so many, in so many ms; 0: none */
};
enum { ROLLOUT_STOPS = 50 };
struct rollout_args {
	struct relname table;
	const char *column;
	const json_t *percent;    /* as written, read into: */
	int stops[ROLLOUT_STOPS]; /* hundredths of a percent, ascending (plan/rollout.h) */
	size_t stop_count;
};
extern const struct option gate_options[], approval_options[], safety_options[], rollout_options[],
	setting_options[];

struct block {
	enum block_kind kind;
	const char *label;
	int index; /* in the plan, from 0 */
	struct step *steps;
	size_t step_count;
	union {
		struct gate_args gate;
		struct approval_args approval;
		struct safety_args safety;
		struct rollout_args rollout;
	} wait;
	struct span span;
};

struct plan_settings {
	const char *title, *owner, *ticket, *search_path;
	int64_t lock_timeout, lock_attempts, lock_hold;
	const char *min_server;
	struct text_list standbys; /* connection strings */
	/* What holds long steps back (engine/limits.h); 0, or none: as it is without them. */
	struct text_list windows; /* plan/window.h */
	int64_t batch_target, max_replica_lag, max_wal_rate, max_active_sessions;
};

/* What the rows of options can't tell: reads `allow` and `percent`, and adds the problems that remain. */
void block_settle(struct block *block, const struct option_place *place, struct diags *diags);
void settings_settle(const struct plan_settings *settings, const struct option_place *place, struct diags *diags);

struct plan {
	struct arena arena;
	const char *name;
	struct span span;
	struct plan_settings settings;
	struct block *blocks;
	size_t block_count;
	size_t step_count;
	json_t *filled;     /* the registry's copy; owns the strings of the args */
	json_t *canonical;  /* what is hashed */
	json_t *parameters; /* borrowed from filled */
	char hash[65];      /* SHA-256 of the canonical JSON, hexadecimal */
	struct diags notes; /* print() */
};

struct load_candidate;

/* What a plan file is compiled with. */
struct plan_request {
	const char *path;
	const char *root; /* where its libraries are; NULL: found from the path (plan/root.h) */
	const char *const *set_names, *const *set_values; /* --set; NULL-terminated, parallel; may be NULL */
	const struct load_candidate *candidate; /* a version of a library to try (plan/load.h); may be NULL */
};

/* Up to 48 letters, digits, "_", "-", ".": is it one? */
bool plan_name_is_good(const char *name);
/* Compiles a file.  false: the reasons are in diags, or *err is set when the file can't be read. */
bool plan_compile(const struct plan_request *request, struct plan **out, struct diags *diags, struct err *err);
/* What a library offers ("team.keys"), as library_load() tells it.  false as above. */
bool plan_library(const struct plan_request *request, const char *module, json_t **raw, struct diags *diags,
                  struct err *err);
/* Compiles what plan_load() gave (taken over in any case). */
bool plan_from_raw(json_t *raw, struct plan **out, struct diags *diags);
/* From the registry's copy and the hash that stands beside it. */
bool plan_from_registry(const char *json, const char *hash, struct plan **out, struct err *err);
/* What the registry keeps: the form of `raw`, SQL normalised, defaults filled in.  The caller frees the string. */
char *plan_for_registry(const struct plan *plan);
void plan_free(struct plan *plan);

/* The parameters as JSON text, by which a run is found beside the plan's name; "{}" when there are none. */
const char *plan_parameters(const struct plan *plan, struct arena *arena);
/* The document of `show --json`: hash, format, plan, blocks, source.  The caller owns it. */
json_t *plan_document(const struct plan *plan);

struct step *plan_step(const struct plan *plan, int number);
/* Is there a block of that kind, from that index on? */
bool plan_has_block(const struct plan *plan, enum block_kind kind, size_t from);
struct block *plan_block_of(const struct plan *plan, const struct step *step);
/* The block of that label (kind ignored), or NULL. */
struct block *plan_block_labelled(const struct plan *plan, const char *label);
/* The earlier step that makes what this one adds to (step_type.adds_to), or NULL. */
const struct step *plan_added_to(const struct plan *plan, const struct step *step);
/* What later steps add to what this one makes. */
struct text_list plan_additions(const struct plan *plan, const struct step *step, struct arena *arena);
/* One line for people, in the arena: "add column nick text to app.users". */
const char *step_text(const struct step *step, struct arena *arena);
enum step_class step_class_of(const struct step *step);

#endif
