# Commands for pipelines, for cron and for the person on duty: wait, sync, pause and resume.
use strict;
use warnings;

use Interlock::Test;
use Test::More;
use Time::HiRes qw(sleep time);

my $world = <<'SQL';
CREATE TABLE public.users (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 100) n;
CREATE TABLE public.old_users (id bigint PRIMARY KEY, note text);
CREATE TABLE public.third (id bigint PRIMARY KEY);
INSERT INTO old_users SELECT n, 'note ' || n FROM generate_series(1, 12000) n;
SQL

server()->safe_psql('postgres', 'CREATE ROLE deploy LOGIN SUPERUSER; CREATE ROLE plain LOGIN');

my ($db, %as);
sub fresh { $db = world('looks', $world); %as = (db => $db, env => { PGUSER => 'deploy' }); return }
fresh();

sub state_of { return sql($db, 'SELECT state FROM interlock.run ORDER BY id DESC LIMIT 1') }
sub comment_of { return sql($db, "SELECT obj_description('$_[0]'::regclass)") }
sub due { return sql($db, 'SELECT due FROM interlock.condition WHERE due IS NOT NULL') }
# What was read is in the statistics when a session ends; before PostgreSQL 15 a little later.
sub uses
{
    my ($statement) = @_;
    sql($db, $statement);
    sleep 2 if sql($db, 'SHOW server_version_num') < 150000;
    return;
}
# Nobody holds the run.
sub is_free { return sql($db, q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 4803659}) == 0 }

my $gate = plan_file('gated', <<'LUA');
plan "gated" {
  title = "A gate, a safety period, a step",
  phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" } },
  gate "ready" { query = "SELECT count(*) > 100 FROM users" },
  safety_period "1 second" { unused = "old_users" },
  phase "contract" { drop_column_if_exists { table = "old_users", column = "note" } },
}
LUA

subtest 'wait' => sub {
    exits(1, [ 'wait', $gate ], qr/no run of plan "gated" in this database/, 'there is nothing to wait for', {%as});
    exits(5, [ 'run', $gate ], undef, 'run stops at the gate', {%as});
    my $begin = time();
    my $wait = exits(5, [ 'wait', $gate, '--timeout', '500ms' ], undef, 'wait ends when its time is over', {%as});
    cmp_ok(time() - $begin, '<', 10, 'soon');
    like($wait->{out}, qr/waiting at gate "ready": its query is not true yet.*\n  next: interlock run gated/, 'and says what is in the way');

    my $background = in_background('wait', $gate, {%as});
    ok($background->says(qr/waiting at gate "ready"/), 'wait says where it waits');
    ok(wait_until(\&is_free), 'and holds nothing between two looks');
    like(runs_ok([ 'sync' ], 'sync comes in between', {%as})->{out}, qr/^gated  waiting at gate "ready"/m, 'and looks too');
    is(state_of(), 'waiting', 'the run waits');
    sql($db, q{INSERT INTO users VALUES (101, 'the last')});
    ok($background->says(qr/waiting at safety period "1 second": it ends on .*; nobody has read public\.old_users so far/),
        'the safety period begins when the gate opens');
    my $end = $background->finish;
    is($end->{exit}, 0, 'it ends when the run could go on') or diag($end->{err});
    like($end->{out}, qr/plan "gated" can go on\n  next: interlock run gated/, 'and says so');
    unlike($end->{err}, qr/waiting at gate "ready".*waiting at gate "ready"/s, 'no reason is said twice');
    is(column_type($db, 'old_users', 'note'), 'text', 'it has run nothing');
    is(comment_of('old_users'), '', 'the comment of the table is as it was');
    runs_ok([ 'run', $gate ], 'run goes on', {%as});
    like(runs_ok([ 'wait', $gate ], 'wait for a plan that is done', {%as})->{out}, qr/is done: there is nothing to wait for/, 'ends at once');
};

