/* Compiling: raw data into blocks and steps, their canonical form and its hash. */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/interval.h"
#include "base/sha256.h"
#include "base/suggest.h"
#include "base/xalloc.h"
#include "plan/load.h"

/* A plan while it is compiled. */
struct compiler {
	struct plan *plan;
	struct diags *diags;
	int next_number;
	bool from_registry; /* its files were looked for when it was compiled first */
};

static const struct {
	const char *word, *people;
	const struct option *options;
	size_t offset;
} kinds[] = {
	[BLOCK_PHASE] = {"phase", "phase", NULL, 0},
	[BLOCK_GATE] = {"gate", "gate", gate_options, offsetof(struct block, wait.gate)},
	[BLOCK_APPROVAL] = {"approval", "approval", approval_options, offsetof(struct block, wait.approval)},
	[BLOCK_SAFETY_PERIOD] = {"safety_period", "safety period", safety_options,
                             offsetof(struct block, wait.safety)},
	[BLOCK_ROLLOUT] = {"rollout", "rollout", rollout_options, offsetof(struct block, wait.rollout)},
};

const char *block_kind_name(enum block_kind kind)
{
	return kinds[kind].people;
}

static struct span span_from(json_t *pair)
{
	json_t *line = json_array_get(pair, 1);

	return (struct span){json_string_value(json_array_get(pair, 0)), (int)json_integer_value(line)};
}

static const struct span *chain_from(struct arena *arena, json_t *array, size_t *length)
{
	struct span *chain = arena_array(arena, struct span, json_array_size(array));
	json_t *entry;
	size_t i;

	json_array_foreach(array, i, entry) chain[i] = span_from(entry);
	*length = json_array_size(array);
	return chain;
}

/*
 * Decodes options twice: as written, so that messages are about the author's
 * text, and from the normalised text with defaults, which is what runs.  The
 * latter replaces `holder`'s "options" and owns the strings of the args; the
 * normalised text alone, which is hashed, is left in "written".
 */
static bool compile_options(struct compiler *c, const struct option_set *set, size_t size, json_t *holder,
                            const struct option_place *place)
{
	json_t *given = json_object_get(holder, "options"), *written;
	struct arena scratch = {0};
	struct option_set trial = {{set->options[0], set->options[1]}, {arena_alloc(&scratch, size), NULL}, false};
	struct option_set final = *set;
	bool ok;

	if (set->args[1])
		trial.args[1] = arena_alloc(&scratch, sizeof(struct common_args));
	ok = (c->from_registry || options_find_files(set, given, place, c->diags)) &&
	     options_decode(&trial, given, place, &scratch, c->diags);
	arena_release(&scratch);
	if (!ok)
		return false;
	written = options_canonical(set, given, false);
	json_object_set_new(holder, "written", written);
	given = options_filled(set, written);
	options_keep_files(set, json_object_get(holder, "options"), given);
	json_object_set_new(holder, "options", given);
	final.parsed = true;
	return options_decode(&final, json_object_get(holder, "options"), place, &c->plan->arena, c->diags);
}

static void unknown_primitive(struct compiler *c, const char *name, const struct option_place *place)
{
	const char *names[128];
	struct diag *diag;
	const char *near;
	size_t count = 0;

	for (; step_types[count] && count < 128; count++)
		names[count] = step_types[count]->name;
	near = suggest(name, names, count);
	diag = option_error(place, c->diags, "unknown-name", NULL, "there is no primitive \"%s\"", name);
	if (near)
		diag_help(&c->diags->arena, diag, "did you mean \"%s\"?", near);
}

static void compile_step(struct compiler *c, json_t *json, struct step *step)
{
	const char *name = json_string_value(json_object_get(json, "do"));
	struct option_place place;

	step->number = c->next_number++;
	step->span = span_from(json_object_get(json, "span"));
	step->chain = chain_from(&c->plan->arena, json_object_get(json, "chain"), &step->chain_length);
	place = (struct option_place){step->span, step->chain, step->chain_length, name};
	step->type = step_type_find(name ? name : "");
	if (!step->type) {
		unknown_primitive(c, name ? name : "", &place);
		return;
	}
	step->args = arena_alloc(&c->plan->arena, step->type->size);
	if (compile_options(
			c, &(struct option_set){{step->type->options, common_options}, {step->args, &step->common}, false},
			step->type->size, json, &place) &&
	    step->type->check)
		step->type->check(step->args, &place, c->diags);
}

