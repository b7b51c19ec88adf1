/* Columns of text, and the line that tells how far a step is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <locale.h>
#include <string.h>

#include "base/quantity.h"
#include "cli/columns.h"
#include "cli/progress.h"
#include "engine/progress.h"

static int set_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static void assert_cut(const char *text, int room, const char *expected, int columns)
{
	struct buf out = {0};

	assert_int_equal(columns_add(text, room, &out), columns);
	assert_string_equal(buf_text(&out), expected);
	assert_int_equal(columns_add(text, room, NULL), columns);
	buf_release(&out);
}

static void a_text_is_cut_between_characters(void **state)
{
	(void)state;
	assert_cut("orders", 10, "orders", 6);
	assert_cut("orders", 3, "ord", 3);
	assert_cut("orders", 0, "", 0);
	assert_cut("größe", 4, "größ", 4);
	assert_cut("注文表", 5, "注文", 4);          /* two columns each */
	assert_cut("a\xcc\x88o", 1, "a\xcc\x88", 1); /* an accent of its own takes none */
}

static void what_no_terminal_should_get_is_a_question_mark(void **state)
{
	(void)state;
	assert_cut("a\033[31mb", 20, "a?[31mb", 7);
	assert_cut("a\xff\xfe"
	           "b",
	           20, "a??b", 4);
	assert_cut("\xe6\xb3", 20, "??", 2);
}

static void assert_line(const struct progress_line *line, int room, const char *expected)
{
	struct buf out = {0};

	progress_format(line, room, &out);
	assert_string_equal(buf_text(&out), expected);
	if (room > 2)
		assert_true(columns_add(buf_text(&out), INT_MAX, NULL) <= room);
	buf_release(&out);
}

static void what_does_not_fit_is_left_out(void **state)
{
	static const struct progress_line line = {
		"drop column nickname of app.users", {2100000, 5100000, "values into the archive"}, 17500};

	(void)state;
	assert_line(&line, 200,
	            "  drop column nickname of app.users  41 %  2.1 M of ~5.1 M rows  17 k rows/s  eta 2 min 52 s"
	            "  values into the archive");
	assert_line(&line, 100,
	            "  drop column nickname of app.users  41 %  2.1 M of ~5.1 M rows  17 k rows/s  eta 2 min 52 s");
	assert_line(&line, 85,
	            "  drop column nickname of ap  41 %  2.1 M of ~5.1 M rows  17 k rows/s  eta 2 min 52 s");
	assert_line(&line, 80, "  drop column nickname of app.users  41 %  2.1 M of ~5.1 M rows  17 k rows/s");
	assert_line(&line, 40, "  drop column nickname of app.user  41 %");
	assert_line(&line, 30, "  drop column nickname of app.");
	assert_line(&line, 9, "  drop co");
}

static void nobody_knows_how_many_there_will_be(void **state)
{
	(void)state;
	assert_line(&(struct progress_line){"fill app.t", {12345, PROGRESS_UNKNOWN, NULL}, 900}, 80,
	            "  fill app.t  12 k rows  900 rows/s");
	assert_line(&(struct progress_line){"fill app.t", {0, PROGRESS_UNKNOWN, NULL}, 0}, 80, "  fill app.t  0 rows");
}

static void an_estimate_that_was_too_low_promises_nothing(void **state)
{
	(void)state;
	assert_line(&(struct progress_line){"fill app.t", {6000, 5000, NULL}, 900}, 80,
	            "  fill app.t  6000 of ~5000 rows  900 rows/s");
	assert_line(&(struct progress_line){"fill app.t", {5000, 5000, NULL}, 0}, 80,
	            "  fill app.t  100 %  5000 of ~5000 rows");
	assert_line(&(struct progress_line){"fill app.t", {4999, 5000, NULL}, 0}, 80,
	            "  fill app.t  99 %  4999 of ~5000 rows");
}

static void numbers_are_written_as_people_do(void **state)
{
	static const struct {
		int64_t number;
		const char *rows, *bytes;
	} written[] = {
		{0, "0", "0 bytes"},
		{9999, "9999", "9999 bytes"},
		{10000, "10 k", "10000 bytes"},
		{10240, "10 k", "10 kB"},
		{999999, "999 k", "976 kB"},
		{1000000, "1.0 M", "976 kB"},
		{1299999, "1.2 M", "1.2 MB"},
		{9990000, "9.9 M", "9.5 MB"},
		{325058560, "325 M", "310 MB"},
		{INT64_C(4509715660), "4.5 G", "4.1 GB"},
		{INT64_MAX, "9223372 T", "8388608 TB"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		struct buf rows = {0}, bytes = {0};

		quantity_rows(written[i].number, &rows);
		quantity_bytes(written[i].number, &bytes);
		assert_string_equal(buf_text(&rows), written[i].rows);
		assert_string_equal(buf_text(&bytes), written[i].bytes);
		buf_release(&rows);
		buf_release(&bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_cut_between_characters),
		cmocka_unit_test(what_no_terminal_should_get_is_a_question_mark),
		cmocka_unit_test(what_does_not_fit_is_left_out),
		cmocka_unit_test(nobody_knows_how_many_there_will_be),
		cmocka_unit_test(an_estimate_that_was_too_low_promises_nothing),
		cmocka_unit_test(numbers_are_written_as_people_do),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_locale, NULL);
}
