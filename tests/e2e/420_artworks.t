# examples/artworks-v2: a table full of what grew with it becomes another one with a clean record for each picture, while
# its application orders, buys, changes and deletes; it is switched, comes back, is switched again; and what stays behind,
# belongs to it or refers to it is treated as the plan says.
use strict;
use warnings;

use Interlock::Artworks;
use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $only = $ENV{CASE};
our $plan = artworks_plan();
my $goes_over = q{email IS NOT NULL AND access_token IS NOT NULL AND coalesce(original_image_url, '') NOT LIKE 'test-%'
  AND status NOT IN ('pending', 'generating', 'failed')};

# A subtest; CASE=words runs those alone whose name has them.
sub part { my ($name, $code) = @_; return !$only || $name =~ /$only/ ? subtest($name, $code) : 1 }

sub to_all_customers
{
    my ($db) = @_;
    runs_ok([ 'rollout', 'artworks_v2', $_, '--evidence', 'this test' ], "$_ % of the customers", { db => $db }) for 1, 10, 100;
    return;
}

# As far as behind the switch.
sub switched
{
    my ($db) = @_;
    exits(5, [ 'run', $plan, '--yes' ], undef, 'run to the rollout', { db => $db, seconds => 120 });
    to_all_customers($db);
    return exits(5, [ 'run', $plan ], undef, 'run to the safety period', { db => $db, seconds => 120 });
}

# As above where no application is there by whose name the gate would pass.
sub switched_alone
{
    my ($db) = @_;
    exits(5, [ 'run', $plan, '--yes' ], undef, 'run to the gate', { db => $db, seconds => 120 });
    runs_ok([ 'gate', 'pass', $plan, '--evidence', 'this test' ], 'it passes', { db => $db });
    return switched($db);
}

sub is_v2 { return sql($_[0], q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'artworks'::regclass AND attname = 'generation_status'}) }

part 'there and back while the application writes' => sub {
    my $db = artworks_world();
    my $api = api($db);
    my $schema = schema_dump($db);
    my $new = q{SELECT count(*) FROM users WHERE anonymous AND substr(email, 9, length(email) - 20)::integer > 500};
    my $run = exits(5, [ 'run', $plan, '--yes' ], undef, 'run', { db => $db, seconds => 120 });
    like($run->{out}, qr/waiting at rollout "by customer"/, 'the gate knows the application by its name, and lets it pass');
    is(differences($db), '', 'the live table is what the application wrote');
    to_all_customers($db);
    sleep 1;
    like(exits(5, [ 'run', $plan ], undef, 'run to the safety period', { db => $db, seconds => 120 })->{out}, qr/locks held for \d+ ms/, 'which switches');
    is(is_v2($db), 1, 'the new table is in place');
    is(differences($db), '', 'and holds each row that goes over, as it was written, with its owner');
    cmp_ok(sql($db, $new), '>', 0, 'customers who came first meanwhile have a user');
    sleep 2;
    is(differences($db), '', 'and later');
    like(runs_ok([ 'sync' ], 'sync', { db => $db })->{out}, qr/nobody has read public\.artworks_old so far/, 'what the application had read before the switch does not count');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db, seconds => 120 });
    is(is_v2($db), 0, 'the old table is back');
    is(differences($db), '', 'with all that was written, and with what stayed behind');
    sleep 1;
    exits(5, [ 'run', $plan ], undef, 'run again', { db => $db, seconds => 120 });
    is(differences($db), '', 'undo is undone, and nothing is lost');
    sleep 1;
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo as far as the start', { db => $db, seconds => 120 });
    api_ends($api, 'there and back');
    is(differences($db), '', 'nothing is lost in the end');
    is(schema_dump($db), $schema, 'the schema is as it was');
    drop_world($db);
};

