# Checks, unique constraints, NOT NULL and defaults where the shared tests of primitives don't look: rows that break
# them, what others have left half done, partitions and heirs, undo after the application used it, names in quotes.
use strict;
use warnings;

use Interlock::Crash;
use Interlock::Test;
use List::Util qw(shuffle);
use Test::More;

my $plans = 0;

# A plan of one phase with these steps.
sub plan_of
{
    my (@steps) = @_;
    my $name = 'constraints_' . ++$plans;
    my $list = join ",\n    ", @steps;
    return plan_file($name, <<"LUA");
plan "$name" {
  title = "Steps of a test",
  phase "work" {
    $list,
  },
}
LUA
}

# What is sent for a plan's first step from what is there now: { state, sql => [ … ] }.
sub preview_of
{
    my ($plan, $db) = @_;
    my $result = interlock('preview', $plan, '--json', { db => $db });
    return (grep { $_->{type} eq 'step' } json_lines($result->{out}))[0] // die "preview: $result->{err}";
}

sub constraints
{
    my ($db, $table) = @_;
    return sql($db, <<"SQL");
SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '$table'::regclass AND contype <> 'n' ORDER BY 1
SQL
}

sub not_null
{
    my ($db, $table, $column) = @_;
    return sql($db, "SELECT attnotnull FROM pg_attribute WHERE attrelid = '$table'::regclass AND attname = '$column'");
}

sub default_of
{
    my ($db, $table, $column) = @_;
    return sql($db, <<"SQL");
SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = '$table'::regclass AND a.attname = '$column'
SQL
}

# A world of its own, in which the server says when it reads a table for a constraint.
sub fresh
{
    my ($setup) = @_;
    my $db = world("constraints_world_" . ++$plans, $setup);
    sql($db, qq{ALTER DATABASE "$db" SET log_min_messages = debug1});
    return $db;
}

# The statements behind a mark that read a whole table for a constraint while nobody else could use it.
sub scans_since
{
    my ($mark) = @_;
    my (%last, @scans);
    for my $record (split /^(?=\d{4}-\d\d-\d\d )/m, log_since($mark))
    {
        my ($process) = $record =~ /^\S+ \S+ \S+ \[(\d+)\]/ or next;
        $last{$process} = $1 if $record =~ / LOG:  (?:statement|execute [^:]*): (.*)/;
        push @scans, $last{$process} if $record =~ / DEBUG:  verifying table/ && $last{$process} !~ /VALIDATE CONSTRAINT|pg_temp\./;
    }
    return "@scans";
}

sub there_and_back
{
    my ($db, $plan, $what) = @_;
    my ($schema, $rows) = (schema_dump($db), table_rows($db));
    my $mark = log_mark();
    runs_ok([ 'run', $plan, '--yes' ], "$what: run", { db => $db });
    is(scans_since($mark), '', "$what: no row is read under a strong lock");
    my $there = schema_dump($db);
    isnt($there, $schema, "$what: something has changed");
    $mark = log_mark();
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], "$what: undo", { db => $db });
    is(scans_since($mark), '', "$what: nor on the way back");
    is(schema_dump($db), $schema, "$what: the schema is what it was");
    is(table_rows($db), $rows, "$what: and so are the rows");
    return $there;
}

# The plan refuses, and nothing is touched.
sub refused
{
    my ($db, $plan, $pattern, $what) = @_;
    my $schema = schema_dump($db);
    exits(4, [ 'check', $plan ], undef, "$what: check refuses", { db => $db, out => $pattern });
    exits(4, [ 'run', $plan, '--yes' ], $pattern, "$what: run too", { db => $db });
    is(schema_dump($db), $schema, "$what: nothing is touched");
    return;
}

# Undo is killed, and then it shall be there after all.
sub forward_after_all
{
    my ($case) = @_;
    my $db = world($case->{world}, $case->{setup});
    runs_ok([ 'run', $case->{plan}, '--yes' ], 'run', { db => $db });
    my $there = schema_dump($db);
    my @points = shuffle 1 .. $case->{undo};
    splice @points, 6 unless crash_all();
    for my $n (sort { $a <=> $b } @points)
    {
        interlock('undo', $case->{plan}, '--to', 'start', '--yes', { db => $db, env => { INTERLOCK_FAULT => "kill-after:$n" } });
        wait_until(sub { sql($db, q{SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'interlock:%'}) == 0 });
        my $run = interlock('run', $case->{plan}, '--yes', { db => $db });
        is($run->{exit}, '0', "undo killed after message $n, then run again") or diag($run->{err});
        is(schema_dump($db), $there, 'the schema is that of the run');
    }
    return;
}

my $users = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app.users (id bigint PRIMARY KEY, email text, age integer);
INSERT INTO app.users SELECT n, 'u' || n, n FROM generate_series(1, 30) n;
SQL

#
# add_check
#

my $adult = 'add_check { table = "app.users", check = "age >= 18" }';

subtest 'add_check: rows that break it' => sub {
    my $db = fresh($users);
    my $plan = plan_of($adult);
    my $schema = schema_dump($db);
    my $run = exits(3, [ 'run', $plan, '--yes' ], qr/23514 check constraint "users_age_check"/, 'run fails', { db => $db });
    like($run->{err}, qr/rows that break it: 17\n/, 'it says how many rows break it');
    like($run->{err}, qr/id = 1, age = 1\n.*id = 5, age = 5\n.*… and more\n/s, 'shows the first');
    like($run->{err}, qr/find them with: (SELECT id, age FROM app\.users WHERE \(age >= 18\) IS FALSE)\n/, 'and how to find them all');
    my ($query) = $run->{err} =~ /find them with: (.*)/;
    is(scalar(split /\n/, sql($db, $query)), 17, 'which does');
    is(schema_dump($db), $schema, 'the unvalidated constraint is not left behind');
    is(sql($db, 'UPDATE app.users SET email = NULL WHERE id = 1 RETURNING id'), 1, 'so the application can go on writing these rows');
    sql($db, 'UPDATE app.users SET age = 18 WHERE age < 18');
    runs_ok([ 'run', $plan, '--yes' ], 'once they are mended, it runs', { db => $db });
    like(constraints($db, 'app.users'), qr/^users_age_check CHECK \(\(age >= 18\)\)$/m, 'and the constraint is validated');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'the schema is what it was');
};

