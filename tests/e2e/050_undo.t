# The way back: to the previous stop, to a named one, to the start; only what the run made, whatever the attempt.
use strict;
use warnings;

use Interlock::Test;
use Test::More;

my $world = <<'SQL';
CREATE TABLE public.users (id bigint PRIMARY KEY, name text NOT NULL, legacy text);
INSERT INTO users SELECT n, 'user ' || n, 'old ' || n FROM generate_series(1, 500) n;
CREATE TABLE public.orders (id bigint PRIMARY KEY, user_id bigint);
INSERT INTO orders SELECT n, 1 + n % 500 FROM generate_series(1, 2000) n;
SQL

my $plan = plan_file('there_and_back', <<'LUA');
plan "there_and_back" {
  title = "Additive work with two stops",
  phase "expand" {
    add_column_if_missing { table = "users", column = "nick", type = "text" },
    create_table_if_missing { table = "tags", columns = "id bigint PRIMARY KEY, label text NOT NULL" },
  },
  gate "one" { text = "the first" },
  phase "more" {
    create_index_if_missing { table = "users", columns = "nick" },
    add_column_if_missing { table = "orders", column = "note", type = "text" },
  },
  gate "two" { text = "the second" },
  phase "keys" { add_foreign_key { table = "orders", column = "user_id", references = "users" } },
}
LUA

sub to_the_end
{
    my ($db) = @_;
    exits(5, [ 'run', $plan ], undef, 'run to the first gate', { db => $db });
    runs_ok([ 'gate', 'pass', $plan, 'one', '--evidence', 'a' ], 'pass it', { db => $db });
    exits(5, [ 'run', $plan ], undef, 'run to the second gate', { db => $db });
    runs_ok([ 'gate', 'pass', $plan, 'two', '--evidence', 'b' ], 'pass it', { db => $db });
    runs_ok([ 'run', $plan ], 'run to the end', { db => $db });
    return;
}

sub has
{
    my ($db) = @_;
    return sql($db, <<'SQL');
SELECT concat_ws(' ',
  CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'nick' AND NOT attisdropped) THEN 'nick' END,
  CASE WHEN to_regclass('tags') IS NOT NULL THEN 'tags' END,
  CASE WHEN EXISTS (SELECT FROM pg_index WHERE indrelid = 'users'::regclass AND NOT indisprimary) THEN 'index' END,
  CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'note' AND NOT attisdropped) THEN 'note' END,
  CASE WHEN EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype = 'f') THEN 'key' END)
SQL
}

subtest 'stop by stop' => sub {
    my $db = world('undo', $world);
    my ($schema, $rows) = (schema_dump($db), table_rows($db));
    to_the_end($db);
    is(has($db), 'nick tags index note key', 'everything is there');
    my $whole = schema_dump($db);

    my $asked = exits(8, [ 'undo', $plan ], qr/--yes/, 'undo asks', { db => $db });
    like("$asked->{out}$asked->{err}", qr/user_id|foreign key/i, 'after it showed what it will do');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(has($db), 'nick tags index note', 'back to the second gate');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(has($db), 'nick tags', 'back to the first gate');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(has($db), '', 'back to the start');
    is(schema_dump($db), $schema, 'the schema is what it was');
    is(table_rows($db), $rows, 'and so are the rows');
    is(sql($db, 'SELECT state FROM interlock.run'), 'undone', 'the run is undone');
    my $again = interlock('undo', $plan, '--yes', { db => $db });
    like("$again->{out}$again->{err}", qr/nothing/, 'there is nothing more to undo');

    to_the_end($db);
    is(schema_dump($db), $whole, 'forward again leads to the same schema');
    is(sql($db, 'SELECT count(*) FROM interlock.run'), 1, 'in the same run');
};

subtest 'all the way at once' => sub {
    my $db = world('undo');
    my $schema = schema_dump($db);
    to_the_end($db);
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo --to start', { db => $db });
    is(schema_dump($db), $schema, 'the schema is what it was');
};

subtest 'to a named stop' => sub {
    my $db = world('undo');
    to_the_end($db);
    runs_ok([ 'undo', $plan, '--to', 'one', '--yes' ], 'undo --to one', { db => $db });
    is(has($db), 'nick tags', 'what stands before that gate is left');
    exits(64, [ 'undo', $plan, '--to', 'nowhere', '--yes' ], qr/nowhere/, 'an unknown stop is an error', { db => $db });
    is(has($db), 'nick tags', 'that changes nothing');
};

