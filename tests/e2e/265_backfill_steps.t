# backfill step by step: what its triggers do with each kind of write, what it refuses, and that it can be stopped,
# paused, interrupted and taken back.
use strict;
use warnings;

use Interlock::Test;
use Interlock::Application;
use Interlock::Backfill;
use Test::More;
use Time::HiRes qw(sleep);

my $world = <<'SQL';
CREATE TABLE orders (id bigint PRIMARY KEY, name text, n integer DEFAULT 0, other text, c text);
INSERT INTO orders SELECT g, 'order ' || g, g, 'x', CASE WHEN g = 7 THEN 'mine' END FROM generate_series(1, 500) g;
CREATE TABLE audit (id bigint, op text, c text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit VALUES (NEW.id, TG_OP, NEW.c); RETURN NULL; END';
CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := lower(NEW.name); RETURN NEW; END';
SQL
my $upper = q{table = "orders", set = { c = "upper(name) || n" }};

my $slow = slow_world(3000, 1);

# A subtest; CASE=words runs those alone whose name has them.
sub part { my ($name, $code) = @_; return !$ENV{CASE} || $name =~ /$ENV{CASE}/ ? subtest($name, $code) : 1 }

# The value of a row's column.
sub c_of { my ($db, $id) = @_; return sql($db, "SELECT coalesce(c, 'NULL') FROM orders WHERE id = $id") }

part 'what the triggers do' => sub {
    my $db = world('steps', $world);
    my $plan = fill_plan('upper', $upper);
    filled_to_the_gate($plan, 'run', { db => $db });
    is(sql($db, 'SELECT count(*) FROM orders WHERE c IS DISTINCT FROM upper(name) || n'), 1, 'all are filled but one');
    is(c_of($db, 7), 'mine', 'which had a value');
    for my $case (
        [ q{INSERT INTO orders VALUES (1001, 'new', 1)}, 1001, 'NEW1', 'an insert' ],
        [ q{INSERT INTO orders VALUES (1002, 'new', 1, NULL, 'given')}, 1002, 'given', 'an insert that gives it' ],
        [ q{INSERT INTO orders VALUES (1001, 'twice', 1) ON CONFLICT (id) DO UPDATE SET name = excluded.name}, 1001, 'TWICE1', 'an insert that becomes an update' ],
        [ q{COPY orders (id, name, n) FROM PROGRAM 'echo 1003,copied,2' CSV}, 1003, 'COPIED2', 'COPY' ],
        [ q{UPDATE orders SET name = 'other' WHERE id = 1}, 1, 'OTHER1', 'another input' ],
        [ q{UPDATE orders SET n = n + 1 WHERE id = 1}, 1, 'OTHER2', 'and the other one' ],
        [ q{UPDATE orders SET name = NULL WHERE id = 2}, 2, 'NULL', 'an input that becomes NULL' ],
        [ q{UPDATE orders SET name = 'back' WHERE id = 2}, 2, 'BACK2', 'and is something again' ],
        [ q{UPDATE orders SET other = 'y', id = 2003 WHERE id = 3}, 2003, 'ORDER 33', 'another key' ],
        [ q{UPDATE orders SET c = 'given' WHERE id = 4}, 4, 'given', 'a value that is given' ],
        [ q{UPDATE orders SET name = 'x' WHERE id = 4}, 4, 'given', 'stays when the inputs change' ],
        [ q{UPDATE orders SET c = 'given', name = 'z' WHERE id = 5}, 5, 'given', 'one that is given together with an input' ],
        [ q{UPDATE orders SET c = NULL WHERE id = 4}, 4, 'X4', 'one that is taken away' ],
        [ q{UPDATE orders SET c = NULL, name = 'w' WHERE id = 5}, 5, 'W5', 'and together with an input' ],
        [ q{UPDATE orders SET name = 'v' WHERE id = 7}, 7, 'mine', 'one that was there before' ],
        [ q{BEGIN; SET LOCAL session_replication_role = replica; INSERT INTO orders VALUES (1004, 'replayed', 1); UPDATE orders SET name = 'replayed' WHERE id = 8; COMMIT}, 8, 'REPLAYED8', 'what is replayed from another server' ],
        [ q{SELECT 1}, 1004, 'REPLAYED1', 'its inserts too' ],
        [ q{BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM orders; UPDATE orders SET name = 'rr' WHERE id = 9; COMMIT}, 9, 'RR9', 'REPEATABLE READ' ],
        [ q{MERGE INTO orders o USING (VALUES (10)) v (id) ON o.id = v.id WHEN MATCHED THEN UPDATE SET name = 'merged'}, 10, 'MERGED10', 'MERGE', 150000 ])
    {
        my ($statement, $id, $wanted, $name, $since) = @$case;
        next if $since && sql($db, 'SHOW server_version_num') < $since;
        sql($db, $statement);
        is(c_of($db, $id), $wanted, $name);
    }
    my $role = 'CREATE ROLE clerk; GRANT SELECT, INSERT, UPDATE ON orders TO clerk';
    sql($db, $role);
    sql($db, q{SET ROLE clerk; SET search_path = ''; INSERT INTO public.orders VALUES (1005, 'clerk', 1); UPDATE public.orders SET name = 'clerk' WHERE id = 11});
    is(c_of($db, 1005) . c_of($db, 11), 'CLERK1CLERK11', 'a role that has no right on the registry, with another search_path');
    my $plain = sql_fails($db, q{SET ROLE clerk; SELECT interlock.fill_1_1()});
    like($plain // '', qr/permission denied/, 'and nobody else can call the function');
    sql($db, 'CREATE TRIGGER tidy BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION tidy()');
    sql($db, q{INSERT INTO orders VALUES (1006, 'Loud', 1); UPDATE orders SET name = 'LOUD' WHERE id = 12});
    is(c_of($db, 1006) . c_of($db, 12), 'LOUD1LOUD12', 'after what other triggers do to the inputs');
};

part 'every row once' => sub {
    my $db = world('steps', $world);
    my $plan = fill_plan('upper', $upper);
    filled_to_the_gate($plan, 'run', { db => $db });
    is(batch_rows($db), 499, 'the batches say how many rows were filled');
    is(updates_of($db, 'orders'), 499, 'and none was written twice');
    is(sql($db, 'SELECT count(*) FROM (SELECT DISTINCT run, step, no FROM interlock.chunk) x'), batches($db), 'each batch has its number');
    let_pass($plan, { db => $db });
    my $other = fill_plan('upper_again', $upper);
    filled_to_the_gate($other, 'a second plan that does the same', { db => $db });
    is(sql($db, q{SELECT coalesce(sum(rows), 0) FROM interlock.chunk WHERE run = 2}), 0, 'has nothing to do');
    is(updates_of($db, 'orders'), 499, 'and writes nothing');
};

part 'own triggers' => sub {
    for my $case (
        [ 'of each row', 'AFTER UPDATE ON orders FOR EACH ROW' ],
        [ 'of the statement', 'AFTER UPDATE ON orders FOR EACH STATEMENT' ],
        [ 'of the column', 'AFTER UPDATE OF c ON orders FOR EACH ROW' ])
    {
        my ($name, $when) = @$case;
        my $db = world('steps', $world);
        my $body = $when =~ /STATEMENT/ ? q{INSERT INTO audit VALUES (0, TG_OP)} : q{INSERT INTO audit VALUES (NEW.id, TG_OP, NEW.c)};
        sql($db, qq{CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN $body; RETURN NULL; END\$\$; CREATE TRIGGER seen $when EXECUTE FUNCTION seen()});
        my $rows = table_rows($db);
        my $told = interlock('run', fill_plan('upper', $upper), { db => $db });
        is($told->{exit}, 4, "a trigger $name: somebody must say what about it");
        like($told->{err} . $told->{out}, qr/seen.*triggers = "fire".*"skip"/s, 'it is named, and the choice');
        is(table_rows($db), $rows, 'nothing was changed');
        is(our_triggers($db), 0, 'no trigger was made');
        my $skip = world('steps', $world);
        sql($skip, qq{CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN $body; RETURN NULL; END\$\$; CREATE TRIGGER seen $when EXECUTE FUNCTION seen()});
        filled_to_the_gate(fill_plan('upper', qq{$upper, triggers = "fire"}), 'triggers = "fire"', { db => $db });
        cmp_ok(sql($db, 'SELECT count(*) FROM audit'), '>=', $name eq 'of the statement' ? 1 : 499, 'they fire');
        is(sql($db, 'SELECT count(*) FROM (SELECT id FROM audit WHERE id > 0 GROUP BY id HAVING count(*) > 1) x'), 0, 'for each row once');
        filled_to_the_gate(fill_plan('upper', qq{$upper, triggers = "skip"}), 'triggers = "skip"', { db => $skip });
        is(sql($skip, 'SELECT count(*) FROM audit'), 0, 'they do not');
        is(sql($_, 'SELECT count(*) FROM orders WHERE c IS DISTINCT FROM upper(name) || n'), 1, 'the rows are filled') for $db, $skip;
        sql($skip, q{UPDATE orders SET name = 'x', c = c WHERE id = 20});
        is(c_of($skip, 20), 'X20', 'writes of the application are followed');
        cmp_ok(sql($skip, 'SELECT count(*) FROM audit'), '==', 1, 'and its triggers fire for it');
    }
    my $db = world('steps', $world);
    sql($db, 'CREATE TRIGGER note AFTER UPDATE OF other ON orders FOR EACH ROW EXECUTE FUNCTION note(); CREATE TRIGGER add AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note();'
          . 'CREATE TRIGGER asleep AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION note(); ALTER TABLE orders DISABLE TRIGGER asleep');
    filled_to_the_gate(fill_plan('upper', $upper), 'triggers that would not fire need no word', { db => $db });
    is(sql($db, 'SELECT count(*) FROM audit'), 0, 'and do not fire');
    $db = world('steps', $world);
    sql($db, 'CREATE TRIGGER "~~~last" BEFORE INSERT OR UPDATE OF other ON orders FOR EACH ROW EXECUTE FUNCTION tidy()');
    my $told = interlock('run', fill_plan('upper', $upper), { db => $db });
    is($told->{exit}, 4, 'a trigger that would fire after ours');
    like($told->{err} . $told->{out}, qr/~~~last/, 'is named');
};

part 'what it refuses' => sub {
    my $db = world('steps', $world);
    sql($db, <<'SQL');
CREATE TABLE rates (id bigint PRIMARY KEY, rate numeric);
CREATE VIEW seen AS SELECT * FROM orders;
CREATE TABLE figures (id bigint PRIMARY KEY, n integer, twice integer GENERATED ALWAYS AS (n * 2) STORED, c integer);
CREATE TABLE guarded (id bigint PRIMARY KEY, order_id bigint REFERENCES orders, old bigint);
CREATE TRIGGER note AFTER UPDATE ON guarded FOR EACH ROW EXECUTE FUNCTION note();
SQL
    my ($rows, $schema) = (table_rows($db), schema_dump($db));
    for my $case (
        [ q{table = "orders", set = { c = "(SELECT rate::text FROM rates LIMIT 1)" }}, qr/holds a query.*may change/s, 'a value out of another table' ],
        [ q{table = "orders", set = { c = "upper(name)" }, where = "id IN (SELECT id FROM rates)"}, qr/holds a query/, 'a condition out of another table' ],
        [ q{table = "orders", set = { c = "random()::text" }}, qr/random/, 'a value that is another one each time' ],
        [ q{table = "orders", set = { c = "clock_timestamp()::text" }}, qr/clock_timestamp/, 'the time' ],
        [ q{table = "orders", set = { c = "name || max(n)" }}, qr/aggregate|max/i, 'an aggregate' ],
        [ q{table = "orders", set = { d = "name" }}, qr/\bd\b/, 'a column that is not there' ],
        [ q{table = "orders", set = { c = "nome" }}, qr/nome/, 'an expression over one that is not there' ],
        [ q{table = "orders", set = { n = "name" }}, qr/integer|type/, 'a value of another type' ],
        [ q{table = "orders", set = { c = "upper(name)" }, where = "name"}, qr/boolean/, 'a condition that is none' ],
        [ q{table = "nowhere", set = { c = "upper(name)" }}, qr/nowhere/, 'a table that is not there' ],
        [ q{table = "seen", set = { c = "upper(name)" }}, qr/view/, 'a view' ],
        [ q{table = "figures", set = { twice = "n" }}, qr/twice/, 'a generated column' ],
        [ q{table = "guarded", set = { order_id = "old" }, triggers = "skip"}, qr/foreign key|order_id/, 'skipping triggers of a foreign key' ],
        [ q{table = "orders", set = { }}, qr/set/, 'nothing to set' ],
        [ q{table = "orders"}, qr/set/, 'no set' ])
    {
        my ($options, $said, $name) = @$case;
        my $told = interlock('run', fill_plan('refused', $options), { db => $db });
        ok($told->{exit} eq '4' && "$told->{err}$told->{out}" =~ $said, $name) or diag("exit $told->{exit}\n$told->{err}$told->{out}");
        my $early = interlock('check', fill_plan('refused', $options), { db => $db });
        is($early->{exit}, 4, 'check says so too') or diag("$early->{err}$early->{out}");
    }
    is(table_rows($db), $rows, 'nothing was changed');
    is(schema_dump($db), $schema, 'nor made');

    sql($db, <<'SQL');
CREATE ROLE owner_of_rows LOGIN;
CREATE TABLE tenants (id bigint PRIMARY KEY, tenant text, name text, c text);
INSERT INTO tenants SELECT g, CASE WHEN g % 2 = 0 THEN 'mine' ELSE 'theirs' END, 'x', NULL FROM generate_series(1, 100) g;
ALTER TABLE tenants OWNER TO owner_of_rows;
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON tenants USING (tenant = 'mine');
SQL
    sql($db, qq{GRANT CREATE ON DATABASE "$db" TO owner_of_rows; GRANT ALL ON SCHEMA public TO owner_of_rows});
    my $told = interlock('run', fill_plan('policies', 'table = "tenants", set = { c = "upper(name)" }'), { db => $db, env => { PGUSER => 'owner_of_rows' } });
    isnt($told->{exit}, 0, 'row security that hides rows from us');
    isnt($told->{exit}, 5, 'is not overlooked') or diag("$told->{out}$told->{err}");
    is(sql($db, 'SELECT count(c) FROM tenants'), 0, 'no row is filled while others are not seen');
};

part 'undo' => sub {
    my $db = world('steps', $world);
    my %as = (db => $db);
    sql($db, 'ALTER TABLE orders DROP COLUMN c');
    my $schema = schema_dump($db);
    my $app = application(db => $db, table => 'orders', key => ['id=int'], columns => [ 'name=text', 'n=counter!' ], clients => 4);
    $schema = schema_dump($db);
    my $plan = fill_plan('undone', $upper, before => 'add_column_if_missing { table = "orders", column = "c", type = "text" }');
    my $filled = { c => 'upper(name) || n' };
    filled_to_the_gate($plan, 'a new column, filled', {%as});
    is_deeply([ $app->differences(filled => $filled) ], [], 'every row is right');
    my $kept = sql($db, 'SELECT count(c) FROM orders');
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo while the application writes', {%as});
    is(schema_dump($db), $schema, 'gives back the schema');
    is(our_triggers($db) + our_functions($db), 0, 'and leaves no trigger and no function');
    is_deeply([ $app->differences ], [], 'no row is lost');
    is(sql($db, q{SELECT count(*) FROM pg_class WHERE relnamespace = 'interlock'::regnamespace AND relname LIKE 'archive%'}), 0, 'what was derived is not kept: it can be derived again');
    filled_to_the_gate($plan, 'run goes forward again', {%as});
    is_deeply([ $app->differences(filled => $filled) ], [], 'every row is right again');
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo again', {%as});
    filled_to_the_gate($plan, 'run again', {%as});
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'the application met no error in all that');
    is_deeply([ $app->differences(filled => $filled) ], [], 'and no row was lost');
    waits_ok($report, 'undo: nobody waited for long');
    let_pass($plan, {%as});
};

part 'back to a stop before it, and forward again' => sub {
    my $db = world('steps', $world);
    sql($db, 'ALTER TABLE orders DROP COLUMN c');
    my $app = application(db => $db, table => 'orders', key => ['id=int'], columns => [ 'name=text', 'n=counter!' ], clients => 4);
    my $plan = plan_file('halfway', <<'LUA');
plan "halfway" {
  title = "A stop between the column and its values",
  phase "expand" { add_column_if_missing { table = "orders", column = "c", type = "text" } },
  gate "between" { text = "Somebody has looked." },
  phase "fill" { backfill { table = "orders", set = { c = "upper(name) || n" } } },
  gate "compared" { text = "Somebody has compared the rows." },
}
LUA
    exits(5, [ 'run', $plan ], undef, 'the column', { db => $db });
    runs_ok([ 'gate', 'pass', $plan, 'between', '--evidence', 'this test' ], 'the gate opens', { db => $db });
    exits(5, [ 'run', $plan ], undef, 'its values', { db => $db });
    is_deeply([ $app->differences(filled => { c => 'upper(name) || n' }) ], [], 'every row is right');
    runs_ok([ 'undo', $plan, '--to', 'between', '--yes' ], 'back to the gate between', { db => $db });
    is(column_type($db, 'orders', 'c'), 'text', 'the column stays');
    is(our_triggers($db), 0, 'nothing follows any more');
    sleep 1;
    my $again = interlock('run', $plan, { db => $db });
    $again = interlock('gate', 'pass', $plan, 'between', '--evidence', 'again', { db => $db }) if sql($db, 'SELECT next_block FROM interlock.run') < 3;
    runs_ok([ 'status', $plan ], 'status', { db => $db });
    exits(5, [ 'run', $plan ], undef, 'forward again', { db => $db });
    is_deeply([ $app->differences(filled => { c => 'upper(name) || n' }) ], [], 'no value is of before the application changed the row');
    is_deeply([ application_errors($app->stop) ], [], 'the application met no error');
};

part 'undo in the middle' => sub {
    my $db = world('slow_undo', slow_world(1500, 1));
    sql($db, 'ALTER TABLE words DROP COLUMN c');
    my $schema = schema_dump($db);
    my $plan = fill_plan('slow_undo', 'table = "words", set = { c = "slowly(word)" }', before => 'add_column_if_missing { table = "words", column = "c", type = "text" }');
    my $run = in_background('run', $plan, { db => $db });
    ok(in_the_middle($db, 3), 'a backfill in the middle');
    $run->signal('INT');
    is($run->finish->{exit}, 130, 'is interrupted');
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'and taken back', { db => $db });
    is(schema_dump($db), $schema, 'nothing of it is left');
    is(our_triggers($db) + our_functions($db), 0, 'no trigger, no function');
    filled_to_the_gate($plan, 'run from the start', { db => $db });
    is(sql($db, 'SELECT count(*) FROM words WHERE c IS DISTINCT FROM upper(word)'), 0, 'fills every row');
};

