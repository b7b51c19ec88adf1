# The first scenario: one safe column on databases where it is absent, there, there as something else, and added by
# hand in the last moment; with undo, the values kept, and both releases of the application at work.
use strict;
use warnings;

use Interlock::ImageUrls;
use Interlock::Test;
use Test::More;

my $plan = image_urls_plan();
my $table = '"bazaar-vid_message"';
my $others = q{SELECT string_agg(c.relname || ':' || pg_relation_filenode(c.oid), ' ' ORDER BY c.relname)
                 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i')};

subtest 'the column is absent' => sub {
    my $db = image_urls_world();
    my $schema = schema_dump($db);
    my $rows = table_rows($db);
    my $files = sql($db, $others);

    runs_ok([ 'check', $plan ], 'the plan fits this database', { db => $db });
    my $preview = runs_ok([ 'preview', $plan ], 'preview', { db => $db });
    like($preview->{out}, qr/image_urls/, 'preview names the column');
    like($preview->{out}, qr/ACCESS EXCLUSIVE/, 'preview names the lock');
    is(schema_dump($db), $schema, 'check and preview change nothing');

    my $mark = log_mark();
    my $preview_sql = runs_ok([ 'preview', $plan, '--sql' ], 'preview --sql', { db => $db });
    ok(!(grep { /^\s*(?:ALTER|CREATE|INSERT|UPDATE|DELETE|LOCK)\b/i } statements_of(log_since($mark), qr/interlock/)),
        'preview sends nothing that writes');

    $mark = log_mark();
    my $app = application($db, old_release());
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    my $report = $app->stop;
    is_deeply($report->{failures}, [], 'no statement of the application failed');
    cmp_ok($report->{max_ms}, '<', 600, 'none waited longer than the lock wait and the hold') or diag($report->{slowest});
    my @sent = grep { /\bADD COLUMN\b/i } statements_of(log_since($mark), qr/^interlock:\d+:\d+:/);
    is(scalar @sent, 1, 'the column was added by one statement');
    my $shown = join ' ', split ' ', $preview_sql->{out};
    my $statement = join ' ', split ' ', $sent[0] // '-';
    $statement =~ s/;$//;
    like($shown, qr/\Q$statement\E/, 'which is the one that preview showed');

    is(column_type($db, $table, 'image_urls'), 'jsonb', 'the column is there');
    is(sql($db, $others), $files, 'no table and no index was rewritten');
    is(sql($db, "SELECT state FROM interlock.run"), 'done', 'the run is done');
    like(runs_ok([ 'status', $plan ], 'status', { db => $db })->{out}, qr/done/, 'status says so');

    $mark = log_mark();
    my $again = runs_ok([ 'run', $plan ], 'run again', { db => $db });
    like("$again->{out}$again->{err}", qr/nothing to do/, 'nothing to do');
    ok(!(grep { /\bALTER TABLE\b/i } statements_of(log_since($mark), qr/interlock/)), 'and nothing was sent');

    is(sql($db, "SELECT count(*) FROM interlock.run"), 1, 'still one run');

    my $without = sql($db, qq{SELECT md5(string_agg((to_jsonb(t) - 'image_urls')::text, '' ORDER BY id)) FROM $table t});
    like($rows, qr/bazaar-vid_message"\|4000\|/, 'there were 4,000 messages');
    is(sql($db, "SELECT count(*) FROM $table WHERE content NOT LIKE 'from the %'"), 4000, 'and there still are');
    ok($without, 'rows can be read');
};

subtest 'undo keeps what was written, restore brings it back' => sub {
    my $db = image_urls_world();
    my $schema = schema_dump($db);
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, qq{UPDATE $table SET image_urls = jsonb_build_array(id::text || '.png') WHERE role = 'user'});
    sql($db, qq{UPDATE $table SET image_urls = 'null' WHERE content LIKE '% 7 times%'});
    my $values = qq{SELECT count(image_urls) || ' ' || md5(string_agg(id || coalesce(image_urls::text, '-'), ',' ORDER BY id)) FROM $table};
    my $before = sql($db, $values);

    exits(8, [ 'undo', $plan ], qr/--yes/, 'undo asks, and without a terminal it changes nothing', { db => $db });
    is(sql($db, $values), $before, 'nothing was changed');

    my $app = application($db, old_release());
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is_deeply($app->stop->{failures}, [], 'the old release works while it is undone');
    is(column_type($db, $table, 'image_urls'), '', 'the column is gone');
    is(schema_dump($db), $schema, 'the schema is what it was');
    is(sql($db, 'SELECT state FROM interlock.run'), 'undone', 'the run is undone');

    runs_ok([ 'run', $plan ], 'run goes forward again', { db => $db });
    is(sql($db, "SELECT count(*) FROM interlock.run"), 1, 'in the same run');
    exits(8, [ 'restore', $plan ], qr/--yes/, 'restore asks', { db => $db });
    # A value that the application wrote meanwhile is newer than the kept one.
    my $key = sql($db, qq{SELECT id FROM $table WHERE role = 'user' ORDER BY id LIMIT 1});
    runs_ok([ 'restore', $plan, '--yes' ], 'restore', { db => $db });
    is(sql($db, $values), $before, 'every value is back, as it was');
    runs_ok([ 'restore', $plan, '--yes' ], 'restore again', { db => $db });
    is(sql($db, $values), $before, 'changes nothing');
    ok($key, 'there is a message of a user');
};

subtest 'values written after the second run are not overwritten by restore' => sub {
    my $db = image_urls_world();
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    my $key = sql($db, qq{UPDATE $table SET image_urls = '["kept.png"]' WHERE id = (SELECT min(id::text)::uuid FROM $table) RETURNING id});
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, qq{UPDATE $table SET image_urls = '["newer.png"]' WHERE id = '$key'});
    my $result = interlock('restore', $plan, '--yes', { db => $db });
    ok($result->{exit} eq '0' || $result->{exit} eq '3', 'restore ends orderly') or diag($result->{err});
    is(sql($db, qq{SELECT image_urls->>0 FROM $table WHERE id = '$key'}), 'newer.png', 'the newer value stays');
};