subtest 'only what the run made' => sub {
    my $db = world('undo');
    sql($db, 'ALTER TABLE users ADD COLUMN nick text; CREATE TABLE tags (id bigint PRIMARY KEY, label text NOT NULL)');
    my $schema = schema_dump($db);
    to_the_end($db);
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo --to start', { db => $db });
    is(has($db), 'nick tags', 'what was there before is still there');
    is(schema_dump($db), $schema, 'the schema is what it was');
};

subtest 'a table that is in use is not dropped' => sub {
    my $db = world('undo');
    exits(5, [ 'run', $plan ], undef, 'run', { db => $db });
    sql($db, q{INSERT INTO tags VALUES (1, 'precious')});
    my $undo = interlock('undo', $plan, '--yes', { db => $db });
    my $there = sql($db, q{SELECT to_regclass('tags')});
    if ($there ne '')
    {
        isnt($undo->{exit}, '0', 'undo refuses');
        like("$undo->{out}$undo->{err}", qr/tags/, 'and names the table');
        is(sql($db, 'SELECT label FROM tags'), 'precious', 'its row is there');
    }
    else
    {
        is($undo->{exit}, '0', 'undo succeeds');
        isnt(sql($db, q{SELECT count(*) FROM pg_class WHERE relnamespace = 'interlock'::regnamespace AND relname LIKE 'archive%'}), 0,
            'with the row kept in the registry');
    }
};