subtest 'what wait can meet' => sub {
    fresh();
    exits(5, [ 'run', $gate ], undef, 'run', {%as});
    my $wait = in_background('wait', $gate, {%as});
    ok($wait->says(qr/waiting at gate/), 'wait');
    $wait->signal('INT');
    is($wait->finish->{exit}, 130, 'is interrupted');

    my ($line) = grep { $_->{type} eq 'waiting' } json_lines(interlock('wait', $gate, '--timeout', '10ms', '--json', {%as})->{out});
    is($line->{kind}, 'gate', 'JSON says at what it waits');
    is($line->{label}, 'ready', 'and at which');

    sql($db, q{INSERT INTO users VALUES (101, 'the last')});
    my $holder = sql_session($db);
    $holder->query('BEGIN; LOCK TABLE old_users IN SHARE MODE');
    sleep 1.1;
    interlock('wait', $gate, '--timeout', '3s', {%as});
    my $run = in_background('run', $gate, {%as});
    ok($run->says(qr/waiting: pid/), 'somebody else runs it');
    like(exits(5, [ 'wait', $gate, '--timeout', '10ms' ], undef, 'then wait', {%as})->{out},
        qr/waiting: plan "gated" is being run by pid \d+ on/, 'waits for that too');
    $holder->query('COMMIT');
    $holder->quit;
    my $end = $run->finish;
    is($end->{exit}, 0, 'the run was not disturbed') or diag($end->{err});

    fresh();
    my $broken = plan_file('broken', <<'LUA');
plan "broken" {
  title = "Gates whose query is no good",
  gate "ready" { query = "SELECT ready FROM nowhere" },
  phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" } },
}
LUA
    my $first = interlock('run', $broken, {%as});
    is($first->{exit}, 3, 'a gate that fails fails the run');
    like($first->{err}, qr/the query of gate "ready" failed: relation "nowhere" does not exist/, 'with the gate in the message');
    is(state_of(), 'waiting', 'which waits there');
    exits(3, [ 'wait', $broken ], qr/the query of gate "ready" failed/, 'wait fails too', {%as});
    runs_ok([ 'undo', $broken, '--to', 'start', '--yes' ], 'undo', {%as});
    exits(1, [ 'wait', $broken ], qr/was taken back/, 'a plan that was undone is not waited for', {%as});
    for my $case ([ 'writes', "WITH x AS (SELECT nextval('numbers')) SELECT true FROM x", qr/the query of gate "ready" wants to write/ ],
        [ 'words', "SELECT 'yes'", qr/gave "yes", not true or false/ ],
        [ 'rows', 'SELECT true FROM users', qr/gave 100 rows of 1 columns, not one boolean/ ])
    {
        my ($name, $query, $said) = @$case;
        fresh();
        sql($db, 'CREATE SEQUENCE numbers');
        my $path = plan_file($name, <<"LUA");
plan "$name" { title = "x", gate "ready" { query = [[ $query ]] },
  phase "expand" { add_column_if_missing { table = "users", column = "$name", type = "text" } } }
LUA
        exits(3, [ 'run', $path ], $said, "a query that $name", {%as});
        is(sql($db, 'SELECT is_called FROM numbers'), 'f', 'nothing was written');
    }
};

subtest 'sessions that must be away' => sub {
    fresh();
    my $quiet = plan_file('quiet', <<'LUA');
plan "quiet" {
  title = "Waits for an application to go",
  gate "the old one is gone" { no_sessions = "checkout/5.2%", quiet = "2 seconds" },
  phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" } },
}
LUA
    my $old = sql_session($db, 'checkout/5.2.1');
    $old->pid;
    like(exits(5, [ 'run', $quiet ], undef, 'run', {%as})->{out}, qr/1 session like "checkout\/5\.2%" is there/, 'sees it');
    sleep 2.1;
    like(runs_ok([ 'sync', $quiet ], 'sync', {%as})->{out}, qr/is there/, 'sees it still');
    $old->quit;
    ok(wait_until(sub { sql($db, q{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'checkout%'}) == 0 }), 'it goes');
    like(exits(5, [ 'run', $quiet ], undef, 'run', {%as})->{out},
        qr/were last seen at \d{4}-\d\d-\d\d [\d:]+ UTC; they must be away for 2 s/, 'remembers when it was seen');
    my $wait = runs_ok([ 'wait', $quiet, '--timeout', '30s' ], 'wait', {%as});
    runs_ok([ 'run', $quiet ], 'and it is open', {%as});
};

