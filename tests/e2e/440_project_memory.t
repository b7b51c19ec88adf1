# The second scenario: 621 rows that refer to nothing are set aside and come back byte for byte, foreign keys are added
# on tables in use, and a plan that was written for another database stops before anything runs.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use Interlock::Catalogue;
use Interlock::Test;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = top() . '/examples/project-memory';
my $plan = "$folder/plans/project_memory.lua";
my %file = map { $_ => PostgreSQL::Test::Utils::slurp_file("$folder/$_.sql") } qw(schema data);
my $rows = $ENV{INTERLOCK_ROWS} || 20_000;

sub fresh { return world('memory', "SET interlock.rows = $rows; $file{schema} $file{data}") }

my ($brief, $iteration, $job) = map { qq{"bazaar-vid_$_"} } qw(animation_design_brief scene_iteration custom_component_job);

# How many rows refer to nothing, and a hash of them as COPY writes them: those whose project is gone, and those whose brief is or will be.
sub orphans
{
    my ($db) = @_;
    my $gone = q{NOT EXISTS (SELECT FROM "bazaar-vid_project" p WHERE p.id = x."projectId")};
    my $alone = qq{x."briefId" IS NOT NULL AND NOT EXISTS (SELECT FROM $brief b JOIN "bazaar-vid_project" p ON p.id = b."projectId" WHERE b.id = x."briefId")};
    my @rows = map { split /\n/, sql($db, "COPY (SELECT x.* FROM $_->[0] x WHERE $_->[1] ORDER BY x.id) TO STDOUT") }
      [ $brief, $gone ], [ $iteration, "$gone OR $alone" ], [ $job, $gone ];
    return @rows . ' rows, ' . md5_hex(join "\n", @rows);
}

sub references_to_users
{
    my ($db) = @_;
    my $columns = sql($db, q{SELECT string_agg(format('SELECT count(%I) FROM %s', a.attname, k.conrelid::regclass), ' UNION ALL ') FROM pg_constraint k
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] WHERE k.confrelid = '"bazaar-vid_user"'::regclass AND k.contype = 'f'});
    return sql($db, "SELECT sum(count) FROM ($columns) x");
}

my $tables = q{SELECT count(*) FROM pg_tables WHERE schemaname = 'public'};
my $kept = q{SELECT string_agg(format('%s %s', source, n), ', ' ORDER BY source) FROM (SELECT source, count(*) AS n FROM
    (SELECT source FROM interlock.archive_1_10 UNION ALL SELECT source FROM interlock.archive_1_12 UNION ALL SELECT source FROM interlock.archive_1_14
     UNION ALL SELECT source FROM interlock.archive_1_16) a GROUP BY 1) x};

subtest 'a plan that was written for uuid' => sub {
    my $db = fresh();
    my ($schema, $all) = (schema_dump($db), table_rows($db));
    my $run = interlock('run', "$folder/plans/as_the_schema_file_says.lua", { db => $db });
    is($run->{exit}, 3, 'is stopped');
    like($run->{err}, qr/expected: id uuid/, 'with what it expected');
    like($run->{err}, qr/found: +id character varying\(255\)/, 'and what was found');
    is(schema_dump($db), $schema, 'before anything ran');
    is(table_rows($db), $all, 'and no row is touched');
    ok(!registry_exists($db), 'there is not even a registry');
    drop_world($db);
};

