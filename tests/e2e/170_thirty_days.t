# A plan that takes thirty days: expand, a gate, a switch, a safety period that a reader disturbs and pg_dump does not,
# an approval, and a table that somebody changed by hand meanwhile.  Time passes by what the registry says of it.
use strict;
use warnings;

use Interlock::Test;
use Test::More;

my $world = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app.orders (id bigint PRIMARY KEY, status text NOT NULL, total numeric NOT NULL);
INSERT INTO app.orders SELECT n, 'Open', n / 10.0 FROM generate_series(1, 100) n;
COMMENT ON TABLE app.orders IS E'The orders.\nAsk team-checkout.';
SQL

server()->safe_psql('postgres', <<'SQL');
CREATE ROLE deploy LOGIN SUPERUSER;
CREATE ROLE dba;
CREATE ROLE anna LOGIN IN ROLE dba;
SQL

my $text = <<'LUA';
plan "orders_v2" {
  title = "Rebuild app.orders in cents",
  phase "expand" {
    create_table_if_missing { table = "app.orders_v2", columns = [[
      id bigint PRIMARY KEY, status text NOT NULL, total_cents bigint NOT NULL
    ]] },
  },
  gate "checkout 5.3 is live" { app = "checkout", at_least = "5.3.0", text = "5.3 reads total_cents." },
  phase "switch" {
    sql_step {
      sql = [[ ALTER TABLE app.orders RENAME TO orders_retired; ALTER TABLE app.orders_v2 RENAME TO orders ]],
      undo = [[ ALTER TABLE app.orders RENAME TO orders_v2; ALTER TABLE app.orders_retired RENAME TO orders ]],
    },
  },
  safety_period "30 days" { unused = "app.orders_retired" },
  approval "drop the old orders" { role = "dba" },
  phase "contract" { drop_table_if_exists { table = "app.orders_retired" } },
}
LUA
my $plan = plan_file('orders_v2', $text);