subtest 'add_check: one that somebody added, not validated' => sub {
    my $db = fresh($users);
    my $plan = plan_of($adult);
    sql($db, 'ALTER TABLE app.users ADD CONSTRAINT of_age CHECK (age >= 18) NOT VALID');
    my $preview = preview_of($plan, $db);
    is($preview->{state}, 'partial', 'half of it is there');
    is_deeply($preview->{sql}, ['ALTER TABLE app.users VALIDATE CONSTRAINT of_age'], 'the other half is sent');
    exits(3, [ 'run', $plan, '--yes' ], qr/rows that break it: 17/, 'run fails', { db => $db });
    like(constraints($db, 'app.users'), qr/of_age .*NOT VALID/, 'what is not ours stays as it was');
    sql($db, 'DELETE FROM app.users WHERE age < 18');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    like(constraints($db, 'app.users'), qr/^of_age CHECK \(\(age >= 18\)\)$/m, 'validated');
    unlike(constraints($db, 'app.users'), qr/users_age_check/, 'and no second one');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    like(constraints($db, 'app.users'), qr/of_age/, 'leaves what it did not make');
};

subtest 'add_check: the same under another name' => sub {
    my $db = fresh($users);
    sql($db, 'ALTER TABLE app.users ADD CONSTRAINT positive CHECK (age > 0)');
    my $other = plan_of('add_check { table = "app.users", check = "(age)  >  0" }');
    is(preview_of($other, $db)->{state}, 'done', 'without a name it is there');
    my $named = plan_of('add_check { table = "app.users", name = "age_ok", check = "age > 0" }');
    there_and_back($db, $named, 'with a name it is another');
    my $two = plan_of('add_check { table = "app.users", check = "age > 0 OR email IS NULL" }');
    like(there_and_back($db, $two, 'over two columns'), qr/ADD CONSTRAINT users_age_email_check CHECK|CONSTRAINT users_age_email_check CHECK/,
        'it is named for both');
};

subtest 'add_check: another one of that name' => sub {
    my $db = fresh($users);
    my $plan = plan_of('add_check { table = "app.users", name = "ok", check = "age > 0" }');
    sql($db, 'ALTER TABLE app.users ADD CONSTRAINT ok CHECK (age > 0) NO INHERIT');
    refused($db, $plan, qr/found: +constraint ok CHECK \(\(age > 0\)\) NO INHERIT/, 'one that heirs don\'t have');
    sql($db, 'ALTER TABLE app.users DROP CONSTRAINT ok; ALTER TABLE app.users ADD CONSTRAINT ok UNIQUE (email)');
    refused($db, $plan, qr/found: +constraint ok UNIQUE \(email\)/, 'one of another kind');
    sql($db, 'ALTER TABLE app.users DROP CONSTRAINT ok; CREATE TABLE app.heir () INHERITS (app.users); ALTER TABLE app.heir ADD CONSTRAINT ok CHECK (age > 1)');
    refused($db, $plan, qr/found: +constraint ok CHECK \(\(age > 1\)\) of app\.heir/, 'one of an heir');
    sql($db, 'ALTER TABLE app.heir DROP CONSTRAINT ok; ALTER TABLE app.heir ADD CONSTRAINT ok CHECK (age > 0)');
    there_and_back($db, $plan, 'the same of an heir');
};

subtest 'add_check: partitions, and what the server would refuse' => sub {
    my $db = fresh(<<'SQL');
CREATE TABLE events (id bigint, at date, n integer) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO events SELECT n, '2024-01-01'::date + n, n FROM generate_series(1, 700) n;
SQL
    there_and_back($db, plan_of('add_check { table = "events", check = "n > 0" }'), 'a partitioned table');
    there_and_back($db, plan_of('add_check { table = "events_2", check = "n > 0" }'), 'a partition');
    my $broken = plan_of('add_check { table = "events", check = "n > 2" }');
    my $schema = schema_dump($db);
    exits(3, [ 'run', $broken, '--yes' ], qr/rows that break it: 2\n/, 'rows of partitions are counted', { db => $db });
    is(schema_dump($db), $schema, 'and partitions keep nothing');
    runs_ok([ 'undo', $broken, '--yes' ], 'there is nothing to undo', { db => $db });
    exits(4, [ 'check', plan_of('add_check { table = "events", check = "n > (SELECT 1)" }') ], undef, 'check refuses a query',
        { db => $db, out => qr/would-fail.*cannot use subquery in check constraint/ });
    refused($db, plan_of('add_check { table = "events", check = "nn > 1" }'), qr/no column nn in public\.events/, 'a column that is not there');
    refused($db, plan_of('add_check { table = "events", check = "N > 1 AND iD = 1 AND \"At\" > now()" }'), qr/no column "At" in public\.events \(there is at\)/, 'a column in another case');
    my $later = plan_of('add_column_if_missing { table = "events", column = "m", type = "integer" }', 'add_check { table = "events", check = "m > 0" }');
    runs_ok([ 'check', $later ], 'a column that an earlier step adds is no obstacle', { db => $db });
    there_and_back($db, $later, 'a column that an earlier step adds');
};