subtest 'there and back' => sub {
    my $db = fresh();
    is(sql($db, $tables), 22, '22 tables');
    is(references_to_users($db), 565, '565 references to users');
    like(orphans($db), qr/^621 rows/, '621 orphans');
    my ($schema, $all, $catalogue) = (schema_dump($db), table_rows($db), sql($db, Interlock::Catalogue::query()));
    my $cases = q{SELECT count("jobId") FROM "bazaar-vid_component_test_case"};
    my $links = qq{SELECT count("componentJobId") FROM $brief WHERE "projectId" IN (SELECT id FROM "bazaar-vid_project")};
    my ($cases_before, $links_before) = (sql($db, $cases), sql($db, $links));

    runs_ok([ 'check', $plan, '--strict' ], 'the plan fits', { db => $db });
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    is(sql($db, $kept), 'public."bazaar-vid_animation_design_brief" 268, public."bazaar-vid_component_error" 12, public."bazaar-vid_custom_component_job" 328, public."bazaar-vid_scene_iteration" 25',
        '268, 25 and 328 rows are set aside, and 12 that ON DELETE CASCADE takes along');
    is(sql($db, 'SELECT count(*) FROM interlock.archive_1_14'), 9, '9 of them refer to briefs that went before');
    is(sql($db, q{SELECT DISTINCT quarantine_reason FROM interlock.quarantine_1_10}), 'it refers to a project or a brief that is gone, VID-601', 'with the reason');
    cmp_ok(sql($db, $cases), '<', $cases_before, 'ON DELETE SET NULL has taken keys away');
    cmp_ok(sql($db, $links), '<', $links_before, 'from briefs that stay, too');
    like(orphans($db), qr/^0 rows/, 'no orphan is left');
    is(references_to_users($db), 565, 'the 565 references to users are still 565');
    is(sql($db, $tables), 24, 'all 22 tables are there, and the two new ones');
    is(sql($db, q{SELECT count(*), bool_and(convalidated) FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text ~ 'brief|iteration|job' AND confrelid::regclass::text ~ 'project|brief'}), '4|t', 'the foreign keys are valid');
    my $sent = sql($db, q{SELECT count(*) FROM interlock.event WHERE statement ~ 'ADD CONSTRAINT.*FOREIGN KEY.*NOT VALID'});
    is($sent, 7, 'and were added NOT VALID');
    my %before = map { $_ => 1 } split /\n/, $catalogue;
    my @now = split /\n/, sql($db, Interlock::Catalogue::query());
    delete @before{@now};
    is_deeply([ keys %before ], [], 'nothing that was in the catalogue has changed');
    %before = map { $_ => 1 } split /\n/, $catalogue;
    my $added = qr/project_memory|image_analysis|confidence_is_a_share|(?:design_brief_projectId|scene_iteration_projectId|scene_iteration_briefId|custom_component_job_projectId)_fkey/;
    is_deeply([ grep { !$before{$_} && $_ !~ $added } @now ], [], 'and nothing is new that the plan does not name');
    like(runs_ok([ 'run', $plan ], 'run again', { db => $db })->{out}, qr/nothing to do/, 'does nothing');
    runs_ok([ 'verify', $plan ], 'verify', { db => $db });
    ok(sql_fails($db, qq{INSERT INTO $brief ("projectId", "designBrief") VALUES (gen_random_uuid(), '{}')}), 'no orphan comes again');

    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'the schema is what it was');
    is(table_rows($db), $all, 'and so is every row, the children that ON DELETE touched included');
    drop_world($db);
};

subtest 'what has found its project again' => sub {
    my $db = fresh();
    my $orphans = orphans($db);
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    like(runs_ok([ 'restore', $plan, '--yes' ], 'restore', { db => $db })->{out}, qr/restored 0 rows/, 'puts nothing back that refers to nothing');
    # the projects turn up in a backup
    sql($db, qq{INSERT INTO "bazaar-vid_project" (id, "userId", title) SELECT DISTINCT "projectId", (SELECT min(id) FROM "bazaar-vid_user"), 'from the backup'
        FROM (SELECT "projectId" FROM interlock.quarantine_1_10 UNION SELECT "projectId" FROM interlock.quarantine_1_12 UNION SELECT "projectId" FROM interlock.quarantine_1_16) x
        WHERE NOT EXISTS (SELECT FROM "bazaar-vid_project" p WHERE p.id = x."projectId")});
    like(runs_ok([ 'restore', $plan, '--yes' ], 'restore', { db => $db })->{out}, qr/restored 633 rows/, 'puts all 621 back, and what went with them');
    is(sql($db, q{SELECT count(*) FROM pg_class WHERE relnamespace = 'interlock'::regnamespace AND relname ~ '^archive_'}), 0, 'nothing is kept any more');
    sql($db, q{ALTER TABLE "bazaar-vid_project" DISABLE TRIGGER ALL; DELETE FROM "bazaar-vid_project" WHERE title = 'from the backup'});
    is(orphans($db), $orphans, 'byte for byte');
    drop_world($db);
};