my $db = world('thirty', $world);
my %as = (db => $db, env => { PGUSER => 'deploy' });
sub comment_of { return sql($db, "SELECT obj_description('$_[0]'::regclass)") }
sub due { return sql($db, q{SELECT to_char(due AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') FROM interlock.condition WHERE due IS NOT NULL}) }

# So many days go by.
sub days_pass
{
    my ($days) = @_;
    sql($db, <<"SQL");
UPDATE interlock.condition SET reached_at = reached_at - interval '$days days', due = due - interval '$days days',
  data = CASE WHEN data ? 'looked' THEN jsonb_set(data, '{looked}', to_jsonb((data ->> 'looked')::bigint - $days * 86400)) ELSE data END;
UPDATE interlock.run SET started_at = started_at - interval '$days days', seen = seen - interval '$days days';
SQL
    return;
}

# What was read is in the statistics when a session ends; before PostgreSQL 15 a little later.
sub uses
{
    my ($statement) = @_;
    sql($db, $statement);
    sleep 2 if sql($db, 'SHOW server_version_num') < 150000;
    return;
}
sub reads_it { return uses('SELECT count(*) FROM app.orders_retired') }

my ($before, $switched);

subtest 'up to the switch' => sub {
    $before = schema_dump($db);
    my $run = exits(5, [ 'run', $plan ], undef, 'run stops at the gate', {%as});
    like($run->{out}, qr{no session is named checkout/VERSION}, 'and says what it looks for');
    my $old = sql_session($db, 'checkout/5.2.9');
    $old->pid;
    like(exits(5, [ 'run', $plan ], undef, 'an old release is there', {%as})->{out},
        qr{5\.3 reads total_cents\. \(1 session of checkout is older than 5\.3\.0, such as checkout/5\.2\.9\)}, 'which is named');
    my $new = sql_session($db, 'checkout/5.3.0');
    $new->pid;
    $old->quit;
    ok(wait_until(sub { sql($db, "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'checkout/5.2%'") == 0 }), 'it leaves');
    $run = exits(5, [ 'run', $plan ], undef, 'run goes on to the safety period', {%as});
    $new->quit;
    like($run->{out}, qr/waiting at safety period "30 days": it ends on \d{4}-\d\d-\d\d \d\d:\d\d UTC; nobody has read app\.orders_retired so far/, 'which says when it ends');
    is(sql($db, 'SELECT count(*) FROM app.orders'), 0, 'the new table is in place');
};

subtest 'the table says what happens to it' => sub {
    my $due = due();
    is(comment_of('app.orders_retired'),
        "The orders.\nAsk team-checkout.\n\ninterlock: plan orders_v2 drops this after $due UTC unless somebody reads it",
        'behind its own comment');
    exits(5, [ 'run', $plan ], undef, 'which is no drift', {%as});
    runs_ok([ 'undo', $plan, '--yes' ], 'undo takes the switch back', {%as});
    is(comment_of('app.orders'), "The orders.\nAsk team-checkout.", 'and gives the comment back');
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'and then everything', {%as});
    is(schema_dump($db), $before, 'the schema is as it was');
    interlock('run', $plan, {%as});
    runs_ok([ 'gate', 'pass', $plan, '--evidence', 'release notes' ], 'a gate that passes by itself may be passed by a person', {%as});
    exits(5, [ 'run', $plan ], undef, 'run switches again', {%as});
    uses('SELECT 1');
    like(comment_of('app.orders_retired'), qr/drops this after/, 'the note is there again');
    $switched = schema_dump($db) =~ s/\n\ninterlock: plan .* reads it'/'/r;
};

subtest 'a reader begins it anew' => sub {
    days_pass(20);
    my $early = due();
    exits(5, [ 'run', $plan ], undef, 'after twenty days', {%as});
    is(due(), $early, 'it ends when it should');
    reads_it();
    reads_it();
    my $sync = runs_ok([ 'sync' ], 'sync sees it', {%as});
    like($sync->{out}, qr/^orders_v2  waiting at safety period "30 days": it ends on .*; app\.orders_retired was read 2 times so far; it began again on \d{4}-\d\d-\d\d \d\d:\d\d UTC, when it was first seen that app\.orders_retired was read \(2 scans\)$/m,
        'and says how often, and when it saw it');
    isnt(due(), $early, 'the end is another one');
    like(comment_of('app.orders_retired'), qr/after \Q@{[due()]}\E UTC/, 'which the comment says too');
    my $seen = due();
    days_pass(3);
    my $run = exits(5, [ 'run', $plan ], undef, 'run three days later', {%as});
    like($run->{out}, qr/was read 2 times so far; it began again on/, 'still tells it');
    my $status = runs_ok([ 'status', $plan ], 'status', {%as});
    like($status->{out}, qr/waits: it ends on \d{4}-\d\d-\d\d \d\d:\d\d UTC; app\.orders_retired was read 2 times so far/, 'shows the end and the reads');
    my ($line) = grep { $_->{type} eq 'waiting' } json_lines(interlock('run', $plan, '--json', {%as})->{out});
    is($line->{reads}, 2, 'JSON has the number');
    like($line->{due}, qr/^\d{4}-\d\d-\d\d \d\d:\d\d$/, 'and the date');
    like($line->{again_why}, qr/2 scans/, 'and why it began anew');
    is(sql($db, q{SELECT count(*) FROM interlock.event WHERE kind = 'restart'}), 1, 'the journal has it once');
};

subtest 'pg_dump does not' => sub {
    my $due = due();
    my $dump = sql_session($db, 'pg_dump');
    $dump->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    runs_ok([ 'sync' ], 'sync while it is there', {%as});
    $dump->query('SELECT count(*) FROM app.orders_retired');
    $dump->query('COMMIT');
    $dump->quit;
    ok(wait_until(sub { sql($db, q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump'}) == 0 }), 'it ends');
    uses('SELECT 1');
    my $sync = runs_ok([ 'sync' ], 'sync afterwards', {%as});
    like($sync->{out}, qr/app\.orders_retired was read 3 times so far, once of it by pg_dump; it began again on/, 'shows the scan');
    is(due(), $due, 'and leaves the end where it was');
    reads_it();
    runs_ok([ 'sync' ], 'the next reader', {%as});
    isnt(due(), $due, 'begins it anew again');
};

subtest 'an index scan while pg_dump is there is somebody else' => sub {
    days_pass(1);
    my $due = due();
    my $dump = sql_session($db, 'pg_dump');
    $dump->pid;
    uses('SET enable_seqscan = off; SELECT * FROM app.orders_retired WHERE id = 7');
    runs_ok([ 'sync' ], 'sync', {%as});
    isnt(due(), $due, 'begins it anew');
    $dump->quit;
};

subtest 'a row that is written' => sub {
    days_pass(1);
    my $due = due();
    uses(q{INSERT INTO app.orders_retired VALUES (101, 'Open', 1)});
    like(runs_ok([ 'sync' ], 'sync', {%as})->{out}, qr/app\.orders_retired was written to \(1 row\)/, 'is a use too');
    isnt(due(), $due, 'and begins it anew');
    uses('DELETE FROM app.orders_retired WHERE id = 101');
    runs_ok([ 'sync' ], 'sync', {%as});
};

subtest 'statistics that were reset' => sub {
    days_pass(1);
    my $due = due();
    uses('SELECT pg_stat_reset()');
    like(runs_ok([ 'sync' ], 'sync', {%as})->{out}, qr/statistics were reset, so whether app\.orders_retired was used is unknown/, 'tell nothing');
    isnt(due(), $due, 'so it begins anew');
    $due = due();
    runs_ok([ 'sync' ], 'sync again', {%as});
    is(due(), $due, 'once');
    days_pass(1);
    $due = due();
    uses(q{SELECT pg_stat_reset_single_table_counters('app.orders_retired'::regclass)});
    runs_ok([ 'sync' ], 'sync', {%as});
    isnt(due(), $due, 'a counter that was 0 before and is 0 again tells as little');
};

subtest 'its time is over' => sub {
    days_pass(29);
    exits(5, [ 'run', $plan ], undef, 'not after 29 days', {%as});
    is(sql($db, q{SELECT to_regclass('app.orders_retired')}), 'app.orders_retired', 'the table is there');
    days_pass(1);
    my $run = exits(5, [ 'run', $plan ], undef, 'after thirty', {%as});
    like($run->{out}, qr/waiting at approval "drop the old orders"/, 'the approval is next');
    is(comment_of('app.orders_retired'), "The orders.\nAsk team-checkout.", 'the comment is as it was');
    is(schema_dump($db), $switched, 'and so is all the rest');
};

subtest 'the approval' => sub {
    like(exits(3, [ 'approve', $plan ], qr/role deploy may not approve|role deploy started this run/, 'not by whom started it', {%as})->{err},
        qr/deploy started this run and can't approve it too/, 'who is named');
    plan_file('orders_v2', $text =~ s/total_cents bigint/total_cents numeric/r);
    exits(7, [ 'approve', 'orders_v2' ], qr/the file of plan "orders_v2" is not the plan that is under way/, 'not of another plan',
        { db => $db, env => { PGUSER => 'anna' } });
    is(sql($db, q{SELECT count(*) FROM interlock.condition WHERE kind = 'approval' AND satisfied_at IS NOT NULL}), 0, 'nothing was decided');
    plan_file('orders_v2', $text);
    runs_ok([ 'approve', $plan, '--reason', 'fine' ], 'by a member of the role', { db => $db, env => { PGUSER => 'anna' } });
    runs_ok([ 'approve', $plan ], 'twice does no harm', { db => $db, env => { PGUSER => 'anna' } });
    sql($db, q{UPDATE interlock.condition SET hash = repeat('0', 64) WHERE kind = 'approval'});
    like(exits(5, [ 'run', $plan ], undef, 'one that was given for another plan is not good', {%as})->{out},
        qr/what anna approved was another plan/, 'which is said');
    runs_ok([ 'approve', $plan ], 'given again', { db => $db, env => { PGUSER => 'anna' } });
};

subtest 'a table that was changed by hand' => sub {
    sql($db, <<'SQL');
ALTER TABLE app.orders_retired ALTER COLUMN status TYPE varchar(20), ADD COLUMN note text DEFAULT 'x', ADD CONSTRAINT small CHECK (total < 1000);
CREATE INDEX by_status ON app.orders_retired (status);
CREATE FUNCTION app.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER watch BEFORE UPDATE ON app.orders_retired FOR EACH ROW EXECUTE FUNCTION app.nothing();
ALTER TABLE app.orders_retired DISABLE TRIGGER watch;
ALTER TABLE app.orders_retired ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_of_it ON app.orders_retired FOR SELECT TO dba USING (total > 0);
ALTER TABLE app.orders_retired OWNER TO anna;
SQL
    my $run = exits(7, [ 'run', $plan ], qr/app\.orders_retired changed since the last phase, and not by this plan/, 'is not touched', {%as});
    like($run->{err}, $_, 'the difference is told') for (
        qr/column status was text NOT NULL, is character varying\(20\) NOT NULL$/m,
        qr/column note is new \(text DEFAULT 'x'::text\)$/m,
        qr/constraint small is new \(CHECK \(.*total < .*1000.*\)\)$/m,
        qr/index by_status is new \(CREATE INDEX by_status ON app\.orders_retired USING btree \(status\)\)$/m,
        qr/trigger watch is new \(CREATE TRIGGER .*, disabled\)$/m,
        qr/row security was off, is on$/m,
        qr/policy all_of_it is new \(SELECT TO dba USING \(\(total > .*\)\)\)$/m,
        qr/owner was \w+, is anna$/m,
    );
    is(sql($db, q{SELECT to_regclass('app.orders_retired')}), 'app.orders_retired', 'the table is still there');
    sql($db, <<'SQL');
ALTER TABLE app.orders_retired OWNER TO postgres;
DROP TRIGGER watch ON app.orders_retired;
DROP FUNCTION app.nothing();
DROP POLICY all_of_it ON app.orders_retired;
ALTER TABLE app.orders_retired DISABLE ROW LEVEL SECURITY;
DROP INDEX app.by_status;
ALTER TABLE app.orders_retired DROP CONSTRAINT small, DROP COLUMN note, ALTER COLUMN status TYPE text;
SQL
};

subtest 'another version of the program' => sub {
    sql($db, q{UPDATE interlock.run SET tool = 'interlock 0.0.9'});
    my $compiled = sql($db, 'SELECT compiled FROM interlock.run');
    my %unknown = (
        'a primitive' => [ q{jsonb_set(compiled, '{blocks,0,steps,0,do}', '"melt_table"')}, qr/there is no primitive "melt_table"/ ],
        'an option'   => [ q{jsonb_set(compiled, '{blocks,0,steps,0,options,speed}', '"high"')}, qr/speed/ ],
        'a kind of block' => [ q{jsonb_set(compiled, '{blocks,1,kind}', '"lottery"')}, qr/of no kind/ ],
        'a format'    => [ q{jsonb_set(compiled, '{format}', '2')}, qr/it is of format 2, this version knows format 1/ ],
    );
    for my $what (sort keys %unknown)
    {
        my ($change, $said) = @{ $unknown{$what} };
        sql($db, "UPDATE interlock.run SET compiled = $change");
        my $epoch = sql($db, 'SELECT epoch FROM interlock.run');
        my $run = exits(1, [ 'run', $plan ], qr/can't be read by this version/, "$what that it does not know is an error", {%as});
        like($run->{err}, $said, 'which is named');
        like($run->{err}, qr/begun with interlock 0\.0\.9; this is interlock \d/, 'and so are both versions');
        is(sql($db, 'SELECT epoch FROM interlock.run'), $epoch, 'nothing was touched');
        exits(1, [ 'status', $plan ], $said, 'status says it too', {%as});
        exits(3, [ 'sync' ], $said, 'and sync', {%as});
        sql($db, 'UPDATE interlock.run SET compiled = ' . "\$compiled\$$compiled\$compiled\$");
    }
};

subtest 'to the end' => sub {
    my $run = runs_ok([ 'run', $plan ], 'run', {%as});
    like($run->{err}, qr/^begun with interlock 0\.0\.9; this is \d+\.\d+\.\d+$/m, 'says that another version began it');
    is(sql($db, q{SELECT count(*) FROM interlock.event WHERE kind = 'tool'}), 1, 'and the journal has it');
    is(sql($db, q{SELECT to_regclass('app.orders_retired')}), '', 'the table is gone');
    is(sql($db, 'SELECT state FROM interlock.run'), 'done', 'and the run is done');
};

done_testing();