part 'keep_old' => sub {
    my $db = world('steps', $world);
    sql($db, q{UPDATE orders SET c = CASE WHEN id % 2 = 0 THEN 'open' ELSE 'closed' END});
    my $rows = table_rows($db);
    my $plan = fill_plan('kept', q{table = "orders", set = { c = "'OPEN'" }, where = "c = 'open'", keep_old = true});
    filled_to_the_gate($plan, 'run', { db => $db });
    is(sql($db, q{SELECT string_agg(DISTINCT c, ' ' ORDER BY c) FROM orders}), 'OPEN closed', 'values are replaced');
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    is(table_rows($db), $rows, 'brings them back');
    filled_to_the_gate($plan, 'run again', { db => $db });
    sql($db, q{UPDATE orders SET c = 'lost' WHERE id = 2; DELETE FROM orders WHERE id = 4});
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo after the application went on', { db => $db });
    is(c_of($db, 2), 'lost', 'a value that was changed since stays');
    is(sql($db, q{SELECT count(*) FROM orders WHERE c = 'open'}), 248, 'the others come back');

    # The trigger fires for the batches, too.
    $rows = table_rows($db);
    my $always = fill_plan('always', q{table = "orders", set = { c = "upper(name)" }, where = "n >= 0", keep_old = true});
    filled_to_the_gate($always, 'where the condition stays true', { db => $db });
    is(sql($db, q{SELECT count(*) FROM orders WHERE c IS DISTINCT FROM upper(name)}), 0, 'values are replaced');
    sql($db, q{UPDATE orders SET name = 'other' WHERE id = 6});
    is(c_of($db, 6), 'OTHER', 'and follow');
    sql($db, q{UPDATE orders SET name = 'order 6' WHERE id = 6});
    runs_ok([ 'undo', $always, '--to', 'start', '--yes' ], 'undo', { db => $db });
    is(table_rows($db), $rows, 'brings back what rows held at first');
};

