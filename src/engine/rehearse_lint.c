/* What a file did on the copy: work that nobody told of, failures, and what turned out to be nothing. */
#include "engine/rehearse_lint.h"

#include <string.h>
#include <strings.h>

#include "engine/rehearse_judge.h"
#include "hazard/hazard.h"

static const int64_t SMALL_BYTES = 8 << 20, LARGE_BYTES = 128 << 20;

/* One statement with its outcome, while findings are looked through. */
struct outcome {
	struct lint_rehearsal *rehearsal;
	const char *path;
	const struct script_statement *statement;
	const struct ran_statement *ran;
	struct diags *found;
};

/* Several may stand on one line, so that their text tells; what is inside of a DO block has a text of its own. */
static bool is_here(const struct outcome *o, const struct diag *diag)
{
	const char *text = o->statement->text;

	if (diag->span.line < o->statement->line || diag->span.line > o->statement->last_line)
		return false;
	return !diag->sql || strncmp(text, diag->sql, strlen(diag->sql)) == 0 || strncasecmp(text, "DO ", 3) == 0;
}

static bool is_rule(const struct diag *diag, const char *rule)
{
	return diag->rule && strcmp(diag->rule, rule) == 0;
}

static bool is_class(const struct diag *diag, enum hazard_class class)
{
	const struct hazard *hazard = diag->rule ? hazard_find(diag->rule) : NULL;

	return hazard && hazard->class == class;
}

/* Was something of that class told of the statement? */
static bool is_told(const struct outcome *o, enum hazard_class class)
{
	for (const struct diag *diag = o->found->first; diag; diag = diag->next)
		if (is_here(o, diag) && is_class(diag, class))
			return true;
	return false;
}

/* How much work on a table of the database matters; -1: not at all, for it is new or empty. */
static int weigh(const struct outcome *o, const struct seen_work *work)
{
	const struct scratch_table *table = scratch_table_find(&o->rehearsal->scratch, work->relation);

	if (!table)
		return -1;
	if (o->rehearsal->assume_large)
		return SEVERITY_ERROR;
	if (table->rows == 0 || table->bytes == 0)
		return -1;
	return table->bytes >= LARGE_BYTES  ? SEVERITY_ERROR
	       : table->bytes < SMALL_BYTES ? SEVERITY_NOTE
	                                    : SEVERITY_WARNING;
}

static struct diag *add(const struct outcome *o, enum severity severity, const char *rule, const char *summary)
{
	struct diag *diag =
		diags_add(o->found, severity, rule, (struct span){o->path, o->statement->line}, "%s", summary);

	diag->sql = arena_strdup(&o->found->arena, o->statement->text);
	return diag;
}

/* Work in proportion to a table while writers, or everybody, wait. */
static void tell_work(const struct outcome *o)
{
	bool told = is_told(o, HAZARD_WORK);

	for (const struct sight *sight = o->ran->seen; sight && !told; sight = sight->next)
		for (const struct seen_work *work = sight->works; work && sight->tag == o->ran->tag; work = work->next) {
			int severity = weigh(o, work);

			if (severity < 0 || work->mode < LOCK_SHARE)
				continue;
			add(o, (enum severity)severity, "rehearsal-work",
			    arena_printf(&o->rehearsal->arena, "it %s",
			                 rehearsal_work_text(&o->rehearsal->scratch, work, &o->rehearsal->arena)));
		}
}

/* What a statement did whose text tells nothing, in the details of its finding. */
static void tell_seen(const struct outcome *o, struct diag *diag)
{
	struct arena *arena = &o->found->arena;
	bool any = false;

	diag->detail_count = 0;
	for (const struct sight *sight = o->ran->seen; sight; sight = sight->next) {
		if (sight->tag != o->ran->tag)
			continue;
		for (const struct seen_lock *lock = sight->locks; lock; lock = lock->next)
			if (lock->mode > LOCK_ROW_EXCLUSIVE) {
				diag_detail(arena, diag, "in the rehearsal it took %s on %s", lock_mode_name(lock->mode),
				            lock->relation);
				any = true;
			}
		for (const struct seen_work *work = sight->works; work; work = work->next) {
			diag_detail(arena, diag, "it %s", rehearsal_work_text(&o->rehearsal->scratch, work, arena));
			any = true;
		}
	}
	if (!any)
		diag_detail(arena, diag, "in the rehearsal it took no lock that keeps readers or writers waiting");
}