subtest 'undo of a run that failed half-way' => sub {
    my $db = world('undo');
    my $schema = schema_dump($db);
    my $failing = plan_file('failing', <<'LUA');
plan "failing" {
  title = "Fails in its third step",
  phase "expand" {
    add_column_if_missing { table = "users", column = "nick", type = "text" },
    add_column_if_missing { table = "orders", column = "note", type = "text" },
    expect_no_rows { query = "SELECT id FROM orders WHERE user_id = 1", message = "orders of the first user" },
  },
}
LUA
    my $run = exits(3, [ 'run', $failing ], undef, 'run fails', { db => $db });
    like("$run->{out}$run->{err}", qr/orders of the first user/, 'and says at what');
    is(sql($db, 'SELECT state FROM interlock.run'), 'failed', 'the run is failed');
    is(sql($db, "SELECT string_agg(state, ' ' ORDER BY number) FROM interlock.step"), 'done done pending',
        'what was done before is done');
    runs_ok([ 'undo', $failing, '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'the schema is what it was');
    sql($db, 'DELETE FROM orders WHERE user_id = 1');
    runs_ok([ 'run', $failing ], 'once the cause is gone, it runs', { db => $db });
};

subtest 'no way back' => sub {
    my $db = world('undo');
    my $drop = plan_file('no_way_back', <<'LUA');
plan "no_way_back" {
  title = "Drops a column for good",
  phase "contract" { drop_column_if_exists { table = "users", column = "legacy", loses = "exported to the archive on Monday" } },
}
LUA
    my $preview = runs_ok([ 'preview', $drop ], 'preview', { db => $db });
    like($preview->{out}, qr/no way back/, 'preview draws the line');
    exits(8, [ 'run', $drop ], qr/--yes/, 'run asks', { db => $db });
    is(column_type($db, 'users', 'legacy'), 'text', 'nothing was dropped');
    runs_ok([ 'run', $drop, '--yes' ], 'run --yes', { db => $db });
    is(column_type($db, 'users', 'legacy'), '', 'the column is gone');
    my $undo = interlock('undo', $drop, '--yes', { db => $db });
    isnt($undo->{exit}, '0', 'undo refuses');
    like("$undo->{out}$undo->{err}", qr/no way back|legacy/, 'and says why');
};

subtest 'a drop with an archive' => sub {
    my $db = world('undo');
    my $rows = table_rows($db);
    my $schema = schema_dump($db);
    my $drop = plan_file('with_archive', <<'LUA');
plan "with_archive" {
  title = "Drops a column and keeps its values",
  phase "contract" { drop_column_if_exists { table = "users", column = "legacy", archive = "90 days", loses = "nobody reads it" } },
}
LUA
    runs_ok([ 'run', $drop, '--yes' ], 'run', { db => $db });
    is(column_type($db, 'users', 'legacy'), '', 'the column is gone');
    runs_ok([ 'undo', $drop, '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'the schema is what it was');
    is(table_rows($db), $rows, 'every value is back');
};

subtest 'production wants the name' => sub {
    my $db = world('undo');
    my $expand = plan_file('additive', <<'LUA');
plan "additive" { title = "A column", phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" } } }
LUA
    my $drop = plan_file('destructive', <<'LUA');
plan "destructive" {
  title = "Drops a column",
  phase "contract" { drop_column_if_exists { table = "users", column = "legacy", loses = "nobody reads it" } },
}
LUA
    runs_ok([ 'run', $expand ], 'run', { db => $db });
    sql($db, "UPDATE interlock.meta SET environment = 'production'");
    exits(8, [ 'run', $drop, '--yes' ], qr/--confirm/, '--yes is not enough for a destructive block', { db => $db });
    is(column_type($db, 'users', 'legacy'), 'text', 'nothing was dropped');
    exits(8, [ 'run', $drop, '--confirm', 'wrong' ], qr/\Q$db\E/, 'nor is another name', { db => $db });
    runs_ok([ 'run', $drop, '--confirm', $db ], "the database's name is", { db => $db });
    is(column_type($db, 'users', 'legacy'), '', 'the column is gone');
};

# The archives in the registry's schema.
sub archives
{
    my ($db) = @_;
    return sql($db, q{SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'interlock'::regnamespace AND relkind = 'r' AND relname ~ '^archive_'});
}

sub older { my ($db, $days) = @_; return sql($db, "UPDATE interlock.step SET finished_at = finished_at - interval '$days days'") }

subtest 'what undo took out of the way is kept for a while' => sub {
    my $db = world('undo');
    my $text = <<'LUA';
plan "written" {
  title = "A column that is written to",
  phase "expand" {
    add_column_if_missing { table = "users", column = "nick", type = "text" },
    add_column_if_missing { table = "users", column = "rank", type = "integer", archive = "3 days" },
  },
}
LUA
    my $column = plan_file('written', $text);
    runs_ok([ 'run', $column ], 'run', { db => $db });
    older($db, 100);
    like(runs_ok([ 'sync', '--all' ], 'a column that is there keeps nothing', { db => $db })->{out}, qr/^written  done$/m, 'sync says nothing of it');
    unlike(interlock('status', $column, { db => $db })->{out}, qr/keeps/, 'nor does status');
    sql($db, q{UPDATE users SET nick = 'n' || id, rank = id WHERE id < 10});
    runs_ok([ 'undo', $column, '--yes' ], 'undo', { db => $db });
    is(archives($db), 'archive_1_1 archive_1_2', 'what was written is kept');
    my $status = interlock('status', $column, { db => $db })->{out};
    like($status, qr/^  keeps for restore until \S+ \S+ UTC: add column nick/m, 'status says until when');
    older($db, 4);
    like(runs_ok([ 'sync' ], 'sync', { db => $db })->{out}, qr/^written  what 1 step kept is gone, its time being over; undone$/m, 'sync takes what is over');
    is(archives($db), 'archive_1_1', 'each after its own time');
    runs_ok([ 'run', $column ], 'forward again', { db => $db });
    is(archives($db), 'archive_1_1', 'what was not put back is still kept');
    my $restore = runs_ok([ 'restore', $column, '--yes' ], 'restore', { db => $db });
    like($restore->{out}, qr/restored 9 rows/, 'puts it back');
    unlike($restore->{err}, qr/is gone/, 'a step that was done again has lost nothing that counts');
    is(archives($db), '', 'and nothing is kept');
    runs_ok([ 'undo', $column, '--yes' ], 'undo', { db => $db });
    is(archives($db), 'archive_1_1', 'kept again');
    plan_file('written', $text =~ s/"rank"/"grade"/r);
    runs_ok([ 'run', $column ], 'an edited plan begins a run of its own', { db => $db });
    older($db, 91);
    like(runs_ok([ 'sync' ], 'sync', { db => $db })->{out}, qr/^written  what 1 step kept is gone/m, 'takes what the run before it left');
    is(archives($db), '', 'which never ends otherwise');
    runs_ok([ 'undo', $column, '--yes' ], 'and undo goes on', { db => $db });
};

subtest 'a column that was written, and whose archive is over before it comes again' => sub {
    my $db = world('undo');
    my $column = plan_file('over', 'plan "over" { title = "x", phase "expand" { add_column_if_missing { table = "users", column = "nick", type = "text" } } }');
    runs_ok([ 'run', $column ], 'run', { db => $db });
    sql($db, q{UPDATE users SET nick = 'n' || id});
    runs_ok([ 'undo', $column, '--yes' ], 'undo', { db => $db });
    older($db, 91);
    sql($db, 'CREATE VIEW nicks AS SELECT * FROM interlock.archive_1_1');
    my $sync = exits(3, ['sync'], qr/cannot drop table interlock\.archive_1_1.*view (public\.)?nicks depends on/s, 'somebody reads the archive', { db => $db });
    unlike($sync->{err}, qr/CASCADE/, 'nobody is told to use CASCADE');
    like($sync->{err}, qr/= help: change or drop what depends on it first, then sync again/, 'but what to do');
    is(archives($db), 'archive_1_1', 'it is still there');
    sql($db, 'DROP VIEW nicks');
    runs_ok(['sync'], 'sync', { db => $db });
    my $restore = runs_ok([ 'restore', $column, '--yes' ], 'restore', { db => $db });
    like("$restore->{out}$restore->{err}", qr/nothing to restore.*archived of "add column nick text to public\.users" is gone: its time was over/s, 'says why there is nothing');
    runs_ok([ 'run', $column ], 'run', { db => $db });
    runs_ok([ 'undo', $column, '--yes' ], 'undo goes on as ever', { db => $db });
};

subtest 'labels of an enum type that the run itself made' => sub {
    my $db = world('undo');
    my $schema = schema_dump($db);
    my $labels = plan_file('labels', <<'LUA');
plan "labels" {
  title = "A type, and labels that came to mind later",
  phase "type" { create_enum_if_missing { type = "mood", values = { "fine", "sad" } } },
  gate "release 2 is live" { },
  phase "labels" {
    add_enum_value { type = "mood", value = "so so", after = "fine" },
    add_enum_value { type = "mood", value = "great", before = "fine" },
    add_enum_value { type = "mood", value = "gone" },
  },
}
LUA
    like(runs_ok([ 'check', $labels ], 'check', { db => $db })->{out}, qr/add_enum_value has no way back/, 'says that there is none as far as the gate');
    my $at_once = plan_file('at_once', 'plan "at_once" { title = "x", phase "a" { create_enum_if_missing { type = "mood", values = { "fine" } } }, phase "b" { add_enum_value { type = "mood", value = "sad" } } }');
    unlike(runs_ok([ 'check', $at_once ], 'check', { db => $db })->{out}, qr/no way back/, 'but not where undo does not stop in between');
    exits(5, [ 'run', $labels ], undef, 'run', { db => $db });
    runs_ok([ 'gate', 'pass', $labels, '--evidence', 'x' ], 'gate pass', { db => $db });
    runs_ok([ 'run', $labels ], 'run', { db => $db });
    my $all = sql($db, q{SELECT enum_range(NULL::mood)});
    is($all, '{great,fine,"so so",sad,gone}', 'all are there');
    exits(3, [ 'undo', $labels, '--yes' ], qr/add_enum_value has no way back.*nothing was taken back.*help: interlock undo labels --to start takes it back together with "create enum type public\.mood/s, 'back to the gate, where the type stays, there is no way', { db => $db });
    sql($db, 'ALTER TABLE users ADD COLUMN mood mood');
    exits(3, [ 'undo', $labels, '--to', 'start', '--yes' ], qr/type public\.mood is used by/, 'nor where somebody uses it', { db => $db });
    sql($db, q{ALTER TABLE users DROP COLUMN mood; ALTER TYPE mood ADD VALUE 'by hand'});
    exits(3, [ 'undo', $labels, '--to', 'start', '--yes' ], qr/type public\.mood is no longer what this run made/, 'nor where somebody else added a label', { db => $db });
    is(sql($db, q{SELECT string_agg(state, ' ' ORDER BY number) FROM interlock.step}), 'done done done done', 'nothing was taken back so far');
    sql($db, q{DROP TYPE mood; CREATE TYPE mood AS ENUM ('great', 'fine', 'so so', 'sad', 'gone')});
    my $fresh = world('undo');
    for my $n (1 .. 40)
    {
        sql($fresh, 'DROP SCHEMA IF EXISTS interlock CASCADE; DROP TYPE IF EXISTS mood');
        exits(5, [ 'run', $labels ], undef, 'run', { db => $fresh });
        runs_ok([ 'gate', 'pass', $labels, '--evidence', 'x' ], 'gate pass', { db => $fresh });
        runs_ok([ 'run', $labels ], 'run', { db => $fresh });
        my $killed = interlock('undo', $labels, '--to', 'start', '--yes', { db => $fresh, env => { INTERLOCK_FAULT => 'kill:' . 7 * $n } });
        my $undone = sql($fresh, 'SELECT undo_from IS NOT NULL FROM interlock.run') eq 't';
        interlock('run', $labels, { db => $fresh }) if $undone && $n % 2; # forward again, as far as it goes
        runs_ok([ 'undo', $labels, '--to', 'start', '--yes' ], 'undo goes on', { db => $fresh });
        is(schema_dump($fresh), $schema, 'the schema is what it was');
        last if $killed->{exit} eq '0';
    }
    runs_ok([ 'undo', $labels, '--to', 'start', '--yes' ], 'the type that is as it was made', { db => $db });
    is(schema_dump($db), $schema, 'the schema is what it was');
};

done_testing();