part 'pause and resume' => sub {
    my $db = world('slow', $slow);
    my %as = (db => $db);
    my $app = application(db => $db, table => 'words', key => ['id=int'], columns => [ 'word=text!', 'n=counter!' ], rate => 100, clients => 4);
    my $plan = fill_plan('slow', 'table = "words", set = { c = "slowly(word)" }');
    my $run = in_background('run', $plan, { %as, seconds => 120 });
    ok(in_the_middle($db, 3), 'a backfill in the middle');
    runs_ok([ 'status', $plan ], 'status answers', {%as});
    runs_ok([ 'pause', $plan ], 'is paused', {%as});
    sleep 1;
    my $count = batches($db);
    cmp_ok(sql($db, 'SELECT count(*) FROM words WHERE c IS NULL'), '>', 0, 'not all rows are filled');
    sleep 1.5;
    is(batches($db), $count, 'no batch is done while it is paused');
    ok($run->running, 'it waits');
    is(sql($db, q{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'interlock:%' AND state LIKE 'idle in transaction%'}), 0, 'without a transaction');
    sql($db, q{BEGIN; INSERT INTO words VALUES (-1, 'while it was paused', 0); INSERT INTO account.rows VALUES (-1, 'while it was paused', 0); COMMIT});
    is(sql($db, 'SELECT c FROM words WHERE id = -1'), 'WHILE IT WAS PAUSED', 'what is written meanwhile is right');
    runs_ok([ 'resume', $plan ], 'is resumed', {%as});
    is($run->finish->{exit}, 5, 'and ends at the gate');
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'the application met no error');
    is_deeply([ $app->differences(filled => { c => 'upper(word)' }) ], [], 'every row is right');
    waits_ok($report, 'pause: nobody waited for long');
};