static void compile_label(struct compiler *c, struct block *block)
{
	struct diag *diag;

	if (block->kind != BLOCK_SAFETY_PERIOD || interval_parse(block->label, &block->wait.safety.length))
		return;
	diag = diags_add(c->diags, SEVERITY_ERROR, "bad-option", block->span,
	                 "\"%s\" of safety_period is not a length of time", block->label);
	diag_help(&c->diags->arena, diag, "for example safety_period \"30 days\" { }");
}

static void compile_block(struct compiler *c, json_t *json, struct block *block)
{
	const char *word = json_string_value(json_object_get(json, "kind"));
	json_t *steps = json_object_get(json, "steps"), *entry;
	struct option_place place;
	size_t i;

	while (block->kind < BLOCK_ROLLOUT && strcmp(kinds[block->kind].word, word ? word : "") != 0)
		block->kind++;
	block->label = json_string_value(json_object_get(json, "label"));
	block->span = span_from(json_object_get(json, "span"));
	if (strcmp(kinds[block->kind].word, word ? word : "") != 0 || !block->label) {
		diags_add(c->diags, SEVERITY_ERROR, "bad-value", block->span, "block %d is of no kind, or has no label",
		          block->index + 1);
		return;
	}
	block->step_count = json_array_size(steps);
	block->steps = arena_array(&c->plan->arena, struct step, block->step_count);
	json_array_foreach(steps, i, entry) compile_step(c, entry, &block->steps[i]);
	if (block->kind == BLOCK_PHASE)
		return;
	place = (struct option_place){.span = block->span, .subject = kinds[block->kind].word};
	compile_options(
		c, &(struct option_set){{kinds[block->kind].options}, {(char *)block + kinds[block->kind].offset}, false},
		sizeof(block->wait), json, &place);
	compile_label(c, block);
	block_settle(block, &place, c->diags);
}

static void compile_blocks(struct compiler *c, json_t *blocks)
{
	struct plan *plan = c->plan;
	json_t *entry;
	size_t i;

	plan->block_count = json_array_size(blocks);
	plan->blocks = arena_array(&plan->arena, struct block, plan->block_count);
	json_array_foreach(blocks, i, entry)
	{
		plan->blocks[i].index = (int)i;
		compile_block(c, entry, &plan->blocks[i]);
	}
	plan->step_count = (size_t)c->next_number - 1;
}

static void compile_settings(struct compiler *c, json_t *raw)
{
	json_t *holder = json_object(), *given = json_object_get(raw, "settings");
	struct option_place place = {.span = c->plan->span, .subject = "plan"};

	json_object_set(holder, "options", given);
	if (compile_options(c, &(struct option_set){{setting_options}, {&c->plan->settings}, false},
	                    sizeof(struct plan_settings), holder, &place))
		json_object_set(raw, "settings", json_object_get(holder, "options"));
	settings_settle(&c->plan->settings, &place, c->diags);
	json_object_set(raw, "written", json_object_get(holder, "written"));
	json_decref(holder);
}

/* The options as they are hashed, which compile_options() left; taken out of the holder, whose rest the registry
 * keeps. */
static json_t *take_written(json_t *holder)
{
	json_t *written = json_object_get(holder, "written"), *result = written ? json_incref(written) : json_object();

	json_object_del(holder, "written");
	return result;
}

static json_t *canonical_steps(json_t *steps)
{
	json_t *result = json_array(), *entry;
	size_t i;

	json_array_foreach(steps, i, entry) json_array_append_new(
		result, json_pack("{s:O?, s:o}", "do", json_object_get(entry, "do"), "options", take_written(entry)));
	return result;
}

static json_t *canonical_block(json_t *block)
{
	json_t *steps = json_object_get(block, "steps");
	json_t *result = json_pack("{s:O?, s:O?}", "kind", json_object_get(block, "kind"), "label",
	                           json_object_get(block, "label"));

	if (steps)
		json_object_set_new(result, "steps", canonical_steps(steps));
	else
		json_object_set_new(result, "options", take_written(block));
	return result;
}

/* What is hashed: what the author wrote, without positions, file names and defaults. */
static json_t *canonical_plan(json_t *raw)
{
	json_t *blocks = json_array(), *entry, *parameters = json_object_get(raw, "parameters");
	size_t i;

	json_array_foreach(json_object_get(raw, "blocks"), i, entry)
		json_array_append_new(blocks, canonical_block(entry));
	return json_pack("{s:i, s:O?, s:o, s:o, s:o}", "format", PLAN_FORMAT, "plan", json_object_get(raw, "name"),
	                 "settings", take_written(raw), "parameters",
	                 parameters ? json_deep_copy(parameters) : json_object(), "blocks", blocks);
}

