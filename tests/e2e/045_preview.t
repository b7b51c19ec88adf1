# What preview tells besides steps and locks: how large the tables are that a step goes through, as the catalogue has
# it, and with --json every block in its place.
use strict;
use warnings;

use Interlock::Test;
use Test::More;
use Time::HiRes qw(time);

my $world = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app."Order Items" (id bigint PRIMARY KEY, note text, team bigint);
INSERT INTO app."Order Items" SELECT n, repeat('x', 80) FROM generate_series(1, 20000) n;
CREATE TABLE app.teams (id bigint PRIMARY KEY);
INSERT INTO app.teams VALUES (1);
CREATE TABLE app.parts (id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE app.parts_old PARTITION OF app.parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.parts_new PARTITION OF app.parts DEFAULT;
INSERT INTO app.parts SELECT n, '2020-01-01'::date + n % 300 FROM generate_series(1, 12000) n;
CREATE TABLE app.empty (id bigint PRIMARY KEY);
ANALYZE app."Order Items", app.parts_old;
SQL
my $db = world('preview', $world);

my $plan = plan_file('sizes', <<'LUA');
plan "sizes" {
  title = "Tables of many sizes",
  phase "expand" {
    create_index_if_missing { table = 'app."Order Items"', columns = "note" },
    add_foreign_key { table = 'app."Order Items"', column = "team", references = "app.teams(id)" },
    create_table_if_missing { table = "app.later", columns = "id bigint PRIMARY KEY, n int" },
    create_index_if_missing { table = "app.later", columns = "n" },
    expect_no_rows { query = "SELECT id FROM app.parts WHERE id < 0 UNION SELECT id FROM app.empty" },
    comment_on { object = "table app.teams", comment = "teams" },
  },
  gate "release 2" { text = "it must be live", query = "SELECT true" },
  gate "no old ones" { no_sessions = "old%", quiet = "10 min" },
  approval "by the dba" { role = "postgres" },
  safety_period "30 days" { unused = { "app.empty", 'app."Order Items"' } },
  phase "contract" {
    drop_column_if_exists { table = 'app."Order Items"', column = "note", archive = "90 days" },
  },
}
LUA

sub bytes { return sql($db, "SELECT pg_table_size('$_[0]')") }
sub shown { return runs_ok([ 'preview', $plan ], 'preview', { db => $db })->{out} }

subtest 'sizes' => sub {
    my $text = shown();
    my $items = qr/app\."Order Items" \(20 k rows, 2\.\d MB\)/;
    like($text, qr/create index .*\n {9}SHARE UPDATE EXCLUSIVE $items: reads the table twice/, 'what an index reads');
    like($text, qr/ {9}SHARE UPDATE EXCLUSIVE $items, ROW SHARE app\.teams \(never analysed, 8192 bytes\): reads/, 'both sides of a foreign key');
    like($text, qr/ {9}SHARE ROW EXCLUSIVE app\."Order Items", SHARE ROW EXCLUSIVE app\.teams: brief/, 'none where no row is looked at');
    like($text, qr/ {9}reads app\.parts \(12 k rows, \d+ kB\), app\.empty \(0 rows, 0 bytes\)$/m, 'what a verification reads, partitions together');
    like($text, qr/ {9}reads $items: values into the archive/, 'what is moved');
    like($text, qr/on app\.later \(n\) .*\n(?! {9}[^\n]*\bapp\.later \()/, 'none of a table that is still to come');

    sql($db, q{INSERT INTO app.parts SELECT n, '2030-01-01' FROM generate_series(1, 500) n});
    like(shown(), qr/reads app\.parts \(12 k rows or more, \d+ kB\)/, 'of a partition that was never analysed nobody knows');
    sql($db, 'VACUUM ANALYZE app.parts; ANALYZE app.teams');
    like(shown(), qr/ROW SHARE app\.teams \(1 row, 8192 bytes\)/, 'one row');
};

subtest 'a table that somebody has locked' => sub {
    my $session = sql_session($db);
    $session->query('BEGIN');
    $session->query('LOCK TABLE app.parts_old IN ACCESS EXCLUSIVE MODE');
    my $begin = time();
    my $text = interlock('preview', $plan, { db => $db })->{out};
    cmp_ok(time() - $begin, '<', 15, 'nobody waits for it');
    like($text, qr/SHARE UPDATE EXCLUSIVE app\."Order Items" \(20 k rows\): reads the table twice/, 'rows are known, and bytes are left out');
    $session->query('ROLLBACK');
    $session->quit;
};

subtest '--json' => sub {
    my @lines = json_lines(runs_ok([ 'preview', $plan, '--json' ], 'preview', { db => $db })->{out});
    is(join(' ', map { $_->{type} eq 'step' ? $_->{number} : $_->{kind} // '' } @lines[ 1 .. $#lines ]),
        'phase 1 2 3 4 5 6 gate gate approval safety period phase 7', 'blocks and steps in their order');
    my %block = map { $_->{label} => $_ } grep { $_->{type} eq 'block' } @lines;
    is($block{expand}{steps}, 6, 'a phase has steps');
    is($block{expand}{done}, JSON::PP::false, 'none is done yet');
    is($block{'release 2'}{text}, 'it must be live', 'a gate says what it is for');
    is($block{'release 2'}{query}, 'select true', 'and what it asks');
    is($block{'no old ones'}{no_sessions}, 'old%', 'or whom it waits for');
    is($block{'no old ones'}{quiet_ms}, 600000, 'and how long');
    is($block{'by the dba'}{role}, 'postgres', 'an approval says who may give it');
    is($block{'30 days'}{ms}, 30 * 86400000, 'a safety period how long it is');
    is_deeply($block{'30 days'}{unused}, [ 'app.empty', 'app."Order Items"' ], 'and what nobody may read');

    my %step = map { $_->{number} => $_ } grep { $_->{type} eq 'step' } @lines;
    is_deeply($step{1}{tables}, [ { table => 'app."Order Items"', rows => 20000, bytes => 0 + bytes('app."Order Items"') } ], 'the table that a step goes through');
    is_deeply([ map { $_->{table} } @{ $step{2}{tables} } ], [ 'app."Order Items"', 'app.teams' ], 'each once');
    is_deeply($step{$_}{tables}, [], "step $_ goes through none") for 3, 4, 6;
    is(scalar @{ $step{7}{tables} }, 1, 'two statements, one table');

    sql($db, q{CREATE TABLE app.fresh (id bigint PRIMARY KEY, n int); INSERT INTO app.fresh VALUES (1, 1)});
    my $fresh = plan_file('fresh', 'plan "fresh" { title = "t", phase "p" { create_index_if_missing { table = "app.fresh", columns = "n" } } }');
    my ($line) = grep { $_->{type} eq 'step' } json_lines(runs_ok([ 'preview', $fresh, '--json' ], 'preview', { db => $db })->{out});
    is_deeply($line->{tables}, [ { table => 'app.fresh', rows => undef, bytes => 8192 } ], 'never analysed');
};

subtest 'what is done' => sub {
    exits(5, [ 'run', $plan ], undef, 'up to the gate', { db => $db });
    my @lines = json_lines(runs_ok([ 'preview', $plan, '--json' ], 'preview', { db => $db })->{out});
    my %done = map { $_->{label} => $_->{done} ? 1 : 0 } grep { $_->{type} eq 'block' } @lines;
    is($done{expand}, 1, 'a phase');
    is($done{'release 2'}, 1, 'a gate that is passed');
    is($done{'no old ones'}, 0, 'but not the one where it waits');
};

done_testing();