part 'interrupted in the middle' => sub {
    for my $signal ('INT', 'TERM')
    {
        my $db = world('slow', $slow);
        my $plan = fill_plan("slow_$signal", 'table = "words", set = { c = "slowly(word)" }');
        my $run = in_background('run', $plan, { db => $db });
        ok(in_the_middle($db, 3), 'a backfill in the middle');
        $run->signal($signal);
        my $result = $run->finish;
        is($result->{exit}, 130, "SIG$signal stops it at a safe point") or diag("$result->{out}$result->{err}");
        like($result->{out} . $result->{err}, qr/goes on from there|interlock run/, 'it says how to go on');
        my ($filled, $count) = (sql($db, 'SELECT count(c) FROM words'), batches($db));
        cmp_ok($filled, '<', 3000, 'not all rows are filled');
        is(batch_rows($db), $filled, 'the batches say exactly which');
        is(our_triggers($db), 2, 'the triggers stay');
        filled_to_the_gate($plan, 'run again', { db => $db });
        is(sql($db, 'SELECT count(*) FROM words WHERE c IS DISTINCT FROM upper(word)'), 0, 'fills the rest');
        is(batch_rows($db), 3000, 'and nothing twice');
        is(sql($db, "SELECT count(*) FROM interlock.chunk WHERE no <= $count"), $count, 'the batches of before count');
        is(updates_of($db, 'words'), 3000, 'every row was written once');
    }
};

