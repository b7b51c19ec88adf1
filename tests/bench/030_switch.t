# A table in another shape beside the live one: the copy against CREATE TABLE AS with the same indexes, what the capture
# costs those who write, how fast its log is drained, the comparison against a FULL JOIN in chunks, and the switch and its
# undo while an application writes and a report reads the table for four seconds.  Ratios to plain SQL on the same server
# count; the variants run in turn, medians are compared, and the range of the ratios says how noisy the machine is.
# Nothing fails by a time.  BENCH_ROWS and BENCH_ROUNDS change how much is measured.
use strict;
use warnings;

use Interlock::Test;
use Interlock::Application;
use IPC::Run;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'figures are measured by make bench' unless $ENV{INTERLOCK_BENCH};

my $rows   = $ENV{BENCH_ROWS} || 500_000;
my $rounds = $ENV{BENCH_ROUNDS} || 3;
my %figures;

# A server with the durability that production has.
my $node = PostgreSQL::Test::Cluster->new('bench');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', <<'CONF');
fsync = on
synchronous_commit = on
shared_buffers = 1GB
max_wal_size = 8GB
checkpoint_timeout = 1h
log_statement = none
CONF
$node->start;

sub median { my @s = sort { $a <=> $b } @_; return $s[ @s / 2 ] }

my $indexes = join ' ', map { "CREATE INDEX ON \%s $_;" } '(artist_id)', '(created_at)', '(slug)';
$node->safe_psql('postgres', 'CREATE DATABASE template_artworks');
$node->safe_psql('template_artworks', <<"SQL" . $indexes =~ s/%s/artworks/gr . ' VACUUM (ANALYZE) artworks');
CREATE TABLE artworks (id bigint PRIMARY KEY, views integer NOT NULL, title text NOT NULL, artist_id integer NOT NULL DEFAULT 0, status text NOT NULL DEFAULT 'Open',
  price numeric NOT NULL DEFAULT 0, created_at timestamptz NOT NULL DEFAULT now(), slug text NOT NULL DEFAULT '', description text NOT NULL DEFAULT '');
INSERT INTO artworks SELECT g, 0, 'Artwork number ' || g, (g * 7919::bigint) % 5000, CASE g % 3 WHEN 0 THEN 'Open' WHEN 1 THEN 'Sold' ELSE 'Hidden' END, g % 10000 / 7.0,
  '2020-01-01'::timestamptz + g * interval '1 minute', 'artwork-' || md5(g::text), repeat(md5((g * 3)::text), 4) FROM generate_series(1, $rows) g;
SQL

my $plan = plan_file('artworks', <<'LUA');
plan "artworks" {
  title = "Prices in cents",
  phase "expand" { parallel_table { live = "artworks", shadow = "artworks_v2", like = true, changes = { type = { price = "bigint" } },
    copy = { price = "round(price * 100)::bigint", status = "lower(status)" }, copy_back = { price = "price / 100.0", status = "initcap(status)" } } },
  phase "fill" { backfill { shadow = "artworks_v2" } },
  phase "verify" { expect_same_rows { live = "artworks", shadow = "artworks_v2" } },
  phase "switch" { rename_swap { live = "artworks", shadow = "artworks_v2", retire_as = "artworks_old", sync_back = true } },
  gate "then" { text = "…" },
}
LUA

sub fresh
{
    $node->safe_psql('postgres', 'DROP DATABASE IF EXISTS bench WITH (FORCE)');
    $node->safe_psql('postgres', 'CREATE DATABASE bench TEMPLATE template_artworks');
    $node->safe_psql('bench', 'CHECKPOINT; SELECT count(*), max(length(slug)) FROM artworks');
    return;
}

sub ours
{
    my ($codes, @args) = @_;
    my $result = interlock(@args, { db => 'bench', server => $node, seconds => 900 });
    die "interlock @args: exit $result->{exit}\n$result->{out}$result->{err}" unless grep { $result->{exit} eq $_ } @$codes;
    return $result;
}

sub plainly { $node->safe_psql('bench', $_[0]); return }