subtest 'sync' => sub {
    fresh();
    is(runs_ok([ 'sync' ], 'sync without a registry', {%as})->{out}, '', 'has nothing to say');
    ok(!registry_exists($db), 'and makes none');
    exits(1, [ 'sync', $gate ], qr/no run of plan "gated"/, 'a plan that never ran is an error', {%as});
    my $kept = plan_file('kept', <<'LUA');
plan "kept" {
  title = "Drops a table and keeps it for a while",
  phase "contract" { drop_table_if_exists { table = "old_users", archive = "90 days", loses = "nobody reads it" } },
}
LUA
    runs_ok([ 'run', $kept, '--yes' ], 'a plan that keeps what it drops', {%as});
    is(runs_ok([ 'sync' ], 'sync', {%as})->{out}, '', 'a plan that is done has nothing to say');
    like(runs_ok([ 'sync', '--all' ], 'sync --all', {%as})->{out}, qr/^kept  done$/m, 'but for those who ask');
    my $tables = q{SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'interlock'::regnamespace) AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'note')};
    cmp_ok(sql($db, $tables), '>', 0, 'the table is kept');
    sql($db, q{UPDATE interlock.step SET finished_at = finished_at - interval '89 days'; UPDATE interlock.run SET finished_at = finished_at - interval '89 days'});
    runs_ok([ 'sync' ], 'after 89 days', {%as});
    cmp_ok(sql($db, $tables), '>', 0, 'it still is');
    sql($db, q{UPDATE interlock.step SET finished_at = finished_at - interval '2 days'});
    like(runs_ok([ 'sync', '-n' ], 'sync --dry-run', {%as})->{err}, qr/kept: what 1 step kept would be taken away/, 'says what would go');
    cmp_ok(sql($db, $tables), '>', 0, 'and changes nothing');
    my ($line) = grep { $_->{type} eq 'sync' } json_lines(runs_ok([ 'sync', '--json' ], 'after 91 days', {%as})->{out});
    is($line->{expired}, 1, 'JSON says that it went');
    is(sql($db, $tables), 0, 'and it is gone');
    is(sql($db, 'SELECT expired_at IS NOT NULL FROM interlock.step'), 't', 'which the registry knows');
    cmp_ok(sql($db, q{SELECT count(*) FROM interlock.event WHERE kind = 'expire'}), '>', 0, 'and the journal');
    is(state_of(), 'done', 'the run is done as it was');
    is(runs_ok([ 'sync' ], 'sync', {%as})->{out}, '', 'is through with it');
    isnt(interlock('undo', $kept, '--yes', {%as})->{exit}, 0, 'undo has no way back any more');
};

subtest 'sync with several plans' => sub {
    fresh();
    my $other = plan_file('other', <<'LUA');
plan "other" {
  title = "Another one",
  gate "go" { text = "Somebody says so." },
  phase "expand" { add_column_if_missing { table = "third", column = "other", type = "text" } },
}
LUA
    exits(5, [ 'run', $gate ], undef, 'one waits', {%as});
    exits(5, [ 'run', $other ], undef, 'another waits', {%as});
    sql($db, q{UPDATE interlock.run SET compiled = jsonb_set(compiled, '{blocks,1,options,query}', '"SELECT 1/0 = 1"') WHERE plan = 'gated'});
    my $sync = exits(3, [ 'sync' ], qr/the query of gate "ready" failed: division by zero/, 'one fails', {%as});
    like($sync->{out}, qr/^gated  failed$/m, 'which is said');
    like($sync->{out}, qr/^other  waiting at gate "go"/m, 'and the other is looked at');
    my $named = runs_ok([ 'sync', 'other' ], 'one alone', {%as});
    unlike($named->{out}, qr/gated/, 'is one alone');

    runs_ok([ 'gate', 'pass', 'other', '--evidence', 'me' ], 'its gate is passed', {%as});
    like(runs_ok([ 'sync', 'other' ], 'sync', {%as})->{out}, qr/^other  can go on; next: interlock run other$/m, 'says what is next');
    my $holder = sql_session($db);
    $holder->query('BEGIN; LOCK TABLE third IN SHARE MODE');
    my $run = in_background('run', $other, {%as});
    ok($run->says(qr/waiting: pid/), 'somebody runs it');
    like(interlock('sync', 'other', {%as})->{out}, qr/^other  skipped: plan "other" is being run by pid \d+ on/m, 'then it is skipped');
    $holder->query('COMMIT');
    $holder->quit;
    is($run->finish->{exit}, 0, 'and goes on undisturbed');
};