subtest 'add_check: undo after it was changed by hand' => sub {
    my $db = fresh($users);
    my $plan = plan_of('add_check { table = "app.users", check = "age > 0" }');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, 'ALTER TABLE app.users DROP CONSTRAINT users_age_check; ALTER TABLE app.users ADD CONSTRAINT users_age_check CHECK (age > -1)');
    exits(3, [ 'undo', $plan, '--yes' ], qr/no longer what this run made: constraint users_age_check CHECK \(\(age > '?-1/, 'undo refuses', { db => $db });
    sql($db, 'ALTER TABLE app.users DROP CONSTRAINT users_age_check');
    runs_ok([ 'undo', $plan, '--yes' ], 'and has nothing to do when it is gone', { db => $db });
};

subtest 'names in quotes' => sub {
    my $long = 'x' x 63;
    my $db = fresh(<<"SQL");
CREATE SCHEMA "My App";
CREATE TABLE "My App"."Order Items" (id bigint PRIMARY KEY, "userId" text DEFAULT 'it''s', "$long" integer, "select" integer NOT NULL DEFAULT 1);
INSERT INTO "My App"."Order Items" SELECT n, 'u' || n, n FROM generate_series(1, 30) n;
SQL
    my $table = q{'"My App"."Order Items"'};
    there_and_back($db, plan_of(qq{add_check { table = $table, check = [["userId" <> '' AND "$long" > 0]] }}), 'add_check');
    there_and_back($db, plan_of(qq{add_unique { table = $table, columns = '"userId", "$long"' }}), 'add_unique');
    there_and_back($db, plan_of(qq{set_not_null { table = $table, column = '"$long"' }}), 'set_not_null');
    there_and_back($db, plan_of(qq{drop_not_null { table = $table, column = '"select"' }}), 'drop_not_null');
    there_and_back($db, plan_of(qq{set_default { table = $table, column = '"userId"', default = [['it''s "new"']] }}), 'set_default');
    there_and_back($db, plan_of(qq{drop_default { table = $table, column = '"userId"' }}), 'drop_default');
    refused($db, plan_of(qq{$_ { table = $table, column = "userId" }}), qr/no column userid in "My App"\."Order Items" \(there is "userId"\)/, $_)
      for qw(set_not_null drop_not_null drop_default);
    refused($db, plan_of(qq{set_default { table = $table, column = "userId", default = "1" }}), qr/\(there is "userId"\)/, 'set_default');
    refused($db, plan_of(qq{add_unique { table = $table, columns = "id, userId" }}), qr/no column userid in .*\(there is "userId"\)/, 'add_unique');
};

#
# add_unique
#

my $unique = 'add_unique { table = "app.users", columns = "email" }';

subtest 'add_unique: duplicates' => sub {
    my $db = fresh($users);
    my $plan = plan_of($unique);
    sql($db, q{UPDATE app.users SET email = 'u' || id % 12 WHERE id <= 24; UPDATE app.users SET email = NULL WHERE id > 24});
    my $schema = schema_dump($db);
    my $mark = log_mark();
    my $run = exits(3, [ 'run', $plan, '--yes' ], qr/rows are in the way/, 'run fails', { db => $db });
    like($run->{err}, qr/values that more than one row has: 12\n/, 'it says how many values');
    like($run->{err}, qr/email = u\d+, rows = 2\n/, 'and shows some');
    is(scalar(grep { /CREATE UNIQUE INDEX/ } statements_of(log_since($mark), qr/^interlock/)), 0, 'nothing was built');
    is(schema_dump($db), $schema, 'nothing is left');
    sql($db, 'UPDATE app.users SET email = id::text WHERE email IS NOT NULL');
    runs_ok([ 'run', $plan, '--yes' ], 'once they differ it runs, and NULLs don\'t matter', { db => $db });
    is(sql_fails($db, q{INSERT INTO app.users VALUES (99, '1')}) =~ /users_email_key/, 1, 'the constraint holds');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'the schema is what it was');

    like(there_and_back($db, plan_of('add_unique { table = "app.users", columns = { "email", "age" }, deferrable = true }'), 'deferrable'),
        qr/UNIQUE \(email, age\) DEFERRABLE;/, 'as it says');
};

subtest 'add_unique: NULLs that are not distinct' => sub {
    my $db = fresh($users);
    my $nulls = plan_of('add_unique { table = "app.users", columns = "email", nulls_not_distinct = true }');
    if (sql($db, 'SHOW server_version_num') < 150000)
    {
        refused($db, $nulls, qr/expected: PostgreSQL 15 or newer, for nulls_not_distinct/, 'an older server');
        return;
    }
    sql($db, 'UPDATE app.users SET email = NULL WHERE id > 24');
    exits(3, [ 'run', $nulls, '--yes' ], qr/values that more than one row has: 1\n.*email = NULL, rows = 6\n/s, 'are duplicates', { db => $db });
    sql($db, 'UPDATE app.users SET email = id::text WHERE id > 25');
    like(there_and_back($db, $nulls, 'one of them'), qr/UNIQUE NULLS NOT DISTINCT \(email\)/, 'is none');
};

subtest 'add_unique: a duplicate that comes while the index is built' => sub {
    my $db = fresh($users);
    my $plan = plan_of($unique);
    my $holder = sql_session($db);
    $holder->query("BEGIN; INSERT INTO app.users VALUES (99, 'u1')");
    my $run = in_background('run', $plan, '--yes', { db => $db });
    ok(wait_until(sub { sql($db, q{SELECT count(*) FROM pg_index WHERE NOT indisvalid}) }, 20), 'the build waits for the writer');
    $holder->query('COMMIT');
    $holder->quit;
    my $result = $run->finish;
    is($result->{exit}, '3', 'run fails');
    like($result->{err}, qr/23505 could not create unique index.*values that more than one row has: 1\n.*email = u1, rows = 2/s, 'and names the value');
    is(preview_of($plan, $db)->{state}, 'partial', 'the invalid index is ours to mend');
    sql($db, 'DELETE FROM app.users WHERE id = 99');
    runs_ok([ 'run', $plan, '--yes' ], 'run again', { db => $db });
    like(constraints($db, 'app.users'), qr/^users_email_key UNIQUE \(email\)$/m, 'the constraint is there');
    is(sql($db, 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'), 0, 'and no invalid index');
};

subtest 'add_unique: an index that is there' => sub {
    my $db = fresh($users);
    my $plan = plan_of($unique);
    sql($db, 'CREATE UNIQUE INDEX users_email_key ON app.users (email)');
    my $preview = preview_of($plan, $db);
    is($preview->{state}, 'partial', 'half of it is there');
    is_deeply($preview->{sql}, ['ALTER TABLE app.users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key'], 'the other half is sent');
    like(there_and_back($db, $plan, 'of that name'), qr/ADD CONSTRAINT users_email_key UNIQUE \(email\)/, 'it became the constraint\'s');
    is(sql($db, q{SELECT indisvalid AND indisready FROM pg_index WHERE indexrelid = 'app.users_email_key'::regclass}), 't', 'undo gave it back whole');

    sql($db, 'DROP INDEX app.users_email_key; CREATE UNIQUE INDEX users_email_key ON app.users (email DESC)');
    refused($db, $plan, qr/found: +unique index users_email_key USING btree \(email DESC\), without a constraint/, 'another index of that name');
    sql($db, 'DROP INDEX app.users_email_key; CREATE TABLE app.users_email_key ()');
    refused($db, $plan, qr/found: +app\.users_email_key is no index/, 'a table of that name');
    sql($db, 'DROP TABLE app.users_email_key; ALTER TABLE app.users ADD CONSTRAINT by_mail UNIQUE (email)');
    is(preview_of($plan, $db)->{state}, 'done', 'the same constraint under another name will do');
    sql($db, 'ALTER TABLE app.users DROP CONSTRAINT by_mail; ALTER TABLE app.users ADD CONSTRAINT by_mail UNIQUE (email) INCLUDE (age)');
    there_and_back($db, $plan, 'one that carries more is another');
};

subtest 'add_unique: undo when others need it' => sub {
    my $db = fresh($users);
    my $plan = plan_of($unique);
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, 'CREATE TABLE app.logins (email text REFERENCES app.users (email))');
    my $schema = schema_dump($db);
    exits(3, [ 'undo', $plan, '--yes' ], qr/constraint users_email_key of app\.users is referred to by foreign key logins_email_fkey of app\.logins/,
        'undo refuses to drop what a foreign key refers to', { db => $db });
    is(schema_dump($db), $schema, 'nothing is touched');
    sql($db, 'DROP TABLE app.logins; ALTER TABLE app.users ALTER email SET NOT NULL; ALTER TABLE app.users REPLICA IDENTITY USING INDEX users_email_key');
    exits(3, [ 'undo', $plan, '--yes' ], qr/is the replica identity of the table/, 'nor the replica identity', { db => $db });
    sql($db, 'ALTER TABLE app.users REPLICA IDENTITY DEFAULT');
    runs_ok([ 'undo', $plan, '--yes' ], 'then it does', { db => $db });
};

my $events = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app.events (id bigint, region text, at date) PARTITION BY RANGE (at);
CREATE TABLE app.events_2024 PARTITION OF app.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE app.events_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (region);
CREATE TABLE app.events_2025_a PARTITION OF app.events_2025 FOR VALUES IN ('a');
CREATE TABLE app.events_2025_b PARTITION OF app.events_2025 FOR VALUES IN ('b');
INSERT INTO app.events SELECT n, CASE WHEN n % 2 = 0 THEN 'a' ELSE 'b' END, '2024-01-01'::date + n FROM generate_series(1, 700) n;
SQL
my $events_key = 'add_unique { table = "app.events", columns = "id, region, at" }';

subtest 'add_unique: a partitioned table' => sub {
    my $db = fresh($events);
    refused($db, plan_of('add_unique { table = "app.events", columns = "id, region" }'), qr/must contain at of the partition key of app\.events/, 'without the key');
    refused($db, plan_of('add_unique { table = "app.events", columns = "id, at" }'), qr/must contain region of the partition key of app\.events_2025/,
        'without the key of a partition');
    like(runs_ok([ 'help', 'unique-without-partition-key' ], 'which has a page')->{out}, qr/partition key/, 'that explains it');
    my $plan = plan_of($events_key);
    there_and_back($db, $plan, 'with it');

    sql($db, q{INSERT INTO app.events VALUES (1, 'a', '2025-02-01'), (1, 'a', '2025-02-01')});
    my $schema = schema_dump($db);
    exits(3, [ 'run', $plan, '--yes' ], qr/values that more than one row has: 1\n.*id = 1, region = a, at = 2025-02-01, rows = 2/s, 'duplicates are listed', { db => $db });
    is(schema_dump($db), $schema, 'and nothing is left');
    sql($db, q{DELETE FROM app.events WHERE at = '2025-02-01' AND id = 1});

    # Somebody has come half of the way.
    sql($db, 'ALTER TABLE ONLY app.events ADD CONSTRAINT events_id_region_at_key UNIQUE (id, region, at)');
    sql($db, 'CREATE UNIQUE INDEX events_2025_a_id_region_at_key ON app.events_2025_a (id, region, at)');
    is(preview_of($plan, $db)->{state}, 'partial', 'a frame is only a part of it');
    runs_ok([ 'run', $plan, '--yes' ], 'run goes on from there', { db => $db });
    is(sql($db, q{SELECT string_agg(conrelid::regclass::text, ' ' ORDER BY conrelid::regclass::text) FROM pg_constraint WHERE contype = 'u' AND conrelid::regclass::text LIKE 'app.%'}),
        'app.events app.events_2024 app.events_2025 app.events_2025_a app.events_2025_b', 'every partition has it');
    is(sql($db, 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'), 0, 'and all are valid');
    like(sql_fails($db, q{INSERT INTO app.events SELECT * FROM app.events WHERE id = 600}), qr/duplicate key/, 'it holds');
    exits(3, [ 'undo', $plan, '--yes' ], qr/events_2025_a_id_region_at_key of partition app\.events_2025_a was there before/, 'undo would take what it did not make', { db => $db });
};

subtest 'add_unique: killed half-way on partitions' => sub {
    my $case = crash_case({ name => 'add_unique on partitions', world => 'crash_unique', setup => $events, plan => plan_of($events_key) });
    try_points({ again => 8, 'server crashes' => 0, 'take over' => 1 }, crash_points($case));
};

subtest 'add_unique: killed half-way on an index that was there' => sub {
    my $plan = plan_of($unique);
    my $case = crash_case({ name => 'add_unique on an index', world => 'crash_index', plan => $plan,
        setup => "$users CREATE UNIQUE INDEX users_email_key ON app.users (email)" });
    try_points({ again => 6, 'server crashes' => 0, 'take over' => 1 }, crash_points($case));
    forward_after_all($case);
};

#
# set_not_null, drop_not_null
#

my $set = 'set_not_null { table = "app.users", column = "email" }';

subtest 'set_not_null: rows with NULL' => sub {
    my $db = fresh($users);
    my $plan = plan_of($set);
    sql($db, 'UPDATE app.users SET email = NULL WHERE id > 27');
    my $schema = schema_dump($db);
    my $run = exits(3, [ 'run', $plan, '--yes' ], qr/rows with NULL in email: 3\n.*id = 28, email = NULL\n/s, 'run fails, and names them', { db => $db });
    like($run->{err}, qr/find them with: SELECT id, email FROM app\.users WHERE email IS NULL\n/, 'and says how to find them');
    is(schema_dump($db), $schema, 'its check is not left behind');
    sql($db, q{UPDATE app.users SET email = 'none' WHERE email IS NULL});
    runs_ok([ 'run', $plan, '--yes' ], 'once they have a value, it runs', { db => $db });
    is(not_null($db, 'app.users', 'email'), 't', 'the column is NOT NULL');
    is(constraints($db, 'app.users'), 'users_pkey PRIMARY KEY (id)', 'and the check is gone');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'the schema is what it was');
};

subtest 'set_not_null: what is there' => sub {
    my $db = fresh($users);
    my $plan = plan_of($set);
    there_and_back($db, $plan, 'nothing');
    is(preview_of(plan_of('set_not_null { table = "app.users", column = "id" }'), $db)->{state}, 'done', 'a primary key is NOT NULL');

    sql($db, 'ALTER TABLE app.users ADD CONSTRAINT has_email CHECK (email IS NOT NULL)');
    is_deeply(preview_of($plan, $db)->{sql}, ['ALTER TABLE app.users ALTER COLUMN email SET NOT NULL'], 'a valid check is proof enough');
    there_and_back($db, $plan, 'a valid check');
    sql($db, 'ALTER TABLE app.users DROP CONSTRAINT has_email; ALTER TABLE app.users ADD CONSTRAINT has_email CHECK (email IS NOT NULL) NOT VALID');
    is(scalar(@{ preview_of($plan, $db)->{sql} }), 4, 'one that is not valid proves nothing');
    there_and_back($db, $plan, 'a check that is not valid');
    sql($db, 'ALTER TABLE app.users DROP CONSTRAINT has_email');

    sql($db, 'ALTER TABLE app.users ADD CONSTRAINT __il_email_not_null CHECK (email IS NOT NULL) NOT VALID');
    my $preview = preview_of($plan, $db);
    is($preview->{state}, 'partial', 'the check of an attempt that was cut short');
    like($preview->{sql}[0], qr/VALIDATE CONSTRAINT __il_email_not_null/, 'is validated');
    sql($db, 'ALTER TABLE app.users VALIDATE CONSTRAINT __il_email_not_null');
    is(scalar(@{ preview_of($plan, $db)->{sql} }), 2, 'and once it is, the rest is brief');
    my $mark = log_mark();
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    is(scans_since($mark), '', 'no row is read under a strong lock');
    is(constraints($db, 'app.users'), 'users_pkey PRIMARY KEY (id)', 'the check is gone');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });

    my $mine = plan_of($set);
    sql($db, 'ALTER TABLE app.users ALTER email SET NOT NULL');
    is(preview_of($mine, $db)->{state}, 'done', 'set by somebody else');
    sql($db, 'ALTER TABLE app.users ADD CONSTRAINT __il_email_not_null CHECK (email IS NOT NULL)');
    is_deeply(preview_of($mine, $db)->{sql}, ['ALTER TABLE app.users DROP CONSTRAINT __il_email_not_null'], 'a check that is needed no more is dropped');
    runs_ok([ 'run', $mine, '--yes' ], 'run', { db => $db });
    runs_ok([ 'undo', $mine, '--yes' ], 'undo', { db => $db });
    is(not_null($db, 'app.users', 'email'), 't', 'leaves what it did not set');
};

subtest 'set_not_null: undo after others stand on it' => sub {
    my $db = fresh($users);
    my $plan = plan_of($set);
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, 'ALTER TABLE app.users DROP CONSTRAINT users_pkey; ALTER TABLE app.users ADD PRIMARY KEY (email)');
    exits(3, [ 'undo', $plan, '--yes' ], qr/column email of app\.users can't accept NULL again: it is in the primary key app\.users_pkey/, 'undo refuses', { db => $db });
    is(not_null($db, 'app.users', 'email'), 't', 'nothing is touched');
    sql($db, 'ALTER TABLE app.users DROP CONSTRAINT users_pkey');
    runs_ok([ 'undo', $plan, '--yes' ], 'then it does', { db => $db });
    is(not_null($db, 'app.users', 'email'), 'f', 'the column accepts NULL');
};

subtest 'set_not_null: a row type' => sub {
    my $db = fresh('CREATE TYPE pair AS (a integer, b integer); CREATE TABLE t (id integer, p pair); INSERT INTO t VALUES (1, ROW(1, NULL))');
    refused($db, plan_of('set_not_null { table = "t", column = "p" }'), qr/column p of public\.t is of a row type/, 'its NULLs are another thing');
};

my $not_null_below = <<'SQL';
CREATE TABLE whole (id integer, at date, note text) PARTITION BY RANGE (at);
CREATE TABLE part_1 PARTITION OF whole FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE part_2 (id integer, at date, note text NOT NULL);
ALTER TABLE whole ATTACH PARTITION part_2 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO whole SELECT n, '2024-01-01'::date + n, 'x' FROM generate_series(1, 700) n;
CREATE TABLE parent (id integer, note text);
CREATE TABLE heir_1 () INHERITS (parent);
CREATE TABLE heir_2 (note text NOT NULL) INHERITS (parent);
CREATE TABLE heir_3 () INHERITS (heir_1);
INSERT INTO parent VALUES (1, 'x'); INSERT INTO heir_1 VALUES (1, 'x'); INSERT INTO heir_2 VALUES (1, 'x'); INSERT INTO heir_3 VALUES (1, 'x');
SQL

subtest 'set_not_null: partitions and heirs' => sub {
    my $db = fresh($not_null_below);
    for my $table (qw(whole parent part_1 heir_1))
    {
        there_and_back($db, plan_of(qq{set_not_null { table = "$table", column = "note" }}), $table);
    }
    is(not_null($db, 'part_2', 'note') . not_null($db, 'heir_2', 'note'), 'tt', 'what those below had of their own they still have');
    sql($db, 'UPDATE part_1 SET note = NULL WHERE id = 3');
    exits(3, [ 'run', plan_of('set_not_null { table = "whole", column = "note" }'), '--yes' ], qr/rows with NULL in note: 1\n.*id = 3|rows with NULL in note: 1\n.*note = NULL/s,
        'rows of partitions are named', { db => $db });
    is(sql($db, q{SELECT count(*) FROM pg_constraint WHERE conname LIKE '\_\_il%'}), 0, 'and no check is left in any of them');
};

subtest 'set_not_null: undo killed half-way' => sub {
    my $plan = plan_of('set_not_null { table = "whole", column = "note" }');
    my $case = crash_case({ name => 'set_not_null with partitions', world => 'crash_not_null', setup => $not_null_below, plan => $plan });
    try_points({ again => 4, 'server crashes' => 0, 'take over' => 1 }, grep { $_->{command} eq 'undo' } crash_points($case));
    forward_after_all($case);
};

my $drop = 'drop_not_null { table = "app.users", column = "email" }';

subtest 'drop_not_null: undo after the application wrote NULL' => sub {
    my $db = fresh("$users ALTER TABLE app.users ALTER email SET NOT NULL");
    my $plan = plan_of($drop);
    my $schema = schema_dump($db);
    there_and_back($db, $plan, 'without rows');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    my $there = schema_dump($db);
    sql($db, 'UPDATE app.users SET email = NULL WHERE id <= 22');
    my $undo = exits(3, [ 'undo', $plan, '--yes' ], qr/rows are in the way.*rows with NULL in email: 22\n.*id = 1, email = NULL\n.*nothing was changed/s, 'undo refuses', { db => $db });
    is(schema_dump($db), $there, 'nothing is half done');
    sql($db, q{UPDATE app.users SET email = 'none' WHERE email IS NULL});
    runs_ok([ 'undo', $plan, '--yes' ], 'once they have a value, it does', { db => $db });
    is(schema_dump($db), $schema, 'the schema is what it was');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, 'ALTER TABLE app.users ALTER email SET NOT NULL');
    runs_ok([ 'undo', $plan, '--yes' ], 'somebody else has done it already', { db => $db });
    is(schema_dump($db), $schema, 'so there is nothing to do');
};

