# The example of every primitive on other servers: it takes the locks that it claims and rewrites nothing, run, run again
# and undo lead there and back.  INTERLOCK_SERVERS names a folder that holds <major>/bin/initdb, pg_ctl and postgres of
# each.  Databases are compared by what the catalogue says, for no pg_dump reads servers newer than itself.
use strict;
use warnings;

use Interlock::Crash;
use Interlock::Locks;
use Interlock::Sandbox;
use Interlock::Test;
use Test::More;

my %primitives = primitives();
plan skip_all => 'there are no primitives yet' unless %primitives;
plan skip_all => 'INTERLOCK_SERVERS names no folder with <major>/bin' unless $ENV{INTERLOCK_SERVERS};
my @majors = sort { $a <=> $b } map { m{/(\d+)/bin/postgres$} ? $1 : () } glob "$ENV{INTERLOCK_SERVERS}/*/bin/postgres";
plan skip_all => "no servers in $ENV{INTERLOCK_SERVERS}" unless @majors;

# One line for each object of people; what NULL means is told from what an empty text means.
my $catalogue = <<'SQL';
WITH mine AS (SELECT c.*, c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'interlock')),
parts AS (
  SELECT row('relation', name, relkind, relowner::regrole, relpersistence, reloptions, reltablespace, relreplident,
    relrowsecurity, relforcerowsecurity, pg_get_expr(relpartbound, oid), pg_get_partkeydef(oid),
    coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)),
    CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END)::text AS part FROM mine
  UNION ALL SELECT row('column', name, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), a.attname,
    format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid),
    a.attcollation::regcollation, a.attstorage, a.attcompression, a.attstattarget, a.attoptions, a.attislocal, a.attinhcount,
    a.attacl)::text
    FROM mine JOIN pg_attribute a ON a.attrelid = mine.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  UNION ALL SELECT row('constraint', k.conrelid::regclass, k.contypid::regtype, k.conname, k.contype, pg_get_constraintdef(k.oid),
    k.convalidated, k.conislocal, k.coninhcount, k.connoinherit)::text
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock')
  UNION ALL SELECT row('index', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, i.indisclustered, i.indisreplident,
    i.indisprimary)::text FROM mine JOIN pg_index i ON i.indrelid = mine.oid
  UNION ALL SELECT row('type', format_type(t.oid, NULL), t.typtype, t.typowner::regrole, coalesce(t.typacl, acldefault('T', t.typowner)),
    format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
    (SELECT string_agg(quote_literal(e.enumlabel), ' ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))::text
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock')
  UNION ALL SELECT row('schema', nspname, nspowner::regrole, coalesce(nspacl, acldefault('n', nspowner)))::text FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'interlock')
  UNION ALL SELECT row('sequence', name, seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle,
    (SELECT row(d.refobjid::regclass, a.attname, d.deptype) FROM pg_depend d
      JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = mine.oid AND d.refclassid = 'pg_class'::regclass
        AND d.deptype IN ('a', 'i')))::text
    FROM mine JOIN pg_sequence ON seqrelid = oid
  UNION ALL SELECT row('extension', extname, extversion, extowner::regrole, extnamespace::regnamespace)::text FROM pg_extension
  UNION ALL SELECT row('function', p.oid::regprocedure, p.proowner::regrole, coalesce(p.proacl, acldefault('f', p.proowner)),
    md5(p.prosrc))::text
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock')
  UNION ALL SELECT row('trigger', pg_get_triggerdef(t.oid), t.tgenabled)::text
    FROM mine JOIN pg_trigger t ON t.tgrelid = mine.oid AND NOT t.tgisinternal
  UNION ALL SELECT row('default privileges', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl)::text
    FROM pg_default_acl
  UNION ALL SELECT row('comment', o.type, o.identity, d.description)::text
    FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) o
    WHERE (d.objoid >= 16384 OR d.objoid = 'public'::regnamespace) AND o.schema IS DISTINCT FROM 'interlock'
      AND o.identity !~ '\yinterlock\y')
SELECT part FROM parts ORDER BY part COLLATE "C"
SQL

for my $major (@majors)
{
    subtest "PostgreSQL $major" => sub {
        my $server = Interlock::Sandbox->new("$ENV{INTERLOCK_SERVERS}/$major/bin", 3600) or return fail('starts');
        local $ENV{PGUSER} = $server->user;
        serve_from($server);
        like(sql('postgres', 'SHOW server_version'), qr/^$major\b/, 'is the one');
        for my $name (sort keys %primitives)
        {
            # The others are tried as well when one cannot go on.
            subtest $name => sub { eval { primitive($name, $primitives{$name}); 1 } or fail("goes on: $@") };
        }
        $server->stop;
    };
}
done_testing();

sub state_of { my ($db) = @_; return { catalogue => sql($db, $catalogue), rows => table_rows($db) } }

# The lines that only one of two states has.
sub same
{
    my ($now, $wanted, $what) = @_;
    my @bad;
    for my $part (sort keys %$wanted)
    {
        my ($is, $was) = map { my $state = $_; +{ map { $_ => 1 } split /\n/, $state->{$part} } } $now, $wanted;
        push @bad, (map { "- $_" } grep { !$is->{$_} } sort keys %$was), (map { "+ $_" } grep { !$was->{$_} } sort keys %$is);
        push @bad, "$part differ" if !@bad && $now->{$part} ne $wanted->{$part};
    }
    ok(!@bad, $what) or diag(join "\n", @bad);
    return;
}

sub primitive
{
    my ($name, $primitive) = @_;
    my ($plan, $other) = map { plan_file($_, <<"LUA") } "versions_$name", "again_$name";
plan "$_" { title = "The example of $name", phase "work" { $primitive->{example} } }
LUA
    my $alone = world($name, $primitive->{setup});
    locks_of_run($name, $plan, $alone);
    drop_world($alone);

    my $db = world($name, $primitive->{setup});
    my ($before, $files) = (state_of($db), files($db));
    runs_ok([ 'check', $plan, '--strict' ], 'check', { db => $db });
    my $run = runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    return if $run->{exit} ne '0';
    not_rewritten($db, $files, 'by run');
    my $there = state_of($db);
    isnt(join("\n", map { $there->{$_} } qw(catalogue rows)), join("\n", map { $before->{$_} } qw(catalogue rows)), 'something has changed')
      unless $primitive->{class} eq 'verify';
    runs_ok([ 'run', $plan, '--yes' ], 'run again', { db => $db });
    runs_ok([ 'run', $other, '--yes' ], 'another plan with the same step', { db => $db }) if $primitive->{probes};
    same(state_of($db), $there, 'there is no more to do');
    $primitive->{one_way} ? no_way_back($plan, $db, $there) : way_back($name, $plan, $db, $before, $files);
    drop_world($db);
    return;
}

sub no_way_back
{
    my ($plan, $db, $there) = @_;
    exits(3, [ 'undo', $plan, '--to', 'start', '--yes' ], qr/no way back/, 'undo refuses', { db => $db });
    same(state_of($db), $there, 'and takes nothing back');
    return;
}

sub way_back
{
    my ($name, $plan, $db, $before, $files) = @_;
    locks_of_undo($name, $plan, $db);
    not_rewritten($db, $files, 'by undo');
    same(state_of($db), $before, 'all is as it was');
    return;
}