part 'rows that somebody has locked' => sub {
    my $db = world('steps', $world);
    sql($db, 'ANALYZE orders');
    my $app = application(db => $db, table => 'orders', key => ['id=int'], columns => [ 'name=text', 'n=counter!' ], clients => 4);
    sql($db, q{INSERT INTO orders VALUES (-1, 'held', 1), (-2, 'held', 2); INSERT INTO account.rows SELECT id, name, n FROM orders WHERE id < 0});
    my $holder = sql_session($db);
    $holder->query('BEGIN; SELECT id FROM orders WHERE id < 0 FOR UPDATE');
    my $plan = fill_plan('upper', $upper);
    my $run = in_background('run', $plan, { db => $db, seconds => 120 });
    sleep 4;
    my ($done, $all) = split /\|/, sql($db, 'SELECT count(*) FILTER (WHERE c IS NOT NULL OR name IS NULL), count(*) FROM orders');
    is($all - $done, 2, 'the others are filled') or diag("$run->{out}$run->{err}");
    ok($run->running, 'it waits for these');
    my $pid = $holder->pid;
    ok($run->says(qr/\b$pid\b/, 20), 'and says for whom') or diag("$run->{out}$run->{err}");
    $holder->query('COMMIT');
    my $result = $run->finish;
    is($result->{exit}, 5, 'and ends when they are free') or diag("$result->{out}$result->{err}");
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'the application met no error');
    is_deeply([ $app->differences(filled => { c => 'upper(name) || n' }) ], [], 'every row is right');
    waits_ok($report, 'locked rows: nobody waited for long');
    $holder->quit;
};

