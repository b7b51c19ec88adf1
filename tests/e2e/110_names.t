# Schemas, enum types, sequences, extensions and labels: what later steps stand on is there in time, what is missing
# or different is told before the first statement, and undo takes away only what nobody uses.
use strict;
use warnings;

use Interlock::Test;
use Test::More;

# A plan of one phase with these steps.
sub plan_of
{
    my ($name, $steps) = @_;
    return plan_file($name, qq(plan "$name" {\n  title = "Names",\n  phase "expand" {\n$steps\n  },\n}\n));
}

sub fresh
{
    my ($sql) = @_;
    my $db = world('names', '');
    sql($db, $sql) if $sql;
    return $db;
}

# Undo refuses, says this, and leaves everything as it is.
sub undo_refuses
{
    my ($db, $plan, $says, $name) = @_;
    my ($schema, $rows) = (schema_dump($db), table_rows($db));
    exits(3, [ 'undo', $plan, '--yes' ], $says, "$name: undo refuses", { db => $db });
    is(schema_dump($db), $schema, "$name: the schema stays");
    is(table_rows($db), $rows, "$name: and so do the rows");
    return;
}

# Run refuses with exit code 4, says this, and has changed nothing.
sub run_refuses
{
    my ($db, $plan, $says, $name, $options) = @_;
    my $schema = schema_dump($db);
    my %in = (db => $db, %{ $options || {} });
    exits(4, [ 'check', $plan ], undef, "$name: check", { %in, out => $says });
    exits(4, [ 'run', $plan, '--yes' ], $says, "$name: run", \%in);
    is(schema_dump($db), $schema, "$name: nothing was changed");
    ok(!registry_exists($db), "$name: and no registry was made");
    return;
}

my $steps = <<'LUA';
    create_schema_if_missing { schema = "app" },
    create_enum_if_missing { type = "app.status", values = { "open", "paid", "it's" } },
    create_extension_if_missing { extension = "citext", schema = "app" },
    create_table_if_missing { table = "app.orders", columns = [[
      id     bigint     PRIMARY KEY,
      no     bigint     NOT NULL,
      email  app.citext NOT NULL,
      status app.status NOT NULL DEFAULT 'open'
    ]] },
    create_sequence_if_missing { sequence = "app.order_no", start = 0, minvalue = 0, owned_by = "app.orders.no" },
    create_table_if_missing { table = "app.lines", columns = "no bigint DEFAULT nextval('app.order_no'), was app.status" },
LUA
my ($plan, $other) = map { plan_of($_, $steps) } qw(all the_same);

subtest 'from nothing' => sub {
    my $db = fresh();
    my $schema = schema_dump($db);
    runs_ok([ 'check', $plan, '--strict' ], 'check finds nothing to say', { db => $db });
    is(schema_dump($db), $schema, 'and what it tried is gone again');
    like(runs_ok([ 'preview', $plan ], 'preview', { db => $db })->{out}, qr/create enum type app\.status \('open', 'paid', 'it''s'\) +new$/m, 'all is new');
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    my $there = schema_dump($db);
    sql($db, q{SET search_path = app; INSERT INTO orders VALUES (1, 1, 'A@b'); DELETE FROM orders WHERE email = 'a@B' AND status = 'open'});
    like(runs_ok([ 'run', $plan ], 'run again', { db => $db })->{out}, qr/nothing to do/, 'there is nothing to do');
    my $second = runs_ok([ 'run', $other ], 'run another plan with the same steps', { db => $db });
    is(scalar(() = $second->{out} =~ /already there/g), 6, 'all six are there');
    is(schema_dump($db), $there, 'nothing was changed');
    like(runs_ok([ 'undo', $other, '--yes' ], 'undo that', { db => $db })->{out}, qr/0 steps|nothing/, 'takes nothing away');
    is(schema_dump($db), $there, 'nothing was changed');
    runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    is(schema_dump($db), $schema, 'the database is empty again');
};