static void set_hash(struct plan *plan)
{
	char *text = json_dumps(plan->canonical, JSON_SORT_KEYS | JSON_COMPACT);

	if (!text)
		bug("the canonical plan can't be written");
	sha256_hex(text, strlen(text), plan->hash);
	free(text);
}

static void take_notes(struct plan *plan, json_t *notes)
{
	json_t *entry;
	size_t i;

	json_array_foreach(notes, i, entry)
		diags_add(&plan->notes, SEVERITY_NOTE, NULL, span_from(json_object_get(entry, "span")), "%s",
	              json_string_value(json_object_get(entry, "text")));
}

bool plan_name_is_good(const char *name)
{
	return name && *name && strlen(name) <= 48 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == strlen(name);
}

static void check_name(struct compiler *c)
{
	struct diag *diag;

	if (plan_name_is_good(c->plan->name))
		return;
	diag = diags_add(c->diags, SEVERITY_ERROR, "bad-plan-name", c->plan->span, "\"%s\" is not a name for a plan",
	                 c->plan->name ? c->plan->name : "");
	diag_help(&c->diags->arena, diag, "use at most 48 letters, digits, \"_\", \"-\" and \".\"");
}

bool plan_from_raw(json_t *raw, struct plan **out, struct diags *diags)
{
	struct plan *plan = xcalloc(1, sizeof(*plan));
	struct compiler c = {.plan = plan, .diags = diags, .next_number = 1};
	size_t before = diags->errors;

	plan->filled = raw;
	c.from_registry = json_object_get(raw, "format") != NULL;
	plan->name = json_string_value(json_object_get(raw, "name"));
	plan->span = span_from(json_object_get(raw, "span"));
	plan->parameters = json_object_get(raw, "parameters");
	check_name(&c);
	compile_settings(&c, raw);
	compile_blocks(&c, json_object_get(raw, "blocks"));
	take_notes(plan, json_object_get(raw, "notes"));
	if (diags->errors == before) {
		json_object_set_new(raw, "format", json_integer(PLAN_FORMAT));
		plan->canonical = canonical_plan(raw);
		set_hash(plan);
		*out = plan;
		return true;
	}
	plan_free(plan);
	return false;
}

enum { NAMES_MAX = 128 };

/* Every primitive's name goes to `names`. */
static struct load_request load_request_of(const struct plan_request *request, const char *names[NAMES_MAX])
{
	for (size_t i = 0; step_types[i] && i < NAMES_MAX - 1; i++)
		names[i] = step_types[i]->name;
	return (struct load_request){.path = request->path,
	                             .root = request->root,
	                             .primitives = names,
	                             .set_names = request->set_names,
	                             .set_values = request->set_values,
	                             .candidate = request->candidate};
}

bool plan_compile(const struct plan_request *request, struct plan **out, struct diags *diags, struct err *err)
{
	const char *names[NAMES_MAX] = {0};
	struct load_request load = load_request_of(request, names);
	json_t *raw;

	return plan_load(&load, &raw, diags, err) && plan_from_raw(raw, out, diags);
}

bool plan_library(const struct plan_request *request, const char *module, json_t **raw, struct diags *diags,
                  struct err *err)
{
	const char *names[NAMES_MAX] = {0};
	struct load_request load = load_request_of(request, names);

	load.module = module;
	return library_load(&load, raw, diags, err);
}

bool plan_from_registry(const char *json, const char *hash, struct plan **out, struct err *err)
{
	struct diags diags = {0};
	json_t *raw = json_loads(json, 0, NULL);
	json_int_t format = json_integer_value(json_object_get(raw, "format"));
	bool newer = format > PLAN_FORMAT, ok = raw && !newer && plan_from_raw(raw, out, &diags);

	if (ok) {
		strncpy((*out)->hash, hash, sizeof((*out)->hash) - 1);
	} else {
		err_set(err, EXIT_OWN, "the plan in the registry can't be read by this version of interlock");
		if (newer)
			err_detail(err, "it is of format %lld, this version knows format %d", (long long)format, PLAN_FORMAT);
		else if (diags.first)
			err_detail(err, "%s", diags.first->summary);
		err_help(err, "use the version that started the run, or a newer one");
	}
	if (newer)
		json_decref(raw);
	diags_release(&diags);
	return ok;
}

