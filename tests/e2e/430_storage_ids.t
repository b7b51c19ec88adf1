# The fifth scenario: text keys become foreign keys, by std.keys, twice in one plan, while an application of the release
# that writes keys and one of the release that writes ids are at work.
use strict;
use warnings;

use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = top() . '/examples/storage-ids';
my %file = map { $_ => PostgreSQL::Test::Utils::slurp_file("$folder/$_") } qw(schema.sql data.sql plans/storage_ids.lua);
my $only = $ENV{CASE};

sub part { my ($name, $code) = @_; return !defined $only || $name =~ /$only/ ? subtest($name, $code) : undef }

sub fresh
{
    return world('storage', sub {
        my ($db) = @_;
        sql($db, join ";\n", 'SET interlock.rows = 2000', $file{'schema.sql'}, $file{'data.sql'});
    });
}

# The example's plan, but for thirty days.
sub plan_in_short { return plan_file('storage_ids', $file{'plans/storage_ids.lua'} =~ s/30 days/2 seconds/r) }

sub mend
{
    my ($db) = @_;
    sql($db, q{INSERT INTO storage (key, bytes) SELECT image_key, 1 FROM posts WHERE image_key LIKE 'files/lost%'});
    return sql($db, q{UPDATE "user" SET image = NULL WHERE image LIKE 'files/lost%'});
}

# Rows in which the key is not that of the id.
sub apart
{
    my ($db) = @_;
    return sql($db, q{SELECT (SELECT count(*) FROM posts p LEFT JOIN storage s ON s.id = p.image_id WHERE p.image_key IS DISTINCT FROM s.key)
        + (SELECT count(*) FROM "user" u LEFT JOIN storage s ON s.id = u.image_id WHERE u.image IS DISTINCT FROM s.key)});
}

# Runs until it says so, and what it said.
sub again
{
    my ($plan, $db, $pattern) = @_;
    my $said = '';
    for (1 .. 20)
    {
        my $run = interlock('run', $plan, '--yes', { db => $db });
        $said = "$run->{out}$run->{err}";
        last if $said =~ $pattern;
    }
    return $said;
}

sub file { return "files/' || md5('file' || $_[0]) || '.jpg" }

