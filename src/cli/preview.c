/* Blocks, steps, states, locks, the line below which there is no way back; or the statements themselves. */
#include "cli/preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interval.h"
#include "check/check.h"
#include "cli/act.h"
#include "cli/plans.h"
#include "cli/report.h"
#include "engine/exec.h"
#include "engine/registry.h"
#include "plan/rollout.h"

enum { TEXT_WIDTH = 76 };

struct stmts preview_statements(struct preview *p, const struct step *step)
{
	struct stmts stmts = {.arena = &p->arena};
	const struct facts *facts = &p->facts[step->number - 1];

	if (facts->state == STATE_ABSENT || facts->state == STATE_PARTIAL)
		exec_plan_step(step, FORWARD, facts, &stmts);
	return stmts;
}

/* What is not there: is it only that an earlier step has not made it yet? */
static bool is_made_before(const struct preview *p, const struct step *step)
{
	struct relname table, made;

	if (!step->type->subject || !step->type->subject(step->args, &table))
		return false;
	for (int n = 1; n < step->number; n++) {
		const struct step *earlier = plan_step(p->plan, n);

		if (p->facts[n - 1].state != STATE_ABSENT)
			continue;
		if ((earlier->type->creates && earlier->type->creates(earlier->args, &table)) ||
		    (earlier->type->other_subject && earlier->type->other_subject(earlier->args, &made) &&
		     relname_equal(&made, &table)))
			return true;
	}
	return false;
}

static const char *state_word(const struct preview *p, const struct step *step)
{
	const struct facts *facts = &p->facts[step->number - 1];
	static const char *const words[] = {"new", "to finish", "there", "CONFLICT", "MISSING"};

	return step_class_of(step) == CLASS_VERIFY ? (facts->state == STATE_DONE ? "holds" : "to check")
	       : facts->state == STATE_DONE && step_class_of(step) == CLASS_DESTRUCTIVE
	           ? (is_made_before(p, step) ? "" : "gone already")
	       : facts->state == STATE_ABSENT && step_class_of(step) == CLASS_DESTRUCTIVE ? ""
	                                                                                  : words[facts->state];
}

/* Who only reads stands in nobody's way but that of ACCESS EXCLUSIVE. */
static bool matters(const struct table_lock *lock)
{
	return lock->mode != LOCK_ACCESS_SHARE;
}

/* "app.users", with its size where the statement goes through all of it. */
static void add_table(struct preview *p, const struct stmt *stmt, const struct relname *table, struct buf *out)
{
	const struct table_size *size = stmt->slow ? preview_size_of(p, table) : NULL;

	buf_add(out, relname_quoted(&p->arena, table));
	if (size)
		buf_addf(out, " (%s)", table_size_text(size, &p->arena));
}

/* Of a statement that holds nobody up: which tables it goes through, where we know how large they are. */
static void add_tables(struct preview *p, const struct step *step, const struct stmt *stmt, struct buf *out)
{
	struct relname table;

	for (size_t n = 0; preview_size_table(step, stmt, n, &table); n++)
		if (preview_size_of(p, &table)) {
			buf_add(out, out->length ? ", " : "reads ");
			add_table(p, stmt, &table, out);
		}
}

/* The locks and the note of one statement: "ACCESS EXCLUSIVE app.users: brief, …". */
static void add_effect(struct preview *p, const struct step *step, const struct stmt *stmt, struct buf *out)
{
	for (size_t i = 0; i < stmt->lock_count; i++)
		if (matters(&stmt->locks[i])) {
			buf_addf(out, "%s%s ", out->length ? ", " : "", lock_mode_name(stmt->locks[i].mode));
			add_table(p, stmt, &stmt->locks[i].table, out);
		}
	if (out->length == 0)
		add_tables(p, step, stmt, out);
	if (stmt->note && !stmt->must_be_empty)
		buf_addf(out, "%s%s", out->length ? ": " : "", stmt->note);
}

static bool locks_as_much(const struct stmt *other, const struct table_lock *lock)
{
	for (size_t i = 0; i < other->lock_count; i++)
		if (other->locks[i].mode >= lock->mode && relname_equal(&other->locks[i].table, &lock->table))
			return true;
	return false;
}

