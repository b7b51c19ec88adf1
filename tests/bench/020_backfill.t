# Filling a new column, against one UPDATE, batches by key, batches by page, and the way of pgroll (a marker column and a
# trigger), each as a loop in the server so that no client stands in its way: rows a second, WAL, what becomes of heap
# and indexes, and what an application feels meanwhile.  Ratios to one UPDATE on the same server count; the variants
# run in turn, the medians are compared, and the range of the ratios says how noisy the machine is.  Nothing fails by a
# time.  BENCH_ROWS, BENCH_ROUNDS, BENCH_SIZES change how much is measured.
use strict;
use warnings;

use Interlock::Test;
use Interlock::Application;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'figures are measured by make bench' unless $ENV{INTERLOCK_BENCH};

my $rows   = $ENV{BENCH_ROWS} || 200_000;
my $rounds = $ENV{BENCH_ROUNDS} || 3;
my @sizes  = split /,/, $ENV{BENCH_SIZES} || '100000,400000';
my %figures;

# A server with the durability that production has.
my $node = PostgreSQL::Test::Cluster->new('bench');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', <<'CONF');
fsync = on
synchronous_commit = on
shared_buffers = 512MB
max_wal_size = 8GB
checkpoint_timeout = 1h
log_statement = none
autovacuum = off
CONF
$node->start;

sub median { my @s = sort { $a <=> $b } @_; return $s[ @s / 2 ] }

# 13 columns, about 370 bytes and 22 rows a page, a key and three indexes: what a table of an application looks like.
sub artworks
{
    my ($count) = @_;
    return <<"SQL";
CREATE TABLE artworks (id bigint PRIMARY KEY, views integer NOT NULL, title text NOT NULL, artist_id integer NOT NULL, status text NOT NULL, price numeric NOT NULL,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, slug text NOT NULL, description text NOT NULL, width integer, height integer, c bigint);
INSERT INTO artworks SELECT g, 0, 'Artwork number ' || g, (g * 7919::bigint) % 5000, CASE g % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'sold' ELSE 'hidden' END, g % 10000 / 7.0,
  '2020-01-01'::timestamptz + g * interval '1 minute', '2024-01-01', 'artwork-' || md5(g::text), repeat(md5((g * 3)::text), 4), g % 300, g % 200, NULL FROM generate_series(1, $count) g;
CREATE INDEX ON artworks (artist_id);
CREATE INDEX ON artworks (created_at);
CREATE INDEX ON artworks (slug);
CREATE PROCEDURE keyset(batch bigint) LANGUAGE plpgsql AS \$\$
DECLARE lo bigint := 0; hi bigint;
BEGIN
  LOOP
    SELECT max(id) INTO hi FROM (SELECT id FROM artworks WHERE id > lo ORDER BY id LIMIT batch) x;
    EXIT WHEN hi IS NULL;
    UPDATE artworks SET c = round(price * 100) WHERE id > lo AND id <= hi AND c IS NULL;
    COMMIT;
    lo := hi;
  END LOOP;
END \$\$;
CREATE PROCEDURE by_page(batch bigint) LANGUAGE plpgsql AS \$\$
DECLARE lo bigint := 0; pages bigint := pg_relation_size('artworks') / 8192; step bigint := batch / 22;
BEGIN
  WHILE lo < pages LOOP
    EXECUTE format('UPDATE artworks SET c = round(price * 100) WHERE ctid >= %L::tid AND ctid < %L::tid AND c IS NULL', format('(%s,0)', lo), format('(%s,0)', least(lo + step, pages)));
    COMMIT;
    lo := lo + step;
  END LOOP;
END \$\$;
CREATE FUNCTION fill_c() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.c := round(NEW.price * 100); NEW.needs_backfill := false; RETURN NEW; END';
CREATE PROCEDURE as_pgroll(batch bigint) LANGUAGE plpgsql AS \$\$
DECLARE lo bigint := 0; hi bigint;
BEGIN
  LOOP
    WITH batch AS (SELECT id FROM artworks WHERE id > lo AND needs_backfill ORDER BY id LIMIT batch FOR NO KEY UPDATE),
      written AS (UPDATE artworks a SET id = a.id FROM batch WHERE a.id = batch.id RETURNING a.id)
    SELECT max(id) INTO hi FROM written;
    EXIT WHEN hi IS NULL;
    COMMIT;
    lo := hi;
  END LOOP;
END \$\$;
VACUUM (ANALYZE) artworks;
SQL
}