part 'an expression that takes its time' => sub {
    # Nobody knows beforehand that each row takes 2 ms: that is learned from few rows, not from a thousand.
    my $db = world('very_slow', slow_world(30000, 2));
    my $app = application(db => $db, table => 'words', key => ['id=int'], columns => [ 'word=text!', 'n=counter!' ]);
    my $plan = fill_plan('very_slow', 'table = "words", set = { c = "slowly(word)" }');
    my $run = in_background('run', $plan, { db => $db, seconds => 120 });
    ok(in_the_middle($db, 5), 'a backfill in the middle');
    $run->signal('INT');
    is($run->finish->{exit}, 130, 'ends soon');
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'the application met no error');
    is_deeply([ $app->differences ], [], 'nothing is lost');
    cmp_ok(sql($db, 'SELECT max(ms) FROM interlock.chunk'), '<', 500, 'no batch took long');
    waits_ok($report, 'slow rows: nobody waited for long');
};

part 'a writer that does not end' => sub {
    my $db = world('steps', $world);
    my $app = application(db => $db, table => 'orders', key => ['id=int'], columns => [ 'name=text', 'n=counter!' ]);
    my $holder = sql_session($db);
    $holder->query(q{BEGIN; INSERT INTO orders VALUES (-1, 'late', 1)});
    my $run = in_background('run', fill_plan('upper', $upper), { db => $db, seconds => 120 });
    sleep 4;
    is(our_triggers($db), 0, 'the triggers wait for it');
    $holder->query(q{INSERT INTO orders VALUES (-2, 'later', 1); COMMIT});
    is($run->finish->{exit}, 5, 'then it goes on');
    is(c_of($db, -1) . c_of($db, -2), 'LATE1LATER1', 'and what it wrote is filled');
    my $report = $app->stop;
    is_deeply([ application_errors($report) ], [], 'the application met no error');
    waits_ok($report, 'a late writer: nobody waited for long');
    $holder->quit;
};