/* Is a statement without words of its own in no way more than another of its step, which is shown? */
static bool is_said(const struct stmts *stmts, const struct stmt *stmt)
{
	bool before = true;

	if (stmt->note || stmt->slow || stmt->lock_count == 0)
		return false;
	for (const struct stmt *other = stmts->first; other; other = other->next) {
		bool all = other != stmt && (before || other->note);

		for (size_t i = 0; all && i < stmt->lock_count; i++)
			all = locks_as_much(other, &stmt->locks[i]);
		if (all)
			return true;
		before = before && other != stmt;
	}
	return false;
}

static void print_step(struct preview *p, const struct step *step)
{
	const char *word = state_word(p, step);
	struct stmts stmts = preview_statements(p, step);
	struct buf effect = {0};

	printf("     %-*s%s%s\n", *word ? TEXT_WIDTH : 0, step_text(step, &p->arena), *word ? "  " : "", word);
	if (step->common.loses)
		printf("         loses: %s\n", step->common.loses);
	for (const struct stmt *stmt = stmts.first; stmt; stmt = stmt->next) {
		buf_clear(&effect);
		add_effect(p, step, stmt, &effect);
		if (effect.length && !is_said(&stmts, stmt))
			printf("         %s\n", buf_text(&effect));
	}
	buf_release(&effect);
}

static bool is_last_way_back(const struct block *block)
{
	for (size_t i = 0; i < block->step_count; i++) {
		const struct step *step = &block->steps[i];

		if (exec_is_one_way(step) || step_class_of(step) == CLASS_DESTRUCTIVE)
			return true;
	}
	return false;
}

/* Which tables a safety period watches, and who is not seen there. */
static void add_watched(const struct preview *p, const struct block *block, struct buf *out)
{
	const struct safety_args *safety = &block->wait.safety;

	for (size_t i = 0; i < safety->unused.count; i++) {
		buf_add(out, i ? ", " : "begins again when it is read: ");
		ident_quote_relname(out, &safety->unused.items[i]);
	}
	if (safety->unused.count && p->plan->settings.standbys.count == 0)
		buf_add(out, " (readers on standbys are not seen: the plan lists none)");
	else if (safety->unused.count)
		buf_addf(out, " (on %zu standby%s too)", p->plan->settings.standbys.count,
		         p->plan->settings.standbys.count == 1 ? "" : "s");
	if (safety->allow)
		buf_addf(out, ", but for %s", safety->allow);
}

/* Its stops, and how large that is where we know. */
static void add_rollout(struct preview *p, const struct rollout_args *rollout, struct buf *out)
{
	const struct table_size *size = preview_size_of(p, &rollout->table);

	buf_addf(out, "%s %% of the values of %s.%s", rollout_list(rollout, &p->arena),
	         relname_quoted(&p->arena, &rollout->table), ident_quoted(&p->arena, rollout->column));
	if (size)
		buf_addf(out, " (%s)", table_size_text(size, &p->arena));
}

static void print_stop(struct preview *p, const struct block *block)
{
	struct buf more = {0};

	if (block->kind == BLOCK_GATE && block->wait.gate.text)
		buf_addf(&more, "%s", block->wait.gate.text);
	if (block->kind == BLOCK_APPROVAL && block->wait.approval.role)
		buf_addf(&more, "by a member of %s", block->wait.approval.role);
	if (block->kind == BLOCK_SAFETY_PERIOD)
		add_watched(p, block, &more);
	if (block->kind == BLOCK_ROLLOUT)
		add_rollout(p, &block->wait.rollout, &more);
	printf(" %s %s  %s%s%s\n", block->index < p->run.next_block ? "o" : "#", block_kind_name(block->kind),
	       block->label, more.length ? "  " : "", buf_text(&more));
	buf_release(&more);
}

static void print_blocks(struct preview *p)
{
	bool way_back = true;
	int number = 0;

	for (size_t b = 0; b < p->plan->block_count; b++) {
		const struct block *block = &p->plan->blocks[b];

		if (block->kind != BLOCK_PHASE) {
			print_stop(p, block);
			continue;
		}
		if (way_back && is_last_way_back(block)) {
			way_back = false;
			printf(" ------------ no way back below this line, but from an archive ------------\n");
		}
		printf(" %d %s%s\n", ++number, block->label, block->index < p->run.next_block ? "  (done)" : "");
		for (size_t i = 0; block->index >= p->run.next_block && i < block->step_count; i++)
			print_step(p, &block->steps[i]);
	}
}