subtest 'half of it made by hand' => sub {
    my $enum = q{CREATE SCHEMA app; CREATE TYPE app.status AS ENUM ('open', 'paid', 'it''s')};
    my $table = q{CREATE EXTENSION citext SCHEMA app; CREATE TABLE app.orders (id bigint PRIMARY KEY, no bigint NOT NULL,}
      . q{ email app.citext NOT NULL, status app.status NOT NULL DEFAULT 'open')};
    my %half = (
        'a schema'          => 'CREATE SCHEMA app',
        'an enum type'      => $enum,
        'the table'         => "$enum; $table",
        'all but one table' => "$enum; $table; CREATE SEQUENCE app.order_no MINVALUE 0 START 0 OWNED BY app.orders.no",
    );
    for my $name (sort keys %half)
    {
        my $db = fresh($half{$name});
        my $schema = schema_dump($db);
        runs_ok([ 'check', $plan, '--strict' ], "$name: check", { db => $db });
        runs_ok([ 'run', $plan ], "$name: run", { db => $db });
        like(runs_ok([ 'run', $plan ], "$name: run again", { db => $db })->{out}, qr/nothing to do/, "$name: nothing is left");
        runs_ok([ 'undo', $plan, '--yes' ], "$name: undo", { db => $db });
        is(schema_dump($db), $schema, "$name: what was there stays");
    }
    my $other_table = q{CREATE EXTENSION citext SCHEMA app; CREATE TABLE app.orders (id bigint PRIMARY KEY, no bigint NOT NULL,}
      . q{ email app.citext NOT NULL, status text NOT NULL DEFAULT 'open')};
    my $text = qr/create table app\.orders.*expected: status app\.status.*found: +status text/s;
    run_refuses(fresh("$enum; $other_table"), $plan, $text, 'another table, its type there');
    run_refuses(fresh("CREATE SCHEMA app; $other_table"), $plan, $text, 'another table, its type still to be made');
};

subtest 'what earlier steps do not bring either' => sub {
    my $names = q{create_schema_if_missing { schema = "app" }, create_enum_if_missing { type = "app.status", values = { "open" } },};
    my %wrong = (
        'no_table'    => [ qq($names add_column_if_missing { table = "app.oders", column = "a", type = "app.status" },), qr/no table app\.oders/ ],
        'no_type'     => [ qq($names add_column_if_missing { table = "t", column = "a", type = "app.staus" },), qr/no type "app\.staus"/ ],
        'no_schema'   => [ qq($names create_enum_if_missing { type = "ap.mood", values = "a" },), qr/no schema ap\b/ ],
        'no_schema_2' => [ q(create_table_if_missing { table = "app.x", columns = "id int" },), qr/no schema app/ ],
        'no_label'    => [ qq($names add_enum_value { type = "app.status", value = "b", after = "paid" },), qr/no label 'paid' in app\.status \('open'\)/ ],
        'no_enum'     => [ q(add_enum_value { type = "staus", value = "b" },), qr/no type public\.staus/ ],
        'no_column'   => [ qq($names create_sequence_if_missing { sequence = "s", owned_by = "t.no" },), qr/no column no in public\.t/ ],
        'no_role'     => [ q(create_schema_if_missing { schema = "app", owner = "nobody" },), qr/no role nobody/ ],
        'no_package'  => [ qq($names create_extension_if_missing { extension = "nothing_like_it", schema = "app" },), qr/server does not have extension nothing_like_it.*install the package/s ],
        'no_version'  => [ q(create_extension_if_missing { extension = "citext", version = "0.1" },), qr/does not have extension citext in version 0\.1.*it has 1\.4, /s ],
        'not_there'   => [ q(create_extension_if_missing { extension = "adminpack", schema = "public" },), qr/can only be in schema pg_catalog.*leave schema out/s ],
        'no_cube'     => [ q(create_extension_if_missing { extension = "earthdistance" },), qr/needs extension cube/ ],
    );
    run_refuses(fresh('CREATE TABLE t (id bigint)'), plan_of($_, "    $wrong{$_}[0]"), $wrong{$_}[1], $_) for sort keys %wrong;

    # Built by check alone.
    my $label = plan_of('wrong_default', qq(    $names\n    create_table_if_missing { table = "app.x", columns = "s app.status DEFAULT 'opne'" },));
    exits(4, [ 'check', $label ], undef, 'a default that is no label', { db => fresh(), out => qr/invalid input value for enum app\.status: "opne"/ });
};