char *plan_for_registry(const struct plan *plan)
{
	char *text = json_dumps(plan->filled, JSON_COMPACT);

	if (!text)
		bug("the plan can't be written");
	return text;
}

const char *plan_parameters(const struct plan *plan, struct arena *arena)
{
	char *text = plan->parameters ? json_dumps(plan->parameters, JSON_COMPACT) : NULL;
	const char *copy = text ? arena_strdup(arena, text) : "{}";

	free(text);
	return copy;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	json_decref(plan->filled);
	json_decref(plan->canonical);
	diags_release(&plan->notes);
	arena_release(&plan->arena);
	free(plan);
}

static json_t *span_json(struct span span)
{
	return json_pack("[s?, i]", span.file, span.line);
}

/* Positions and files, beside what is hashed. */
static json_t *source_of(const struct plan *plan)
{
	json_t *blocks = json_array(), *files = json_object_get(plan->filled, "files");

	for (size_t b = 0; b < plan->block_count; b++) {
		json_t *steps = json_array();

		for (size_t s = 0; s < plan->blocks[b].step_count; s++)
			json_array_append_new(steps, span_json(plan->blocks[b].steps[s].span));
		json_array_append_new(blocks,
		                      json_pack("{s:o, s:o}", "at", span_json(plan->blocks[b].span), "steps", steps));
	}
	return json_pack("{s:o, s:o, s:o}", "at", span_json(plan->span), "blocks", blocks, "files",
	                 files ? json_incref(files) : json_array());
}

json_t *plan_document(const struct plan *plan)
{
	json_t *document = json_pack("{s:s}", "hash", plan->hash), *value;
	const char *key;

	json_object_foreach(plan->canonical, key, value) json_object_set(document, key, value);
	json_object_set_new(document, "source", source_of(plan));
	return document;
}

bool plan_has_block(const struct plan *plan, enum block_kind kind, size_t from)
{
	for (size_t b = from; b < plan->block_count; b++)
		if (plan->blocks[b].kind == kind)
			return true;
	return false;
}

struct step *plan_step(const struct plan *plan, int number)
{
	for (size_t b = 0; b < plan->block_count; b++) {
		struct block *block = &plan->blocks[b];

		if (block->step_count && number <= block->steps[block->step_count - 1].number)
			return number >= block->steps[0].number ? &block->steps[number - block->steps[0].number] : NULL;
	}
	return NULL;
}

struct block *plan_block_of(const struct plan *plan, const struct step *step)
{
	for (size_t b = 0; b < plan->block_count; b++) {
		struct block *block = &plan->blocks[b];

		if (block->step_count && step->number >= block->steps[0].number &&
		    step->number <= block->steps[block->step_count - 1].number)
			return block;
	}
	bug("step %d is in no block", step->number);
}

struct block *plan_block_labelled(const struct plan *plan, const char *label)
{
	for (size_t b = 0; b < plan->block_count; b++)
		if (strcmp(plan->blocks[b].label, label) == 0)
			return &plan->blocks[b];
	return NULL;
}

static const char *addition(const struct step *step, const struct step *earlier)
{
	return step->type->adds_to ? step->type->adds_to(step->args, earlier->type, earlier->args) : NULL;
}

const struct step *plan_added_to(const struct plan *plan, const struct step *step)
{
	for (int n = step->number - 1; n >= 1; n--)
		if (addition(step, plan_step(plan, n)))
			return plan_step(plan, n);
	return NULL;
}

struct text_list plan_additions(const struct plan *plan, const struct step *step, struct arena *arena)
{
	struct text_list list = {0};
	size_t room = 0;
	const char **items;

	for (int n = step->number + 1; n <= (int)plan->step_count; n++)
		room += addition(plan_step(plan, n), step) != NULL;
	items = arena_array(arena, const char *, room);
	for (int n = step->number + 1; n <= (int)plan->step_count && list.count < room; n++) {
		const char *text = addition(plan_step(plan, n), step);

		if (text)
			items[list.count++] = text;
	}
	list.items = items;
	return list;
}

const char *step_text(const struct step *step, struct arena *arena)
{
	struct buf text = {0};
	const char *copy;

	step->type->describe(step->args, &text);
	copy = arena_strdup(arena, buf_text(&text));
	buf_release(&text);
	return copy;
}

enum step_class step_class_of(const struct step *step)
{
	return step->type->class_of ? step->type->class_of(step->args) : step->type->class;
}
