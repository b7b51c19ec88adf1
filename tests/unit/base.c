/* The ground floor: memory, strings, errors, diagnostics, lengths of time, nearest words, records, digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/interval.h"
#include "base/record.h"
#include "base/sha256.h"
#include "base/suggest.h"

/* ---- Memory ---- */

static void arena_memory_is_zeroed_aligned_and_stays(void **state)
{
	enum { COUNT = 300 };
	struct arena arena = {0};
	unsigned char *pieces[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		pieces[i] = arena_alloc(&arena, i * 7);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		for (size_t j = 0; j < i * 7; j++)
			assert_int_equal(pieces[i][j], 0);
		memset(pieces[i], (int)(i % 256), i * 7);
	}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < i * 7; j++)
			assert_int_equal(pieces[i][j], i % 256);
	arena_release(&arena);
}

static void arena_takes_what_is_larger_than_a_block(void **state)
{
	enum { LARGE = 100000 };
	struct arena arena = {0};
	char *small = arena_strdup(&arena, "before"), *large = arena_alloc(&arena, LARGE), *after;

	(void)state;
	memset(large, 'x', LARGE);
	after = arena_strdup(&arena, "after");
	assert_string_equal(small, "before");
	assert_string_equal(after, "after");
	assert_int_equal(large[LARGE - 1], 'x');
	arena_release(&arena);
}

static void arena_copies_strings(void **state)
{
	struct arena arena = {0};
	char *long_text;

	(void)state;
	assert_null(arena_strdup(&arena, NULL));
	assert_string_equal(arena_strdup(&arena, ""), "");
	assert_string_equal(arena_strndup(&arena, "column list", 6), "column");
	assert_string_equal(arena_printf(&arena, "%s %d", "step", 3), "step 3");
	long_text = arena_printf(&arena, "%20000d|", 1);
	assert_int_equal(strlen(long_text), 20001);
	assert_string_equal(long_text + 19999, "1|");
	arena_release(&arena);
}

static void arena_is_usable_after_release(void **state)
{
	struct arena arena = {0};

	(void)state;
	arena_release(&arena);
	arena_strdup(&arena, "once");
	arena_release(&arena);
	assert_null(arena.head);
	assert_string_equal(arena_strdup(&arena, "again"), "again");
	arena_release(&arena);
}

/* ---- Strings ---- */

static void buf_is_a_string_from_the_beginning(void **state)
{
	struct buf buf = {0};

	(void)state;
	assert_string_equal(buf_text(&buf), "");
	buf_clear(&buf);
	assert_string_equal(buf_text(&buf), "");
	buf_add(&buf, "");
	assert_string_equal(buf.data, "");
	buf_release(&buf);
}

static void buf_grows(void **state)
{
	struct buf buf = {0};

	(void)state;
	for (int i = 0; i < 5000; i++) {
		buf_add(&buf, "ab");
		buf_add_char(&buf, 'c');
		buf_addf(&buf, "%d", i % 10);
		assert_int_equal(buf.length, 4 * (i + 1));
		assert_int_equal(strlen(buf.data), buf.length);
		assert_true(buf.room > buf.length);
	}
	assert_memory_equal(buf.data, "abc0abc1abc2", 12);
	assert_string_equal(buf.data + 4 * 4998, "abc8abc9");
	buf_release(&buf);
}

static void buf_keeps_zero_bytes(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_add_bytes(&buf, "a\0b", 3);
	buf_add(&buf, "c");
	assert_int_equal(buf.length, 4);
	assert_memory_equal(buf.data, "a\0bc", 5);
	buf_release(&buf);
}

static void buf_clear_keeps_the_memory_and_release_does_not(void **state)
{
	struct buf buf = {0};
	size_t room;

	(void)state;
	buf_addf(&buf, "%1000d", 1);
	room = buf.room;
	buf_clear(&buf);
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf.length, 0);
	assert_int_equal(buf.room, room);
	buf_add(&buf, "new");
	assert_string_equal(buf_text(&buf), "new");
	buf_release(&buf);
	assert_null(buf.data);
	assert_int_equal(buf.room, 0);
}

/* ---- Errors ---- */

static void err_holds_code_and_words(void **state)
{
	struct err err = {0};

	(void)state;
	assert_false(err_set(&err, EXIT_STEP, "step %d failed", 3));
	err_detail(&err, "first %s", "reason");
	err_detail(&err, "second reason");
	err_help(&err, "do %s", "this");
	err_prefix(&err, "phase \"%s\"", "expand");
	err_at(&err, (struct span){"plans/a.lua", 12});
	assert_int_equal(err.code, EXIT_STEP);
	assert_int_equal(err.diag.severity, SEVERITY_ERROR);
	assert_string_equal(err.diag.summary, "phase \"expand\": step 3 failed");
	assert_int_equal(err.diag.detail_count, 2);
	assert_string_equal(err.diag.details[0], "first reason");
	assert_string_equal(err.diag.details[1], "second reason");
	assert_string_equal(err.diag.help, "do this");
	assert_string_equal(err.diag.span.file, "plans/a.lua");
	assert_int_equal(err.diag.span.line, 12);
	err_release(&err);
	assert_int_equal(err.code, EXIT_DONE);
	assert_null(err.diag.summary);
}

