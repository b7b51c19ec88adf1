# What the tests of backfill share: plans that stop at a gate after it, so that its triggers are still there when rows
# are compared; a table that takes its time; and what the registry says of batches.
package Interlock::Backfill;

use strict;
use warnings;

use Exporter 'import';
use Interlock::Test qw(plan_file sql exits runs_ok interlock registry_exists wait_until);
use Test::More;

our @EXPORT = qw(fill_plan filled_to_the_gate let_pass our_triggers our_functions slow_world batches batch_rows in_the_middle
  updates_of sessions_of_ours);

# A plan of one backfill, with these options of it, and a gate.  `before`: steps of a phase before it.
sub fill_plan
{
    my ($name, $options, %with) = @_;
    my $before = $with{before} ? qq{phase "expand" { $with{before} },\n  } : '';
    return plan_file($name, <<"LUA");
plan "$name" {
  title = "Fills rows that are there",
  ${before}phase "fill" { backfill { $options } },
  gate "compared" { text = "Somebody has compared the rows." },
}
LUA
}

# Runs it: it ends at the gate.
sub filled_to_the_gate
{
    my ($plan, $name, $options) = @_;
    return exits(5, [ 'run', $plan, '--yes' ], undef, $name, { seconds => 120, %$options });
}

sub let_pass
{
    my ($plan, $options) = @_;
    runs_ok([ 'gate', 'pass', $plan, 'compared', '--evidence', 'this test' ], 'the gate opens', $options);
    return runs_ok([ 'run', $plan, '--yes' ], 'and the run is done', $options);
}

# Triggers and functions of ours that are in the database.
sub our_triggers { return sql($_[0], q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~interlock%'}) }
sub our_functions { return sql($_[0], q{SELECT count(*) FROM pg_proc WHERE pronamespace = to_regnamespace('interlock') AND prorettype = 'trigger'::regtype}) }

# A table of so many rows, each of which takes `ms` milliseconds to fill: long enough to be met in the middle.
sub slow_world
{
    my ($rows, $ms) = @_;
    return <<"SQL";
CREATE FUNCTION slowly(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep($ms / 1000.0); RETURN upper(\$1); END';
CREATE TABLE words (id bigint PRIMARY KEY, word text NOT NULL, n integer NOT NULL DEFAULT 0, c text);
INSERT INTO words SELECT g, 'word ' || g, 0, NULL FROM generate_series(1, $rows) g;
SQL
}

# How many batches are recorded, and how many rows they filled.
sub batches { return registry_exists($_[0]) ? sql($_[0], 'SELECT count(*) FROM interlock.chunk') : 0 }
sub batch_rows { return sql($_[0], 'SELECT coalesce(sum(rows), 0) FROM interlock.chunk') }

# Waits until at least so many batches are recorded.
sub in_the_middle
{
    my ($db, $count) = @_;
    return wait_until(sub { batches($db) >= $count }, 30);
}

# Row versions that were written in the table, those that were rolled back included.
sub updates_of
{
    my ($db, $table) = @_;
    # What a session did is in the statistics at the latest when it ends.
    wait_until(sub { sessions_of_ours($db) == 0 }, 5);
    my ($last, $now) = (-1, -2);
    for (1 .. 20)
    {
        ($last, $now) = ($now, sql($db, "SELECT pg_stat_clear_snapshot(); SELECT n_tup_upd FROM pg_stat_all_tables WHERE relid = '$table'::regclass") =~ s/^\s+//r);
        last if $now == $last;
        select undef, undef, undef, 0.3;
    }
    return $now;
}

sub sessions_of_ours { return sql($_[0], "SELECT count(*) FROM pg_stat_activity WHERE datname = '$_[0]' AND application_name LIKE 'interlock:%'") }

1;