# Release N knows keys alone; now and then it names a file before it is stored.
my @old_release = (
    sub { "INSERT INTO posts (user_id, title, image_key) VALUES (1, 'old', '" . file(1 + $_[0] % 500) . q{')} },
    sub { "UPDATE posts SET image_key = '" . file(1 + $_[0] % 700) . q{' WHERE id = } . (1 + $_[0] % 90) },
    sub { 'UPDATE posts SET image_key = NULL WHERE id = ' . (110 + $_[0] % 80) },
    sub { qq{UPDATE "user" SET image = '} . file(1 + $_[0] % 300) . q{' WHERE id = } . (1 + $_[0] % 30) },
    sub { "INSERT INTO posts (user_id, title, image_key) VALUES (2, 'late', 'files/late-$_[0]')" },
    sub { "INSERT INTO storage (key, bytes) VALUES ('files/late-$_[0]', 1)" },
    sub { 'SELECT image_key FROM posts ORDER BY created_at DESC LIMIT 10' },
);
# N+1 knows ids.
my @new_release = (
    sub { "INSERT INTO posts (user_id, title, image_id) VALUES (3, 'new', " . (1 + $_[0] % 600) . ')' },
    sub { 'UPDATE posts SET image_id = ' . (1 + $_[0] % 800) . ' WHERE id = ' . (1 + $_[0] % 90) },
    sub { 'UPDATE posts SET image_id = NULL WHERE id = ' . (80 + $_[0] % 60) },
    sub { q{UPDATE "user" SET image_id = } . (1 + $_[0] % 200) . ' WHERE id = ' . (20 + $_[0] % 20) },
    sub { 'SELECT s.key FROM posts p LEFT JOIN storage s ON s.id = p.image_id ORDER BY p.created_at DESC LIMIT 10' },
);

sub worked_well
{
    my ($app, $what) = @_;
    my $report = $app->stop;
    is_deeply($report->{failures}, [], "no statement of $what failed");
    cmp_ok($report->{max_ms}, '<', $ENV{SAN} ? 20_000 : 10_000, 'none waited for long') or diag($report->{slowest});
    return cmp_ok($report->{count}, '>', 20, 'it was at work');
}

part 'from the first release to the second' => sub {
    my $db = fresh();
    my $plan = plan_in_short();
    runs_ok([ 'check', $plan, '--strict' ], 'the plan fits', { db => $db });
    my $old = application($db, @old_release);

    my $run = exits(3, [ 'run', $plan, '--yes' ], qr/image_key = files\/lost-101\.jpg, rows = 1/, 'a key without a row stops the plan', { db => $db });
    like($run->{err}, qr/lost-202.*lost-303/s, 'all of them are listed');
    my $new = application($db, @new_release);
    sql($db, q{INSERT INTO storage (key, bytes) SELECT image_key, 1 FROM posts WHERE image_key LIKE 'files/lost%'});
    # A file that is just being stored may be such a key for a moment: then it is only to run again.
    like(again($plan, $db, qr/lost-me/), qr/lost-me/, 'so does that of the other table, and is listed');
    sql($db, q{UPDATE "user" SET image = NULL WHERE id = 42});
    like(again($plan, $db, qr/waiting at gate/), qr/waiting at gate/, 'then it waits at the gate');
    my $verified = runs_ok([ 'verify', $plan ], 'verify', { db => $db })->{out};
    like($verified, qr/rows of storage that nobody refers to +holds .* \d+ rows/, 'files that nobody refers to are counted');
    like($verified, qr/under 100 ms.*holds.*index storage_pkey/, 'the feed is fast, by its index');

    worked_well($old, 'release N');
    runs_ok([ 'sync', '--all' ], 'what came late is looked up', { db => $db });
    is(apart($db), 0, 'keys and ids agree in every row');
    is(sql($db, q{SELECT count(*) FROM posts WHERE image_key IS NOT NULL AND image_id IS NULL}), 0, 'each key has its id');

    my $list = runs_ok([ 'status', $plan, '--markdown' ], 'status --markdown', { db => $db })->{out};
    like($list, qr/^- \[x\] expand\n.*^- \[x\] constrain\n.*^- \[ \] gate: release N\+1 is live\n.*^- \[ \] contract\n/ms, 'is a list to tick off');

    my $release = sql_session($db, 'feed/1.9');
    exits(5, [ 'run', $plan, '--yes' ], undef, 'while N is there the gate is closed', { db => $db });
    $release->quit;
    $release = sql_session($db, 'feed/2.0.1');
    my $gate = exits(5, [ 'run', $plan, '--yes' ], undef, 'with N+1 alone it opens', { db => $db });
    like("$gate->{out}$gate->{err}", qr/safety period/, 'and the safety period begins');
    is(column_type($db, 'posts', 'image_key'), 'text', 'the keys are still there');
    sql($db, q{INSERT INTO posts (user_id, title, image_key) VALUES (1, 'forgotten', 'files/nobody.jpg')});
    sleep 3;
    exits(3, [ 'run', $plan, '--yes' ], qr/files\/nobody\.jpg/, 'a key that leads nowhere holds up the contract', { db => $db });
    is(column_type($db, 'posts', 'image_key'), 'text', 'the keys are still there');
    sql($db, q{DELETE FROM posts WHERE title = 'forgotten'});
    runs_ok([ 'run', $plan, '--yes' ], 'then it comes to its end', { db => $db });
    is(column_type($db, 'posts', 'image_key') . column_type($db, 'user', 'image'), '', 'the keys are gone');
    worked_well($new, 'release N+1');

    sql($db, q{INSERT INTO posts (user_id, title, image_id) VALUES (4, 'since', 5); UPDATE posts SET image_id = 6 WHERE id = 1; UPDATE posts SET image_id = NULL WHERE id = 11});
    runs_ok([ 'undo', $plan, '--to', 'constrain', '--yes' ], 'undo', { db => $db });
    is(apart($db), 0, 'gives every row its key, and those that were written since');
    sql($db, q{UPDATE posts SET image_key = (SELECT key FROM storage WHERE id = 9) WHERE id = 1});
    is(sql($db, 'SELECT image_id FROM posts WHERE id = 1'), 9, 'and both releases can write again');
    drop_world($db);
};

part 'each release reads what the other wrote' => sub {
    my $db = fresh();
    my $plan = plan_in_short();
    my ($schema, $rows) = (schema_dump($db), table_rows($db));
    mend($db);
    my $mended = table_rows($db);
    exits(5, [ 'run', $plan, '--yes' ], undef, 'run', { db => $db });
    my $pair = sub { return sql($db, 'SELECT image_id, image_key FROM posts WHERE id = 1') =~ s/files\/|\.jpg//gr };
    my %key = map { $_ => sql($db, "SELECT key FROM storage WHERE id = $_") =~ s/files\/|\.jpg//gr } 7 .. 9;
    my $before = sql($db, 'SELECT image_key FROM posts WHERE id = 1');
    sql($db, "UPDATE posts SET image_key = 'files/$key{7}.jpg' WHERE id = 1");
    is($pair->(), "7|$key{7}", 'a key');
    sql($db, 'UPDATE posts SET image_id = 8 WHERE id = 1');
    is($pair->(), "8|$key{8}", 'an id');
    sql($db, 'UPDATE posts SET image_id = NULL WHERE id = 1');
    is($pair->(), '|', 'an image that is taken away by its id');
    sql($db, "UPDATE posts SET image_id = 9, image_key = 'files/$key{7}.jpg' WHERE id = 1");
    is($pair->(), "9|$key{9}", 'both, which do not agree: the id counts');
    sql($db, 'UPDATE posts SET image_key = NULL WHERE id = 1');
    is($pair->(), '|', 'an image that is taken away by its key');
    sql($db, q{UPDATE posts SET image_key = 'files/later.jpg' WHERE id = 1});
    is($pair->(), '|later', 'a file that is not stored yet');
    sql($db, q{INSERT INTO storage (key, bytes) VALUES ('files/later.jpg', 1)});
    runs_ok([ 'sync', '--all' ], 'sync', { db => $db });
    like($pair->(), qr/^\d+\|later$/, 'gets its id when it is');
    sql($db, q{DELETE FROM storage WHERE key = 'files/later.jpg'});
    is($pair->(), '|later', 'a file that is deleted: no id any more, and the key as it was');
    sql($db, "UPDATE posts SET image_key = '$before' WHERE id = 1");

    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'leaves nothing of it');
    is(table_rows($db), $mended, 'and every key as it was');
    drop_world($db);
};

part 'quarantine' => sub {
    my $db = fresh();
    my $plan = plan_file('aside', <<'LUA');
local keys = require "std.keys"

plan "aside" {
  title = "Posts refer to their images",
  keys.replace_text_key { table = "posts", column = "image_key", id_column = "image_id", references = "storage(id)",
                          missing = "quarantine", at_most = 3, gate = "N+1 is live" },
}
LUA
    my $rows = sql($db, 'SELECT md5(string_agg(p::text, chr(10) ORDER BY id)) FROM (SELECT id, title, image_key FROM posts) p');
    exits(5, [ 'run', $plan, '--yes' ], undef, 'run goes on to the gate', { db => $db });
    is(sql($db, q{SELECT count(*) FROM posts WHERE image_key LIKE 'files/lost%'}), 0, 'rows whose key leads nowhere are aside');
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    is(sql($db, 'SELECT md5(string_agg(p::text, chr(10) ORDER BY id)) FROM (SELECT id, title, image_key FROM posts) p'), $rows, 'brings them back');
    exits(3, [ 'run', plan_file('aside', PostgreSQL::Test::Utils::slurp_file($plan) =~ s/at_most = 3/at_most = 2/r), '--yes' ],
        undef, 'no more than at_most go', { db => $db });
    is(sql($db, q{SELECT count(*) FROM posts WHERE image_key LIKE 'files/lost%'}), 3, 'none then');
    drop_world($db);
};

done_testing();