subtest 'drop_not_null: where it can\'t be' => sub {
    my $db = fresh(<<'SQL');
CREATE TABLE t (id integer PRIMARY KEY, n integer GENERATED ALWAYS AS IDENTITY, r integer NOT NULL);
CREATE UNIQUE INDEX t_r ON t (r) INCLUDE (n);
ALTER TABLE t REPLICA IDENTITY USING INDEX t_r;
CREATE TABLE whole (id integer NOT NULL, at date) PARTITION BY RANGE (at);
CREATE TABLE part PARTITION OF whole FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE parent (id integer);
CREATE TABLE heir () INHERITS (parent);
ALTER TABLE ONLY parent ALTER id SET NOT NULL;
SQL
    refused($db, plan_of('drop_not_null { table = "t", column = "id" }'), qr/column id of public\.t can't accept NULL: it is in the primary key public\.t_pkey/, 'a primary key');
    refused($db, plan_of('drop_not_null { table = "t", column = "n" }'), qr/it is an identity column/, 'an identity column');
    refused($db, plan_of('drop_not_null { table = "t", column = "r" }'), qr/it is in the replica identity public\.t_r/, 'a replica identity');
    refused($db, plan_of('drop_not_null { table = "part", column = "id" }'), qr/it is inherited from public\.whole/, 'a partition');
    refused($db, plan_of('drop_not_null { table = "parent", column = "id" }'), qr/column id of public\.heir, which is below public\.parent, accepts NULL already/, 'a mixed family');
    there_and_back($db, plan_of('drop_not_null { table = "whole", column = "id" }'), 'a partitioned table');
};

subtest 'what PostgreSQL 18 has besides' => sub {
    my $db = fresh($users);
    plan skip_all => 'this server is older' if sql($db, 'SHOW server_version_num') < 180000;
    my $check = plan_of('add_check { table = "app.users", name = "ok", check = "age > 0" }');
    sql($db, 'ALTER TABLE app.users ADD CONSTRAINT ok CHECK (age > 0) NOT ENFORCED');
    refused($db, $check, qr/found: +constraint ok CHECK \(\(age > 0\)\) NOT ENFORCED/, 'a check that is not enforced');

    my $plan = plan_of($set);
    sql($db, 'ALTER TABLE app.users ADD CONSTRAINT has_email NOT NULL email NOT VALID');
    is_deeply(preview_of($plan, $db)->{sql}, ['ALTER TABLE app.users VALIDATE CONSTRAINT has_email'], 'a NOT NULL that is not validated is half of it');
    my $dropped = plan_of($drop);
    there_and_back($db, $dropped, 'drop_not_null of it');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    is(preview_of(plan_of($set), $db)->{state}, 'done', 'validated, it is all of it');
    there_and_back($db, $dropped, 'drop_not_null of one with a name');
    sql($db, 'ALTER TABLE app.users DROP CONSTRAINT has_email; ALTER TABLE app.users ADD CONSTRAINT has_email NOT NULL email NO INHERIT');
    there_and_back($db, $dropped, 'drop_not_null of one that heirs don\'t have');

    sql($db, 'ALTER TABLE app.users ADD COLUMN twice integer GENERATED ALWAYS AS (age * 2)');
    there_and_back($db, plan_of('set_not_null { table = "app.users", column = "twice" }'), 'a virtual column');
    there_and_back($db, plan_of('add_check { table = "app.users", check = "twice > 0" }'), 'a check of it');
    refused($db, plan_of('drop_default { table = "app.users", column = "twice" }'), qr/it is a generated column/, 'drop_default of it');
    sql($db, 'CREATE TABLE app.heir () INHERITS (app.users)');
    refused($db, plan_of('drop_not_null { table = "app.heir", column = "id" }'), qr/it is inherited from app\.users/, 'an heir\'s NOT NULL');
};

subtest 'the application goes on' => sub {
    my $db = fresh(<<'SQL');
CREATE TABLE items (id bigserial PRIMARY KEY, code text DEFAULT gen_random_uuid(), n integer NOT NULL DEFAULT 1, note text NOT NULL DEFAULT 'x');
INSERT INTO items (n) SELECT n FROM generate_series(1, 50000) n;
SQL
    my $application = application($db, 'INSERT INTO items DEFAULT VALUES', 'UPDATE items SET n = n + 1 WHERE id = (SELECT max(id) FROM items)',
        'SELECT count(*) FROM items WHERE id < 100');
    my $plan = plan_of('add_check { table = "items", check = "n > 0" }', 'set_not_null { table = "items", column = "code" }',
        'add_unique { table = "items", columns = "code" }', 'drop_not_null { table = "items", column = "note" }',
        q{set_default { table = "items", column = "note", default = "'y'" }});
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    my $report = $application->stop;
    is_deeply($report->{failures}, [], 'none of its statements fails');
    cmp_ok($report->{count}, '>', 10, 'though it wrote all the while');
};

subtest 'somebody else\'s table' => sub {
    my $db = fresh("$users CREATE ROLE constraints_guest LOGIN; GRANT USAGE ON SCHEMA app TO constraints_guest; GRANT ALL ON app.users TO constraints_guest");
    for my $step ($adult, $unique, $set, 'drop_not_null { table = "app.users", column = "id" }', 'set_default { table = "app.users", column = "age", default = "1" }')
    {
        my ($name) = $step =~ /^(\w+)/;
        exits(4, [ 'check', plan_of($step) ], undef, "$name is refused",
            { db => $db, env => { PGUSER => 'constraints_guest' }, out => qr/app\.users belongs to role "postgres"/ });
    }
};

#
# set_default, drop_default
#

subtest 'set_default: what is there, and by hand' => sub {
    my $db = fresh("$users ALTER TABLE app.users ALTER email SET DEFAULT 'old'");
    my $plan = plan_of(q{set_default { table = "app.users", column = "email", default = "'new'" }});
    is(preview_of(plan_of(q{set_default { table = "app.users", column = "email", default = "'old'::text" }}), $db)->{state}, 'done', 'the same in other words is there');
    like(runs_ok([ 'preview', $plan ], 'preview', { db => $db })->{out}, qr/it was 'old'::text/, 'says what it replaces');
    there_and_back($db, $plan, 'another');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, "ALTER TABLE app.users ALTER email SET DEFAULT 'by hand'");
    my $undo = exits(3, [ 'undo', $plan, '--yes' ], qr/the default of column email of app\.users was changed since by somebody else: it is 'by hand'::text/, 'undo refuses', { db => $db });
    my ($way) = $undo->{err} =~ /undo again: (ALTER TABLE .*)/;
    is(default_of($db, 'app.users', 'email'), "'by hand'::text", 'and leaves it');
    sql($db, 'ALTER TABLE app.users ALTER email DROP DEFAULT');
    exits(3, [ 'undo', $plan, '--yes' ], qr/by somebody else: it is gone/, 'one that is gone was changed too', { db => $db });
    sql($db, $way);
    runs_ok([ 'undo', $plan, '--yes' ], 'with the way that it named, it goes on', { db => $db });
    is(default_of($db, 'app.users', 'email'), "'old'::text", 'to what was there before');
};