subtest 'a label is there for the next step' => sub {
    my $add = <<'LUA';
    add_enum_value { type = "status", value = "sent", after = "paid" },
    add_enum_value { type = "status", value = "sent back", after = "sent" },
    add_column_if_missing { table = "t", column = "s", type = "status", default = "'sent back'" },
    create_table_if_missing { table = "u", columns = "id bigint, s status NOT NULL DEFAULT 'sent'" },
LUA
    my $labels = q{SELECT string_agg(enumlabel, ' ' ORDER BY enumsortorder) FROM pg_enum};
    my $db = fresh(q{CREATE TYPE status AS ENUM ('open', 'paid', 'gone'); CREATE TABLE t (id bigint)});
    my $later = plan_of('labels', $add);
    my $check = runs_ok([ 'check', $later, '--strict' ], 'check', { db => $db });
    like($check->{out}, qr/missing-reversal\]: add_enum_value has no way back/, 'says that there is no way back');
    is(sql($db, $labels), 'open paid gone', 'and adds nothing');
    like(runs_ok([ 'preview', $later ], 'preview', { db => $db })->{out}, qr/no way back by itself: PostgreSQL can't take a label out again/, 'so does preview');
    runs_ok([ 'run', $later ], 'run', { db => $db });
    is(sql($db, $labels), 'open paid sent sent back gone', 'both are in their places');
    exits(3, [ 'undo', $later, '--yes' ], qr/no way back.*nothing was taken back/s, 'undo refuses', { db => $db });
    is(column_type($db, 't', 's'), 'status', 'nothing was taken back');

    my $new = plan_of('labels_of_new', qq(    create_enum_if_missing { type = "status", values = { "open", "paid" } },\n$add));
    $db = fresh('CREATE TABLE t (id bigint)');
    runs_ok([ 'check', $new, '--strict' ], 'check: of a type of the same plan', { db => $db });
    runs_ok([ 'run', $new ], 'run', { db => $db });
    is(sql($db, $labels), 'open paid sent sent back', 'both are in their places');

    $db = fresh(q{CREATE TYPE status AS ENUM ('open', 'paid', 'sent', 'sent back'); CREATE TABLE t (id bigint)});
    runs_ok([ 'run', $later ], 'run where they are there', { db => $db });
    runs_ok([ 'undo', $later, '--yes' ], 'is undone: they are not of this run', { db => $db });
    is(sql($db, $labels), 'open paid sent sent back', 'and they stay');
};

subtest 'names and labels of all kinds' => sub {
    my $long = 'x' x 60;
    my $odd = plan_of('odd', <<"LUA");
    create_schema_if_missing { schema = '"My App"' },
    create_enum_if_missing { type = '"My App"."Order State"', values = { "", "It's \\\\ \\"so\\"", "NULL", "{a,b}", "${long}yyy" } },
    create_enum_if_missing { type = '"My App".${long}yyy', values = "only" },
    create_sequence_if_missing { sequence = '"My App"."select"', type = "smallint", increment = -2, maxvalue = 0, cycle = true },
    create_sequence_if_missing { sequence = "Folded", type = "integer", cache = 3, start = -5, minvalue = -9223 },
    create_extension_if_missing { extension = '"uuid-ossp"', schema = '"My App"', version = "1.1" },
    add_enum_value { type = '"My App"."Order State"', value = "a\\nb", before = "NULL" },
LUA
    my $db = fresh();
    runs_ok([ 'check', $odd, '--strict' ], 'check', { db => $db });
    runs_ok([ 'run', $odd ], 'run', { db => $db });
    is(sql($db, q{SELECT count(*) FROM pg_enum WHERE enumlabel IN ('', E'It''s \\\\ "so"', 'NULL', '{a,b}', E'a\nb')}), 5, 'the labels are as they were written');
    is(sql($db, q{SELECT concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle) FROM pg_sequence WHERE seqrelid = '"My App"."select"'::regclass}),
        'smallint 0 -2 -32768 0 1 t', 'a descending sequence');
    my $same = plan_of('odd_again', PostgreSQL::Test::Utils::slurp_file($odd) =~ s/\A.*?phase "expand" \{\n(.*)\n  \},\n\}\n\z/$1/sr
          =~ s/"NULL", "\{a/"a\\nb", "NULL", "{a/r);
    is(scalar(() = runs_ok([ 'run', $same ], 'another plan', { db => $db })->{out} =~ /already there/g), 7, 'all is found again');
};