subtest 'the column is there and equal' => sub {
    my $db = image_urls_world();
    sql($db, "ALTER TABLE $table ADD COLUMN image_urls jsonb");
    sql($db, "UPDATE $table SET image_urls = '[]' WHERE role = 'user'");
    my ($schema, $rows, $files) = (schema_dump($db), table_rows($db), sql($db, $others));
    runs_ok([ 'check', $plan ], 'check', { db => $db });
    my $mark = log_mark();
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    ok(!(grep { /\bALTER TABLE\b[^;]*bazaar/i } statements_of(log_since($mark), qr/interlock/)), 'the table was not altered');
    is(schema_dump($db), $schema, 'the schema is unchanged');
    is(table_rows($db), $rows, 'the rows are unchanged');
    is(sql($db, $others), $files, 'the files are the same');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(column_type($db, $table, 'image_urls'), 'jsonb', 'undo leaves the column, which this run did not create');
    is(table_rows($db), $rows, 'and its values');
};

for my $type ('text', 'json', 'jsonb NOT NULL DEFAULT \'[]\'')
{
    subtest "the column is there as $type" => sub {
        my $db = image_urls_world();
        sql($db, "ALTER TABLE $table ADD COLUMN image_urls $type");
        my ($schema, $rows, $files) = (schema_dump($db), table_rows($db), sql($db, $others));
        my ($word) = $type =~ /^(\w+)/;
        $word = qr/not null|default/i if $type =~ /NOT NULL/;
        my $check = exits(4, [ 'check', $plan ], undef, 'check refuses', { db => $db, out => qr/image_urls/ });
        like($check->{out}, qr/conflict/, 'as a conflict');
        like($check->{out}, qr/$word/, 'and shows the difference');
        like($check->{out}, qr/image_urls\.lua:\d+/, 'at the line of the plan');
        my $run = exits(4, [ 'run', $plan ], undef, 'run refuses before the first statement', { db => $db });
        like("$run->{out}$run->{err}", qr/$word/, 'and shows the difference');
        is(schema_dump($db), $schema, 'nothing was touched');
        is(table_rows($db), $rows, 'no row either');
        is(sql($db, $others), $files, 'no file either');
    };
}

subtest 'somebody adds the column between preview and run' => sub {
    my $db = image_urls_world();
    my $preview = runs_ok([ 'preview', $plan ], 'preview', { db => $db });
    like($preview->{out}, qr/image_urls.*\bnew\b/, 'the column is new');
    sql($db, "ALTER TABLE $table ADD COLUMN image_urls jsonb");
    runs_ok([ 'run', $plan ], 'run finds it there', { db => $db });
    is(sql($db, 'SELECT state FROM interlock.run'), 'done', 'the run is done');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(column_type($db, $table, 'image_urls'), 'jsonb', 'and leaves the column that somebody else added');
};

subtest 'user keys are not what the plan was written for' => sub {
    my $db = world('uuid_users', <<'SQL');
CREATE TABLE "bazaar-vid_user" (id uuid PRIMARY KEY);
CREATE TABLE "bazaar-vid_message" (id uuid PRIMARY KEY, content text);
SQL
    my $schema = schema_dump($db);
    my $result = interlock('run', $plan, { db => $db });
    ok($result->{exit} eq '3' || $result->{exit} eq '4', 'run refuses') or diag("exit $result->{exit}\n$result->{err}");
    like("$result->{out}$result->{err}", qr/varchar\(255\)|character varying\(255\)/, 'says what was expected');
    like("$result->{out}$result->{err}", qr/\buuid\b/, 'and what was found');
    is(schema_dump($db), $schema, 'nothing was touched');
};

subtest 'both releases in every phase' => sub {
    my $db = image_urls_world();
    my $old = application($db, old_release());
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    my $new = application($db, new_release());
    runs_ok([ 'run', $plan ], 'run again', { db => $db });
    runs_ok([ 'status', $plan ], 'status', { db => $db });
    is_deeply($new->stop->{failures}, [], 'the new release works after the run');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    runs_ok([ 'run', $plan ], 'forward', { db => $db });
    runs_ok([ 'restore', $plan, '--yes' ], 'restore', { db => $db });
    my $report = $old->stop;
    is_deeply($report->{failures}, [], 'the old release works all the time');
    cmp_ok($report->{count}, '>', 20, 'and was busy');
    cmp_ok($report->{max_ms}, '<', 600, 'and never waited long') or diag($report->{slowest});
};

subtest 'a throwaway server' => sub {
    my $folder = image_urls_folder();
    my $run = runs_ok([ '--sandbox', '--load', "$folder/schema.sql", 'run', $plan ], 'run on a sandbox', {});
    like("$run->{out}$run->{err}", qr/image_urls/, 'does the work');
};

done_testing();