static void err_set_drops_what_was_before(void **state)
{
	struct err err = {0};

	(void)state;
	err_set(&err, EXIT_STEP, "first");
	err_detail(&err, "detail");
	err_help(&err, "help");
	strcpy(err.sqlstate, "55P03");
	err.position = 4;
	err_set(&err, EXIT_OWN, "second");
	assert_int_equal(err.code, EXIT_OWN);
	assert_string_equal(err.diag.summary, "second");
	assert_int_equal(err.diag.detail_count, 0);
	assert_null(err.diag.help);
	assert_string_equal(err.sqlstate, "");
	assert_int_equal(err.position, 0);
	err_release(&err);
}

static void err_arguments_may_point_into_it(void **state)
{
	struct err err = {0};

	(void)state;
	err_set(&err, EXIT_OWN, "cannot open");
	err_help(&err, "look again");
	err_set(&err, EXIT_STEP, "%s, %s", err.diag.summary, err.diag.help);
	assert_string_equal(err.diag.summary, "cannot open, look again");
	err_detail(&err, "that was: %s", err.diag.summary);
	err_detail(&err, "%s!", err.diag.details[0]);
	assert_string_equal(err.diag.details[1], "that was: cannot open, look again!");
	err_prefix(&err, "%s", err.diag.details[0]);
	assert_string_equal(err.diag.summary, "that was: cannot open, look again: cannot open, look again");
	err_at(&err, (struct span){"a.lua", 1});
	err_at(&err, (struct span){err.diag.span.file, 2});
	assert_string_equal(err.diag.span.file, "a.lua");
	err_release(&err);
}

static void err_compares_sqlstates(void **state)
{
	struct err err = {0};

	(void)state;
	assert_false(err_is(&err, "55P03"));
	assert_false(err_is(&err, "55"));
	err_set(&err, EXIT_STEP, "lock not available");
	strcpy(err.sqlstate, "55P03");
	assert_true(err_is(&err, "55P03"));
	assert_true(err_is(&err, "55"));
	assert_false(err_is(&err, "55P02"));
	assert_false(err_is(&err, "08"));
	err_release(&err);
}

/* ---- Diagnostics ---- */

static void diags_count_and_keep_their_order(void **state)
{
	struct diags diags = {0};
	char file[] = "a.lua", rule[] = "bad-option";
	struct diag *diag;

	(void)state;
	diag = diags_add(&diags, SEVERITY_ERROR, rule, (struct span){file, 3}, "\"%s\" is wrong", "type");
	diags_add(&diags, SEVERITY_WARNING, NULL, (struct span){0}, "careful");
	diags_add(&diags, SEVERITY_NOTE, NULL, (struct span){0}, "by the way");
	memset(file, 'x', strlen(file));
	memset(rule, 'x', strlen(rule));
	assert_ptr_equal(diags.first, diag);
	assert_string_equal(diag->span.file, "a.lua");
	assert_string_equal(diag->rule, "bad-option");
	assert_string_equal(diag->summary, "\"type\" is wrong");
	assert_string_equal(diag->next->summary, "careful");
	assert_string_equal(diag->next->next->summary, "by the way");
	assert_ptr_equal(diags.last, diag->next->next);
	assert_null(diags.last->next);
	assert_int_equal(diags.errors, 1);
	assert_int_equal(diags.warnings, 1);
	diags_release(&diags);
	assert_null(diags.first);
	assert_int_equal(diags.errors, 0);
}

static void severities_have_names(void **state)
{
	(void)state;
	assert_string_equal(severity_name(SEVERITY_NOTE), "note");
	assert_string_equal(severity_name(SEVERITY_WARNING), "warning");
	assert_string_equal(severity_name(SEVERITY_ERROR), "error");
}