static void print_head(const struct preview *p)
{
	struct buf wait = {0};

	interval_format(p->plan->settings.lock_timeout, &wait);
	printf("%s  %s\n", p->plan->name, p->plan->settings.title);
	printf("database %s, plan %.4s...%s, %s; a lock is waited for <= %s a try\n", conn_database(p->conn),
	       p->plan->hash, p->plan->hash + 60, p->run.id ? p->run.state : "never run", buf_text(&wait));
	buf_release(&wait);
}

/* Statements in order; those of one transaction between BEGIN and COMMIT. */
static void print_sql_of(struct preview *p, const struct block *block, const struct step *step)
{
	struct stmts stmts = preview_statements(p, step);
	bool open = false;

	printf("-- %s, step %d: %s\n", block->label, step->number, step_text(step, &p->arena));
	if (!stmts.first)
		printf("-- nothing to send: %s\n", step_state_name(p->facts[step->number - 1].state));
	for (const struct stmt *stmt = stmts.first; stmt; stmt = stmt->next) {
		bool together = stmt->mode == STMT_TOGETHER,
			 more = together && stmt->next && stmt->next->mode == STMT_TOGETHER;

		if (stmt->mode != STMT_OUTSIDE && !open)
			printf("BEGIN;\n");
		open = more;
		for (size_t i = 0; i < stmt->lock_count; i++)
			if (matters(&stmt->locks[i]))
				printf("%sLOCK TABLE %s IN %s MODE NOWAIT;\n",
				       stmt->mode == STMT_OUTSIDE || stmt->locks[i].by_itself ? "-- it takes itself: " : "",
				       relname_quoted(&p->arena, &stmt->locks[i].table), lock_mode_name(stmt->locks[i].mode));
		if (step->type->judges_rows)
			printf("-- read only%s\n", stmt->runs > 1 ? ", several times, and measured" : "");
		printf("%s;%s\n", stmt->sql,
		       stmt->mode == STMT_REPEAT    ? "  -- again and again, until it touches no row"
		       : stmt->mode == STMT_BATCHES ? "  -- cut into short batches"
		                                    : "");
		if (stmt->mode != STMT_OUTSIDE && !more)
			printf("COMMIT;\n");
	}
	printf("\n");
}

static void print_sql(struct preview *p)
{
	printf("-- Each transaction also holds the run's fence and writes its rows of schema interlock.\n\n");
	for (size_t b = (size_t)p->run.next_block; b < p->plan->block_count; b++)
		for (size_t i = 0; i < p->plan->blocks[b].step_count; i++)
			print_sql_of(p, &p->plan->blocks[b], &p->plan->blocks[b].steps[i]);
}

static bool prepare(struct preview *p, struct err *err)
{
	struct catalogue_check check = {.plan = p->plan, .arena = &p->arena, .diags = &p->findings};

	p->conn = act_connect(p->context, err);
	if (!p->conn || !registry_progress(p->conn, p->plan, &p->arena, &p->run, &check.done, err))
		return false;
	p->facts = arena_array(&p->arena, struct facts, p->plan->step_count);
	check_plan(p->plan, &p->findings);
	check.conn = p->conn;
	check.facts = p->facts;
	check.run = p->run.id;
	check.from = (size_t)p->run.next_block;
	check.to = p->plan->block_count;
	if (!check_catalogue(&check, err))
		return false;
	for (size_t i = 0; check.done && i < p->plan->step_count; i++)
		if (check.done[i])
			p->facts[i].state = STATE_DONE;
	return true;
}

enum exit_code preview_command(struct context *context, struct err *err)
{
	struct preview p = {.context = context};
	bool ok;

	if (!plan_compile_operand(context, context->operands[0], &p.plan, err))
		return err->code;
	ok = prepare(&p, err);
	ok = ok && (context->options.sql || preview_size_read(&p, err));
	if (ok && context->options.json) {
		preview_json(&p);
	} else if (ok && context->options.sql) {
		print_sql(&p);
	} else if (ok) {
		print_head(&p);
		print_blocks(&p);
	}
	if (ok && p.findings.errors > 0) {
		report_diags(stderr, &p.findings);
		err->code = EXIT_REJECTED;
		ok = false;
	}
	diags_release(&p.findings);
	conn_close(p.conn);
	plan_free(p.plan);
	arena_release(&p.arena);
	return ok ? EXIT_DONE : err->code;
}
