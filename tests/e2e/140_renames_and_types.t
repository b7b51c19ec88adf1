# rename_column, rename_table and change_type: what change_type says a change of type would cost is compared with what
# the server really does; renames are followed by the application through the view that keeps the old name.
use strict;
use warnings;

use Interlock::Test;
use Test::More;

# ---- What a change of type costs ----

# From, to; then what it costs without and with an index over the column, there and back: free, index (is built anew),
# rewrite, error (the server wants another USING).  "same" where the types are one.
my @pairs = map { [ split /\s*\|\s*/ ] } grep { /\S/ } split /\n/, <<'TABLE';
varchar(20)       | varchar(20)          | same    same    same    same
varchar(20)       | varchar(40)          | free    free    rewrite rewrite
varchar(20)       | varchar              | free    free    rewrite rewrite
varchar(20)       | text                 | free    free    rewrite rewrite
varchar           | text                 | free    free    free    free
char(4)           | char(6)              | rewrite rewrite rewrite rewrite
char(4)           | varchar(4)           | rewrite rewrite rewrite rewrite
char(4)           | text                 | rewrite rewrite rewrite rewrite
numeric(10,2)     | numeric(12,2)        | free    free    rewrite rewrite
numeric(10,2)     | numeric              | free    free    rewrite rewrite
numeric(10,2)     | numeric(12,3)        | rewrite rewrite rewrite rewrite
integer           | bigint               | rewrite rewrite rewrite rewrite
smallint          | integer              | rewrite rewrite rewrite rewrite
integer           | numeric              | rewrite rewrite rewrite rewrite
integer           | text                 | rewrite rewrite error   error
integer           | oid                  | free    index   free    index
bigint            | double precision     | rewrite rewrite rewrite rewrite
real              | double precision     | rewrite rewrite rewrite rewrite
timestamp(3)      | timestamp(6)         | free    free    rewrite rewrite
timestamp(3)      | timestamp            | free    free    rewrite rewrite
timestamptz(3)    | timestamptz          | free    free    rewrite rewrite
time(3)           | time                 | free    free    rewrite rewrite
timetz(3)         | timetz               | free    free    rewrite rewrite
interval(3)       | interval             | free    free    rewrite rewrite
timestamp         | timestamptz          | free    index   free    index
timestamp         | timestamptz(3)       | rewrite rewrite free    index
timestamp         | date                 | rewrite rewrite rewrite rewrite
bit(4)            | bit(6)               | rewrite rewrite rewrite rewrite
varbit(4)         | varbit(6)            | free    free    rewrite rewrite
varbit(4)         | varbit               | free    free    rewrite rewrite
bit(4)            | varbit               | free    index   rewrite rewrite
cidr              | inet                 | free    free    rewrite rewrite
text              | citext               | free    index   free    index
varchar(20)       | citext               | free    index   rewrite rewrite
text              | name                 | rewrite rewrite rewrite rewrite
text              | app.mood             | error   error   rewrite rewrite
text              | app.label            | free    free    free    free
text              | app.short            | rewrite rewrite free    free
varchar(20)       | app.short            | rewrite rewrite rewrite rewrite
json              | jsonb                | rewrite -       rewrite -
xml               | text                 | free    -       error   -
text              | bytea                | error   error   rewrite rewrite
varchar(20)[]     | text[]               | rewrite rewrite rewrite rewrite
varchar(20)[]     | varchar(40)[]        | rewrite rewrite rewrite rewrite
integer           | boolean              | error   error   error   error
date              | timestamp            | rewrite rewrite rewrite rewrite
uuid              | text                 | rewrite rewrite error   error
app.mood          | varchar              | rewrite rewrite error   error
money             | numeric              | rewrite rewrite rewrite rewrite
text              | text COLLATE "C"     | free    index   same    same
TABLE

# A change of type as the server does it, taken back at once.  Files are told by name: an index that is kept may get a
# new oid on its old file.
my $truth = <<'SQL';
CREATE FUNCTION public.files(t regclass) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_object_agg(c.relname, pg_relation_filenode(c.oid)) FROM pg_class c
   WHERE c.oid IN (SELECT relid FROM pg_partition_tree(t) UNION SELECT t
     UNION SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = t
     UNION SELECT x.indexrelid FROM pg_index x WHERE x.indrelid = t OR x.indrelid IN (SELECT relid FROM pg_partition_tree(t))
       OR x.indrelid IN (SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = t))
$$;
CREATE FUNCTION public.scans() RETURNS bigint LANGUAGE sql AS $$
  SELECT sum(pg_stat_get_xact_numscans(oid)) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'