subtest 'undo leaves what is used' => sub {
    my %used = (
        schema => [ 'create_schema_if_missing { schema = "app" }', {
            'a table'            => [ 'CREATE TABLE app.a (id int)', qr/schema app is used by table app\.a/, 'DROP TABLE app.a' ],
            'default privileges' => [ 'ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO public', qr/default privileges/,
                'ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM public' ],
            'many things'        => [ join(';', map { "CREATE TABLE app.t$_ ()" } 10 .. 30), qr/table app\.t10, .* and more/, 'DROP SCHEMA app CASCADE; CREATE SCHEMA app' ],
        } ],
        enum => [ 'create_enum_if_missing { type = "mood", values = { "good" } }', {
            'a column'      => [ 'CREATE TABLE u (m mood DEFAULT \'good\')', qr/type public\.mood is used by column m of table public\.u$/m, 'DROP TABLE u' ],
            'an array'      => [ 'CREATE TABLE u (m mood[])', qr/used by column m of table public\.u/, 'DROP TABLE u' ],
            'a function'    => [ q{CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'}, qr/function public\.f\(public\.mood\)/, 'DROP FUNCTION f' ],
            'a domain'      => [ 'CREATE DOMAIN d AS mood', qr/type public\.d/, 'DROP DOMAIN d' ],
            'a view'        => [ q{CREATE VIEW v AS SELECT 'good'::mood AS m}, qr/view public\.v/, 'DROP VIEW v' ],
            'another label' => [ q{ALTER TYPE mood ADD VALUE 'bad'}, qr/no longer what this run made: public\.mood AS ENUM \('good', 'bad'\)/, q{DROP TYPE mood; CREATE TYPE mood AS ENUM ('good')} ],
        } ],
        sequence => [ 'create_sequence_if_missing { sequence = "no", start = 7 }', {
            'a default'     => [ q{CREATE TABLE u (n int DEFAULT nextval('no'))}, qr/sequence public\.no is used by column n of table public\.u$/m, 'DROP TABLE u' ],
            'numbers drawn' => [ q{SELECT nextval('no')}, qr/drawn from, up to 7/, q{ALTER SEQUENCE no RESTART} ],
            'numbers set'   => [ q{SELECT setval('no', 41, false)}, qr/drawn_or_set = 41/, q{SELECT setval('no', 7, false)} ],
            'an owner'      => [ 'CREATE TABLE u (n int); ALTER SEQUENCE no OWNED BY u.n', qr/no longer what this run made: .*OWNED BY public\.u\.n/, 'ALTER SEQUENCE no OWNED BY NONE; DROP TABLE u' ],
        } ],
        extension => [ 'create_extension_if_missing { extension = "citext" }', {
            'a column'            => [ 'CREATE TABLE u (m citext)', qr/extension citext is used by column m of table public\.u/, 'DROP TABLE u' ],
            'an index'            => [ 'CREATE TABLE u (m text); CREATE INDEX i ON u ((m::citext))', qr/index public\.i/, 'DROP TABLE u' ],
            'a function of it'    => [ q{CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f() DEPENDS ON EXTENSION citext}, qr/function public\.f\(\)/, 'DROP FUNCTION f' ],
            'rows of its users'   => [ <<'SQL', qr/id = 11/, 'DELETE FROM u WHERE id > 10' ],
CREATE TABLE u (id int PRIMARY KEY);
INSERT INTO u VALUES (10), (11);
ALTER EXTENSION citext ADD TABLE u;
UPDATE pg_extension SET extconfig = ARRAY['u'::regclass::oid], extcondition = ARRAY['WHERE id > 10'] WHERE extname = 'citext';
SQL
        } ],
    );
    for my $kind (sort keys %used)
    {
        my ($step, $uses) = @{ $used{$kind} };
        my $plan = plan_of("used_$kind", "    $step,");
        for my $use (sort keys %$uses)
        {
            my ($sql, $says, $away) = @{ $uses->{$use} };
            my $db = fresh();
            my $schema = schema_dump($db);
            runs_ok([ 'run', $plan ], "$kind, $use: run", { db => $db });
            sql($db, $sql);
            undo_refuses($db, $plan, $says, "$kind, $use");
            sql($db, $away);
            runs_ok([ 'undo', $plan, '--yes' ], "$kind, $use: undo when that is gone", { db => $db });
            is(schema_dump($db), $schema, "$kind, $use: the schema is what it was");
            drop_world($db);
        }
    }
};

subtest 'undo says it before it begins' => sub {
    my $db = fresh('CREATE TABLE t (id bigint)');
    my $two = plan_of('two', <<'LUA');
    create_sequence_if_missing { sequence = "no" },
    add_column_if_missing { table = "t", column = "a", type = "text" },
LUA
    runs_ok([ 'run', $two ], 'run', { db => $db });
    sql($db, q{SELECT nextval('no')});
    undo_refuses($db, $two, qr/drawn from, up to 1.*nothing was taken back/s, 'a sequence before a column');
};

subtest 'nobody draws while it is dropped' => sub {
    my $db = fresh();
    my $plan = plan_of('drawn', '    create_sequence_if_missing { sequence = "no" },');
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    my $session = sql_session($db);
    $session->query('BEGIN');
    $session->query(q{SELECT setval('no', 5, false)});
    my $undo = in_background('undo', $plan, '--yes', '--lock-attempts', '10000', { db => $db });
    ok(wait_until(sub { sql($db, q{SELECT count(*) FROM pg_locks WHERE relation = 'no'::regclass AND NOT granted}) }), 'undo waits for whoever holds it');
    $session->query('COMMIT');
    my $result = $undo->finish;
    is($result->{exit}, '3', 'and then refuses') or diag(explain($result));
    like($result->{err}, qr/drawn_or_set = 5/, 'for its position would be lost');
    is(sql($db, q{SELECT nextval('no')}), 5, 'it goes on where it was');
    $session->quit;
};

subtest 'somebody makes the same at the same moment' => sub {
    my $db = fresh();
    my $same = plan_of('same_moment', <<'LUA');
    create_schema_if_missing { schema = "app" },
    create_enum_if_missing { type = "app.mood", values = { "good" } },
    create_sequence_if_missing { sequence = "app.no" },
LUA
    my $session = sql_session($db);
    $session->query(q{BEGIN; CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('good'); CREATE SEQUENCE app.no});
    my $run = in_background('run', $same, '--lock-attempts', '10000', { db => $db });
    ok(wait_until(sub { sql($db, q{SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted}) }), 'run waits for them');
    $session->query('COMMIT');
    my $result = $run->finish;
    is($result->{exit}, '0', 'and goes on') or diag(explain($result));
    is(scalar(() = $result->{out} =~ /already there/g), 3, 'with what is theirs');
    like(runs_ok([ 'undo', $same, '--yes' ], 'undo', { db => $db })->{out}, qr/kept: it was there before/, 'takes none of it');
    is(sql($db, q{SELECT to_regtype('app.mood')}), 'app.mood', 'it is there');
    $session->quit;
};

subtest 'something else of that name' => sub {
    my $enum = plan_of('mood', '    create_enum_if_missing { type = "mood", values = { "good", "bad", "ugly" } },');
    my $label = plan_of('label', '    add_enum_value { type = "mood", value = "bad", before = "good" },');
    my $sequence = plan_of('no', '    create_sequence_if_missing { sequence = "no", type = "integer" },');
    my $extension = plan_of('citext', '    create_extension_if_missing { extension = "citext", schema = "app", version = "1.6" },');
    my $owned = plan_of('owned', '    create_schema_if_missing { schema = "app", owner = "pg_monitor" },');
    my @cases = (
        [ $enum, q{CREATE TYPE mood AS ENUM ('good', 'ugly')}, qr/expected: .*\('good', 'bad', 'ugly'\).*found: .*\('good', 'ugly'\).*add_enum_value, in place of this step/s ],
        [ $enum, q{CREATE TYPE mood AS ENUM ('good', 'bad', 'ugly', 'more')}, qr/found: .*'more'\).*somebody added labels/s ],
        [ $enum, q{CREATE TYPE mood AS ENUM ('bad', 'good', 'ugly')}, qr/found: .*\('bad', 'good', 'ugly'\).*nothing was changed/s ],
        [ $enum, 'CREATE TYPE mood AS (a int)', qr/found: +public\.mood is a composite type/ ],
        [ $enum, 'CREATE TABLE mood ()',        qr/found: +public\.mood is a table/ ],
        [ $enum, 'CREATE DOMAIN mood AS text',  qr/found: +public\.mood is a domain/ ],
        [ $enum, 'CREATE TYPE mood AS RANGE (subtype = int)', qr/found: +public\.mood is a range type/ ],
        [ $label, q{CREATE TYPE mood AS ENUM ('good', 'bad')}, qr/expected: 'bad', 'good'.*found: +'good', 'bad'.*can't move a label: leave out before/s ],
        [ $label, 'CREATE DOMAIN mood AS text', qr/expected: an enum type.*found: +public\.mood is a domain/s ],
        [ $sequence, 'CREATE TABLE no ()',      qr/found: +public\.no is a table/ ],
        [ $sequence, 'CREATE SEQUENCE no',      qr/expected: public\.no AS integer .*found: +public\.no AS bigint/s ],
        [ $sequence, 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME no))', qr/found: .*IDENTITY OF public\.t\.id/ ],
        [ $sequence, 'CREATE TABLE t (id int); CREATE SEQUENCE no AS int OWNED BY t.id', qr/expected: .*OWNED BY NONE.*found: .*OWNED BY public\.t\.id/s ],
        [ $extension, 'CREATE SCHEMA app; CREATE EXTENSION citext SCHEMA app VERSION "1.5"', qr/expected: .*version 1\.6.*found: .*schema app, version 1\.5/s ],
        [ $extension, 'CREATE SCHEMA app; CREATE EXTENSION citext VERSION "1.6"', qr/expected: .*schema app, .*found: .*schema public, /s ],
        [ $owned, 'CREATE SCHEMA app', qr/expected: .*owned by pg_monitor.*found: .*owned by postgres/s ],
    );
    for my $case (@cases)
    {
        my ($plan, $sql, $says) = @$case;
        my $db = fresh($sql);
        run_refuses($db, $plan, $says, $sql);
        drop_world($db);
    }
    my $db = fresh('CREATE SCHEMA app; CREATE EXTENSION citext SCHEMA app VERSION "1.5"');
    runs_ok([ 'run', plan_of('any_citext', '    create_extension_if_missing { extension = "citext" },') ], 'any version in any schema will do', { db => $db });
};

subtest 'rights' => sub {
    my $db = fresh(q{CREATE ROLE names_app LOGIN; CREATE SCHEMA closed; CREATE TYPE public.mood AS ENUM ('good');}
          . q{ CREATE TABLE public.t (no int); REVOKE CREATE ON SCHEMA public FROM public; GRANT CREATE ON SCHEMA public TO names_app});
    my %as = (env => { PGUSER => 'names_app' });
    my @cases = (
        [ 'create_schema_if_missing { schema = "app" }',     qr/may not create schemas.*GRANT CREATE ON DATABASE/s ],
        [ 'create_extension_if_missing { extension = "citext" }', qr/may not create extension citext.*GRANT CREATE ON DATABASE/s ],
        [ 'create_extension_if_missing { extension = "file_fdw" }', qr/may not create extension file_fdw.*only a superuser may/s ],
        [ 'create_enum_if_missing { type = "closed.m", values = "a" }', qr/may not create anything in schema closed.*GRANT CREATE ON SCHEMA closed TO names_app/s ],
        [ 'create_sequence_if_missing { sequence = "closed.s" }', qr/may not create anything in schema closed/ ],
        [ 'create_sequence_if_missing { sequence = "s", owned_by = "t.no" }', qr/column public\.t\.no belongs to "postgres", and the sequence would belong to "names_app"/ ],
        [ 'add_enum_value { type = "mood", value = "bad" }', qr/type public\.mood belongs to postgres.*run the plan as its owner/s ],
    );
    my $n = 0;
    run_refuses($db, plan_of('rights_' . ++$n, "    $_->[0],"), $_->[1], $_->[0], \%as) for @cases;

    sql($db, qq{GRANT CREATE ON DATABASE "$db" TO names_app});
    my $owner = plan_of('other_owner', '    create_schema_if_missing { schema = "app", owner = "postgres" },');
    run_refuses($db, $owner, qr/can't make "postgres" the owner/, 'to give a schema to another', \%as);
    my $schema = schema_dump($db);
    my %in = (db => $db, %as);
    runs_ok([ 'check', $plan, '--strict' ], 'with the right, check', \%in);
    runs_ok([ 'run', $plan ], 'run', \%in);
    runs_ok([ 'undo', $plan, '--yes' ], 'and undo', \%in);
    is(schema_dump($db), $schema, 'the schema is what it was');
    drop_world($db);
};

subtest 'two plans at one type' => sub {
    my $db = fresh(q{CREATE TYPE mood AS ENUM ('good')});
    my $waiting = plan_file('waiting', <<'LUA');
plan "waiting" {
  title = "Waits with a type in hand",
  phase "expand" { add_enum_value { type = "mood", value = "bad" } },
  gate "later" { text = "not yet" },
  phase "more" { add_enum_value { type = "mood", value = "ugly" } },
}
LUA
    exits(5, [ 'run', $waiting ], undef, 'one waits at its gate', { db => $db });
    exits(6, [ 'run', plan_of('second', '    add_enum_value { type = "mood", value = "worse" },') ], qr/public\.mood is claimed by plan "waiting"/, 'the other is held', { db => $db });
};

subtest 'SQL of the plan that names no schema' => sub {
    my $db = fresh('CREATE SCHEMA app');
    my $step = 'sql_step { sql = "CREATE TABLE visits (id bigint PRIMARY KEY); CREATE TEMP TABLE scratch (id int); CREATE INDEX i ON app.visits (id)", undo = "DROP TABLE visits" }';
    my $catalog = plan_file('in_catalog', qq(plan "in_catalog" { title = "x", phase "expand" { $step } }));
    my $check = exits(4, [ 'check', $catalog ], undef, 'check refuses what would be made in pg_catalog', { db => $db });
    like($check->{out}, qr/error\[unqualified-create\]: CREATE TABLE visits does not say in which schema.*help: name the schema, as in public\.visits/s, 'with the way out');
    like($check->{out}, qr/^1 error$/m, 'a temporary table has its schema, an index that of its table');
    exits(4, [ 'run', $catalog ], qr/unqualified-create/, 'so does run', { db => $db });
    ok(!registry_exists($db), 'before anything is written');
    for my $path ('app, public', '"app"')
    {
        my $plan = plan_file('in_app', qq(plan "in_app" { title = "x", search_path = [[$path]], phase "expand" { $step } }));
        runs_ok([ 'check', $plan ], "search_path = $path: check", { db => $db });
        runs_ok([ 'run', $plan ], 'run', { db => $db });
        is(sql($db, q{SELECT to_regclass('app.visits')}), 'app.visits', 'it is where the path begins');
        runs_ok([ 'undo', $plan, '--yes' ], 'undo', { db => $db });
    }
    my $quoted = plan_file('in_catalog', qq(plan "in_catalog" { title = "x", search_path = [["pg_catalog",app]], phase "expand" { $step } }));
    exits(4, [ 'check', $quoted ], undef, 'however it is written', { db => $db, out => qr/unqualified-create/ });
};

done_testing();