subtest 'reads that do no harm' => sub {
    fresh();
    my $allowed = plan_file('allowed', <<'LUA');
plan "allowed" {
  title = "A backup every night",
  gate "go" { query = "SELECT true" },
  safety_period "30 days" { unused = "old_users", allow = "1 scan a day" },
  phase "contract" { drop_column_if_exists { table = "old_users", column = "note" } },
}
LUA
    for my $words ('2 scans per hour', '10 reads every week', '1 Scan a Day')
    {
        my $path = plan_file('words', PostgreSQL::Test::Utils::slurp_file($allowed) =~ s/"allowed"/"words"/r =~ s/1 scan a day/$words/r);
        runs_ok([ 'check', '--offline', $path ], qq{allow = "$words"});
    }
    exits(5, [ 'run', $allowed ], undef, 'run', {%as});
    my $due = due();
    my $backup = sub { uses('COPY old_users TO PROGRAM $$cat > /dev/null$$'); return interlock('sync', {%as})->{out} };
    like($backup->(), qr/was read once so far$/m, 'the first backup');
    is(due(), $due, 'is allowed');
    my $day = sub {
        my ($hours) = @_;
        sql($db, "UPDATE interlock.condition SET data = jsonb_set(jsonb_set(data, '{looked}', to_jsonb((data ->> 'looked')::bigint - $hours * 3600)),"
              . " '{allowed}', (SELECT jsonb_agg(jsonb_build_array((a ->> 0)::bigint - $hours * 3600, a -> 1)) FROM jsonb_array_elements(data -> 'allowed') a))");
        return;
    };
    $day->(23);
    $backup->();
    is(due(), $due, 'so is the next one, a little early');
    $day->(72);
    sql($db, 'COPY old_users TO PROGRAM $$cat > /dev/null$$') for 1 .. 2;
    $backup->();
    is(due(), $due, 'and three when nobody looked for three days');
    $day->(3);
    like($backup->(), qr/it began again on .*old_users was read \(1 scan\)/, 'another one on the same day');
    isnt(due(), $due, 'is not');
};

subtest 'what we read ourselves' => sub {
    fresh();
    my $watch = plan_file('watched', <<'LUA');
plan "watched" {
  title = "Waits for nobody to read",
  gate "go" { query = "SELECT true" },
  safety_period "30 days" { unused = "old_users" },
  phase "contract" { drop_column_if_exists { table = "old_users", column = "note" } },
}
LUA
    my $reader = plan_file('reader', <<'LUA');
plan "reader" {
  title = "Reads what the other one watches",
  phase "verify" { expect_no_rows { query = "SELECT id FROM old_users WHERE note IS NULL", message = "no note" } },
}
LUA
    exits(5, [ 'run', $watch ], undef, 'run', {%as});
    my $due = due();
    runs_ok([ 'run', $reader ], 'another plan reads the table', {%as});
    uses('SELECT 1');
    cmp_ok(sql($db, q{SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'old_users'}), '>', 0, 'which the server has counted');
    runs_ok([ 'sync' ], 'sync', {%as});
    is(due(), $due, 'but it was us');
    uses('SELECT count(*) FROM old_users');
    runs_ok([ 'sync' ], 'sync', {%as});
    isnt(due(), $due, 'somebody else is somebody else');
};

