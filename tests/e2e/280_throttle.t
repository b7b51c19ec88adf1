# What holds a long step back: standbys, slots, the archiver, other sessions, dead rows, the clock, and people; limits of
# the plan, limits that are changed by SQL while it runs, and signals that can't be seen.
use strict;
use warnings;

use Interlock::Test;
use PostgreSQL::Test::Cluster;
use Test::More;
use Time::HiRes qw(sleep time);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--locale=C', '--encoding=UTF8' ]);
$primary->append_conf('postgresql.conf', <<'CONF');
max_connections = 40
archive_mode = on
archive_command = 'false'
autovacuum_naptime = 1
max_prepared_transactions = 2
CONF
$primary->start;
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'wal_receiver_status_interval = 1');
$standby->start;

# Four rows on a page, each of which takes some milliseconds (the value is computed several times): batches are small, and
# there are many.
my $rows = 400;
my $world = <<"SQL";
CREATE FUNCTION slowly(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(0.002); RETURN upper(\$1); END';
CREATE TABLE words (id bigint PRIMARY KEY, word text NOT NULL, n integer NOT NULL DEFAULT 0, c text, wide text NOT NULL);
ALTER TABLE words ALTER wide SET STORAGE PLAIN;
INSERT INTO words SELECT g, 'word ' || g, 0, NULL, repeat('x', 1850) FROM generate_series(1, $rows) g;
ANALYZE words;
SQL

$primary->safe_psql('postgres', 'CREATE ROLE deploy LOGIN; ALTER SYSTEM SET synchronous_standby_names = \'\'');

my ($db, %as, $number);
# A database of its own for each subtest, with the names of people in it.
sub fresh
{
    my ($user) = @_;
    $db = 'shop' . ++$number;
    $primary->safe_psql('postgres', "CREATE DATABASE $db" . ($user ? " OWNER $user" : ''));
    on($world);
    on("ALTER TABLE words OWNER TO $user; ALTER FUNCTION slowly(text) OWNER TO $user; ALTER SCHEMA public OWNER TO $user") if $user;
    %as = (db => $db, server => $primary, $user ? (env => { PGUSER => $user }) : ());
    return;
}
# Rows take so long that a run is surely not through before what holds it back is seen; and in the end no longer than
# they must.
sub each_takes { my ($s) = @_; return on("CREATE OR REPLACE FUNCTION slowly(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep($s); RETURN upper(\$1); END'") }
sub on { my ($text) = @_; return $primary->safe_psql($db, $text) }
sub batches { return on('SELECT count(*) FROM interlock.chunk') }
sub filled { return on('SELECT count(c) FROM words') }
sub caught_up { $primary->wait_for_catchup($standby); return }
# A wish of somebody, by SQL, while the run is under way or before.
sub wish
{
    my ($column, $value) = @_;
    on("INSERT INTO interlock.control (run, $column) SELECT max(id), $value FROM interlock.run"
          . " ON CONFLICT (run) DO UPDATE SET $column = excluded.$column");
    return;
}
sub plan_of
{
    my ($name, $settings) = @_;
    return plan_file($name, <<"LUA");
plan "$name" {
  title = "Fills words slowly", $settings
  phase "fill" { backfill { table = "words", set = { c = "slowly(word)" } } },
}
LUA
}
# A run in the background that has filled some rows.
sub begun
{
    my (@args) = @_;
    each_takes(0.01);
    my $run = in_background('run', @args, {%as});
    ok(wait_until(sub { registry() && batches() > 3 }), 'it has begun') or diag($run->running, $run->{out}, $run->{err});
    return $run;
}
sub registry { return on(q{SELECT to_regclass('interlock.chunk') IS NOT NULL}) eq 't' }
# Does it stand still, with nothing open?
sub stands_still
{
    my ($what) = @_;
    my $before = batches();
    sleep 1.5;
    is(batches(), $before, "no batch is begun while $what");
    # What it says to the registry once in ten seconds is over in a moment.
    ok(wait_until(sub { on(q{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'interlock:%' AND xact_start IS NOT NULL}) == 0 }),
        'and no transaction is open');
    return;
}
sub goes_on
{
    my ($run, $why) = @_;
    each_takes(0);
    my $end = $run->finish;
    is($end->{exit}, 0, $why) or diag("$end->{out}\n$end->{err}");
    is(filled(), $rows, 'and every row is filled');
    return $end;
}

subtest 'a standby that does not replay' => sub {
    fresh();
    my $plan = plan_of('lag', 'max_replica_lag = "500 ms",');
    my $run = begun($plan);
    $standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
    ok($run->says(qr/waiting: standby standby is [\d. ms]+ behind \(limit 500 ms\)/), 'the run waits, and says for what');
    stands_still('the standby is behind');
    my $left = filled();
    cmp_ok($left, '<', $rows, 'there is more to fill');
    like(runs_ok([ 'status', 'lag' ], 'status', {%as})->{out}, qr/^  at work: waiting: standby standby is .* behind \(limit 500 ms\)$/m, 'says it too');
    like(on('SELECT doing FROM interlock.progress'), qr/^waiting: standby standby is/, 'and so does interlock.progress');
    $standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
    my $end = goes_on($run, 'it goes on when the standby has caught up');
    like($end->{err}, qr/resumed/, 'and says so');
    is(() = $end->{err} =~ /waiting: standby/g, 1, 'what it waited for was said once');
    is(on('SELECT doing FROM interlock.progress'), '', 'nothing is left of it in the registry');
};

subtest 'the same in JSON, and a limit that is changed meanwhile' => sub {
    fresh();
    caught_up();
    my $plan = plan_of('json', '');
    my $run = begun($plan, '--json');
    wish('max_replica_lag', q{'300 ms'});
    $standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
    ok($run->says(qr/"event":"wait"/), 'a limit that was set while it runs is heeded');
    stands_still('the standby is behind');
    wish('max_replica_lag', q{'1 day'});
    my $end = goes_on($run, 'it goes on when the limit is raised, though the standby is as it was');
    my @steps = grep { $_->{type} eq 'step' } json_lines($end->{out});
    my ($wait) = grep { $_->{event} eq 'wait' } @steps;
    like($wait->{text}, qr/^standby standby is .* behind \(limit 300 ms\)$/, 'the line says why');
    is($wait->{primitive}, 'backfill', 'and of which step');
    is((grep { $_->{event} eq 'resumed' } @steps), 1, 'that it goes on is a line as well');
    $standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');

    fresh();
    caught_up();
    $run = begun(plan_of('bytes', ''));
    wish('max_replica_lag', q{'1 day'});
    $standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
    wish('max_replica_mb', 0);
    ok($run->says(qr/waiting: standby standby has [\d.]+ \w+ of WAL to replay \(limit 0 bytes\)/), 'what is still to replay has a limit of its own');
    $standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
    goes_on($run, 'it goes on when all is replayed');
    caught_up();
};

subtest 'a slot that may be lost' => sub {
    fresh();
    $primary->safe_psql('postgres', q{ALTER SYSTEM SET max_slot_wal_keep_size = '128MB'});
    $primary->reload;
    $primary->safe_psql('postgres', 'CHECKPOINT');
    $primary->safe_psql('postgres', q{SELECT pg_create_physical_replication_slot('idle', true)});
    my $run = begun(plan_of('slot', ''));
    on(q{SELECT pg_logical_emit_message(false, 'x', 'x'); SELECT pg_switch_wal()}) for 1 .. 5;
    ok($run->says(qr/waiting: replication slot idle is lost after another [\d.]+ \w+ of WAL \(limit 64 MB\)/), 'half of what the server keeps is the limit');
    stands_still('the slot is in danger');
    $primary->safe_psql('postgres', q{SELECT pg_drop_replication_slot('idle'); ALTER SYSTEM RESET max_slot_wal_keep_size});
    $primary->reload;
    goes_on($run, 'it goes on when the slot is gone');
};

subtest 'what else the server says' => sub {
    fresh();
    my $run = begun(plan_of('archiver', ''));
    on(q{SELECT pg_logical_emit_message(false, 'x', 'x'); SELECT pg_switch_wal()});
    wish('max_archive_files', 0);
    ok($run->says(qr/waiting: \d+ files? of WAL still to be archived \(limit 0\)/), 'files that are not archived');
    my $old = BackgroundSession->new($primary, $db);
    $old->send('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM words');
    wish('max_transaction_age', q{'1 second'});
    my $busy = BackgroundSession->new($primary, $db);
    $busy->send('SELECT pg_sleep(60)');
    wish('max_active_sessions', 0);
    wish('max_archive_files', 1000);
    ok($run->says(qr/waiting: 1 other session is at work \(limit 0\)/), 'other sessions that work');
    $busy->stop;
    ok($run->says(qr/waiting: pid \d+ {2}app=busy\d+ {2}role=\w+ is in a transaction for \d+ s[^\n]* \(limit 1 s\)/), 'an old transaction, if somebody says so');
    $old->stop;
    goes_on($run, 'it goes on when it is over');

    fresh();
    my $writer = BackgroundSession->new($primary, $db);
    $writer->send(q{DO $$ BEGIN FOR i IN 1..1000 LOOP PERFORM pg_logical_emit_message(false, 'x', repeat('x', 300000)); PERFORM pg_sleep(0.05); END LOOP; END $$});
    $run = in_background('run', plan_of('rate', 'max_wal_rate = 1,'), {%as});
    ok($run->says(qr/waiting: the server writes [\d.]+ MB of WAL a second \(limit 1\.0 MB\)/), 'much WAL, whoever writes it');
    $writer->stop;
    goes_on($run, 'it goes on when it is less');
    caught_up();
};

subtest 'somebody who waits for a batch' => sub {
    fresh();
    on('DROP FUNCTION slowly; CREATE FUNCTION slowly(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS \'BEGIN PERFORM pg_sleep(0.15); RETURN upper($1); END\'');
    on('DELETE FROM words WHERE id > 20; VACUUM words; ANALYZE words');
    my $run = in_background('run', plan_of('waiter', ''), {%as});
    # The row is locked by the batch when its value is computed.
    my $end = wait_until(sub { on(q{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'interlock:%:1:%' AND query LIKE 'UPDATE%' AND state = 'active'}) });
    ok($end, 'a batch is under way');
    on('UPDATE words SET n = 1') for 1 .. 2;
    ok($run->says(qr/waiting: pid \d+ {2}app=280_throttle\.t {2}role=\w+ waited [\d. ms]+ for the last batch \(limit 200 ms\)/), 'who waited is said');
    my $result = $run->finish;
    is($result->{exit}, 0, 'and it goes on') or diag($result->{err});
    is(filled(), 20, 'to the end');
};

subtest 'dead rows' => sub {
    fresh();
    on('ALTER TABLE words SET (autovacuum_vacuum_threshold = 1000000)');
    my $run = begun(plan_of('dead', ''));
    wish('max_dead_percent', 0);
    sleep 1.2;
    unlike("$run->{out}$run->{err}", qr/dead rows/, 'what autovacuum would leave alone is not waited for');
    on('ALTER TABLE words SET (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0)');
    ok($run->says(qr/waiting: public\.words has \d+ dead rows, \d+ % of those that are alive \(limit 0 %\); autovacuum is to clean up first/), 'it waits for autovacuum');
    wish('max_dead_percent', 1000);
    goes_on($run, 'it goes on when it has been there');
};

subtest 'what a role can not see' => sub {
    fresh('deploy');
    my $run = runs_ok([ 'run', plan_of('blind', '') ], 'a role that is no member of pg_monitor', {%as});
    like($run->{err}, qr/note: how far standbys are behind can't be seen by role deploy \(GRANT pg_monitor TO deploy\), so nothing waits for it/, 'is told that it does not see standbys');
    like($run->{err}, qr/note: how many files wait to be archived can't be seen by role deploy/, 'nor the archiver');
    is(() = $run->{err} =~ /note: how far/g, 1, 'once');
    is(filled(), $rows, 'and nothing waits for it');

    fresh('deploy');
    my $named = in_background('run', plan_of('named', 'max_replica_lag = "20 s",'), {%as});
    ok($named->says(qr/waiting: how far standbys are behind can't be seen by role deploy \(GRANT pg_monitor TO deploy\), and a limit is set for it/),
        'where the plan sets a limit, what is not seen counts as too much');
    is(filled(), 0, 'and no row is filled');
    $primary->safe_psql('postgres', 'GRANT pg_monitor TO deploy');
    goes_on($named, 'it goes on when the role may look');
    $primary->safe_psql('postgres', 'REVOKE pg_monitor FROM deploy');
};

# Windows around the server's own clock: "22:10-23:10 UTC" is open, or opens after so many minutes.
sub window { my ($from, $to, $zone) = @_; return on("SELECT to_char(clock_timestamp() AT TIME ZONE '$zone' + interval '$from min', 'HH24:MI-') || to_char(clock_timestamp() AT TIME ZONE '$zone' + interval '$to min', 'HH24:MI') || ' $zone'") }
my $far = sub { return window(180, 240, 'Asia/Kolkata') };
my $until = qr/outside its windows until \w{3} \d{4}-\d\d-\d\d \d\d:\d\d Asia\/Kolkata/;

subtest 'windows that are closed' => sub {
    fresh();
    my $plan = plan_of('closed', 'windows = { "' . $far->() . '" },');
    my $run = exits(5, [ 'run', $plan ], undef, 'a run before its window ends and waits', {%as});
    like($run->{out}, qr/^waiting: $until\n  next: interlock wait closed\n  then: interlock run closed$/m, 'and says until when');
    is(filled(), 0, 'nothing was filled');
    my ($opens) = $run->{out} =~ /until \w{3} (\S+ \S+) Asia/;
    is(on("SELECT '$opens Asia/Kolkata'::timestamptz - clock_timestamp() BETWEEN '178 min' AND '180 min'"), 't', 'which is when it opens, in its own time zone');
    like(runs_ok([ 'status', 'closed' ], 'status', {%as})->{out}, qr/^  waits: $until\n  next: interlock wait closed$/m, 'says it too');
    my ($status) = grep { $_->{type} eq 'status' } json_lines(interlock('status', 'closed', '--json', {%as})->{out});
    ok($status->{outside}, 'in JSON it has a field of its own');
    like($status->{why}, qr/^$until$/, 'and the reason');
    like(runs_ok([ 'sync' ], 'sync', {%as})->{out}, qr/^closed  $until; next: interlock wait closed$/m, 'says it');
    my $wait = exits(5, [ 'wait', 'closed', '--timeout', '3 s' ], undef, 'wait waits for it', {%as});
    is(() = $wait->{err} =~ /waiting: outside/g, 1, 'and says so once');
    my ($line) = grep { $_->{type} eq 'waiting' } json_lines(interlock('run', $plan, '--json', {%as})->{out});
    ok($line->{outside} && !$line->{paused}, 'a line of run --json');

    wish('windows', q{'{}'});
    like(runs_ok([ 'wait', 'closed' ], 'somebody lifts the windows by SQL', {%as})->{out}, qr/can go on/, 'then wait ends');
    unlike(runs_ok([ 'status', 'closed' ], 'status', {%as})->{out}, qr/waits:/, 'status says nothing of them');
    runs_ok([ 'run', $plan ], 'and run runs', {%as});
    is(filled(), $rows, 'to the end');
    is(on('SELECT outside_since FROM interlock.run'), '', 'nothing of it is left');
};

subtest 'windows that are open' => sub {
    my $today = sub { my ($days) = @_; return on("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC' + interval '$days day', 'dy')") };
    fresh();
    my @open = (
        [ 'now'       => window(-60, 60, 'UTC') ],
        [ 'elsewhere' => window(-60, 60, 'Asia/Kolkata') ],
        [ 'or'        => $far->() . '", "' . window(-1, 2, 'America/New_York') ],
        # Its end is the day after, in whichever half of the day this is.
        [ 'long' => window(-1, -2, 'Australia/Lord_Howe') ],
        [ 'day'  => $today->(0) . ',' . $today->(-1) . ' UTC' ],
        [ 'zone' => $today->(3) . '", "' . window(-1, 60, 'UTC') ],
    );
    on('DELETE FROM words WHERE id > 8');
    for my $case (@open)
    {
        my ($name, $windows) = @$case;
        on('UPDATE words SET c = NULL');
        runs_ok([ 'run', plan_of("open_$name", qq{windows = { "$windows" },}) ], $windows, {%as});
        is(filled(), 8, 'is open');
    }
    on('UPDATE words SET c = NULL');
    my $closed = $today->(2) . ' UTC';
    like(exits(5, [ 'run', plan_of('other_day', qq{windows = { "$closed" },}) ], undef, 'the day after tomorrow', {%as})->{out},
        qr/until \Q${\ ucfirst $today->(2)}\E \d{4}-\d\d-\d\d 00:00 UTC/, 'is closed until it begins');
};

subtest 'a window that closes, one that opens soon, one that nobody can read' => sub {
    fresh();
    my $plan = plan_of('closes', '');
    my $run = begun($plan);
    wish('windows', q{array['} . $far->() . q{']});
    my $end = $run->finish;
    is($end->{exit}, 5, 'a window that closes in the middle ends the run') or diag($end->{err});
    like($end->{out}, qr/waiting: $until/, 'which says so');
    my ($filled, $batches) = (filled(), batches());
    cmp_ok($filled, '>', 0, 'what was filled stays');
    cmp_ok($filled, '<', $rows, 'the rest waits');
    is(on('SELECT state FROM interlock.run'), 'waiting', 'the run waits, and has not failed');

    wish('windows', q{array['} . window(4, 90, 'UTC') . q{']});
    my $soon = in_background('run', $plan, {%as});
    ok($soon->says(qr/waiting: outside its windows until/), 'one that opens in a few minutes is waited for');
    is(filled(), $filled, 'nothing is filled');
    wish('windows', q{array['whenever']});
    ok(wait_until(sub { on('SELECT doing FROM interlock.progress') =~ /can't be read/ }, 15), 'one that can not be read counts as closed');
    like(on('SELECT doing FROM interlock.progress'), qr/window "whenever" has "whenever" where a time zone is wanted/, 'and is explained');
    wish('windows', q{array['00:00-24:00 Europe/Berlin', '22:00-06:00 Mars/Olympus']});
    ok(wait_until(sub { on('SELECT doing FROM interlock.progress') =~ /"Mars\/Olympus" not recognized/ }, 15), 'so is one of a zone that does not exist');
    wish('windows', q{array['00:00-24:00 Europe/Berlin']});
    goes_on($soon, 'it goes on when a window is open');
    cmp_ok(on('SELECT sum(rows) FROM interlock.chunk'), '<=', $rows, 'behind where it stood');
};

subtest 'what is wrong in a plan is told before it runs' => sub {
    fresh();
    exits(4, [ 'check', plan_of('unknown', 'windows = { "22:00-06:00 Europe/Berlim" },') ], undef, 'a zone that does not exist',
        { %as, out => qr/the server knows no time zone "Europe\/Berlim"\n.*\n(?:.*\n)*.*help: did you mean "Europe\/Berlin"\?/ });
    exits(4, [ 'run', project() . '/plans/unknown.lua' ], qr/the server knows no time zone "Europe\/Berlim"/, 'run does not begin', {%as});
    ok(!registry() || on('SELECT count(*) FROM interlock.chunk') == 0, 'nothing was done');
};

subtest 'pause and resume in the middle' => sub {
    fresh();
    my $plan = plan_of('paused', '');
    my $run = begun($plan);
    runs_ok([ 'pause', 'paused', '--reason', 'lunch' ], 'pause', {%as});
    ok($run->says(qr/paused by \w+ at .*: lunch/), 'it says so');
    stands_still('it is paused');
    runs_ok([ 'resume', 'paused' ], 'resume', {%as});
    goes_on($run, 'it goes on');
};

subtest 'the target of a batch' => sub {
    fresh();
    my $plan = plan_of('target', 'batch_target = "5 ms",');
    my $run = begun($plan);
    ok(wait_until(sub { batches() > 12 }), 'batches');
    my $small = on('SELECT max(rows) FROM interlock.chunk WHERE no > 8');
    cmp_ok($small, '<=', 40, 'of a plan that wants short ones');
    wish('batch_target', q{'200 ms'});
    goes_on($run, 'it goes on with longer ones');
    cmp_ok(on('SELECT max(rows) FROM interlock.chunk WHERE no > 12'), '>', $small, 'when somebody wants that by SQL');
};

subtest 'a way back is not held up' => sub {
    fresh();
    my $plan = plan_file('back', <<'LUA');
plan "back" {
  title = "Can be taken back",
  phase "fill" { backfill { table = "words", set = { n = "length(word)" }, where = "n = 0", keep_old = true } },
}
LUA
    runs_ok([ 'run', $plan ], 'run', {%as});
    is(on('SELECT count(*) FROM words WHERE n > 0'), $rows, 'rows are filled');
    wish('windows', q{array['} . $far->() . q{']});
    wish('max_active_sessions', 0);
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo outside of windows', {%as});
    is(on('SELECT count(*) FROM words WHERE n > 0'), 0, 'takes them back');
};

$standby->stop;
$primary->stop;
done_testing();

# A session that is busy, or in a transaction, until it is stopped.
package BackgroundSession;

my $count;

sub new
{
    my ($class, $node, $database) = @_;
    my $self = bless { name => 'busy' . ++$count, node => $node, in => '', out => '' }, $class;
    local $ENV{PGAPPNAME} = $self->{name};
    $self->{harness} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($database) ], '<', \$self->{in}, '>', \$self->{out}, '2>&1');
    return $self;
}
sub send { my ($self, $text) = @_; $self->{in} .= "$text;\n"; $self->{harness}->pump while length $self->{in}; return }
sub stop
{
    my ($self) = @_;
    $self->{node}->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '$self->{name}'");
    eval { $self->{harness}->finish };
    return;
}