/* Nothing that its findings speak of was seen.  What a foreign key reads may be read by an index, and is not. */
static bool did_no_work(const struct outcome *o)
{
	for (const struct sight *sight = o->ran->seen; sight; sight = sight->next)
		if (sight->tag == o->ran->tag && sight->works)
			return false;
	return !o->ran->outside;
}

static bool is_of_table(const struct outcome *o)
{
	return strncasecmp(o->statement->text, "ALTER TABLE", strlen("ALTER TABLE")) == 0;
}

static void weaken(const struct outcome *o, struct diag *diag, const char *why)
{
	if (diag->severity > SEVERITY_NOTE)
		diags_weigh(o->found, diag, SEVERITY_NOTE);
	diag_detail(&o->found->arena, diag, "%s", why);
}

/* It ran: what could not be read is decided, and what was feared may not have come. */
static void decide(const struct outcome *o)
{
	bool idle = did_no_work(o) && is_of_table(o);

	for (struct diag *diag = o->found->first; diag; diag = diag->next) {
		if (!is_here(o, diag))
			continue;
		if (is_rule(diag, "opaque-sql")) {
			if (diag->severity > SEVERITY_NOTE)
				diags_weigh(o->found, diag, SEVERITY_NOTE);
			tell_seen(o, diag);
		} else if (is_rule(diag, "cannot-check")) {
			weaken(o, diag, "the server ran it in the rehearsal: this is what it did");
			tell_seen(o, diag);
		} else if (idle && is_class(diag, HAZARD_WORK) && !strstr(diag->rule, "fk")) {
			weaken(o, diag, "in the rehearsal nothing of it was seen: the table was neither rewritten nor read");
		}
	}
}

/* The server says no: nothing to add where that was told. */
static void tell_failure(const struct outcome *o)
{
	const struct err *failure = &o->ran->failure;
	struct diag *diag;

	if (is_told(o, HAZARD_FAILS))
		return;
	diag = add(o, SEVERITY_ERROR, "rehearsal-fails",
	           arena_printf(&o->rehearsal->arena, "it fails: %s", failure->diag.summary));
	for (size_t i = 0; i < failure->diag.detail_count; i++)
		diag_detail(&o->found->arena, diag, "%s", failure->diag.details[i]);
	diag_detail(&o->found->arena, diag, "SQLSTATE %s; what follows in this file was not rehearsed",
	            failure->sqlstate);
}

static bool try_file(void *arg, const struct lint_file *file, struct diags *found, struct err *err)
{
	struct lint_rehearsal *rehearsal = arg;
	struct ran_statement *ran = arena_array(&rehearsal->arena, struct ran_statement, file->count + 1);
	bool ok = statement_run_file(&rehearsal->run, file->statements, file->count, file->wrapped, ran, err);

	for (size_t i = 0; i < file->count; i++) {
		const struct outcome o = {rehearsal, file->path, &file->statements[i], &ran[i], found};

		if (ok && ran[i].ran == RAN_WELL) {
			tell_work(&o);
			decide(&o);
		} else if (ok && ran[i].ran == RAN_FAILED) {
			tell_failure(&o);
		}
		err_release(&ran[i].failure);
	}
	return ok;
}

bool lint_rehearsal_begin(struct lint_rehearsal *rehearsal, struct loop *loop, struct err *err)
{
	rehearsal->trial = (struct lint_trial){rehearsal, try_file};
	return statement_run_begin(&rehearsal->run, loop, &rehearsal->scratch, err);
}

void lint_rehearsal_end(struct lint_rehearsal *rehearsal)
{
	statement_run_end(&rehearsal->run);
	scratch_release(&rehearsal->scratch);
	arena_release(&rehearsal->arena);
}