subtest 'defaults: twice the same column' => sub {
    my $db = fresh("$users ALTER TABLE app.users ALTER email SET DEFAULT 'old'");
    there_and_back($db, plan_of(map { sprintf q{set_default { table = "app.users", column = "email", default = "'%s'" }}, $_ } qw(one two)), 'one after the other');
    there_and_back($db, plan_of(q{set_default { table = "app.users", column = "email", default = "'one'" }}, q{set_default { table = "app.users", column = "age", default = "7" }},
        q{drop_default { table = "app.users", column = "email" }}), 'and then none');
};

subtest 'drop_default: by hand' => sub {
    my $db = fresh("$users ALTER TABLE app.users ALTER email SET DEFAULT 'old'");
    my $plan = plan_of('drop_default { table = "app.users", column = "email" }');
    is(preview_of(plan_of('drop_default { table = "app.users", column = "age" }'), $db)->{state}, 'done', 'where there is none, there is nothing to do');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    sql($db, "ALTER TABLE app.users ALTER email SET DEFAULT 'by hand'");
    exits(3, [ 'undo', $plan, '--yes' ], qr/it is 'by hand'::text/, 'undo refuses', { db => $db });
    is(default_of($db, 'app.users', 'email'), "'by hand'::text", 'and leaves it');
    sql($db, "ALTER TABLE app.users ALTER email SET DEFAULT 'old'");
    runs_ok([ 'undo', $plan, '--yes' ], 'where it is back already, undo has nothing to do', { db => $db });
};