my %made;

sub template
{
    my ($count) = @_;
    my $name = "artworks_$count";
    return $name if $made{$name}++;
    $node->safe_psql('postgres', "CREATE DATABASE $name");
    $node->safe_psql($name, artworks($count));
    return $name;
}

sub fresh
{
    my ($template) = @_;
    $node->safe_psql('postgres', 'DROP DATABASE IF EXISTS bench WITH (FORCE)');
    $node->safe_psql('postgres', "CREATE DATABASE bench TEMPLATE $template");
    $node->safe_psql('bench', 'CHECKPOINT');
    # Into memory, as a table in use is.
    $node->safe_psql('bench', 'SELECT count(*), max(updated_at), max(length(slug)) FROM artworks; SET enable_seqscan = off; SELECT count(*) FROM artworks WHERE artist_id > 0');
    return;
}

my $plan = plan_file('cents', <<'LUA');
plan "cents" { title = "Fills a column", phase "fill" { backfill { table = "artworks", set = { c = "round(price * 100)" } } } }
LUA

my %ways = (
    'one UPDATE'    => sub { $node->safe_psql('bench', 'UPDATE artworks SET c = round(price * 100) WHERE c IS NULL') },
    'keyset 1k'     => sub { $node->safe_psql('bench', 'CALL keyset(1000)') },
    'pages 10k'     => sub { $node->safe_psql('bench', 'CALL by_page(10000)') },
    "pgroll's way"  => sub {
        $node->safe_psql('bench', 'ALTER TABLE artworks ADD needs_backfill boolean DEFAULT true; CREATE TRIGGER fill_c BEFORE INSERT OR UPDATE ON artworks FOR EACH ROW EXECUTE FUNCTION fill_c()');
        $node->safe_psql('bench', 'CALL as_pgroll(1000)');
    },
    'interlock'     => sub { my $r = interlock('run', $plan, { db => 'bench', server => $node, seconds => 900 }); die "$r->{out}$r->{err}" if $r->{exit} });
my @order = ('one UPDATE', 'keyset 1k', 'pages 10k', "pgroll's way", 'interlock');

sub sizes
{
    my ($heap, $indexes, $wal) = split /\|/, $node->safe_psql('bench', q{SELECT pg_relation_size('artworks'), pg_indexes_size('artworks'), pg_current_wal_insert_lsn() - '0/0'});
    return { heap => $heap, indexes => $indexes, wal => $wal };
}

# 200 transactions a second, half point reads, half point updates, each timed from the moment it was due.
sub load
{
    return application(server => $node, db => 'bench', table => 'artworks', key => ['id=int'], columns => ['views=int!'], point => 1, rate => 200, clients => 4, watch => undef);
}

# One way, once: { rate, wal, heap, indexes, p99, longest, missed }; ways without a trigger miss rows that are written meanwhile.
sub measure
{
    my ($template, $way, $loaded) = @_;
    fresh($template);
    my $before = sizes();
    my $app = $loaded ? load() : undef;
    my $begin = time();
    $way ? $way->() : sleep 5;
    my $seconds = time() - $begin;
    my $report = $app && $app->stop;
    my $after = sizes();
    my ($count, $filled) = split /\|/, $node->safe_psql('bench', 'SELECT count(*), count(c) FROM artworks WHERE c IS NULL OR c = round(price * 100)');
    return { missed => $way ? $count - $filled : 0, rate => $count / $seconds, wal => ($after->{wal} - $before->{wal}) / $count, heap => $after->{heap} / $before->{heap},
        indexes => $after->{indexes} / $before->{indexes},
        $report ? (p99 => $report->{transaction}{p99_ms}, writes_p99 => $report->{writes}{p99_ms}, longest => $report->{transaction}{longest_ms}, errors => $report->{errors}) : () };
}