static void diag_copy_outlives_the_original(void **state)
{
	struct diags diags = {0};
	struct arena arena = {0};
	char sql[] = "DROP TABLE a";
	struct span chain[] = {{"lib/keys.lua", 7}, {"plans/a.lua", 3}};
	struct diag *diag = diags_add(&diags, SEVERITY_WARNING, "cascade", (struct span){"plans/a.lua", 9}, "summary");
	struct diag *copy;

	(void)state;
	diag_detail(&diags.arena, diag, "one");
	diag_detail(&diags.arena, diag, "two %%");
	diag_help(&diags.arena, diag, "help");
	diag_chain(&diags.arena, diag, chain, 2);
	diag->sql = sql;
	diags_add(&diags, SEVERITY_NOTE, NULL, (struct span){0}, "another");
	copy = diag_copy(&arena, diag);
	memset(sql, 'x', strlen(sql));
	diags_release(&diags);
	assert_int_equal(copy->severity, SEVERITY_WARNING);
	assert_string_equal(copy->rule, "cascade");
	assert_string_equal(copy->summary, "summary");
	assert_string_equal(copy->span.file, "plans/a.lua");
	assert_int_equal(copy->span.line, 9);
	assert_int_equal(copy->chain_length, 2);
	assert_string_equal(copy->chain[0].file, "lib/keys.lua");
	assert_int_equal(copy->chain[1].line, 3);
	assert_int_equal(copy->detail_count, 2);
	assert_string_equal(copy->details[0], "one");
	assert_string_equal(copy->details[1], "two %");
	assert_string_equal(copy->help, "help");
	assert_string_equal(copy->sql, "DROP TABLE a");
	assert_null(copy->next);
	arena_release(&arena);
}

static void diag_copy_of_little(void **state)
{
	struct arena arena = {0};
	struct diag *copy = diag_copy(&arena, &(struct diag){.summary = "bare"});

	(void)state;
	assert_string_equal(copy->summary, "bare");
	assert_null(copy->rule);
	assert_null(copy->span.file);
	assert_null(copy->help);
	assert_null(copy->sql);
	assert_int_equal(copy->detail_count, 0);
	assert_int_equal(copy->chain_length, 0);
	arena_release(&arena);
}

/* ---- Lengths of time ---- */

static const struct {
	const char *text;
	int64_t ms;
} lengths[] = {
	{"50 ms", 50},
	{"50ms", 50},
	{"1 millisecond", 1},
	{"2 s", 2000},
	{"2 secs", 2000},
	{"1 second", 1000},
	{"0 s", 0},
	{"5 m", 300000},
	{"5 mins", 300000},
	{"10 minutes", 600000},
	{"1 h", 3600000},
	{"1h30m", 5400000},
	{"1 h 30 min", 5400000},
	{"1.5 hours", 5400000},
	{" 1 Hour ", 3600000},
	{"1 d", 86400000},
	{"30 days", INT64_C(2592000000)},
	{"30 Days", INT64_C(2592000000)},
	{"1 day 2 h 3 min 4 s 5 ms", 93784005},
	{"1 w", 604800000},
	{"2 weeks", 1209600000},
	{"1000000000000 s", INT64_C(1000000000000000)},
};

static void lengths_of_time_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		int64_t ms = -1;

		if (!interval_parse(lengths[i].text, &ms) || ms != lengths[i].ms)
			fail_msg("\"%s\" is read as %lld", lengths[i].text, (long long)ms);
	}
}

static void what_is_no_length_of_time_is_refused(void **state)
{
	static const char *const bad[] = {"",
	                                  " ",
	                                  "5",
	                                  "s",
	                                  "1 month",
	                                  "2 months",
	                                  "1 year",
	                                  "-5 s",
	                                  "+5 s",
	                                  "5 s -1 s",
	                                  "1 s,",
	                                  "1,5 s",
	                                  "5 5 s",
	                                  "1.5.5 s",
	                                  "1 sx",
	                                  "1 ss",
	                                  "30 dayss",
	                                  "a while",
	                                  "0x10 s",
	                                  "1e3 s",
	                                  "1e400 s",
	                                  "inf s",
	                                  "nan s",
	                                  "1 fortnight",
	                                  ".5 s",
	                                  "1 h and a half",
	                                  "1000000000001 s",
	                                  "99999999999999999999 weeks"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t ms = -1;

		if (interval_parse(bad[i], &ms))
			fail_msg("\"%s\" is read as %lld", bad[i], (long long)ms);
	}
}

static void lengths_of_time_are_written(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} written[] = {
		{0, "0 ms"},
		{50, "50 ms"},
		{999, "999 ms"},
		{1000, "1 s"},
		{1999, "1 s"},
		{65000, "1 min 5 s"},
		{3600000, "1 h"},
		{3605000, "1 h"},
		{5400000, "1 h 30 min"},
		{86400000, "1 day"},
		{2 * INT64_C(86400000) + 3 * 3600000, "2 days 3 h"},
		{INT64_C(2592000000), "30 days"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		struct buf text = {0};

		interval_format(written[i].ms, &text);
		assert_string_equal(buf_text(&text), written[i].text);
		buf_release(&text);
	}
}