subtest 'the note in the comment' => sub {
    fresh();
    my $watched = project() . '/plans/watched.lua';
    my $holder = sql_session($db);
    $holder->query('BEGIN; LOCK TABLE old_users IN SHARE UPDATE EXCLUSIVE MODE');
    like(exits(5, [ 'run', $watched ], undef, 'run while somebody analyses the table', {%as})->{out},
        qr/the table's comment does not say so: somebody else holds a lock on the table/, 'goes on without the note');
    is(comment_of('old_users'), '', 'which is not there');
    $holder->query('COMMIT');
    unlike(runs_ok([ 'sync' ], 'sync', {%as})->{out}, qr/does not say so/, 'writes it later');
    like(comment_of('old_users'), qr/^interlock: plan watched is to drop column note of public\.old_users after .* UTC unless somebody reads this table$/, 'now it is there');

    my $own = comment_of('old_users') =~ s/'/''/gr;
    sql($db, "COMMENT ON TABLE old_users IS 'Do not use.\n\n$own\n\nAsk Anna.'");
    sql($db, 'UPDATE interlock.condition SET due = clock_timestamp()');
    $holder->query('BEGIN; LOCK TABLE old_users IN SHARE UPDATE EXCLUSIVE MODE');
    like(exits(5, [ 'run', $watched ], undef, 'at the end somebody has it again', {%as})->{out},
        qr/the table's comment can't be given back: blocked by pid \d+  app=holder  role=\w+$/m, 'who is named');
    $holder->query('COMMIT');
    $holder->quit;
    runs_ok([ 'run', $watched ], 'then it ends', {%as});
    is(comment_of('old_users'), "Do not use.\n\nAsk Anna.", 'what people wrote meanwhile stays');

    fresh();
    sql($db, "GRANT CREATE ON DATABASE $db TO plain; COMMENT ON TABLE old_users IS 'Theirs.'");
    my %plain = (db => $db, env => { PGUSER => 'plain' });
    like(exits(5, [ 'run', $watched ], undef, 'a role that does not own the table', {%plain})->{out},
        qr/the table's comment does not say so: only its owner may write it/, 'goes on without');
    is(comment_of('old_users'), 'Theirs.', 'and leaves the comment alone');
    runs_ok([ 'undo', $watched, '--to', 'start', '--yes' ], 'undo', {%plain});
};

subtest 'tables that can not be watched' => sub {
    fresh();
    sql($db, 'CREATE VIEW looks_like AS SELECT * FROM old_users');
    my %said = (
        'looks_like' => qr/can't watch public\.looks_like\n(?:.*\n)*.*nothing counts who reads it: it is no table/,
        'old_usres'  => qr/can't watch public\.old_usres\n(?:.*\n)*.*there is no such table/,
    );
    for my $name (sort keys %said)
    {
        my $path = plan_file("watch_$name", <<"LUA");
plan "watch_$name" { title = "x", gate "go" { query = "SELECT true" }, safety_period "1 day" { unused = "$name" },
  phase "verify" { expect_no_rows { query = "SELECT 1 WHERE false", message = "x" } } }
LUA
        exits(3, [ 'run', $path ], $said{$name}, "unused = $name", {%as});
    }
    sql($db, 'CREATE TABLE parts (id bigint, day date) PARTITION BY RANGE (day); CREATE TABLE parts_1 PARTITION OF parts DEFAULT');
    my $parts = plan_file('parts', <<'LUA');
plan "parts" { title = "x", gate "go" { query = "SELECT true" }, safety_period "1 day" { unused = "parts" },
  phase "contract" { drop_table_if_exists { table = "parts" } } }
LUA
    exits(5, [ 'run', $parts ], undef, 'a partitioned table', {%as});
    uses('SELECT * FROM parts_1');
    like(interlock('sync', 'parts', {%as})->{out}, qr/began again .*public\.parts was read \(1 scan\)/, 'is read through its partitions');
    sql($db, 'DROP TABLE parts');
    like(interlock('sync', 'parts', {%as})->{out}, qr/public\.parts is gone, so whether/, 'one that goes meanwhile');
    sql($db, q{UPDATE interlock.condition SET due = clock_timestamp() WHERE label = '1 day'});
    runs_ok([ 'wait', $parts ], 'is read by nobody', {%as});
};

my $steps = plan_file('steps', <<'LUA');
plan "steps" {
  title = "Several steps",
  phase "expand" {
    add_column_if_missing { table = "users", column = "a", type = "text" },
    add_column_if_missing { table = "old_users", column = "b", type = "text" },
    add_column_if_missing { table = "users", column = "c", type = "text" },
  },
}
LUA

subtest 'pause while it waits for a lock' => sub {
    fresh();
    my $holder = sql_session($db);
    $holder->query('BEGIN; LOCK TABLE old_users IN SHARE MODE');
    my $run = in_background('run', $steps, {%as});
    ok($run->says(qr/waiting: pid/), 'the run waits for a lock');
    my $pause = runs_ok([ 'pause', $steps, '--reason', 'the sale goes on' ], 'pause', {%as});
    like($pause->{out}, qr/plan "steps" is paused; a run under way stops at its next safe point\n  next: interlock resume steps/, 'says what is next');
    ok($run->says(qr/paused by deploy at \d{4}-\d\d-\d\d \d\d:\d\d UTC: the sale goes on; next: interlock resume steps/), 'the run says who and why');
    $holder->query('COMMIT');
    $holder->quit;
    sleep 1.2;
    is(sql($db, q{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'interlock:%' AND state <> 'idle'}), 0, 'holds no transaction');
    is(sql($db, q{SELECT count(*) FROM pg_locks WHERE relation = 'old_users'::regclass}), 0, 'and no lock');
    is(column_type($db, 'old_users', 'b'), '', 'and does nothing');
    my $status = runs_ok([ 'status', $steps ], 'status', {%as});
    like($status->{out}, qr/paused by deploy at .* UTC: the sale goes on\n  next: interlock resume steps/, 'shows it');
    my ($line) = grep { $_->{type} eq 'status' } json_lines(interlock('status', $steps, '--json', {%as})->{out});
    ok($line->{paused}, 'in JSON too');
    like(runs_ok([ 'pause', $steps, '--reason', 'and on' ], 'pause again', {%as})->{out}, qr/it was paused by deploy at .*: the sale goes on/, 'says that it was');
    like(runs_ok([ 'resume', $steps ], 'resume', {%as})->{out}, qr/plan "steps" may go on/, 'says so');
    my $end = $run->finish;
    is($end->{exit}, 0, 'the run goes on by itself') or diag($end->{err});
    like($end->{err}, qr/resumed/, 'and says so');
    is(column_type($db, 'users', 'c'), 'text', 'to the end');
    like(runs_ok([ 'log', 'steps' ], 'log', {%as})->{out}, qr/pause.*the sale goes on/, 'the journal has it');
    exits(1, [ 'pause', $steps ], qr/is done; there is nothing to pause/, 'a plan that is done', {%as});
};

subtest 'pause between steps and between batches' => sub {
    fresh();
    # Somebody pauses it just when the first batch is under way.
    my $batches = plan_file('batches', <<'LUA');
plan "batches" {
  title = "An archive in batches",
  gate "go" { text = "x" },
  phase "contract" { drop_column_if_exists { table = "old_users", column = "note", archive = "1 day", loses = "x" } },
}
LUA
    exits(5, [ 'run', $batches ], undef, 'run', {%as});
    runs_ok([ 'gate', 'pass', $batches, '--evidence', 'x' ], 'gate pass', {%as});
    sql($db, <<'SQL');
CREATE FUNCTION interlock.pause_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.statement LIKE '%INSERT INTO interlock.archive%' THEN
    INSERT INTO interlock.control (run, paused) VALUES (NEW.run, true) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER pause_it BEFORE INSERT ON interlock.event FOR EACH ROW EXECUTE FUNCTION interlock.pause_it();
SQL
    my $run = in_background('run', $batches, '--yes', {%as});
    ok($run->says(qr/paused by deploy at/), 'the run pauses');
    my $archive = sql($db, q{SELECT relname FROM pg_class WHERE relname ~ '^archive_\d+_\d+$'});
    my $rows = sql($db, "SELECT count(*) FROM interlock.$archive");
    cmp_ok($rows, '>', 0, 'after the first batch');
    cmp_ok($rows, '<', 12000, 'and before the last');
    $run->signal('INT');
    my $end = $run->finish;
    is($end->{exit}, 130, 'SIGINT ends it there');
    is(state_of(), 'waiting', 'at a safe point');
    my $again = exits(5, [ 'run', $batches, '--yes' ], undef, 'a paused plan is not run', {%as});
    like($again->{out}, qr/waiting: paused by deploy at .*\n  next: interlock resume batches/, 'which says what is next');
    like(exits(5, [ 'wait', $batches, '--timeout', '10ms' ], undef, 'wait', {%as})->{out}, qr/waiting: paused by deploy/, 'waits for it');
    like(runs_ok([ 'sync' ], 'sync', {%as})->{out}, qr/^batches  paused by deploy at .*; next: interlock resume batches$/m, 'says it');
    runs_ok([ 'resume', $batches ], 'resume', {%as});
    like(runs_ok([ 'resume', $batches ], 'resume twice', {%as})->{out}, qr/is not paused/, 'does no harm');
    runs_ok([ 'run', $batches, '--yes' ], 'run', {%as});
    is(sql($db, "SELECT count(*) FROM interlock.$archive"), 12000, 'goes on where it stood');

    fresh();
    exits(1, [ 'pause', $steps ], qr/no run of plan "steps"/, 'a plan that never ran can not be paused', {%as});
    my $gated = project() . '/plans/gated.lua';
    exits(5, [ 'run', $gated ], undef, 'run', {%as});
    runs_ok([ 'pause', $gated, '-n' ], 'pause --dry-run', {%as});
    is(sql($db, 'SELECT count(*) FROM interlock.control WHERE paused'), 0, 'changes nothing');
    exits(64, [ 'wait', $gated, '-n' ], qr/can't use "--dry-run"/, 'wait has none', {%as});
    runs_ok([ 'pause', $gated ], 'pause', {%as});
    plan_file('gated', 'plan "gated" { this does not compile');
    runs_ok([ 'resume', $gated ], 'resume needs no file that compiles', {%as});
    runs_ok([ 'pause', $gated ], 'nor does pause', {%as});
    runs_ok([ 'undo', $gated, '--to', 'start', '--yes' ], 'undo heeds no pause', {%as});
};

done_testing();