part 'killed' => sub {
    my $db = artworks_world();
    my $api = api($db);
    my $kills = 0;
    my $killed = sub {
        my ($until, @args) = @_;
        for (my $n = 1; $n <= 12 && !$until->(); $n++)
        {
            my $run = in_background(@args, { db => $db, seconds => 120 });
            sleep 0.12 * $n;
            $kills++ if $run->running;
            $run->signal('KILL') if $run->running;
            $run->finish;
        }
    };
    my $state = sub { sql($db, q{SELECT CASE WHEN to_regclass('interlock.run') IS NOT NULL THEN 'there' END}) eq 'there' ? sql($db, q{SELECT state || ' ' || next_block FROM interlock.run}) : '' };
    $killed->(sub { $state->() =~ /^waiting/ }, 'run', $plan, '--yes');
    exits(5, [ 'run', $plan, '--yes' ], undef, 'run to the rollout', { db => $db, seconds => 120 });
    is(differences($db), '', 'the live table is what the application wrote');
    to_all_customers($db);
    $killed->(sub { is_v2($db) }, 'run', $plan);
    exits(5, [ 'run', $plan ], undef, 'run to the safety period', { db => $db, seconds => 120 });
    is(is_v2($db), 1, 'it is switched');
    is(differences($db), '', 'and nothing is lost');
    $killed->(sub { !is_v2($db) }, 'undo', $plan, '--yes');
    interlock('undo', $plan, '--to', 'by customer', '--yes', { db => $db, seconds => 120 });
    is(is_v2($db), 0, 'it is switched back');
    is(differences($db), '', 'and nothing is lost');
    cmp_ok($kills, '>', 5, "killed $kills times");
    api_ends($api, 'killed');
    drop_world($db);
};

