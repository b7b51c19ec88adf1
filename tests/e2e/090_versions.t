# The example of every primitive on other servers: run, run again, undo.  INTERLOCK_SERVERS names a folder that holds
# <major>/bin/initdb, pg_ctl and postgres of each.  Their databases are compared by what the catalogue says, for no
# pg_dump reads servers newer than itself.
use strict;
use warnings;

use Interlock::Crash;
use Interlock::Test;
use IPC::Run ();
use Test::More;

my %primitives = primitives();
plan skip_all => 'there are no primitives yet' unless %primitives;
plan skip_all => 'INTERLOCK_SERVERS names no folder with <major>/bin' unless $ENV{INTERLOCK_SERVERS};
my @majors = sort { $a <=> $b } map { m{/(\d+)/bin/postgres$} ? $1 : () } glob "$ENV{INTERLOCK_SERVERS}/*/bin/postgres";
plan skip_all => "no servers in $ENV{INTERLOCK_SERVERS}" unless @majors;

# psql -At on the server that %where leads to.
sub ask
{
    my ($where, $db, $sql) = @_;
    local %ENV = (%ENV, %$where);
    my ($out, $err) = ('', '');
    IPC::Run::run([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $db ], '<', \$sql, '>', \$out, '2>', \$err) or die "psql: $err";
    return $out;
}

my $catalogue = <<'SQL';
WITH mine AS (SELECT c.*, c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'interlock')),
parts AS (
  SELECT concat_ws(' ', 'relation', name, relkind, reloptions, obj_description(oid, 'pg_class')) AS part FROM mine
  UNION ALL SELECT concat_ws(' ', 'column', name, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), a.attname,
    format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid),
    col_description(a.attrelid, a.attnum))
    FROM mine JOIN pg_attribute a ON a.attrelid = mine.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  UNION ALL SELECT concat_ws(' ', 'constraint', name, k.conname, pg_get_constraintdef(k.oid), k.convalidated)
    FROM mine JOIN pg_constraint k ON k.conrelid = mine.oid
  UNION ALL SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid) FROM mine JOIN pg_index i ON i.indrelid = mine.oid
  UNION ALL SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled) FROM mine JOIN pg_trigger t ON t.tgrelid = mine.oid AND NOT t.tgisinternal)
SELECT part FROM parts ORDER BY part COLLATE "C"
SQL

for my $major (@majors)
{
    subtest "PostgreSQL $major" => sub {
        # It runs as long as the command that the sandbox is for.
        my $sandbox = in_background('sandbox', '--bindir', "$ENV{INTERLOCK_SERVERS}/$major/bin", '--',
            'sh', '-c', 'echo "$PGHOST $PGPORT $PGUSER"; exec sleep 600', { seconds => 600 });
        ok($sandbox->says(qr/^\S+ \d+ \S+\n/, 60), 'starts') or return diag($sandbox->finish->{err});
        my %where;
        @where{qw(PGHOST PGPORT PGUSER)} = $sandbox->{out} =~ /^(\S+) (\d+) (\S+)\n/;
        like(ask(\%where, 'postgres', 'SHOW server_version'), qr/^$major\b/, 'is the one');
        for my $name (sort keys %primitives) { smoke($name, \%where) }
        $sandbox->signal('TERM')->finish;
    };
}
done_testing();

sub smoke
{
    my ($name, $where) = @_;
    my ($plan, $other) = map { plan_file($_, <<"LUA") } "smoke_$name", "again_$name";
plan "$_" { title = "The example of $name", phase "work" { $primitives{$name}{example} } }
LUA
    my %in = (env => { %$where, PGDATABASE => $name });
    ask($where, 'postgres', "CREATE DATABASE $name");
    ask($where, $name, $primitives{$name}{setup});
    my $before = ask($where, $name, $catalogue);
    runs_ok([ 'check', $plan, '--strict' ], "$name: check", \%in);
    runs_ok([ 'run', $plan, '--yes' ], "$name: run", \%in) or return;
    my $there = ask($where, $name, $catalogue);
    isnt($there, $before, "$name: something has changed") unless $primitives{$name}{class} eq 'verify';
    runs_ok([ 'run', $plan, '--yes' ], "$name: run again", \%in);
    runs_ok([ 'run', $other, '--yes' ], "$name: another plan with the same step", \%in) if $primitives{$name}{probes};
    is(ask($where, $name, $catalogue), $there, "$name: there is no more to do");
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], "$name: undo", \%in);
    is(ask($where, $name, $catalogue), $before, "$name: all is as it was");
    return;
}
