# How far a step is that works in batches: the line on a terminal, events of --json, what the registry says meanwhile.
use strict;
use warnings;

use Interlock::Test;
use IPC::Run ();
use Test::More;
use Time::HiRes qw(time);

my $batches = 9;
my $rows = 5000 * $batches;

# Values come back in batches of 5000 rows, each of which a trigger of the application makes slow.
my $world = <<"SQL";
CREATE TABLE public.users (id bigint PRIMARY KEY, nick text);
INSERT INTO users SELECT n, 'n' || n FROM generate_series(1, $rows) n;
ANALYZE users;
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.15); RETURN NULL; END';
CREATE TRIGGER slow AFTER UPDATE ON users FOR EACH STATEMENT EXECUTE FUNCTION slow();
SQL

my $plan = plan_file('away', <<'LUA');
plan "away" {
  title = "The nickname goes",
  phase "away" {
    drop_column_if_exists { table = "users", column = "nick", archive = "90 days", loses = "nobody uses it" },
  },
}
LUA

# A database in which the plan has run, so that undo has rows to bring back.
sub ran
{
    my $db = world('progress', $world);
    runs_ok([ 'run', $plan, '--yes' ], 'the column goes', { db => $db });
    return $db;
}
sub progress { return sql($_[0], 'SELECT rows_done, rows_expected, doing FROM interlock.progress') }

# What a terminal of that many columns gets, of a command whose stdout is a terminal too.
sub on_terminal
{
    my ($db, $columns, @args) = @_;
    my $program = $ENV{INTERLOCK} || top() . '/build/interlock';
    my $node = server();
    local @ENV{qw(PGHOST PGPORT PGDATABASE TERM)} = ($node->host, $node->port, $db, 'xterm');
    chdir project() or die;
    IPC::Run::run([ 'script', '-qefc', "stty cols $columns; exec $program @args", '/dev/null' ],
        '<', '/dev/null', '>', \my $screen, IPC::Run::timeout($ENV{SAN} ? 180 : 60));
    chdir top() or die;
    return $screen;
}

subtest 'the line on a terminal' => sub {
    my $db = ran();
    my $begin = time();
    my $screen = on_terminal($db, 60, 'undo', $plan, '--to', 'start', '--yes', '--color', 'never');
    my $took = time() - $begin;
    my @drawn = $screen =~ /\r([^\r\n]+?)\e\[K/g;
    cmp_ok(scalar @drawn, '>=', 3, 'it is drawn again and again') or diag($screen);
    cmp_ok(scalar @drawn, '<=', 5 * $took + 1, 'at most five times a second');
    cmp_ok(length, '<', 60, "it fits: $_") for @drawn;
    like($drawn[-1], qr/^  drop column nick of pub[\w.]*  \d+ %  \d+ k of ~45 k rows$/, 'how far it is');
    my ($first, $last) = map { /(\d+) %/ } @drawn[0, -1];
    cmp_ok($last, '>', $first, 'it gets on');
    like($screen, qr/\r\e\[K {2}drop column nick of public\.users.* undone/, 'it is gone when the step has ended');
    unlike($screen, qr/\e\[[0-9;]*m/, 'no colours where there shall be none');
    is(sql($db, 'SELECT count(nick) FROM users'), $rows, 'everything is back');
    is(progress($db), "$rows|$rows|", 'the registry knows how many');
};

subtest 'colours, and where nothing is drawn' => sub {
    my $db = ran();
    my $screen = on_terminal($db, 120, 'undo', $plan, '--to', 'start', '--yes');
    like($screen, qr/\r\e\[2m {2}drop column nick [^\r\n]+ %  [^\r\n]+ rows\/s  eta \d s[^\r\n]*\e\[0m\e\[K/, 'a dim line with all it knows');

    $db = ran();
    local $ENV{NO_COLOR} = '1';
    $screen = on_terminal($db, 120, 'undo', $plan, '--to', 'start', '--yes');
    like($screen, qr/\r {2}drop column nick [^\r\n]+ %/, 'NO_COLOR: a line');
    unlike($screen, qr/\e\[[0-9;]*m/, 'without colours');

    for my $option (qw(--plain -q))
    {
        $db = ran();
        $screen = on_terminal($db, 120, 'undo', $plan, '--to', 'start', '--yes', $option);
        unlike($screen, qr/\e|\d %/, "nothing is drawn with $option");
    }
    $db = ran();
    my $result = runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'without a terminal', { db => $db });
    unlike("$result->{out}$result->{err}", qr/\e|\r|\d %/, 'nothing is drawn, and ten seconds are not over');
};

subtest 'what fails takes the line away first' => sub {
    my $db = ran();
    sql($db, <<'SQL');
CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(0.15);
    IF (SELECT count(nick) FROM users) > 22000 THEN RAISE 'enough'; END IF;
    RETURN NULL;
END $$;
SQL
    my $screen = on_terminal($db, 100, 'undo', $plan, '--to', 'start', '--yes', '--color', 'never');
    like($screen, qr/%  [^\r\n]+\e\[K\r\e\[Kfailed: phase "away"/, 'and then says what it was') or diag($screen);
};

subtest '--json' => sub {
    my $db = ran();
    my @lines = json_lines(runs_ok([ 'undo', $plan, '--to', 'start', '--yes', '--json' ], 'undo', { db => $db })->{out});
    my @events = grep { $_->{type} eq 'progress' } @lines;
    cmp_ok(scalar @events, '>=', 1, 'there are events');
    cmp_ok(scalar @events, '<=', 20, 'one a second');
    is($events[0]{primitive}, 'drop_column_if_exists', 'of the step');
    is($events[0]{expected}, $rows, 'of how many');
    is($events[0]{rows} % 5000, 0, 'after a batch');
    cmp_ok($events[0]{rows}, '>', 0, 'how far');
    cmp_ok($events[0]{rows_per_second}, '>', 0, 'how fast');
    is($events[0]{text}, 'values out of the archive, into rows that hold none', 'doing what');
    my ($end) = grep { $lines[$_]{type} eq 'step' && $lines[$_]{event} eq 'undone' } 0 .. $#lines;
    my ($last) = grep { $lines[$_]{type} eq 'progress' } reverse 0 .. $#lines;
    cmp_ok($last, '<', $end, 'all before the end of the step');
};

subtest 'the registry, while it works' => sub {
    my $db = ran();
    is(progress($db), "$rows|$rows|", 'what was archived by run');
    my $undo = in_background('undo', $plan, '--to', 'start', '--yes', { db => $db });
    my $words = qr/values out of the archive, into rows that hold none/;
    ok(wait_until(sub { progress($db) =~ /^(\d+)\|$rows\|$words$/ && $1 > 0 && $1 < $rows }), 'from another session one sees how far it is');
    is($undo->finish->{exit}, 0, 'undo');
    is(progress($db), "$rows|$rows|", 'and at the end all of them, and nothing that it does');
};

done_testing();