part 'what goes over, stays behind, and belongs to the table' => sub {
    my $db = artworks_world();
    sql($db, 'CREATE TABLE before AS TABLE artworks; CREATE TABLE users_before AS TABLE users');
    my $preview = runs_ok([ 'preview', $plan ], 'preview', { db => $db })->{out};
    like($preview, qr/drop table public\.artworks_old\n/, 'the table that the switch leaves is not said to be gone');
    my ($made) = $preview =~ /which follows public\.artworks +new\n(.*?) create index/s;
    is(() = ($made // '') =~ /EXCLUSIVE public\.artworks\b/g, 1, 'a lock is told once');
    my %belongs = (
        indexes => q{SELECT string_agg(indexrelid::regclass::text, ' ' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = 'artworks'::regclass AND indexrelid::regclass::text IN ('artworks_pkey', 'artworks_access_token_key', 'artworks_email_idx', 'artworks_created_at_idx')},
        rights => q{SELECT relacl::text || relrowsecurity || (SELECT string_agg(attname || attacl::text, ' ' ORDER BY attname) FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL) FROM pg_class c WHERE oid = 'artworks'::regclass},
        policies => q{SELECT string_agg(polname || pg_get_expr(polqual, polrelid), ' ' ORDER BY polname) FROM pg_policy WHERE polrelid = 'artworks'::regclass},
        comments => q{SELECT concat_ws('|', obj_description('artworks'::regclass), obj_description('artworks_email_idx'::regclass), (SELECT col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'artworks'::regclass AND attname = 'access_token'))},
        view => q{SELECT pg_get_viewdef('gallery'::regclass)},
        triggers => q{SELECT string_agg(pg_get_triggerdef(oid), ' ') FROM pg_trigger WHERE tgrelid = 'artworks'::regclass AND NOT tgisinternal AND tgname !~ '^~interlock'},
        'foreign keys' => q{SELECT string_agg(conname || pg_get_constraintdef(oid) || convalidated, ' ' ORDER BY conname) FROM pg_constraint WHERE contype = 'f' AND 'artworks'::regclass IN (conrelid, confrelid)},
        sequence => q{SELECT pg_get_serial_sequence('artworks', 'id') || has_sequence_privilege('artworks_api', 'artworks_id_seq', 'USAGE')});
    my %before = map { $_ => sql($db, $belongs{$_}) } keys %belongs;
    my $last = sql($db, 'SELECT last_value FROM artworks_id_seq');
    switched_alone($db);
    is(sql($db, $belongs{$_}), $before{$_}, "$_ go over") for sort keys %belongs;
    cmp_ok(sql($db, q{SELECT nextval('artworks_id_seq')}), '>', $last, 'the sequence goes on');

    is(sql($db, "SELECT count(*) FROM ((SELECT id, email, access_token, prompt FROM before WHERE $goes_over) EXCEPT ALL (SELECT id, email, access_token, prompt FROM artworks)) x"), 0, 'each row that is to go over is there');
    is(sql($db, "SELECT count(*) FROM artworks"), sql($db, "SELECT count(*) FROM before WHERE $goes_over"), 'once, and no other');
    is(sql($db, "SELECT count(*) FROM artworks a JOIN before b USING (id) WHERE a.original_image_url <> coalesce(b.original_image_url, 'migrated-missing')"), 0, 'addresses of pictures that are missing say so');
    is(sql($db, q{SELECT count(*) FROM artworks a LEFT JOIN users u ON u.id = a.user_id WHERE u.email IS DISTINCT FROM lower(a.email)}), 0, 'each has the owner of its address');
    is(sql($db, q{SELECT count(*) FROM users WHERE anonymous}), sql($db, "SELECT count(DISTINCT lower(email)) FROM before WHERE $goes_over AND lower(email) NOT IN (SELECT email FROM users_before)"), 'users were created for addresses that had none');
    is(sql($db, 'SELECT count(*) FROM (TABLE users_before EXCEPT TABLE users) x'), 0, 'those that were there are as they were');
    is(sql($db, "SELECT count(*) FROM (TABLE before EXCEPT ALL TABLE artworks_old) x"), 0, 'the old table has every row as it was');
    is(sql($db, q{SELECT count(*) FROM order_items_of_tests}), 2, 'orders of pictures that stay behind are set aside');

    exits(5, [ 'run', $plan ], undef, 'run, before its time', { db => $db });
    is(sql($db, q{SELECT to_regclass('artworks_old')}), 'artworks_old', 'drops nothing');
    sql($db, q{UPDATE interlock.condition SET reached_at = reached_at - interval '31 days', due = due - interval '31 days', data = data || jsonb_build_object('looked', (data ->> 'looked')::bigint - 31 * 86400)});
    sql($db, 'SELECT count(*) FROM artworks_old');
    sql($db, 'SELECT pg_sleep(1.2)') if sql($db, 'SHOW server_version_num') < 150000;
    exits(5, [ 'run', $plan ], undef, 'in time, but somebody has read the table', { db => $db });
    sql($db, q{UPDATE interlock.condition SET reached_at = reached_at - interval '31 days', due = due - interval '31 days', data = data || jsonb_build_object('looked', (data ->> 'looked')::bigint - 31 * 86400)});
    runs_ok([ 'run', $plan ], 'run, when nobody has for so long', { db => $db });
    is(sql($db, q{SELECT coalesce(to_regclass('artworks_old')::text, 'gone')}), 'gone', 'drops the old table');
    is(sql($db, q{SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~interlock%'}), 0, 'nothing of ours is left at the new one');
    is(sql($db, $belongs{$_}), $before{$_}, "$_ stay") for 'foreign keys', 'view', 'triggers';
    drop_world($db);
};

part 'orders of what stays behind' => sub {
    my $db = artworks_world();
    my $text = PostgreSQL::Test::Utils::slurp_file($plan);
    $text =~ s/^    -- An order of a picture that stays.*?^    \},\n//ms or die 'no quarantine in the plan';
    local $plan = plan_file('artworks_v2', $text);
    exits(5, [ 'run', $plan, '--yes' ], undef, 'run to the gate', { db => $db, seconds => 120 });
    runs_ok([ 'gate', 'pass', $plan, '--evidence', 'this test' ], 'it passes', { db => $db });
    exits(5, [ 'run', $plan, '--yes' ], undef, 'run to the rollout', { db => $db });
    to_all_customers($db);
    my $run = exits(3, [ 'run', $plan ], qr/rows of public\.order_items refer to rows of public\.artworks that public\.artworks_v2 does not have/, 'are refused where the plan does not set them aside', { db => $db });
    like($run->{err}, qr/artwork_id = 2007/, 'by their key');
    is(is_v2($db), 0, 'nothing is switched');
    drop_world($db);
};

done_testing();
