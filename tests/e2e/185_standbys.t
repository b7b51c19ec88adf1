# Readers on standbys: their statistics count where the plan lists them, and what can't be asked is unknown.  And a
# server that crashes, or takes over, knows nothing of the time before.
use strict;
use warnings;

use Interlock::Test;
use PostgreSQL::Test::Cluster;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--locale=C', '--encoding=UTF8' ]);
$primary->append_conf('postgresql.conf', "autovacuum = off\nmax_connections = 30\n");
$primary->start;
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;

$primary->safe_psql('postgres', 'CREATE DATABASE shop');
$primary->safe_psql('shop', <<'SQL');
CREATE TABLE public.old_users (id bigint PRIMARY KEY, note text);
INSERT INTO old_users SELECT n, 'note ' || n FROM generate_series(1, 100) n;
SQL

sub on { my ($node, $text) = @_; return $node->safe_psql('shop', $text) }
sub due { return on($primary, q{SELECT due FROM interlock.condition WHERE label = '30 days'}) }
sub caught_up { $primary->wait_for_catchup($standby); return }
my %as = (db => 'shop', server => $primary);

my $address = 'host=' . $standby->host . ' port=' . $standby->port;
my $plan = plan_file('standbys', <<"LUA");
plan "standbys" {
  title = "Somebody may read on a standby",
  standbys = { "$address" },
  gate "go" { query = "SELECT true" },
  safety_period "30 days" { unused = "old_users" },
  phase "contract" { drop_table_if_exists { table = "old_users" } },
}
LUA
caught_up();

subtest 'a reader there' => sub {
    exits(5, [ 'run', $plan ], undef, 'run', {%as});
    my $due = due();
    unlike(runs_ok([ 'sync' ], 'sync', {%as})->{out}, qr/standby "|again/, 'nobody reads');
    is(due(), $due, 'so it goes on');
    on($standby, 'SELECT count(*) FROM old_users');
    like(runs_ok([ 'sync' ], 'sync', {%as})->{out},
        qr/it began again on .*, when it was first seen that standby "\Q$address\E": public\.old_users was read \(1 scan\)/, 'counts');
    isnt(due(), $due, 'and begins it anew');
};

subtest 'one that can not be asked' => sub {
    $standby->stop;
    like(runs_ok([ 'sync' ], 'sync', {%as})->{out}, qr/standby "\Q$address\E" can't be asked who reads there: /, 'is said');
    my $due = due();
    on($primary, q{UPDATE interlock.condition SET due = clock_timestamp() WHERE label = '30 days'});
    my $run = exits(5, [ 'run', $plan ], undef, 'the time is over', {%as});
    like($run->{out}, qr/can't be asked who reads there/, 'but that it is unused is not known');
    is(on($primary, q{SELECT to_regclass('old_users')}), 'old_users', 'the table is there');
    on($primary, "UPDATE interlock.condition SET due = '$due' WHERE label = '30 days'");
    $standby->start;
    caught_up();
    my $again = runs_ok([ 'sync' ], 'it is back', {%as})->{out};
    unlike($again, qr/can't be asked/, 'and can be asked');
    if (on($primary, 'SHOW server_version_num') >= 150000)
    {
        is(due(), $due, 'a restart that was in order loses nothing');
    }
    else
    {
        isnt(due(), $due, 'an older server begins its statistics anew');
    }
    $standby->stop('immediate');
    $standby->start;
    caught_up();
    like(runs_ok([ 'sync' ], 'one that crashed', {%as})->{out},
        qr/standby "\Q$address\E": statistics were reset, so whether public\.old_users was used is unknown/, 'knows nothing');
};

subtest 'another server' => sub {
    my $wrong = plan_file('wrong', <<"LUA");
plan "wrong" {
  title = "Lists the primary itself",
  standbys = { "host=${\\ $primary->host} port=${\\ $primary->port}", "host=/nowhere dbname=shop" },
  gate "go" { query = "SELECT true" },
  safety_period "1 day" { unused = "old_users" },
  phase "verify" { expect_no_rows { query = "SELECT 1 WHERE false", message = "x" } },
}
LUA
    my $run = exits(5, [ 'run', $wrong ], undef, 'an address of the primary', {%as});
    on($primary, q{UPDATE interlock.condition SET due = clock_timestamp() WHERE label = '1 day'});
    like(exits(5, [ 'run', $wrong ], undef, 'never ends', {%as})->{out}, qr/can't be asked who reads there: /, 'and says why');
    like(interlock('sync', 'wrong', {%as})->{out}, qr/can't be asked/, 'sync too');
};

subtest 'a crash of the primary' => sub {
    my $due = due();
    $primary->restart;
    caught_up();
    runs_ok([ 'sync', 'standbys' ], 'after a restart that was in order', {%as});
    is(due(), $due, 'nothing is lost');
    on($primary, 'SELECT count(*) FROM old_users');
    $primary->stop('immediate');
    $primary->start;
    caught_up();
    like(runs_ok([ 'sync', 'standbys' ], 'after a crash', {%as})->{out}, qr/when it was first seen that statistics were reset/, 'nothing is known');
};

subtest 'a standby that takes over' => sub {
    $primary->stop;
    $standby->promote;
    my $sync = interlock('sync', 'standbys', { db => 'shop', server => $standby });
    like($sync->{out}, qr/another server took over, so whether public\.old_users was used is unknown/, 'knows nothing of the time before');
    like($sync->{out}, qr/can't be asked who reads there: it is no standby, but takes writes/, 'and its own address is no standby any more');
};

done_testing();