$$;
CREATE FUNCTION public.truth(t regclass, change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE before jsonb := public.files(t); had bigint := public.scans(); now jsonb; changed text;
BEGIN
  EXECUTE format('ALTER TABLE %s ALTER COLUMN c TYPE %s', t, change);
  now := public.files(t);
  SELECT CASE WHEN bool_or(c.relkind = 'r') THEN 'rewrite' ELSE 'index' END INTO changed
    FROM jsonb_each(now) n JOIN pg_class c ON c.relname = n.key AND c.relnamespace = 'app'::regnamespace
   WHERE n.value <> before -> n.key AND n.value <> 'null' HAVING count(*) > 0;
  RAISE EXCEPTION USING ERRCODE = 'XX999', MESSAGE = coalesce(changed, CASE WHEN public.scans() > had THEN 'scan' ELSE 'free' END);
EXCEPTION WHEN SQLSTATE 'XX999' THEN RETURN SQLERRM;
  WHEN OTHERS THEN RETURN 'error';
END $$;
SQL

my %cost_of = ('alter-type-rewrite' => 'rewrite', 'alter-type-index-rebuild' => 'index', 'alter-type-fk' => 'scan',
    'alter-type-recheck-scan' => 'scan', 'dependent-view' => 'error', 'partition-key-type' => 'error', 'would-fail' => 'error');

# What check says of many changes at once, each on a line of its own: for each its finding, if there is one.
sub findings
{
    my ($db, $name, @steps) = @_;
    my $plan = plan_file($name, join "\n", qq(plan "$name" { title = "Changes of type", phase "change" {),
        (map { "  change_type { $_ }," } @steps), '} }', '');
    my $result = interlock('check', $plan, '--json', { db => $db });
    like($result->{exit}, qr/^[04]$/, 'check answers') or diag($result->{err});
    my @findings = (undef) x @steps;
    $findings[ $_->{line} - 2 ] = $_ for grep { $_->{type} eq 'diagnostic' } json_lines($result->{out});
    return @findings;
}

# One world for all pairs: a table for each type, with and without an index.
sub pairs_world
{
    my ($zone) = @_;
    my $db = world('pairs', sub {
        my ($template) = @_;
        my $no = 0;
        sql($template, join "\n", 'CREATE EXTENSION citext; CREATE SCHEMA app;', $truth,
            "CREATE TYPE app.mood AS ENUM ('sad', 'fine'); CREATE DOMAIN app.label AS text;",
            "CREATE DOMAIN app.short AS text CHECK (length(value) < 9);",
            map {
                my ($from, $to, $costs) = @$_;
                my @types = ($from, $to);
                my $index = $costs =~ /-/ ? 0 : 1;
                $no++;
                map {
                    my $t = "app.t${no}_$_";
                    ("CREATE TABLE $t (c $types[$_], d text);",
                     $index ? "CREATE TABLE ${t}_i (c $types[$_], d text); CREATE INDEX ON ${t}_i (d, c);" : ())
                } 0, 1;
            } @pairs);
    });
    sql('postgres', "ALTER DATABASE \"$db\" SET timezone = '$zone'");
    return $db;
}

for my $zone ('UTC', 'Europe/Berlin')
{
    subtest "changes of type, in $zone" => sub {
        my $db = pairs_world($zone);
        my ($no, @cases) = (0);
        for my $pair (@pairs)
        {
            my ($from, $to, $costs) = @$pair;
            my @cost = split ' ', $costs;
            $no++;
            next if $zone ne 'UTC' && $from !~ /time|date/;
            # Where the zone matters is the whole point of the second round.
            if ($zone ne 'UTC' && "$from $to" =~ /^timestamp timestamptz/) { @cost = ('rewrite') x 4 }
            for my $way (0, 1)
            {
                my $target = $way ? $from : $to;
                for my $index (0, 1)
                {
                    my $cost = $cost[ 2 * $way + $index ];
                    push @cases, { table => "app.t${no}_$way" . ($index ? '_i' : ''), type => $target, cost => $cost,
                        name => ($way ? "$to to $from" : "$from to $to") . ($index ? ', indexed' : '') } if $cost ne '-';
                }
            }
        }
        my $query = join ' UNION ALL ', map { my $type = $_->{type} =~ s/'/''/gr; "SELECT public.truth('$_->{table}', '$type')" } @cases;
        my @truth = split /\n/, sql($db, $query);
        my @findings = findings($db, 'pairs_' . lc($zone =~ s/\W/_/gr), map {
            my ($type, $collation) = split / COLLATE /, $_->{type};
            qq(table = "$_->{table}", column = "c", type = "$type") . ($collation ? qq(, collation = '$collation') : '')
        } @cases);
        cmp_ok(scalar @cases, '>', $zone eq 'UTC' ? 180 : 30, 'there are many');
        for my $i (0 .. $#cases)
        {
            my $case = $cases[$i];
            my $rule = $findings[$i] && $findings[$i]{rule};
            my $says = $rule ? $cost_of{$rule} || $rule : 'free';
            # What is of the type already is left alone; the server would not even look at that.
            my $expected = $case->{cost} eq 'same' ? 'free' : $case->{cost};
            is("$says, server $truth[$i]", $case->{cost} eq 'same' ? "free, server $truth[$i]" : "$expected, server $expected", $case->{name});
        }
        drop_world($db);
    };
}

# ---- What stands on the column ----

# Each with a table app.NAME that has a column c: the change, what it costs, the rule, what the message has to say; SQL.
my @standing = (
    [ own_check => 'varchar(40)', 'scan', 'alter-type-recheck-scan', qr/app\.own_check \(.*own_check_c_check/,
        'CREATE TABLE app.%s (c varchar(20) CHECK (c <> \'\'))' ],
    [ other_check => 'varchar(40)', 'free',
        'CREATE TABLE app.%s (c varchar(20), d text CHECK (d <> \'\'))' ],
    [ unproven_check => 'varchar(40)', 'free',
        'CREATE TABLE app.%s (c varchar(20)); ALTER TABLE app.%1$s ADD CHECK (c <> \'\') NOT VALID' ],
    [ not_null => 'text', 'free',
        'CREATE TABLE app.%s (c varchar(20) NOT NULL PRIMARY KEY)' ],
    [ with_default => 'text', 'free',
        'CREATE TABLE app.%s (c varchar(20) DEFAULT \'x\')' ],
    [ bad_default => 'xml', 'error', 'would-fail', qr/cannot be cast automatically to type xml/,
        'CREATE DOMAIN app.d1 AS text; CREATE TABLE app.%s (c text DEFAULT \'x\'::text)' ],
    [ expression_index => 'text', 'index', 'alter-type-index-rebuild', qr/would rebuild app\."Odd Index" \(\d+/,
        'CREATE TABLE app.%s (c varchar(20)); CREATE INDEX "Odd Index" ON app.%1$s (lower(c))' ],
    [ partial_index => 'text', 'index', 'alter-type-index-rebuild', qr/partial_index_d_idx/,
        'CREATE TABLE app.%s (c varchar(20), d int); CREATE INDEX ON app.%1$s (d) WHERE c <> \'\'' ],
    [ included => 'text', 'free',
        'CREATE TABLE app.%s (c varchar(20), d int); CREATE UNIQUE INDEX ON app.%1$s (d) INCLUDE (c)' ],
    [ exclusion => 'inet', 'free',
        'CREATE TABLE app.%s (c cidr, EXCLUDE USING gist (c inet_ops WITH =))' ],
    [ referring => 'varchar(40)', 'free',
        'CREATE TABLE app.%s_parent (id varchar(20) PRIMARY KEY); CREATE TABLE app.%1$s (c varchar(20) REFERENCES app.%1$s_parent)' ],
    [ referred_to => 'text', 'free',
        'CREATE TABLE app.%s (c varchar(20) PRIMARY KEY); CREATE TABLE app.%1$s_child (c varchar(20) REFERENCES app.%1$s)' ],
    [ itself => 'text', 'free',
        'CREATE TABLE app.%s (c varchar(20) PRIMARY KEY, p varchar(20) REFERENCES app.%1$s)' ],
    [ key_again => 'text', 'error', 'would-fail', qr/cannot be implemented|collations/,
        'CREATE TABLE app.%s_parent (id citext PRIMARY KEY); CREATE TABLE app.%1$s (c citext REFERENCES app.%1$s_parent)' ],
    [ key_by_other => 'name', 'rewrite', 'alter-type-rewrite',
        'CREATE TABLE app.%s_parent (id text PRIMARY KEY); CREATE TABLE app.%1$s (c text REFERENCES app.%1$s_parent)' ],
    [ key_again_scan => 'timestamptz', 'scan', 'alter-type-fk', qr/key_again_scan_c_fkey of app\.key_again_scan \(/,
        'CREATE TABLE app.%s_parent (id timestamptz PRIMARY KEY); CREATE TABLE app.%1$s (c timestamp REFERENCES app.%1$s_parent)' ],
    [ a_view => 'text', 'error', 'dependent-view', qr/view app\.v1$/,
        'CREATE TABLE app.%s (c varchar(20)); CREATE VIEW app.v1 AS SELECT c FROM app.%1$s' ],
    [ a_matview => 'text', 'error', 'dependent-view', qr/materialized view app\.v2$/,
        'CREATE TABLE app.%s (c varchar(20)); CREATE MATERIALIZED VIEW app.v2 AS SELECT c FROM app.%1$s' ],
    [ a_rule => 'text', 'error', 'dependent-view', qr/table app\.a_rule$/,
        'CREATE TABLE app.%s (c varchar(20)); CREATE RULE r1 AS ON INSERT TO app.%1$s WHERE new.c = \'\' DO INSTEAD NOTHING' ],
    [ a_policy => 'text', 'error', 'dependent-view', qr/policy p1/,
        'CREATE TABLE app.%s (c varchar(20)); CREATE POLICY p1 ON app.%1$s USING (c <> \'\')' ],
    [ a_trigger => 'text', 'error', 'dependent-view', qr/trigger t1/,
        'CREATE TABLE app.%s (c varchar(20)); CREATE TRIGGER t1 BEFORE UPDATE OF c ON app.%1$s FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()' ],
    [ a_generated => 'text', 'error', 'dependent-view', qr/column g of table app\.a_generated/,
        'CREATE TABLE app.%s (c varchar(20), g text GENERATED ALWAYS AS (lower(c)) STORED)' ],
    [ a_function => 'text', 'error', 'dependent-view', qr/function app\.f1/,
        'CREATE TABLE app.%s (c varchar(20)); CREATE FUNCTION app.f1() RETURNS text BEGIN ATOMIC SELECT c FROM app.%1$s; END' ],
    [ a_row => 'text', 'error', 'dependent-view', qr/column r of table app\.rows/,
        'CREATE TABLE app.%s (c varchar(20)); CREATE TABLE app.rows (r app.%1$s[])' ],
    [ figures => 'text', 'free',
        'CREATE TABLE app.%s (c varchar(20), d int); CREATE STATISTICS app.s1 ON c, d FROM app.%1$s' ],
    [ generated => 'varchar(40)', 'free',
        'CREATE TABLE app.%s (a varchar(20), c varchar(20) GENERATED ALWAYS AS (a) STORED)' ],
    [ partitioned => 'text', 'index', 'alter-type-index-rebuild', qr/would rebuild app\.partitioned_c_idx \(8192/,
        'CREATE TABLE app.%s (k int, c varchar(20)) PARTITION BY LIST (k); CREATE TABLE app.%1$s_1 PARTITION OF app.%1$s FOR VALUES IN (1); CREATE INDEX ON app.%1$s (c)' ],
    [ by_hash => 'text', 'free',
        'CREATE TABLE app.%s (k int, c varchar(20)) PARTITION BY HASH (k); CREATE TABLE app.%1$s_1 PARTITION OF app.%1$s FOR VALUES WITH (MODULUS 1, REMAINDER 0)' ],
    [ leaf_only => 'text', 'free',
        'CREATE TABLE app.%s (k int, c varchar(20)) PARTITION BY LIST (k); CREATE TABLE app.%1$s_1 PARTITION OF app.%1$s FOR VALUES IN (1); CREATE INDEX ON app.%1$s_1 (c)' ],
    [ two_levels => 'text', 'index', 'alter-type-index-rebuild', qr/two_levels_1_c_idx/,
        'CREATE TABLE app.%s (k int, c varchar(20)) PARTITION BY LIST (k); CREATE TABLE app.%1$s_1 PARTITION OF app.%1$s FOR VALUES IN (1) PARTITION BY LIST (k); CREATE TABLE app.%1$s_2 PARTITION OF app.%1$s_1 DEFAULT; CREATE INDEX ON app.%1$s_1 (c)' ],
    [ leaf_index => 'text', 'index', 'alter-type-index-rebuild', qr/rebuild app\.own/,
        'CREATE TABLE app.%s (k int, c varchar(20)) PARTITION BY LIST (k); CREATE TABLE app.%1$s_1 PARTITION OF app.%1$s FOR VALUES IN (1); CREATE INDEX own ON app.%1$s_1 (upper(c))' ],
    [ leaf_check => 'text', 'scan', 'alter-type-recheck-scan', qr/only_here/,
        'CREATE TABLE app.%s (k int, c varchar(20)) PARTITION BY LIST (k); CREATE TABLE app.%1$s_1 PARTITION OF app.%1$s (CONSTRAINT only_here CHECK (c <> \'\')) FOR VALUES IN (1)' ],
    [ by_key => 'text', 'error', 'partition-key-type', qr/app\.by_key is partitioned by it/,
        'CREATE TABLE app.%s (k int, c varchar(20)) PARTITION BY LIST (c)' ],
    [ by_expression => 'text', 'error', 'partition-key-type',
        'CREATE TABLE app.%s (k int, c varchar(20)) PARTITION BY LIST (lower(c))' ],
    [ by_key_below => 'text', 'error', 'partition-key-type', qr/app\.by_key_below_1 is/,
        'CREATE TABLE app.%s (k int, c varchar(20)) PARTITION BY LIST (k); CREATE TABLE app.%1$s_1 PARTITION OF app.%1$s FOR VALUES IN (1) PARTITION BY LIST (c)' ],
    [ leaf => 'text', 'error', 'conflict', qr/comes from app\.leaf_all/,
        'CREATE TABLE app.%s_all (k int, c varchar(20)) PARTITION BY LIST (k); CREATE TABLE app.%1$s PARTITION OF app.%1$s_all FOR VALUES IN (1)' ],
    [ heirs => 'text', 'free',
        'CREATE TABLE app.%s (c varchar(20)); CREATE TABLE app.%1$s_1 (d int) INHERITS (app.%1$s); CREATE INDEX ON app.%1$s_1 (c)' ],
    [ heir_index => 'timestamptz', 'index', 'alter-type-index-rebuild', qr/heir_index_1_c_idx/,
        'CREATE TABLE app.%s (c timestamp); CREATE TABLE app.%1$s_1 () INHERITS (app.%1$s); CREATE INDEX ON app.%1$s_1 (c)' ],
    [ two_parents => 'text', 'error', 'conflict', qr/app\.two_parents_1 comes from app\.two_parents, app\.two_parents_2/,
        'CREATE TABLE app.%s (c varchar(20)); CREATE TABLE app.%1$s_2 (c varchar(20)); CREATE TABLE app.%1$s_1 () INHERITS (app.%1$s, app.%1$s_2)' ],
    [ typed => 'text', 'error', 'conflict', qr/typed table/,
        'CREATE TYPE app.of AS (c varchar(20)); CREATE TABLE app.%s OF app.of' ],
    [ 'Odd Table' => 'text', 'free',
        'CREATE TABLE app."%s" (c varchar(20) PRIMARY KEY)' ],
);

push @standing, [ published => 'text', 'error', 'dependent-view', qr/publication listed/,
    'CREATE TABLE app.%s (id int PRIMARY KEY, c varchar(20)); CREATE PUBLICATION listed FOR TABLE app.%1$s (id, c)' ]
  if server()->pg_version >= 15;

subtest 'what stands on the column' => sub {
    my $db = world('standing', sub {
        my ($template) = @_;
        sql($template, "CREATE EXTENSION citext; CREATE SCHEMA app; $truth");
        sql($template, sprintf $_->[-1], $_->[0]) for @standing;
    });
    my @truth = split /\n/, sql($db, join ' UNION ALL ', map { qq(SELECT public.truth('app."$_->[0]"', '$_->[1]')) } @standing);
    my @findings = findings($db, 'standing', map { qq(table = 'app."$_->[0]"', column = "c", type = "$_->[1]") } @standing);
    for my $i (0 .. $#standing)
    {
        my ($name, undef, $cost, $rule, $words) = @{ $standing[$i] }[ 0 .. $#{ $standing[$i] } - 1 ];
        my $finding = $findings[$i];
        is($truth[$i], $cost, "$name: the server's cost");
        is($finding ? $finding->{rule} : 'none', $rule || 'none', "$name: what check says");
        like(join("\n", $finding->{summary}, @{ $finding->{detail} }), $words, "$name: and which") if $words && $finding;
    }
    drop_world($db);
};

# ---- There and back ----

# A plan of phases, each a text of steps.
sub phases
{
    my ($name, @phases) = @_;
    my $no = 0;
    return plan_file($name, join "\n", qq(plan "$name" { title = "A plan of the tests",),
        (map { $no++; qq(phase "part $no" { $_ },) } @phases), '}', '');
}

subtest 'a type keeps what the column had, and comes back' => sub {
    my $db = world('types', <<'SQL');
CREATE SCHEMA app;
CREATE TABLE app."Users" (id bigint PRIMARY KEY, "E-Mail" varchar COLLATE "C" DEFAULT 'x'::varchar NOT NULL, note varchar(20));
ALTER TABLE app."Users" ALTER "E-Mail" SET STORAGE EXTERNAL, ALTER "E-Mail" SET STATISTICS 7;
COMMENT ON COLUMN app."Users"."E-Mail" IS 'where to';
CREATE INDEX ON app."Users" ("E-Mail");
INSERT INTO app."Users" SELECT n, 'u' || n, 'n' FROM generate_series(1, 50) n;
ANALYZE app."Users";
SQL
    my $plan = phases('types', q{change_type { table = 'app."Users"', column = '"E-Mail"', type = "text" }});
    my ($schema, $file) = (schema_dump($db), filenode($db, 'app."Users"'));
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    is(schema_dump($db), $schema =~ s/"E-Mail" character varying/"E-Mail" text/r, 'collation, storage, default, index and comment are as they were');
    is(filenode($db, 'app."Users"'), $file, 'the table is the same file');
    isnt(sql($db, q{SELECT count(*) FROM pg_stats WHERE tablename = 'Users' AND attname = 'E-Mail'}), 0, 'the planner has figures of the column again');
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'all as before');

    my $collation = phases('collation', q{change_type { table = 'app."Users"', column = "note", type = "text", collation = '"C"' }});
    like(interlock('preview', $collation, { db => $db })->{out}, qr/ACCESS EXCLUSIVE app\."Users": .*so undo refuses/, 'a way back that is closed is told before');
    runs_ok([ 'run', $collation, '--yes' ], 'another collation', { db => $db });
    is(sql($db, q{SELECT attcollation::regcollation FROM pg_attribute WHERE attrelid = 'app."Users"'::regclass AND attname = 'note'}), '"C"', 'is set');
    drop_world($db);
};

subtest 'undo that is impossible takes nothing back' => sub {
    my $db = world('no_way', 'CREATE SCHEMA app; CREATE TABLE app.users (id bigint PRIMARY KEY, nick varchar(20))');
    my $plan = phases('no_way', 'change_type { table = "app.users", column = "nick", type = "text" }',
        'add_column_if_missing { table = "app.users", column = "email", type = "text" }');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    my $there = schema_dump($db);
    exits(3, [ 'undo', $plan, '--to', 'start', '--yes' ], qr/would rewrite app\.users.*each value has to be checked against character varying\(20\)/s, 'undo refuses', { db => $db });
    is(schema_dump($db), $there, 'the later step is still there');
    drop_world($db);
};

subtest 'undo first takes away what stands on the column' => sub {
    my $db = world('stack', 'CREATE SCHEMA app; CREATE TABLE app.users (id bigint PRIMARY KEY, nick varchar)');
    my $plan = phases('stack', 'change_type { table = "app.users", column = "nick", type = "text" }',
        'sql_step { sql = "CREATE VIEW app.nicks AS SELECT nick FROM app.users", undo = "DROP VIEW app.nicks" }');
    my $schema = schema_dump($db);
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'all as before');
    runs_ok([ 'run', $plan, '--yes' ], 'run again', { db => $db });
    sql($db, 'CREATE VIEW app.mine AS SELECT nick FROM app.users');
    exits(3, [ 'undo', $plan, '--to', 'start', '--yes' ], qr/is impossible while these use it: view app\.mine$/m, 'a view of somebody else is not taken away', { db => $db });
    ok(sql($db, 'SELECT count(*) FROM app.mine') eq '0', 'and works');
    sql($db, 'DROP VIEW app.mine; ALTER TABLE app.users ALTER nick TYPE varchar(9)');
    exits(3, [ 'undo', $plan, '--to', 'start', '--yes' ], qr/no longer what this run made it: it is character varying\(9\), not text/, 'nor a type', { db => $db });
    drop_world($db);
};

# An index that comes after the check, in the same run, is seen before the type is changed.
subtest 'the cost is asked for again in its place' => sub {
    my $db = world('again', 'CREATE SCHEMA app; CREATE TABLE app.users (id bigint PRIMARY KEY, seen timestamp, x int)');
    sql('postgres', "ALTER DATABASE \"$db\" SET timezone = 'UTC'");
    my $plan = phases('again', 'create_index_if_missing { table = "app.users", columns = "seen" }, change_type { table = "app.users", column = "seen", type = "timestamptz" }');
    runs_ok([ 'check', $plan ], 'check can not know it yet', { db => $db });
    exits(3, [ 'run', $plan, '--yes' ], qr/would rebuild app\.users_seen_idx/, 'run stops before the change', { db => $db });
    is(column_type($db, 'app.users', 'seen'), 'timestamp without time zone', 'the column is what it was');
    drop_world($db);
};

subtest 'a foreign key is kept, under locks on both tables' => sub {
    my $db = world('keys', <<'SQL');
CREATE SCHEMA app; CREATE TABLE app.countries (code varchar(2) PRIMARY KEY);
CREATE TABLE app.cities (id int PRIMARY KEY, country varchar(2) REFERENCES app.countries);
INSERT INTO app.countries VALUES ('de'); INSERT INTO app.cities VALUES (1, 'de');
SQL
    my $plan = phases('keys', 'change_type { table = "app.cities", column = "country", type = "varchar" }');
    my ($step) = grep { $_->{type} eq 'step' } json_lines(interlock('preview', $plan, '--json', { db => $db })->{out});
    is($step->{locks}, 'ACCESS EXCLUSIVE app.cities, ACCESS EXCLUSIVE app.countries', 'both are named');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    like(sql_fails($db, "INSERT INTO app.cities VALUES (2, 'xx')"), qr/foreign key/, 'the key holds');
    drop_world($db);
};

# ---- Names of columns ----

subtest 'a column that something else knows by name' => sub {
    my $db = world('by_name', <<'SQL');
CREATE SCHEMA app;
CREATE TABLE app.users (id bigint PRIMARY KEY, mail text, words tsvector);
CREATE FUNCTION app.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.mail := lower(new.mail); RETURN new; END';
CREATE TRIGGER stamp BEFORE INSERT ON app.users FOR EACH ROW EXECUTE FUNCTION app.stamp();
CREATE TRIGGER "Words" BEFORE INSERT ON app.users FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger('words', 'pg_catalog.simple', 'mail');
CREATE FUNCTION app.of(u app.users) RETURNS text LANGUAGE sql AS 'SELECT $1.mail';
CREATE FUNCTION public.send() RETURNS text LANGUAGE sql AS 'SELECT mail FROM app.users LIMIT 1';
CREATE FUNCTION app.parsed() RETURNS text BEGIN ATOMIC SELECT mail FROM app.users; END;
CREATE FUNCTION app.other() RETURNS text LANGUAGE sql AS 'SELECT ''mail for all''::text';
CREATE FUNCTION app.mailing() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) AS mailing FROM app.users';
CREATE VIEW app.mails AS SELECT mail FROM app.users;
CREATE PUBLICATION feed FOR TABLE app.users;
SQL
    my $step = 'rename_column { table = "app.users", column = "mail", to = "email"';
    exits(4, [ 'check', phases('named', "$step }") ], undef, 'is refused', { db => $db,
        out => qr/name-in-function-body.*column mail of app\.users is used by function app\.of, function app\.stamp, function public\.send, publication feed, trigger "Words", which would not follow\n.*leaves = \{ "app\.of", "app\.stamp", "public\.send", "feed", "\\"Words\\"" \}/ms });
    my $left = phases('left', "$step, leaves = { 'app.of', 'app.stamp', 'send', 'feed', '\"Words\"' } }");
    my $schema = schema_dump($db);
    runs_ok([ 'run', $left, '--yes' ], 'unless the plan leaves them', { db => $db });
    is(sql($db, 'SELECT count(mail) FROM app.mails') . sql($db, 'SELECT app.parsed() IS NULL'), '0t', 'views and parsed functions followed');
    runs_ok([ 'undo', $left, '--to', 'start', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'all as before');
    drop_world($db);
};

subtest 'columns that can not be renamed' => sub {
    my $db = world('not_renamed', <<'SQL');
CREATE SCHEMA app;
CREATE TABLE app.two (a int, b int);
CREATE TABLE app.neither (x int);
CREATE TABLE app.parent (a int, k int) PARTITION BY LIST (k);
CREATE TABLE app.leaf PARTITION OF app.parent FOR VALUES IN (1);
CREATE FUNCTION app.of_leaf() RETURNS int LANGUAGE sql AS 'SELECT a FROM app.leaf';
CREATE TABLE app.heirs (a int); CREATE TABLE app.heir (b int) INHERITS (app.heirs);
CREATE TABLE app.mixed (a int); CREATE TABLE app.too (a int); CREATE TABLE app.mix () INHERITS (app.mixed, app.too);
CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;
CREATE TABLE app.near (a int, k int) PARTITION BY LIST (k);
CREATE FOREIGN TABLE app.distant PARTITION OF app.near FOR VALUES IN (1) SERVER far;
CREATE VIEW app.seen AS SELECT 1 AS a;
CREATE ROLE someone; CREATE TABLE app.theirs (a int);
SQL
    my %why = (two => qr/found: +both column a and column b in app\.two/, neither => qr/no column a in app\.neither, and no b/,
        leaf => qr/found: +column a of app\.leaf comes from app\.parent/, heirs => qr/found: +column b of app\.heir, which inherits from app\.heirs/,
        mixed => qr/found: +column a of app\.mix comes from app\.mixed, app\.too/, near => qr/found: +app\.distant is a foreign table/,
        parent => qr/is used by function app\.of_leaf, which/, distant => qr/found: +app\.distant is a foreign table/, seen => qr/found: +app\.seen is a view/, gone => qr/no table app\.gone/);
    for my $table (sort keys %why)
    {
        my $schema = schema_dump($db);
        exits(4, [ 'run', phases("not_$table", qq(rename_column { table = "app.$table", column = "a", to = "b" })), '--yes' ], $why{$table}, $table, { db => $db });
        is(schema_dump($db), $schema, "$table: nothing is touched");
    }
    runs_ok([ 'run', phases('tree', 'rename_column { table = "app.parent", column = "a", to = "b", leaves = { "app.of_leaf" } }'), '--yes' ], 'a partitioned table', { db => $db });
    is(column_type($db, 'app.leaf', 'b'), 'integer', 'with its partitions');
    drop_world($db);
};

subtest 'who may' => sub {
    my $db = world('rights', <<'SQL');
CREATE SCHEMA app; CREATE ROLE worker LOGIN; GRANT CREATE ON SCHEMA app TO worker; GRANT USAGE ON SCHEMA app TO worker;
CREATE TABLE app.users (id int, mail varchar(20));
SQL
    my %as = (db => $db, env => { PGUSER => 'worker' });
    for my $step ('rename_column { table = "app.users", column = "mail", to = "email" }',
        'rename_table { table = "app.users", to = "people" }', 'change_type { table = "app.users", column = "mail", type = "varchar(40)" }')
    {
        exits(4, [ 'check', phases('who_' . ($step =~ s/ .*//r), $step) ], undef, $step, { %as, out => qr/app\.users belongs to role "postgres", and nobody else may change it/ });
    }
    sql($db, 'ALTER TABLE app.users OWNER TO worker; REVOKE CREATE ON SCHEMA app FROM worker');
    exits(4, [ 'check', phases('who_new', 'rename_table { table = "app.users", to = "people" }') ], undef, 'a new name is something new in the schema', { %as, out => qr/role "worker" may not create anything in schema app/ });
    drop_world($db);
};

# ---- Names of tables ----

# What the release that knows the old name sends, and what comes of it.
my @old_release = (
    [ "INSERT INTO app.users (email) VALUES ('a\@b') RETURNING id, email, score", qr/^1\|a\@b\|7$/ ],
    [ "INSERT INTO app.users (id, email) OVERRIDING SYSTEM VALUE VALUES (1, 'c') ON CONFLICT (id) DO UPDATE SET email = excluded.email RETURNING email", qr/^c$/ ],
    [ 'UPDATE app.users SET score = score + 1 WHERE email = \'c\' RETURNING score', qr/^8$/ ],
    [ 'SELECT u.id, u.email FROM app.users u JOIN app.orders o ON o.user_id = u.id', qr/^$/ ],
    [ 'WITH l AS (SELECT id FROM app.users ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) UPDATE app.users u SET score = 1 FROM l WHERE u.id = l.id RETURNING u.score', qr/^1$/ ],
    [ 'DELETE FROM app.users WHERE id = 1 RETURNING twice', qr/^2$/ ],
);
my $users = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app.users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, score int DEFAULT 7,
  twice int GENERATED ALWAYS AS (score * 2) STORED, gone int);
ALTER TABLE app.users DROP COLUMN gone;
CREATE TABLE app.orders (id int, user_id bigint REFERENCES app.users);
SQL

subtest 'the old name goes on' => sub {
    my $db = world('kept', $users);
    my $plan = phases('kept', 'rename_table { table = "app.users", to = "people", keep_view = true }',
        'add_column_if_missing { table = "app.people", column = "nick", type = "text" }');
    my $schema = schema_dump($db);
    runs_ok([ 'check', $plan, '--strict' ], 'a later step on the new name is no error', { db => $db });
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    for (@old_release) { like(sql($db, $_->[0]), $_->[1], $_->[0]) }
    is(sql($db, "INSERT INTO app.people (email, nick) VALUES ('new', 'n') RETURNING nick"), 'n', 'and so does the new one');
    runs_ok([ 'run', phases('kept_too', 'rename_table { table = "app.users", to = "people", keep_view = true }'), '--yes' ], 'another plan finds it done', { db => $db });
    sql($db, 'DELETE FROM app.people; ALTER TABLE app.people ALTER id RESTART WITH 1');
    sql($db, 'CREATE VIEW app.mine AS SELECT email FROM app.users');
    exits(3, [ 'undo', $plan, '--to', 'start', '--yes' ], qr/view app\.users is used by view app\.mine/, 'undo takes no view of others away', { db => $db });
    sql($db, 'DROP VIEW app.mine; CREATE OR REPLACE VIEW app.users AS SELECT id, email, score, twice FROM app.people WHERE id > 0');
    exits(3, [ 'undo', $plan, '--to', 'start', '--yes' ], qr/app\.users is no longer the view that this run made: view app\.users AS SELECT .*WHERE/, 'nor one that was changed', { db => $db });
    sql($db, 'CREATE OR REPLACE VIEW app.users AS SELECT id, email, score, twice FROM app.people');
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'all as before');
    drop_world($db);
};

subtest 'nobody notices' => sub {
    my $db = world('busy', $users . ' INSERT INTO app.users (email) SELECT n::text FROM generate_series(1, 100) n');
    my $plan = phases('busy', 'rename_table { table = "app.users", to = "people", keep_view = true }');
    sql('postgres', "ALTER DATABASE \"$db\" SET plan_cache_mode = force_generic_plan");
    my @busy = map {
        application($db, 'PREPARE p AS SELECT email FROM app.users WHERE id = 1', 'EXECUTE p', 'DEALLOCATE p',
            'UPDATE app.users SET score = score + 1 WHERE id = 2', 'BEGIN; SELECT count(*) FROM app.users; UPDATE app.users SET score = 0 WHERE id = 3; COMMIT',
            "INSERT INTO app.users (email) VALUES ('x') RETURNING id")
    } 1 .. 3;
    for (1 .. 3)
    {
        runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
        runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], 'undo', { db => $db });
    }
    for my $report (map { $_->stop } @busy)
    {
        is_deeply($report->{failures}, [], 'no statement fails, in ' . $report->{count});
    }
    drop_world($db);
};

subtest 'the new name is claimed, and no drift is seen in it' => sub {
    my $db = world('claims', $users);
    my $plan = plan_file('claims', <<'LUA');
plan "claims" {
  title = "Users become people",
  phase "before" { add_column_if_missing { table = "app.users", column = "nick", type = "text" } },
  phase "switch" { rename_table { table = "app.users", to = "people", keep_view = true } },
  phase "between" { add_column_if_missing { table = "app.people", column = "born", type = "date" } },
  gate "go on" { },
  phase "after" { rename_column { table = "app.people", column = "nick", to = "nickname" } },
}
LUA
    exits(5, [ 'run', $plan, '--yes' ], undef, 'run as far as the gate', { db => $db });
    is(sql($db, q{SELECT string_agg(relation, ' ' ORDER BY relation) FROM interlock.claim}), 'app.people app.users', 'both names are claimed');
    exits(6, [ 'run', phases('other', 'create_index_if_missing { table = "app.people", columns = "email" }'), '--yes' ],
        qr/app\.people is claimed by plan "claims"/, 'so another plan stays away', { db => $db });
    runs_ok([ 'gate', 'pass', $plan, 'go on', '--evidence', 'test' ], 'pass', { db => $db });
    runs_ok([ 'run', $plan, '--yes' ], 'run to the end', { db => $db });
    is(column_type($db, 'app.people', 'nickname'), 'text', 'is reached');
    drop_world($db);
};

subtest 'rights of the view are those of the table' => sub {
    my $db = world('view_rights', <<"SQL");
$users
CREATE ROLE owner; CREATE ROLE reader; CREATE ROLE writer; CREATE ROLE clerk; CREATE ROLE stranger;
GRANT USAGE, CREATE ON SCHEMA app TO owner; GRANT USAGE ON SCHEMA app TO reader, writer, clerk, stranger;
ALTER TABLE app.users OWNER TO owner;
GRANT SELECT, TRIGGER ON app.users TO reader; GRANT SELECT, INSERT, UPDATE ON app.users TO writer WITH GRANT OPTION;
GRANT SELECT (id, email), UPDATE (email) ON app.users TO clerk;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO stranger; ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT ALL ON TABLES TO PUBLIC;
SQL
    my $plan = phases('view_rights', 'rename_table { table = "app.users", to = "people", keep_view = true }');
    my $rights = sub { return sql($db, <<"SQL") };
SELECT string_agg(DISTINCT concat_ws(' ', pg_get_userbyid(c.relowner), a.grantee::regrole, a.privilege_type, a.is_grantable), '; ') FROM pg_class c, aclexplode(c.relacl) a
 WHERE c.oid = 'app.$_[0]'::regclass
UNION ALL SELECT string_agg(concat_ws(' ', t.attname, a.grantee::regrole, a.privilege_type), '; ' ORDER BY t.attname, a.privilege_type) FROM pg_attribute t, aclexplode(t.attacl) a WHERE t.attrelid = 'app.$_[0]'::regclass
SQL
    my $before = $rights->('users');
    runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
    is($rights->('users'), $before, 'the same people may do the same things');
    like(sql_fails($db, 'SET ROLE stranger; SELECT * FROM app.users'), qr/permission denied/, 'nobody may do more');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });

    # The owner has given up some of its own rights, others have them.
    sql($db, 'REVOKE UPDATE, TRUNCATE ON app.users FROM owner; ALTER DEFAULT PRIVILEGES REVOKE INSERT ON TABLES FROM CURRENT_USER');
    my $less = phases('less', 'rename_table { table = "app.users", to = "people", keep_view = true }');
    exits(4, [ 'check', $less ], undef, 'who may read some columns could not do so', { db => $db, out => qr/has an owner who may do less.*may read only some columns: clerk/ });
    sql($db, 'REVOKE SELECT (id, email) ON app.users FROM clerk; GRANT SELECT ON app.users TO clerk');
    if (server()->pg_version < 15)
    {
        exits(4, [ 'check', $less ], undef, 'before PostgreSQL 15 the view would have its rights', { db => $db, out => qr/has an owner who may do less with it than others/ });
    }
    else
    {
        $before = $rights->('users');
        unlike($before, qr/owner owner UPDATE/, 'the owner may not update');
        runs_ok([ 'run', $less, '--yes' ], 'run', { db => $db });
        is($rights->('users'), $before, 'nor may it through the view, and the others as before');
        is(sql($db, q{INSERT INTO app.people (email) VALUES ('new'); SET ROLE clerk; UPDATE app.users SET email = 'by clerk' WHERE email = 'new'; SELECT email FROM app.users WHERE email = 'by clerk'}), 'by clerk', 'who may, can');
        like(sql_fails($db, q{SET ROLE owner; UPDATE app.users SET email = 'x'}), qr/permission denied/, 'who may not, can not');
        runs_ok([ 'undo', $less, '--yes' ], 'undo', { db => $db });
    }
    sql($db, 'ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO CURRENT_USER');
    drop_world($db);
};

subtest 'row security holds through the view' => sub {
    my $db = world('rows', <<"SQL");
$users
ALTER TABLE app.users ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON app.users USING (email = current_user);
CREATE ROLE anna; CREATE ROLE bert; GRANT USAGE ON SCHEMA app TO anna, bert; GRANT SELECT ON app.users TO anna, bert;
INSERT INTO app.users (email) VALUES ('anna'), ('bert');
SQL
    my $plan = phases('rows', 'rename_table { table = "app.users", to = "people", keep_view = true }');
    if (server()->pg_version < 15)
    {
        exits(4, [ 'check', $plan ], undef, 'before PostgreSQL 15 a view would pass it by', { db => $db, out => qr/has row security/ });
    }
    else
    {
        runs_ok([ 'run', $plan, '--yes' ], 'run', { db => $db });
        is(sql($db, 'SET ROLE anna; SELECT email FROM app.users'), 'anna', 'everybody sees what is theirs');
        sql($db, 'ALTER VIEW app.users RESET (security_invoker)');
        exits(4, [ 'check', phases('rows_too', 'rename_table { table = "app.users", to = "people", keep_view = true }') ], undef, 'a view without it is a conflict',
            { db => $db, out => qr/found: +view app\.users passes by the row security of app\.people/ });
    }
    drop_world($db);
};

subtest 'tables that can not be renamed, and what is there already' => sub {
    my $db = world('taken', <<'SQL');
CREATE SCHEMA app;
CREATE TABLE app.a (x int); CREATE TABLE app.taken (x int); CREATE TYPE app.mood AS ENUM ('fine'); CREATE VIEW app.seen AS SELECT 1 AS x;
CREATE SEQUENCE app.numbers; CREATE TABLE app._odd (x int);
CREATE TABLE app.published (x int); CREATE PUBLICATION feed FOR TABLE app.published;
CREATE FUNCTION app.counts() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM app.a';
CREATE FUNCTION app.audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN EXECUTE format(''INSERT INTO log_%I SELECT 1'', TG_TABLE_NAME); RETURN new; END';
CREATE TABLE app.watched (x int); CREATE TRIGGER audit AFTER INSERT ON app.watched FOR EACH ROW EXECUTE FUNCTION app.audit();
CREATE TABLE app.done (x int, y int); CREATE VIEW app.was AS SELECT * FROM app.done;
CREATE TABLE app.half (x int);
CREATE TABLE app."Order Items" (id int, "a b" int);
SQL
    my @cases = (
        [ 'a', 'taken', '', qr/found: +app\.taken is a table/ ],
        [ 'a', 'mood', '', qr/found: +app\.mood is a type/ ],
        [ 'a', 'numbers', '', qr/found: +app\.numbers is a sequence/ ],
        [ 'seen', 'b', '', qr/found: +app\.seen is a view/ ],
        [ 'nothing', 'b', '', qr/no table app\.nothing, and no app\.b/ ],
        [ 'a', 'b', '', qr/table app\.a is used by function app\.counts, which would not follow/ ],
        [ 'watched', 'b', ', keep_view = true', qr/table app\.watched is used by function app\.audit, which/ ],
        [ 'published', 'b', ', keep_view = true', qr/table app\.published is used by publication feed, which would not follow/ ],
        [ 'seen', 'taken', ', keep_view = true', qr/found: +view app\.seen AS SELECT 1 AS x$/m ],
    );
    my ($schema, $no) = (schema_dump($db), 0);
    for (@cases)
    {
        my ($from, $to, $more, $says) = @$_;
        exits(4, [ 'run', phases('taken_' . ++$no, qq(rename_table { table = "app.$from", to = "$to"$more })), '--yes' ], $says, "$from to $to", { db => $db });
    }
    is(schema_dump($db), $schema, 'nothing is touched');
    runs_ok([ 'run', phases('was', 'rename_table { table = "app.was", to = "done", keep_view = true }'), '--yes' ], 'made by hand', { db => $db });
    is(schema_dump($db), $schema, 'is found');
    my $half = phases('half', 'rename_table { table = "app.whole", to = "half", keep_view = true }');
    like(interlock('preview', $half, { db => $db })->{out}, qr/to finish/, 'half of it made by hand');
    runs_ok([ 'run', $half, '--yes' ], 'is finished', { db => $db });
    is(sql($db, 'SELECT count(*) FROM app.whole'), 0, 'with the view');
    runs_ok([ 'undo', $half, '--to', 'start', '--yes' ], 'and undone', { db => $db });
    is(schema_dump($db), $schema, 'as far as it was done');
    my $odd = phases('odd', q{rename_table { table = 'app."Order Items"', to = '"Items of Orders"', keep_view = true }}, q{rename_table { table = "app.a", to = "_odd_", leaves = "app.counts" }});
    runs_ok([ 'run', $odd, '--yes' ], 'odd names', { db => $db });
    is(sql($db, 'INSERT INTO app."Order Items" VALUES (1, 2) RETURNING "a b"'), 2, 'work');
    sql($db, 'DELETE FROM app."Items of Orders"');
    runs_ok([ 'undo', $odd, '--to', 'start', '--yes' ], 'and go', { db => $db });
    is(schema_dump($db), $schema, 'all as before');
    drop_world($db);
};

done_testing();