# Seconds of a piece of work.
sub seconds_of
{
    my ($work) = @_;
    my $begin = time();
    $work->();
    return time() - $begin;
}

# As long as the registry says that the last step of that kind took.
sub step_seconds
{
    my ($primitive) = @_;
    return $node->safe_psql('bench', "SELECT extract(epoch FROM finished_at - started_at) FROM interlock.step WHERE primitive = '$primitive'");
}

# Transactions a second of pgbench, each an update of one row.
sub updates_a_second
{
    my $script = project() . '/update.sql';
    open my $file, '>', $script or die "$script: $!";
    print {$file} "\\set id random(1, 100000)\nUPDATE artworks SET views = views + 1 WHERE id = :id;\n";
    close $file;
    my ($out, $noise);
    IPC::Run::run([ 'pgbench', '-n', '-c', '4', '-j', '2', '-T', $ENV{BENCH_SECONDS} || 5, '-M', 'prepared', '-f', $script, $node->connstr('bench') ], '>', \$out, '2>', \$noise)
      or die $noise;
    return $out =~ /tps = ([\d.]+)/ ? $1 : die $out;
}

# Updates of one row each, by four clients, with the capture and without it, in turn.  The first ones after a checkpoint
# write whole pages into the WAL, and are not counted.
sub capture_ratios
{
    my @triggers = split /\n/, $node->safe_psql('bench', q{SELECT quote_ident(tgname) FROM pg_trigger WHERE tgrelid = 'artworks'::regclass AND NOT tgisinternal});
    my @ratios;
    updates_a_second();
    for (1 .. 3)
    {
        plainly("ALTER TABLE artworks DISABLE TRIGGER $_") for @triggers;
        my $without = updates_a_second();
        plainly("ALTER TABLE artworks ENABLE ALWAYS TRIGGER $_") for @triggers;
        push @ratios, updates_a_second() / $without;
    }
    return @ratios;
}

# An application that keeps an account of what it wrote.
sub writers
{
    return application(server => $node, db => 'bench', table => 'artworks', key => ['id=int'], columns => [ 'views=counter!', 'title=text!' ], rate => 200, clients => 4, isolation => 'committed');
}

sub load
{
    return application(server => $node, db => 'bench', table => 'artworks', key => ['id=int'], columns => ['views=int!'], point => 1, rate => 200, clients => 4, watch => 'interlock:%');
}

sub report_ratio
{
    my ($name, $floor, @ratios) = @_;
    my @sorted = sort { $a <=> $b } @ratios;
    $figures{$name} = { ratio => median(@ratios), from => $sorted[0], to => $sorted[-1] };
    diag(sprintf '%-34s %.2f times %s (%.2f to %.2f)', $name, median(@ratios), $floor, @sorted[ 0, -1 ]);
    return;
}

diag("$rows rows, 300 bytes each, three indexes besides the key:");
my (%copy, %tax, @drain, @compare);
for my $round (1 .. $rounds)
{
    for my $loaded (0, 1)
    {
        fresh();
        my $app = $loaded ? load() : undef;
        my $floor = seconds_of(sub {
            plainly('CREATE TABLE copy AS SELECT id, views, title, artist_id, lower(status) AS status, round(price * 100)::bigint AS price, created_at, slug, description FROM artworks;'
                  . 'ALTER TABLE copy ADD PRIMARY KEY (id);' . $indexes =~ s/%s/copy/gr . 'VACUUM (ANALYZE) copy');
        });
        plainly('DROP TABLE copy');
        ours([0], 'run', $plan, '--yes', '--to', 'fill');
        push @{ $copy{$loaded} }, step_seconds('backfill') / $floor;
        if (!$loaded)
        {
            push @{ $tax{update} }, capture_ratios();
        }
        $app->stop if $app;
    }
}
report_ratio('copy, nobody else', 'CREATE TABLE AS and indexes', @{ $copy{0} });
report_ratio('copy, 200 transactions a second', 'the same under the same load', @{ $copy{1} });
report_ratio('updates a second with the capture', 'those without', @{ $tax{update} });

