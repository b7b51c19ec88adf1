# The third scenario: a new table with its type, foreign key, rule and indexes on a database that has nothing of it, and on
# one where the table is there with a million rows and an application at work; then the import of an export, and the link
# of what guests made to the accounts that they have opened since.
use strict;
use warnings;

use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = top() . '/examples/generated-media';
my $plan = "$folder/plans/generated_media.lua";
my %file = map { $_ => PostgreSQL::Test::Utils::slurp_file("$folder/$_.sql") } qw(schema data half_done history);

# Sanitizers and slow machines get fewer rows; what is shown does not depend on them.
my $rows = $ENV{INTERLOCK_ROWS} || ($ENV{SAN} ? 20_000 : 1_000_000);

sub fresh
{
    my ($name, @more) = @_;
    return world($name, sub {
        my ($db) = @_;
        sql($db, join ";\n", "SET interlock.rows = 2000", $file{schema}, $file{data}, @more);
    });
}

my $indexes = q{SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                 WHERE i.indrelid = '"GeneratedMedia"'::regclass AND i.indisvalid AND NOT i.indisprimary};
my $constraints = q{SELECT string_agg(conname || ':' || convalidated, ' ' ORDER BY conname) FROM pg_constraint
                     WHERE conrelid = '"GeneratedMedia"'::regclass AND contype IN ('c', 'f')};
my $users = q{SELECT md5(string_agg(u::text, '' ORDER BY id)) FROM "User" u};
my $all_indexes = 'media_by_model media_by_time media_of_guest media_of_user';
my $all_constraints = 'GeneratedMedia_userId_fkey:true media_has_an_owner:true';

subtest 'a database that has nothing of it' => sub {
    my $db = fresh('media_empty');
    my ($schema, $people) = (schema_dump($db), sql($db, $users));
    runs_ok([ 'check', $plan, '--strict' ], 'the plan fits', { db => $db });
    runs_ok([ 'preview', $plan ], 'preview', { db => $db });
    is(schema_dump($db), $schema, 'which change nothing');

    runs_ok([ 'run', $plan ], 'run', { db => $db });
    is(sql($db, $indexes), $all_indexes, 'four indexes');
    is(sql($db, $constraints), $all_constraints, 'the foreign key and the rule');
    is(sql($db, $users), $people, 'the columns that the plan does not name are as they were');
    like(runs_ok([ 'run', $plan ], 'run again', { db => $db })->{out}, qr/nothing to do/, 'does nothing');
    like(runs_ok([ 'verify', $plan ], 'verify', { db => $db })->{out}, qr/it also has name, "stripeCustomerId", "legacyTheme"/, 'and they are named');
    ok(sql_fails($db, q{INSERT INTO "GeneratedMedia" ("type", "url") VALUES ('image', 'x')}), 'a row without an owner is refused');

    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'leads back');
    drop_world($db);
};

subtest 'rows written since are not lost by the way back' => sub {
    my $db = fresh('media_back');
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, q{INSERT INTO "GeneratedMedia" ("session_id", "type", "url") SELECT 'guest', 'image', 'u' || n FROM generate_series(1, 100) n});
    my $undo = interlock('undo', $plan, '--to', 'start', '--yes', { db => $db });
    is($undo->{exit}, 3, 'undo refuses');
    like($undo->{err}, qr/holds rows that were written since/, 'because of what was written');
    is(sql($db, 'SELECT count(*) FROM "GeneratedMedia"'), 100, 'all of it is there');
    is(sql($db, $indexes), $all_indexes, 'and nothing was taken back');
    drop_world($db);
};

