/* Locks against claims, and work under a lock that others wait for. */
#include "engine/rehearse_judge.h"

#include <string.h>

#include "engine/table_size.h"
#include "sql/ident.h"

static void add_claim(struct rehearsal *r, const struct step *step, const struct table_lock *lock)
{
	struct claim *claim = arena_alloc(&r->arena, sizeof(*claim));

	claim->step = step->number;
	claim->relation = relname_quoted(&r->arena, &lock->table);
	claim->mode = lock->mode;
	claim->next = r->claims;
	r->claims = claim;
}

void rehearsal_claim(struct rehearsal *r, const struct step *step, const struct stmt *stmt)
{
	for (size_t i = 0; i < stmt->lock_count; i++)
		add_claim(r, step, &stmt->locks[i]);
}

/* The strongest mode that the step said of the relation; -1: it said nothing. */
static int claimed(const struct rehearsal *r, const struct step *step, const char *relation)
{
	int strongest = -1;

	for (const struct claim *claim = r->claims; claim; claim = claim->next)
		if (claim->step == step->number && (int)claim->mode > strongest && strcmp(claim->relation, relation) == 0)
			strongest = (int)claim->mode;
	return strongest;
}

/* Work that is cut into transactions of its own finds out what it has to lock when it comes to it. */
static bool is_taken_with_care(const struct sight *sight)
{
	return strncmp(sight->sql, "LOCK TABLE", strlen("LOCK TABLE")) == 0;
}

static void judge_lock(struct rehearsal *r, const struct step *step, const struct sight *sight,
                       const struct seen_lock *lock)
{
	int said = claimed(r, step, lock->relation);
	struct diag *diag;

	/* Readers and writers of rows take the weaker ones too; what the plan made itself nobody else uses. */
	if (lock->mode <= LOCK_ROW_EXCLUSIVE || (int)lock->mode <= said ||
	    !scratch_table_find(r->scratch, lock->relation) || is_taken_with_care(sight))
		return;
	diag = diags_add(&r->findings, SEVERITY_WARNING, "rehearsal-lock", step->span,
	                 "it took %s on %s, and preview says %s", lock_mode_name(lock->mode), lock->relation,
	                 said < 0 ? "nothing of it" : lock_mode_name((enum lock_mode)said));
	diag_detail(&r->findings.arena, diag, "%s", step_text(step, &r->findings.arena));
	diag->sql = arena_strdup(&r->findings.arena, sight->sql);
}

const char *rehearsal_work_text(const struct scratch *scratch, const struct seen_work *work, struct arena *arena)
{
	static const char *const verbs[] = {"rewrites", "builds index", "reads all of"};
	const struct scratch_table *table = scratch_table_find(scratch, work->relation);
	struct table_size size = {0};
	const char *how_large = "";

	if (table) {
		size.bytes = table->bytes;
		size.rows = table->rows;
		how_large = arena_printf(arena, " (%s)", table_size_text(&size, arena));
	}
	if (work->kind == SEEN_BUILD)
		return arena_printf(arena, "%s %s over %s%s under %s", verbs[work->kind], work->index, work->relation,
		                    how_large, lock_mode_name(work->mode));
	return arena_printf(arena, "%s %s%s under %s", verbs[work->kind], work->relation, how_large,
	                    lock_mode_name(work->mode));
}

/* Work in proportion to a table while writers, or everybody, wait. */
static void judge_work(struct rehearsal *r, const struct step *step, const struct sight *sight,
                       const struct seen_work *work)
{
	struct diag *diag;

	if (work->mode < LOCK_SHARE || !scratch_table_find(r->scratch, work->relation))
		return;
	diag = diags_add(&r->findings, SEVERITY_WARNING, "rehearsal-work", step->span, "it %s",
	                 rehearsal_work_text(r->scratch, work, &r->findings.arena));
	diag_detail(&r->findings.arena, diag, "%s", step_text(step, &r->findings.arena));
	diag->sql = arena_strdup(&r->findings.arena, sight->sql);
}

void rehearsal_judge(struct rehearsal *r, const struct step *step, const struct sight *seen)
{
	for (; seen; seen = seen->next) {
		if (seen->tag != step->number)
			continue;
		for (const struct seen_lock *lock = seen->locks; lock; lock = lock->next)
			judge_lock(r, step, seen, lock);
		for (const struct seen_work *work = seen->works; work; work = work->next)
			judge_work(r, step, seen, work);
	}
}