subtest 'one orphan more than was counted' => sub {
    my $db = fresh();
    sql($db, qq{INSERT INTO $brief ("projectId", "designBrief") VALUES (gen_random_uuid(), '{}')});
    my $orphans = orphans($db);
    my $run = exits(3, [ 'run', $plan ], qr/at_most/, 'stops the run', { db => $db });
    like($run->{err}, qr/269/, 'with the count');
    is(orphans($db), $orphans, 'and none is moved');
    drop_world($db);
};

subtest 'while the new release is at work' => sub {
    my $db = fresh();
    my $orphans = orphans($db);
    runs_ok([ 'run', $plan, '--to', 'expand' ], 'the new tables', { db => $db });
    my $some = q{(SELECT id FROM "bazaar-vid_project" ORDER BY random() LIMIT 1)};
    my $app = application($db,
        qq{INSERT INTO "bazaar-vid_project_memory" ("projectId", "kind", "key", "value") SELECT $some, 'style', 'k' || (random() * 20)::int, 'v'
           ON CONFLICT ("projectId", "kind", "key") DO UPDATE SET "value" = excluded."value" || '+', "confidence" = 0.9, "updatedAt" = now()},
        qq{INSERT INTO "bazaar-vid_image_analysis" ("projectId", "imageUrl") SELECT $some, 'https://example.com/1.png'},
        qq{INSERT INTO $brief ("projectId", "designBrief") SELECT $some, '{"new": true}'},
        qq{UPDATE $job SET "status" = 'again' WHERE id = md5('job7')::uuid},
        qq{INSERT INTO "bazaar-vid_message" ("projectId", "role", "content") SELECT $some, 'user', 'faster'},
    );
    ok(wait_until(sub { sql($db, 'SELECT count(*) > 3 FROM "bazaar-vid_project_memory"') eq 't' }), 'upserts');
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    my $so_far = sql($db, 'SELECT count(*) FROM "bazaar-vid_image_analysis"');
    ok(wait_until(sub { sql($db, 'SELECT count(*) FROM "bazaar-vid_image_analysis"') > $so_far }), 'go on after it');
    my $report = $app->stop;
    is_deeply($report->{failures}, [], 'no statement of the application failed');
    cmp_ok($report->{max_ms}, '<', 1000, 'none waited longer than the lock wait and the hold') or diag($report->{slowest});
    like(orphans($db), qr/^0 rows/, 'no orphan is left');
    is(sql($db, qq{SELECT count(*) > 0 FROM $brief WHERE "designBrief" = '{"new": true}'}), 't', 'what was written meanwhile stays');
    is(sql($db, q{SELECT count(*) > 0 FROM "bazaar-vid_project_memory" WHERE "updatedAt" IS NOT NULL AND "value" LIKE 'v+%'}), 't', 'upserts have found their rows');
    runs_ok([ 'undo', $plan, '--to', 'expand', '--yes' ], 'undo to behind the new tables', { db => $db });
    is(orphans($db), $orphans, 'all 621 are back, byte for byte');
    is(sql($db, 'SELECT count(*) > 0 FROM "bazaar-vid_project_memory"'), 't', 'the memory stays');
    drop_world($db);
};

# The steps that std.orphans makes, without a database.
sub steps_of
{
    my ($name, $foreign_keys) = @_;
    my $file = plan_file($name, <<"LUA");
local orphans = require "std.orphans"
plan "$name" { title = "t", phase "orphans" { orphans.quarantine_then_reference { reason = "gone", foreign_keys = { $foreign_keys } } } }
LUA
    my $show = interlock('show', $file, '--json');
    return "exit $show->{exit}: $show->{err}" if $show->{exit};
    return join ', ', map { "$_->{do} $_->{options}{table}" } @{ JSON::PP::decode_json($show->{out})->{blocks}[0]{steps} };
}