# All ways in turn, so many times.  Ratios to the first way of the same round.
sub compare
{
    my ($template, $loaded, $times, @ways) = @_;
    my %seen;
    for my $round (1 .. $times)
    {
        for my $name (@ways)
        {
            my $one = measure($template, $ways{$name}, $loaded);
            push @{ $seen{$name}{$_} }, $one->{$_} for keys %$one;
            push @{ $seen{$name}{ratio} }, $one->{rate} / $seen{ $ways[0] }{rate}[-1];
        }
    }
    my %table;
    for my $name (@ways)
    {
        $table{$name} = { map { $_ => median(@{ $seen{$name}{$_} }) } keys %{ $seen{$name} } };
        $table{$name}{noise} = [ (sort { $a <=> $b } @{ $seen{$name}{ratio} })[ 0, -1 ] ];
        diag(sprintf "%-13s %7.0f rows/s, %.2f times %s (%.2f to %.2f), %5.0f bytes of WAL a row, heap %.2f, indexes %.2f%s%s", $name,
            @{ $table{$name} }{qw(rate ratio)}, $ways[0], @{ $table{$name}{noise} }, @{ $table{$name} }{qw(wal heap indexes)},
            $loaded ? sprintf('; client p99 %.1f ms, longest %.0f ms', @{ $table{$name} }{qw(p99 longest)}) : '',
            $table{$name}{missed} ? ", $table{$name}{missed} rows MISSED" : '');
    }
    return \%table;
}

my $template = template($rows);
diag("$rows rows, nobody else:");
$figures{idle} = compare($template, 0, $rounds, @order);
diag("$rows rows, 200 transactions a second:");
my $quiet = measure($template, undef, 1);
$figures{nobody} = $quiet;
diag(sprintf 'nobody fills: client p99 %.1f ms, longest %.0f ms', @{$quiet}{qw(p99 longest)});
$figures{loaded} = compare($template, 1, $rounds, @order);
is($figures{$_}{interlock}{missed}, 0, "$_: interlock missed no row") for 'idle', 'loaded';
is($figures{loaded}{interlock}{errors}, 0, 'the application met no error while interlock filled');
diag(sprintf 'goals: idle %.2f of 2.00, heap %.2f of 1.15, client p99 %.1f ms of %.1f (keyset 1k)', $figures{idle}{interlock}{ratio}, $figures{idle}{interlock}{heap},
    $figures{loaded}{interlock}{p99}, $figures{loaded}{'keyset 1k'}{p99});

# The same rate however large the table is.
for my $size (@sizes)
{
    my $other = template($size);
    my @rates = map { measure($other, $ways{interlock}, 0)->{rate} } 1 .. $rounds;
    $figures{sizes}{$size} = median(@rates);
    diag(sprintf '%d rows: %.0f rows/s (%.0f to %.0f)', $size, median(@rates), (sort { $a <=> $b } @rates)[ 0, -1 ]);
}
my @rates = sort { $a <=> $b } values %{ $figures{sizes} };
$figures{flat} = $rates[0] / $rates[-1];
diag(sprintf 'the slowest size has %.2f of the rate of the fastest (goal 0.85)', $figures{flat});

my $json = "$PostgreSQL::Test::Utils::log_path/backfill.json";
PostgreSQL::Test::Utils::append_to_file($json, JSON::PP->new->canonical->encode(\%figures) . "\n");
diag("figures: $json");
$node->stop;
done_testing();