static void what_is_written_can_be_read(void **state)
{
	static const int64_t exact[] = {1, 999, 1000, 59000, 61000, 3600000, 3660000, 86400000, 90000000, 604800000};

	(void)state;
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++) {
		struct buf text = {0};
		int64_t ms = -1;

		interval_format(exact[i], &text);
		assert_true(interval_parse(buf_text(&text), &ms));
		assert_int_equal(ms, exact[i]);
		buf_release(&text);
	}
}

/* ---- Nearest words ---- */

static const char *nearest(const char *word)
{
	static const char *const words[] = {"table", "column", "columns", "type", "default", "lock_timeout", "on"};

	return suggest(word, words, sizeof(words) / sizeof(words[0]));
}

static void near_words_are_suggested(void **state)
{
	(void)state;
	assert_string_equal(nearest("table"), "table");
	assert_string_equal(nearest("tabel"), "table");
	assert_string_equal(nearest("tble"), "table");
	assert_string_equal(nearest("tablee"), "table");
	assert_string_equal(nearest("tipe"), "type");
	assert_string_equal(nearest("colunms"), "columns");
	assert_string_equal(nearest("clomun"), "column");
	assert_string_equal(nearest("locktimeout"), "lock_timeout");
	assert_string_equal(nearest("lock_tiemuot"), "lock_timeout");
	assert_string_equal(nearest("of"), "on");
}

static void far_words_are_not(void **state)
{
	char endless[100];

	(void)state;
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_null(nearest("klomun"));
	assert_null(nearest("tabular"));
	assert_null(nearest("where"));
	assert_null(nearest("ab"));
	assert_null(nearest(""));
	assert_null(nearest(endless));
	assert_null(suggest("table", NULL, 0));
	assert_null(suggest("table", (const char *const[]){endless}, 1));
}

static void the_nearest_wins_and_the_first_of_equals(void **state)
{
	static const char *const words[] = {"references", "preference", "reference", "referense"};

	(void)state;
	assert_string_equal(suggest("reference", words, 4), "reference");
	assert_string_equal(suggest("refereace", words, 4), "reference");
	assert_string_equal(suggest("referenceX", words, 2), "references");
}

/* ---- Records and digests ---- */

static void records_are_looked_up_by_name(void **state)
{
	static const char *const names[] = {"state", "found", "need", "also", "no"};
	static const char *const values[] = {"done", NULL, "t", "true", "f"};
	const struct record record = {5, names, values};

	(void)state;
	assert_string_equal(record_get(&record, "state"), "done");
	assert_null(record_get(&record, "found"));
	assert_null(record_get(&record, "absent"));
	assert_null(record_get(NULL, "state"));
	assert_true(record_true(&record, "need"));
	assert_true(record_true(&record, "also"));
	assert_false(record_true(&record, "no"));
	assert_false(record_true(&record, "state"));
	assert_false(record_true(&record, "found"));
	assert_false(record_true(&record, "absent"));
	assert_false(record_true(NULL, "need"));
}

/* The examples of FIPS 180-2. */
static void digests_are_those_of_the_standard(void **state)
{
	char *million = malloc(1000000), hex[65];

	(void)state;
	sha256_hex("", 0, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
	assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', 1000000);
	sha256_hex(million, 1000000, hex);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_memory_is_zeroed_aligned_and_stays),
		cmocka_unit_test(arena_takes_what_is_larger_than_a_block),
		cmocka_unit_test(arena_copies_strings),
		cmocka_unit_test(arena_is_usable_after_release),
		cmocka_unit_test(buf_is_a_string_from_the_beginning),
		cmocka_unit_test(buf_grows),
		cmocka_unit_test(buf_keeps_zero_bytes),
		cmocka_unit_test(buf_clear_keeps_the_memory_and_release_does_not),
		cmocka_unit_test(err_holds_code_and_words),
		cmocka_unit_test(err_set_drops_what_was_before),
		cmocka_unit_test(err_arguments_may_point_into_it),
		cmocka_unit_test(err_compares_sqlstates),
		cmocka_unit_test(diags_count_and_keep_their_order),
		cmocka_unit_test(severities_have_names),
		cmocka_unit_test(diag_copy_outlives_the_original),
		cmocka_unit_test(diag_copy_of_little),
		cmocka_unit_test(lengths_of_time_are_read),
		cmocka_unit_test(what_is_no_length_of_time_is_refused),
		cmocka_unit_test(lengths_of_time_are_written),
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(near_words_are_suggested),
		cmocka_unit_test(far_words_are_not),
		cmocka_unit_test(the_nearest_wins_and_the_first_of_equals),
		cmocka_unit_test(records_are_looked_up_by_name),
		cmocka_unit_test(digests_are_those_of_the_standard),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