part 'somebody meddles' => sub {
    for my $case (
        [ 'ALTER TABLE words DISABLE TRIGGER USER; UPDATE words SET word = $$unseen$$, c = NULL WHERE id <= 10; ALTER TABLE words ENABLE TRIGGER USER', 'triggers switched off for a moment' ],
        [ 'ALTER TABLE words ADD COLUMN extra text', 'another column' ],
        [ 'VACUUM FULL words', 'a table that is written anew' ])
    {
        my ($statement, $name) = @$case;
        my $db = world('slow', $slow);
        my $plan = fill_plan('meddled', 'table = "words", set = { c = "slowly(word)" }');
        my $run = in_background('run', $plan, { db => $db, seconds => 120 });
        ok(in_the_middle($db, 5), 'a backfill in the middle');
        sql($db, $statement);
        my $result = $run->finish;
        ok($result->{exit} eq '5' || $result->{exit} eq '3', "$name: it goes on, or fails and says so") or diag("exit $result->{exit}\n$result->{out}$result->{err}");
        if ($result->{exit} eq '3')
        {
            my $again = interlock('run', $plan, { db => $db, seconds => 120 });
            ok((grep { $again->{exit} eq $_ } 5, 7), 'run again goes on, or says what has changed') or diag("exit $again->{exit}\n$again->{out}$again->{err}");
            next if $again->{exit} eq '7';
        }
        is(sql($db, 'SELECT count(*) FROM words WHERE c IS DISTINCT FROM upper(word)'), 0, 'every row is right');
        is(sql($db, q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~interlock%' AND tgenabled = 'A'}), 2, 'and both triggers always fire');
    }
};

done_testing();