for my $round (1 .. $rounds)
{
    fresh();
    ours([0], 'run', $plan, '--yes', '--to', 'fill');
    my $nothing = seconds_of(sub { ours([ 0, 5 ], 'sync') });
    plainly('UPDATE artworks SET views = views + 1 WHERE id <= 100000');
    push @drain, 100000 / (seconds_of(sub { ours([ 0, 3, 5 ], 'sync') }) - $nothing);
    my $floor = seconds_of(sub { plainly(<<'SQL') });
DO $$ DECLARE lo bigint := 0; hi bigint; bad bigint; BEGIN LOOP
  SELECT max(id) INTO hi FROM (SELECT id FROM artworks WHERE id > lo ORDER BY id LIMIT 10000) x; EXIT WHEN hi IS NULL;
  SELECT count(*) INTO bad FROM (SELECT true AS here, id, views, title, artist_id, lower(status) AS status, round(price * 100)::bigint AS price, created_at, slug, description FROM artworks WHERE id > lo AND id <= hi) s
    FULL JOIN (SELECT true AS here, * FROM artworks_v2 WHERE id > lo AND id <= hi) d ON s.id = d.id
    WHERE s.here IS NULL OR d.here IS NULL OR (s.id, s.views, s.title, s.artist_id, s.status, s.price, s.created_at, s.slug, s.description)
      IS DISTINCT FROM (d.id, d.views, d.title, d.artist_id, d.status, d.price, d.created_at, d.slug, d.description);
  IF bad > 0 THEN RAISE 'different'; END IF; lo := hi; END LOOP; END $$
SQL
    ours([0], 'run', $plan, '--yes', '--to', 'verify');
    push @compare, step_seconds('expect_same_rows') / $floor;
}
$figures{drain} = median(@drain);
diag(sprintf 'log drained: %.0f keys a second (%.0f to %.0f)', median(@drain), (sort { $a <=> $b } @drain)[ 0, -1 ]);
report_ratio('comparison', 'a FULL JOIN in chunks', @compare);

# The switch and its undo, with a report in the way.
my %held;
for my $round (1 .. $rounds)
{
    fresh();
    ours([0], 'run', $plan, '--yes', '--to', 'verify');
    my $app = writers();
    for my $way ([ 'switch', 'run', $plan, '--yes' ], [ 'undo', 'undo', $plan, '--yes' ])
    {
        my ($name, @args) = @$way;
        my $report = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('bench'), '-c', 'BEGIN; SELECT count(*) FROM artworks WHERE id < 10; SELECT pg_sleep(4); COMMIT' ], '>', \my $out);
        sleep 0.3;
        my $seconds = seconds_of(sub { ours([ 0, 5 ], @args) });
        $report->finish;
        push @{ $held{$name}{seconds} }, $seconds;
        my ($ms) = $node->safe_psql('bench', "SELECT result FROM interlock.step WHERE primitive = 'rename_swap'") =~ /(\d+) ms/;
        push @{ $held{$name}{held} }, $ms if defined $ms && $name eq 'switch';
        is_deeply([ $app->differences ], [], "$name, round $round: no write is lost");
    }
    my $told = $app->stop;
    is_deeply([ application_errors($told) ], [], "round $round: the application met no error");
    push @{ $held{wait} }, $told->{blocked_ms};
    push @{ $held{longest} }, $told->{statements}{longest_ms};
}
$figures{switch} = { held => median(@{ $held{switch}{held} }), seconds => median(@{ $held{switch}{seconds} }), wait => median(@{ $held{wait} }) };
diag(sprintf 'switch with a reader of 4 s in the way: %.1f s in all, locks held for %.0f ms; undo %.1f s; longest wait of a client for us %.0f ms, longest statement %.0f ms',
    median(@{ $held{switch}{seconds} }), median(@{ $held{switch}{held} }), median(@{ $held{undo}{seconds} }), median(@{ $held{wait} }), median(@{ $held{longest} }));

my $json = "$PostgreSQL::Test::Utils::log_path/switch.json";
PostgreSQL::Test::Utils::append_to_file($json, JSON::PP->new->canonical->encode(\%figures) . "\n");
diag("figures: $json");
$node->stop;
done_testing();