subtest 'defaults: columns of all kinds' => sub {
    my $db = fresh(<<'SQL');
CREATE DOMAIN mail AS text DEFAULT 'nobody' CHECK (VALUE <> '');
CREATE TABLE t (id bigserial, n integer GENERATED BY DEFAULT AS IDENTITY, g integer GENERATED ALWAYS AS (1) STORED, m mail DEFAULT 'me', d text DEFAULT current_user);
CREATE VIEW v AS SELECT * FROM t;
SQL
    my @all = (n => 'n integer GENERATED BY DEFAULT AS IDENTITY NOT NULL', g => 'g integer GENERATED ALWAYS AS (1) STORED');
    while (my ($column, $found) = splice @all, 0, 2)
    {
        refused($db, plan_of(qq{set_default { table = "t", column = "$column", default = "1" }}), qr/found: +column \Q$found\E/, "set_default of $column");
        refused($db, plan_of(qq{drop_default { table = "t", column = "$column" }}), qr/has no default: it is an? (?:identity|generated) column.*ALTER COLUMN $column DROP (?:IDENTITY|EXPRESSION)/s,
            "drop_default of $column");
    }
    refused($db, plan_of('set_default { table = "v", column = "d", default = "1" }'), qr/public\.v is a view/, 'a view');
    refused($db, plan_of('set_default { table = "t", column = "id", default = "\'x\'" }'), qr/invalid input syntax for type bigint/, 'a value that is none of the type');
    there_and_back($db, plan_of('set_default { table = "t", column = "id", default = "0" }'), 'serial');
    there_and_back($db, plan_of('drop_default { table = "t", column = "id" }'), 'serial, dropped');
    there_and_back($db, plan_of(q{set_default { table = "t", column = "m", default = "'you'" }}), 'a domain');
    my $domain = plan_of('drop_default { table = "t", column = "m" }');
    like(runs_ok([ 'preview', $domain ], 'preview', { db => $db })->{out}, qr/it was 'me'.*; from now on it is its domain's, 'nobody'/, 'a domain has a default of its own');
    there_and_back($db, $domain, 'a domain, dropped');
    there_and_back($db, plan_of('drop_default { table = "t", column = "d" }'), 'an SQL word');
};

subtest 'defaults: partitions have theirs' => sub {
    my $db = fresh(<<'SQL');
CREATE TABLE whole (id integer, at date, note text DEFAULT 'whole') PARTITION BY RANGE (at);
CREATE TABLE part_1 PARTITION OF whole FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE part_2 PARTITION OF whole FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
ALTER TABLE part_2 ALTER note SET DEFAULT 'part';
ALTER TABLE part_1 ALTER note DROP DEFAULT;
SQL
    my $plan = plan_of(q{set_default { table = "whole", column = "note", default = "'new'" }});
    there_and_back($db, $plan, 'set_default');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    is(default_of($db, 'part_2', 'note'), "'new'::text", 'reaches the partitions');
    sql($db, q{CREATE TABLE part_3 PARTITION OF whole FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); ALTER TABLE part_1 ALTER note SET DEFAULT 'by hand'});
    exits(3, [ 'undo', $plan, '--yes' ], qr/the default of column note of public\.part_1 was changed since/, 'a partition whose default was changed by hand is named', { db => $db });
    sql($db, q{ALTER TABLE part_1 ALTER note SET DEFAULT 'new'});
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(join(' ', map { default_of($db, $_, 'note') } qw(whole part_1 part_2 part_3)), "'whole'::text  'part'::text 'whole'::text", 'each has its own again, a new one that of the whole');
    my $dropped = plan_of('drop_default { table = "whole", column = "note" }');
    runs_ok([ 'run', $dropped, '--yes' ], 'drop_default', { db => $db });
    is(join('', map { default_of($db, $_, 'note') } qw(whole part_1 part_2 part_3)), '', 'reaches them too');
    runs_ok([ 'undo', $dropped, '--yes' ], 'undo', { db => $db });
    is(join(' ', map { default_of($db, $_, 'note') } qw(whole part_1 part_2 part_3)), "'whole'::text  'part'::text 'whole'::text", 'each has its own again');
};

done_testing();
