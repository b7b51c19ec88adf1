# Verifications: what each says when it fails, that none of them writes, that what can be told before the run is told
# before it, and that `verify` looks at all of them again.
use strict;
use warnings;

use Interlock::Test;
use Test::More;

my $world = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app.users (id bigint PRIMARY KEY, email text NOT NULL, nick varchar(20), made_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE app.orders (id bigint PRIMARY KEY, user_id bigint, total numeric(12,2));
CREATE TABLE app."Order Items" ("Order" bigint, "Line no" int, PRIMARY KEY ("Order", "Line no"));
CREATE TABLE app.returns ("Order" bigint, line int);
CREATE TABLE app.parts (id bigint, day date) PARTITION BY RANGE (id);
CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES FROM (0) TO (100);
CREATE VIEW app.names AS SELECT id, nick FROM app.users;
CREATE TABLE app.tally (n bigint);
CREATE SEQUENCE app.numbers;
CREATE FUNCTION app.count_up() RETURNS bigint LANGUAGE sql AS 'INSERT INTO app.tally VALUES (1) RETURNING n';
CREATE FUNCTION app.go_and_write() RETURNS bigint LANGUAGE plpgsql AS $$BEGIN
  PERFORM set_config('transaction_read_only', 'off', true);
  INSERT INTO app.tally VALUES (1);
  RETURN 1;
END$$;
INSERT INTO app.users SELECT n, n || '@example.com' FROM generate_series(1, 100) n;
INSERT INTO app.orders SELECT n, 1 + n % 100, n FROM generate_series(1, 1000) n;
INSERT INTO app."Order Items" VALUES (1, 1), (1, 2), (2, 1);
INSERT INTO app.returns VALUES (1, 1), (1, 9), (1, 9), (7, NULL), (NULL, 9), (NULL, NULL);
ANALYZE;
SQL

my $plans = 0;

# A plan of one phase with these steps.
sub plan_of
{
    my ($steps, $before) = @_;
    my $name = 'expectations_' . ++$plans;
    $before ||= '';
    return plan_file($name, qq{plan "$name" {\n  title = "t",\n$before\n  phase "verify" {\n$steps\n  },\n}\n});
}

# Fails at the only step, when its place has come: something else is still to be changed before it, so check can't know.
sub fails_in_its_place
{
    my ($what, $step, @says) = @_;
    my $db = world('expectations', $world);
    my $plan = plan_of($step, q{phase "expand" { sql_step { sql = "ANALYZE app.tally", undo = false } },});
    my $run = exits(3, [ 'run', $plan ], undef, "$what: run fails", { db => $db });
    like($run->{err}, $_, "$what: and says so") for @says;
    is(sql($db, 'SELECT state FROM interlock.run'), 'failed', "$what: the run is failed");
    is(sql($db, 'SELECT state FROM interlock.step WHERE number = 2'), 'pending', "$what: the step is not done");
    isnt(sql($db, 'SELECT message FROM interlock.step WHERE number = 2'), '', "$what: the registry says why");
    is(sql($db, 'SELECT count(*) FROM app.tally'), 0, "$what: nothing was written");
    drop_world($db);
    return;
}

# Is told by check, and by run before its first statement.
sub told_before
{
    my ($what, $code, $step, @says) = @_;
    my $db = world('expectations', $world);
    my $plan = plan_of($step, q{phase "later" { expect_table { table = "app.users" } },});
    my $check = exits(4, [ 'check', $plan ], undef, "$what: check refuses", { db => $db });
    like($check->{out}, $_, "$what: and says so") for @says;
    my $run = exits($code, [ 'run', $plan ], undef, "$what: so does run", { db => $db });
    like($run->{err}, $_, "$what: and says so") for @says;
    ok(!registry_exists($db), "$what: nothing was begun");
    drop_world($db);
    return;
}

sub holds
{
    my ($what, @steps) = @_;
    my $db = world('expectations', $world);
    my $plan = plan_of(join ",\n", @steps);
    runs_ok([ 'check', $plan, '--strict' ], "$what: check", { db => $db });
    runs_ok([ 'run', $plan ], "$what: holds", { db => $db });
    drop_world($db);
    return;
}

subtest 'expect_table' => sub {
    holds('what is there',
        'expect_table { table = "app.users" }',
        'expect_table { table = "app.parts" }',
        'expect_table { table = "app.parts", kind = "partitioned table" }',
        'expect_table { table = "app.names", kind = "view", columns = "id bigint, nick varchar(20)" }',
        q{expect_table { table = 'app."Order Items"', kind = "ordinary table", columns = [[ "Line no" int NOT NULL, "Order" bigint, PRIMARY KEY ("Order", "Line no") ]] }},
        'expect_table { table = "app.users", columns = "made_at timestamptz, id bigint PRIMARY KEY, nick varchar(20), email text NOT NULL" }');
    told_before('no such table', 3, 'expect_table { table = "app.usres" }', qr/expected: table app\.usres$/m, qr/found: +no table app\.usres \(there is app\.users\)/);
    told_before('elsewhere', 3, 'expect_table { table = "users" }', qr/no table public\.users \(there is app\.users\)/);
    told_before('a view', 3, 'expect_table { table = "app.names" }', qr/found: +app\.names is a view/);
    told_before('no view', 3, 'expect_table { table = "app.users", kind = "view" }', qr/expected: view app\.users/, qr/found: +app\.users is a table/);
    told_before('all that differs', 3, <<'LUA',
    expect_table { table = "app.users", columns = [[
      id       integer PRIMARY KEY,
      emial    text,
      nick     varchar(20) NOT NULL,
      made_at  timestamptz DEFAULT '2020-01-01',
      CHECK (id > 0)
    ]] },
LUA
        qr/expected: id integer NOT NULL\n +emial text\n +nick character varying\(20\) NOT NULL\n +made_at timestamp with time zone DEFAULT '2020-01-01/,
        qr/found: +id bigint NOT NULL\n +no column emial \(there is email\)\n +nick character varying\(20\)\n +made_at timestamp with time zone DEFAULT now\(\) NOT NULL\n +no CHECK \(\(id > 0\)\)$/m);
    told_before('a type that nobody has', 4, 'expect_table { table = "app.users", columns = "id app.mood" }', qr/type "app\.mood" does not exist/);
};

subtest 'a table that the plan itself makes' => sub {
    my $db = world('expectations', $world);
    my $plan = plan_of(<<'LUA', 'phase "expand" { create_table_if_missing { table = "app.tags", columns = "id bigint PRIMARY KEY, user_id bigint" } },');
    expect_table { table = "app.tags", columns = "id bigint PRIMARY KEY" },
    expect_no_orphans { table = "app.tags", column = "user_id", references = "app.users" },
    expect_rows_between { query = "SELECT * FROM app.tags WHERE user_id = 3", max = 5 },
    expect_equal { name = "no tags", left = "SELECT count(*) FROM app.tags", right = "SELECT 0" },
LUA
    runs_ok([ 'check', $plan, '--strict' ], 'check does not miss it', { db => $db });
    runs_ok([ 'preview', $plan ], 'nor does preview', { db => $db });
    runs_ok([ 'run', $plan ], 'nor does run', { db => $db });
    runs_ok([ 'verify', $plan ], 'nor does verify', { db => $db });
};

subtest 'expect_equal' => sub {
    holds('equal',
        'expect_equal { name = "numbers of different types", left = "SELECT sum(total) FROM app.orders", right = "SELECT 500500" }',
        'expect_equal { name = "nothing is nothing", left = "SELECT NULL::int", right = "SELECT NULL::bigint" }',
        'expect_equal { name = "columns", left = "SELECT count(*), max(id), true FROM app.orders", right = "SELECT 1000, 1000, true" }',
        'expect_equal { name = "json as jsonb", left = [[ SELECT \'{"a":1}\'::jsonb ]], right = [[ SELECT \'{ "a": 1 }\'::jsonb ]] }',
        q{expect_equal { name = "no number", left = "SELECT 'NaN'::float8", right = "SELECT 'NaN'::float4" }},
        'expect_equal { name = "tables called l, r and one", left = "SELECT * FROM (VALUES (1)) l(r)", right = "SELECT one FROM (SELECT 1) AS one(one)" }');
    fails_in_its_place('a sum', 'expect_equal { name = "revenue is the same in both", left = "SELECT sum(total) FROM app.orders", right = "SELECT 4710.00" }',
        qr/^failed: phase "verify", step 1 of 1  expect revenue is the same in both: they differ$/m, qr/left:  500500\.00$/m, qr/right: 4710\.00$/m);
    fails_in_its_place('NULL', 'expect_equal { name = "x", left = "SELECT max(id) FROM app.orders WHERE false", right = "SELECT 0" }',
        qr/left:  NULL$/m, qr/right: 0$/m);
    fails_in_its_place('columns', q{expect_equal { name = "x", left = [[ SELECT count(*) AS "Orders", 'a b' AS t FROM app.orders ]], right = "SELECT 1000, NULL::text" }},
        qr/left:  Orders = 1000, t = a b$/m, qr/right: .* = 1000, .* = NULL$/m);
    fails_in_its_place('no rows', 'expect_equal { name = "x", left = "SELECT 1 WHERE false", right = "SELECT 1 WHERE false" }',
        qr/each side must give exactly one row/, qr/left:  no row/, qr/right: no row/);
    fails_in_its_place('several rows', 'expect_equal { name = "x", left = "SELECT 1", right = "SELECT 1 FROM app.orders" }',
        qr/each side must give exactly one row/, qr/left:  1$/m, qr/right: more than one row/);
    told_before('json', 4, q{expect_equal { name = "x", left = "SELECT '{}'::json", right = "SELECT '{}'::json" }},
        qr/would-fail.*operator does not exist: json = json/, qr/help: .*json to jsonb/);
    told_before('unlike', 4, q{expect_equal { name = "x", left = "SELECT 1", right = "SELECT 'a'" }}, qr/operator does not exist: integer = text/, qr/help: .*cast/);
    told_before('other columns', 4, 'expect_equal { name = "x", left = "SELECT 1, 2", right = "SELECT 1" }', qr/unequal number of entries/, qr/help: .*as many columns/);
    told_before('an unknown column', 4, 'expect_equal { name = "x", left = "SELECT sum(totl) FROM app.orders", right = "SELECT 1" }', qr/column "totl" does not exist/);
};

subtest 'expect_rows_between' => sub {
    holds('between', map { "expect_rows_between { query = 'SELECT * FROM app.users', $_ }" } 'min = 100', 'max = 100', 'min = 100, max = 100', 'min = 0, max = 1000');
    fails_in_its_place('too many', 'expect_rows_between { query = "SELECT * FROM app.users", min = 5, max = 10 }', qr/: more than 10 rows, expected 5 to 10$/m);
    fails_in_its_place('too few', 'expect_rows_between { query = "SELECT * FROM app.users WHERE id = 1", min = 5, max = 10 }', qr/: 1 row, expected 5 to 10$/m);
    fails_in_its_place('none', 'expect_rows_between { query = "SELECT FROM app.tally", min = 1, name = "counts" }', qr/expect at least 1 counts: 0 rows, expected at least 1$/m);
    fails_in_its_place('counting ends early', 'expect_rows_between { query = "SELECT 1 / (3 - n) FROM generate_series(1, 3) n ORDER BY n", max = 1 }', qr/more than 1 rows?, expected at most 1/);
    told_before('a parameter', 4, 'expect_rows_between { query = "SELECT * FROM app.users WHERE id = $1", min = 1 }', qr/the query has a parameter, as \$1$/m);
    told_before('an unknown table', 4, 'expect_rows_between { query = "SELECT * FROM app.nothing", min = 1 }', qr/relation "app\.nothing" does not exist/);
};

subtest 'expect_no_orphans' => sub {
    holds('none',
        'expect_no_orphans { table = "app.orders", column = "user_id", references = "app.users" }',
        'expect_no_orphans { table = "app.orders", columns = { "id" }, references = "app.orders(id)" }',
        'expect_no_orphans { table = "app.tally", column = "n", references = "app.users(id)" }',
        'expect_no_orphans { table = "app.parts", column = "id", references = "app.parts(id)" }');
    fails_in_its_place('keys', 'expect_no_orphans { table = "app.orders", column = "id", references = "app.users(id)" }',
        qr/: 900 rows of app\.orders without a row in app\.users \(900 keys\)$/m, qr/id = 101$/m);
    fails_in_its_place('quoted names, NULLs aside', q{expect_no_orphans { table = "app.returns", columns = [["Order", line]], references = [[app."Order Items"("Order", "Line no")]] }},
        qr/: 2 rows of app\.returns without a row in app\."Order Items" \(1 key\)$/m, qr/"Order" = 1, line = 9  \(2 rows\)$/m);
    fails_in_its_place('a composite primary key', q{expect_no_orphans { table = "app.returns", columns = [["Order", line]], references = [[app."Order Items"]] }},
        qr/2 rows of app\.returns/);
    told_before('types', 3, 'expect_no_orphans { table = "app.orders", column = "user_id", references = "app.users(email)" }',
        qr/app\.orders\.user_id is bigint, app\.users\.email is text/);
    told_before('a column', 3, 'expect_no_orphans { table = "app.orders", column = "user", references = "app.users" }', qr/no column "user" in app\.orders/);
    told_before('their column', 3, 'expect_no_orphans { table = "app.orders", column = "user_id", references = "app.users(no)" }', qr/no column no in app\.users/);
    told_before('no primary key', 3, 'expect_no_orphans { table = "app.orders", column = "user_id", references = "app.tally" }',
        qr/app\.tally has no primary key/, qr/help: .*table\(column\)/);
    told_before('a primary key of two', 3, q{expect_no_orphans { table = "app.orders", column = "user_id", references = [[app."Order Items"]] }},
        qr/the primary key of app\."Order Items", Order, Line no/);
    told_before('no such table', 3, 'expect_no_orphans { table = "app.orders", column = "user_id", references = "app.people" }', qr/no table app\.people/);
};

subtest 'expect_no_orphans counts as a foreign key does' => sub {
    my $db = world('expectations', $world);
    sql($db, <<'SQL');
CREATE TABLE app.more_users () INHERITS (app.users);
INSERT INTO app.more_users (id, email) VALUES (5000, 'x');
UPDATE app.orders SET user_id = 5000 WHERE id = 1;
SQL
    my $plan = plan_of('expect_no_orphans { table = "app.orders", column = "user_id", references = "app.users" }');
    exits(3, [ 'run', $plan ], qr/: 1 row of app\.orders without a row in app\.users.*\n.*\n.*user_id = 5000$/m, 'a row of a table that inherits is no parent', { db => $db });
    like(sql_fails($db, 'ALTER TABLE app.orders ADD FOREIGN KEY (user_id) REFERENCES app.users'), qr/5000/, 'nor is it for PostgreSQL');
};

subtest 'expect_fast' => sub {
    my $db = world('expectations', $world);
    sql($db, 'CREATE TABLE app.large AS SELECT n AS id, n % 1000 AS user_id FROM generate_series(1, 200000) n; ANALYZE app.large');
    my $scan = plan_of('expect_fast { query = "SELECT count(*) FROM app.large WHERE user_id = 7", under = "30 s", runs = 2, name = "one user" }');
    my $run = runs_ok([ 'run', $scan ], 'without an index', { db => $db });
    like($run->{out}, qr/expect under 30 s: one user +holds  .*  served by Seq Scan on app\.large, [\d.]+ ms$/m, 'says what served it');
    sql($db, 'CREATE INDEX "Large by user" ON app.large (user_id)');
    sql($db, 'ANALYZE app.large');
    my $verify = runs_ok([ 'verify', $scan, '--json' ], 'with an index', { db => $db });
    my ($step) = grep { $_->{type} eq 'step' && $_->{event} eq 'done' } json_lines($verify->{out});
    like($step->{text}, qr/^served by index "Large by user", [\d.]+ ms$/, 'JSON says that the index served it');
    is(sql($db, 'SELECT result FROM interlock.step'), $step->{text}, 'so does the registry');
    is(sql($db, "SELECT count(*) FROM interlock.event WHERE kind IN ('run', 'verify') AND result LIKE 'served by %'"), 2, 'the journal has both');
    my ($block) = grep { $_->{type} eq 'block' } json_lines(runs_ok([ 'status', $scan, '--json' ], 'status', { db => $db })->{out});
    is($block->{steps}[0]{result}, $step->{text}, 'so has status');

    sql($db, 'DROP INDEX app."Large by user"');
    my $slow = plan_of('expect_fast { query = "SELECT count(*), pg_sleep(0.01) FROM app.large WHERE user_id = 7", under = "1 ms", runs = 3 }');
    $run = exits(3, [ 'run', $slow ], qr/it took \d+ ms, and must take less than 1 ms/, 'too slow', { db => $db });
    like($run->{err}, qr/the fastest of 3 runs/, 'of how many runs');
    like($run->{err}, qr/the slowest part: \S/, 'and where the time went');
    my $sleeps = plan_of('expect_fast { query = "SELECT pg_sleep(0.05)", under = "1 ms", runs = 1 }');
    exits(3, [ 'run', $sleeps ], qr/it took \d+ ms.*\n.*\n.*the slowest part: Result$/m, 'one run of no table', { db => $db });
    my $reads = plan_of('expect_fast { query = "SELECT * FROM app.large WHERE user_id + pg_backend_pid() * 0 = 7 OR md5(md5(md5(id::text))) = md5(md5(id::text))", under = "1 ms", runs = 1 }');
    exits(3, [ 'run', $reads ], qr/the slowest part: Seq Scan on app\.large, 200,000 rows\n.*help: give the table an index/m, 'a scan is named with its rows', { db => $db });
    my $endless = plan_of('expect_fast { query = "SELECT pg_sleep(300)", under = "1 ms", timeout = "300 ms" }');
    $run = exits(3, [ 'run', $endless ], qr/still running after 300 ms/, 'one that does not end is cancelled', { db => $db });
    cmp_ok($run->{seconds}, '<', 30, 'soon');
    my $bounded = plan_of('expect_fast { query = "SELECT pg_sleep(300)", under = "1 ms" }');
    exits(3, [ 'run', $bounded ], qr/still running after 5 s, then it was cancelled/, 'also without a timeout of its own', { db => $db });
    drop_world($db);
};

subtest 'nothing writes' => sub {
    for my $call ('app.count_up()', 'app.go_and_write()', "nextval('app.numbers')")
    {
        fails_in_its_place("$_->[0] with $call", sprintf($_->[1], $call), qr/the query writes, and a verification only reads|read-write mode/)
          for [ expect_no_rows => 'expect_no_rows { query = [[ SELECT %s ]] }' ], [ expect_rows_between => 'expect_rows_between { query = [[ SELECT %s OFFSET 0 ]], min = 2 }' ],
          [ expect_equal => 'expect_equal { name = "x", left = [[ SELECT %s::bigint ]], right = [[ SELECT 1 ]] }' ], [ expect_fast => 'expect_fast { query = [[ SELECT %s ]], under = "30 s" }' ];
    }
    holds('settings end with the query', q{expect_equal { name = "path", left = [[ SELECT set_config('search_path', 'app', false) ]], right = "SELECT 'app'::text" }});
};

subtest 'check and preview execute nothing' => sub {
    my $db = world('expectations', $world);
    my $plan = plan_of('expect_no_rows { query = "SELECT pg_sleep(300)" }');
    my $check = runs_ok([ 'check', $plan ], 'check', { db => $db, seconds => 30 });
    like(runs_ok([ 'preview', $plan ], 'preview', { db => $db, seconds => 30 })->{out}, qr/expect no rows: select pg_sleep\(300\) +to check$/m, 'which says that it is to be checked');
    drop_world($db);
};

subtest 'a lock that somebody holds' => sub {
    my $db = world('expectations', $world);
    my $plan = plan_of('expect_rows_between { query = "SELECT * FROM app.users", min = 1 }');
    my $holder = sql_session($db);
    $holder->query('BEGIN; LOCK TABLE app.users');
    exits(4, [ 'check', $plan ], undef, 'check says that it can not check', { db => $db, out => qr/cannot-check/ });
    my $run = in_background('run', $plan, { db => $db });
    ok($run->says(qr/waiting: .*holder/), 'run says who it waits for');
    $holder->query('COMMIT');
    is($run->finish->{exit}, 0, 'and goes on afterwards');
    drop_world($db);
};

subtest 'verify' => sub {
    my $db = world('expectations', $world);
    my $plan = plan_file('again', <<'LUA');
plan "again" {
  title = "t",
  phase "before" { expect_column { table = "app.users", column = "email", type = "text" } },
  phase "expand" {
    add_column_if_missing { table = "app.users", column = "org_id", type = "bigint" },
    expect_rows_between { query = "SELECT * FROM app.users", min = 1, max = 200, name = "users" },
    expect_equal { name = "as many", left = "SELECT count(*) FROM app.users", right = "SELECT 100" },
  },
  gate "go on" { text = "x" },
  phase "after" { expect_no_rows { query = "SELECT id FROM app.users WHERE org_id = 1" } },
}
LUA
    exits(1, [ 'verify', $plan ], qr/has not been run/, 'there is no run', { db => $db });
    exits(5, [ 'run', $plan ], undef, 'run to the gate', { db => $db });
    my $verify = runs_ok([ 'verify', $plan ], 'verify', { db => $db });
    like($verify->{out}, qr/^before\n  .*email text +holds.*\nexpand\n  .*users +holds .*\n  .*as many +holds .*\nall hold: 3 verify steps of plan "again"$/m, 'what was verified is verified again');
    is(sql($db, 'SELECT state, next_block FROM interlock.run'), 'waiting|2', 'the run is where it was');

    my $claims = sql($db, 'SELECT relation FROM interlock.claim');
    my $made = sql($db, 'SELECT finished_at FROM interlock.step WHERE number = 3');
    sql($db, "INSERT INTO app.users (id, email) SELECT n, 'x' FROM generate_series(1001, 1200) n; ALTER TABLE app.users ALTER COLUMN email TYPE varchar(90)");
    $verify = exits(3, [ 'verify', $plan ], undef, 'after drift', { db => $db });
    like($verify->{err}, qr/expected: .*text/, 'one fails');
    like($verify->{err}, qr/: more than 200 rows, expected 1 to 200$/m, 'so does the next');
    like($verify->{err}, qr/left:  300$/m, 'and the last');
    like($verify->{out}, qr/users +fails\n.*as many +fails\n3 of 3 verify steps of plan "again" fail$/m, 'it says how many');
    is(sql($db, 'SELECT state, next_block FROM interlock.run'), 'waiting|2', 'the run is where it was');
    is(sql($db, 'SELECT relation FROM interlock.claim'), $claims, 'with its claims');
    is(sql($db, 'SELECT finished_at FROM interlock.step WHERE number = 3'), $made, 'and the time when it last held');
    like(sql($db, 'SELECT message FROM interlock.step WHERE number = 3'), qr/more than 200 rows/, 'the registry says what is wrong');
    is(sql($db, "SELECT string_agg(state, ' ' ORDER BY number) FROM interlock.step"), 'done done done done pending', 'the steps are as they were');
    like(interlock('status', $plan, { db => $db })->{out}, qr/failed: .*expect/, 'status tells');
    my @lines = json_lines(interlock('verify', $plan, '--json', { db => $db })->{out});
    is(scalar(grep { $_->{type} eq 'failed' && $_->{exit_code} == 3 } @lines), 3, 'JSON has each failure');
    is_deeply([ map { $_->{event} } grep { $_->{type} eq 'step' && $_->{event} ne 'begin' } @lines ], [ ('failed') x 3 ], 'each as an event');
    is_deeply([ @{ $lines[-1] }{qw(type steps failed)} ], [ 'done', 3, 3 ], 'and the end');

    sql($db, 'DELETE FROM app.users WHERE id > 1000; ALTER TABLE app.users ALTER COLUMN email TYPE text');
    runs_ok([ 'verify', $plan ], 'when it is as before', { db => $db });
    is(sql($db, 'SELECT count(*) FROM interlock.step WHERE message IS NOT NULL'), 0, 'nothing is said against it any more');
    is(sql($db, q{SELECT count(*) FILTER (WHERE result ~ 'rows, expected'), count(*) FILTER (WHERE result = '100 rows') FROM interlock.event WHERE kind = 'verify' AND step = 3}), '2|2', 'the journal has it all');

    runs_ok([ 'gate', 'pass', $plan, 'go on', '--evidence', 'x' ], 'pass the gate', { db => $db });
    runs_ok([ 'run', $plan ], 'run to the end', { db => $db });
    my $finished = sql($db, 'SELECT finished_at FROM interlock.run');
    # A done run claims nothing, so another plan may work on its tables meanwhile.
    my $other = plan_file('other', <<'LUA');
plan "other" { title = "t", phase "one" { add_column_if_missing { table = "app.users", column = "note", type = "text" } }, gate "stay" { text = "x" } }
LUA
    exits(5, [ 'run', $other ], undef, 'another plan claims the table', { db => $db });
    $verify = runs_ok([ 'verify', $plan ], 'verify of a done run', { db => $db });
    like($verify->{out}, qr/all hold: 4 verify steps/, 'looks at all');
    is(sql($db, q{SELECT state, finished_at FROM interlock.run WHERE plan = 'again'}), "done|$finished", 'it stays done, since when it was');
    is(sql($db, q{SELECT count(*) FROM interlock.claim c JOIN interlock.run r ON r.id = c.run WHERE r.plan = 'again'}), 0, 'and claims nothing');
    is(sql($db, q{SELECT count(*) FROM interlock.claim}), 1, 'the other keeps its claim');

    runs_ok([ 'undo', $other, '--to', 'start', '--yes' ], 'undo the other', { db => $db });
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    like(runs_ok([ 'verify', $plan ], 'verify of an undone run', { db => $db })->{out}, qr/^nothing to verify/m, 'has nothing to verify');
    is(sql($db, q{SELECT state FROM interlock.run WHERE plan = 'again'}), 'undone', 'and leaves it');
    drop_world($db);
};

subtest 'verify of a plan without verifications' => sub {
    my $db = world('expectations', $world);
    my $plan = plan_file('none', 'plan "none" { title = "t", phase "one" { add_column_if_missing { table = "app.users", column = "note", type = "text" } } }');
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    like(runs_ok([ 'verify', $plan ], 'verify', { db => $db })->{out}, qr/^nothing to verify: plan "none"/m, 'says that there is none');
    drop_world($db);
};

subtest 'verify of a run that failed at a verification' => sub {
    my $db = world('expectations', $world);
    my $plan = plan_of('expect_rows_between { query = "SELECT * FROM app.users", max = 10 }, expect_no_rows { query = "SELECT 1" }',
        'phase "one" { add_column_if_missing { table = "app.users", column = "note", type = "text" } },');
    exits(3, [ 'run', $plan ], undef, 'run fails', { db => $db });
    my $verify = exits(3, [ 'verify', $plan ], qr/more than 10 rows/, 'so does verify', { db => $db });
    like($verify->{out}, qr/^1 of 1 verify step of plan/m, 'of what the run had come to');
    is(sql($db, 'SELECT state FROM interlock.run'), 'failed', 'it is failed as before');
    sql($db, 'DELETE FROM app.users WHERE id > 5');
    runs_ok([ 'verify', $plan ], 'once the cause is gone it holds', { db => $db });
    is(sql($db, 'SELECT state FROM interlock.run'), 'failed', 'which does not run the plan on');
    drop_world($db);
};

subtest 'verify while the plan is run' => sub {
    my $db = world('expectations', $world);
    my $plan = plan_of('expect_no_rows { query = "SELECT FROM app.tally" }, expect_no_rows { query = "SELECT FROM app.users WHERE id < 0" }');
    my $holder = sql_session($db);
    $holder->query('BEGIN; LOCK TABLE app.users');
    # Its look before the first statement gives up soon; it then waits in its place.
    my $run = in_background('run', $plan, { db => $db });
    ok($run->says(qr/waiting: /), 'run waits');
    exits(6, [ 'verify', $plan ], qr/is being run by/, 'verify does not get in its way', { db => $db });
    $holder->query('COMMIT');
    is($run->finish->{exit}, 0, 'run ends');
    drop_world($db);
};

subtest 'killed while it verifies' => sub {
    my $db = world('expectations', $world);
    my $plan = plan_of('expect_rows_between { query = "SELECT * FROM app.users", max = 100 }');
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    my $file = project() . '/messages';
    runs_ok([ 'verify', $plan ], 'verify', { db => $db, env => { INTERLOCK_FAULT_COUNT => $file } });
    my ($messages) = PostgreSQL::Test::Utils::slurp_file($file) =~ /(\d+)/;
    my @bad;
    for my $fault (map { ("kill:$_", "kill-after:$_") } 1 .. $messages)
    {
        interlock('verify', $plan, { db => $db, env => { INTERLOCK_FAULT => $fault } });
        my $again = interlock('verify', $plan, { db => $db });
        my $state = sql($db, q{SELECT r.state, s.state, s.result FROM interlock.run r JOIN interlock.step s ON s.run = r.id});
        push @bad, "$fault: exit $again->{exit}, $state\n$again->{err}" if $again->{exit} ne '0' || $state ne 'done|done|100 rows';
    }
    ok(!@bad, "at each of $messages messages: it verifies again, and the run is done") or diag(join "\n", @bad);
    drop_world($db);
};

done_testing();