subtest 'std.orphans without a database' => sub {
    my %key = (
        a => '{ table = "app.a", column = "b", references = "app.b(id)", at_most = 3 }',
        b => '{ table = "app.b", column = "c", references = "public.c(id)", at_most = 3 }',
        c => '{ table = "c", column = "above", references = "c(id)" }',
        d => '{ table = "d", column = "a", references = "app.a(id)", at_most = 1 }',
    );
    my $wanted = 'add_foreign_key c, quarantine app.b, add_foreign_key app.b, quarantine app.a, add_foreign_key app.a, quarantine d, add_foreign_key d,'
      . ' expect_no_orphans c, expect_no_orphans app.b, expect_no_orphans app.a, expect_no_orphans d';
    is(steps_of('in_order', join ', ', @key{@$_}), $wanted, "@$_ in dependency order") for [qw(a b c d)], [qw(d c b a)], [qw(b d a c)];
    like(steps_of('circle', '{ table = "a", column = "b", references = "b(id)" }, { table = "b", column = "a", references = "a(id)" }'), qr/circle/, 'a circle is refused');
};

subtest 'by hand it is the same plan' => sub {
    my %text = (library => <<'LUA', hand => <<'LUA');
local orphans = require "std.orphans"
plan "same" {
  title = "t",
  phase "orphans" {
    orphans.quarantine_then_reference {
      reason = "gone",
      foreign_keys = {
        { table = "items", column = "order_id", references = "orders(id)", at_most = 25, on_delete = "cascade" },
      },
    },
  },
}
LUA
plan "same" {
  title = "t",
  phase "orphans" {
    quarantine { table = "items", at_most = 25, reason = "gone", where = [[ order_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM (SELECT id AS referred_key FROM orders) AS parent WHERE referred_key = order_id) ]] },
    add_foreign_key { table = "items", column = "order_id", references = "orders(id)", on_delete = "cascade" },
    expect_no_orphans { table = "items", column = "order_id", references = "orders(id)" },
  },
}
LUA
    my %hash = map { $_ => JSON::PP::decode_json(interlock('show', plan_file("same_$_", $text{$_}), '--json')->{out})->{hash} } keys %text;
    is($hash{library}, $hash{hand}, 'of the same hash');
};

subtest 'one table has a column of the name that the other refers by' => sub {
    my $db = world('likenamed', <<'SQL');
CREATE TABLE parts (id integer PRIMARY KEY, part_id integer, "Part" integer);
CREATE TABLE pieces (id integer PRIMARY KEY, part_id integer, "Part" integer);
INSERT INTO parts SELECT n, n, n FROM generate_series(1, 5) n;
INSERT INTO pieces SELECT n, n, n FROM generate_series(1, 9) n;
SQL
    my $file = plan_file('likenamed', <<'LUA');
local orphans = require "std.orphans"
plan "likenamed" { title = "t", phase "orphans" { orphans.quarantine_then_reference { reason = "gone", foreign_keys = {
  { table = "pieces", column = "part_id", references = "parts(id)", at_most = 4, name = "known" },
  { table = "pieces", column = '"Part"', references = "parts(id)" },
} } } }
LUA
    runs_ok([ 'run', $file ], 'run', { db => $db });
    is(sql($db, 'SELECT string_agg(id::text, \' \' ORDER BY id) FROM pieces'), '1 2 3 4 5', 'the right rows are set aside');
    drop_world($db);
};

subtest 'an orphan that nobody has counted' => sub {
    my $db = world('uncounted', 'CREATE TABLE b (id integer PRIMARY KEY); CREATE TABLE a (id integer PRIMARY KEY, b integer); INSERT INTO a VALUES (1, NULL), (2, 7)');
    my $file = plan_file('uncounted', <<'LUA');
local orphans = require "std.orphans"
plan "uncounted" { title = "t", phase "orphans" { orphans.quarantine_then_reference { reason = "gone",
  foreign_keys = { { table = "a", column = "b", references = "b(id)" } } } } }
LUA
    exits(3, [ 'run', $file ], qr/id = 2, b = 7/, 'stops the run, and is named', { db => $db });
    is(sql($db, q{SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'a'::regclass}), 0, 'no foreign key stays');
    drop_world($db);
};

done_testing();