subtest "somebody began by hand: $rows rows, and an application at work" => sub {
    my $db = fresh('media_half', "SET interlock.media = $rows", $file{half_done});
    my $file = sql($db, q{SELECT pg_relation_filenode('"GeneratedMedia"')});
    my $app = application($db,
        q{INSERT INTO "GeneratedMedia" ("userId", "type", "url") SELECT "id", 'image', 'new' FROM "User" LIMIT 1},
        q{UPDATE "GeneratedMedia" SET "prompt" = 'changed' WHERE "id" = md5('media' || 77)::uuid},
        q{DELETE FROM "GeneratedMedia" WHERE "id" = md5('media' || 78)::uuid},
        q{SELECT count(*) FROM "GeneratedMedia" WHERE "id" = md5('media' || 79)::uuid},
        q{UPDATE "User" SET "name" = 'new' WHERE "id" = md5('user1')::uuid},
    );
    my $run = runs_ok([ 'run', $plan ], 'run', { db => $db, seconds => 300 });
    my $report = $app->stop;
    is_deeply($report->{failures}, [], 'no statement of the application failed');
    cmp_ok($report->{max_ms}, '<', 1000, 'none waited longer than the lock wait and the hold') or diag($report->{slowest});
    cmp_ok($report->{count} // 1, '>', 0, 'it was at work');
    like($run->{out}, qr/create enum type .*already there/, 'the type was there');
    is(sql($db, $indexes), $all_indexes, 'the indexes are built');
    is(sql($db, $constraints), $all_constraints, 'the constraints are valid');
    is(sql($db, q{SELECT pg_relation_filenode('"GeneratedMedia"')}), $file, 'the table was not rewritten');
    like($run->{out}, qr/media_of_user/, 'the latest 50 of a user are served by their index');
    runs_ok([ 'verify', $plan ], 'verify', { db => $db });
    drop_world($db);
};

subtest 'somebody made the type differently' => sub {
    my $db = fresh('media_conflict', "CREATE TYPE media_type AS ENUM ('image', 'audio')");
    my $schema = schema_dump($db);
    my $run = interlock('run', $plan, { db => $db });
    is($run->{exit}, 4, 'run refuses');
    like($run->{err}, qr/audio/, 'shows what is there');
    is(schema_dump($db), $schema, 'nothing is touched');
    drop_world($db);
};

# The folder as it is, with the export that history.sql writes.
sub with_export
{
    my ($db, $lines) = @_;
    my $copy = project() . '/generated-media';
    is(system('cp', '-r', $folder, $copy), 0, 'a copy of the folder');
    open my $file, '>', "$copy/plans/history.jsonl" or die "history.jsonl: $!";
    print {$file} sql($db, "SET interlock.lines = $lines;\n$file{history}"), "\n";
    close $file;
    return "$copy/plans/browser_history.lua";
}

subtest 'what was in the browsers' => sub {
    my $lines = $ENV{SAN} ? 5_000 : 50_000;
    my $db = fresh('media_history', 'SET interlock.media = 20000', $file{half_done});
    runs_ok([ 'run', $plan ], 'the table', { db => $db });
    my $history = with_export($db, $lines);
    my $pictures = q{SELECT md5(string_agg(m::text, '' ORDER BY id)) FROM "GeneratedMedia" m WHERE "url" NOT LIKE '%/new/%'};
    my ($before, $count) = (sql($db, $pictures), sql($db, 'SELECT count(*) FROM "GeneratedMedia"'));

    # Guests go on, those with an account among them; and one more opens an account.
    my $app = application($db,
        q{INSERT INTO "GeneratedMedia" ("session_id", "type", "url") SELECT 'guest-' || n, 'image', 'https://media.example.com/new/' || n FROM generate_series(0, 3) n},
        q{INSERT INTO "GuestAccount" SELECT 'guest-' || s || floor(random() * 4) * 2 + 1, "id" FROM generate_series(0, 9) s, "User" ORDER BY random() LIMIT 1 ON CONFLICT DO NOTHING},
        q{SELECT count(*) FROM "GeneratedMedia" WHERE "session_id" = 'guest-7'},
    );
    my $run = exits(5, [ 'run', $history ], undef, 'the import, and the link', { db => $db, seconds => 600 });
    my $report = $app->stop;
    is_deeply($report->{failures}, [], 'no statement of the application failed');
    cmp_ok($report->{max_ms}, '<', 1000, 'none waited longer than the lock wait and the hold') or diag($report->{slowest});
    my ($bad, $twice) = ($lines / 250, $lines / 500);
    like($run->{out}, qr/ $lines read: @{[ $lines - $bad - $twice ]} inserted, $twice already there, $bad rejected /, 'the counts add up');
    is(sql($db, q{SELECT count(*), count(DISTINCT regexp_replace(reason, 'Token .*', '')) FROM interlock.rejected_2_2}), "$bad|4", 'what was of no use is kept with its reason');

    my $unlinked = q{SELECT count(*) FROM "GeneratedMedia" m JOIN "GuestAccount" a USING ("session_id") WHERE m."userId" IS DISTINCT FROM a."userId"};
    interlock('sync', { db => $db });
    is(sql($db, $unlinked), 0, 'a guest with an account has all pictures there');
    sql($db, q{INSERT INTO "GeneratedMedia" ("session_id", "type", "url") VALUES ('guest-998', 'image', 'https://media.example.com/new/x')});
    is(sql($db, $unlinked), 0, 'also those that are made now');

    runs_ok([ 'undo', $history, '--to', 'start', '--yes' ], 'undo', { db => $db, seconds => 600 });
    is(sql($db, $pictures), $before, 'takes back what came in, and nothing else');
    exits(5, [ 'run', $history ], undef, 'once more', { db => $db, seconds => 600 });
    runs_ok([ 'gate', 'pass', $history, '--evidence', 'looked at ten' ], 'the gate', { db => $db });
    runs_ok([ 'run', $history ], 'to the end', { db => $db });
    like(runs_ok([ 'run', $history ], 'and again', { db => $db })->{out}, qr/nothing to do/, 'changes nothing');
    drop_world($db);
};

done_testing();
