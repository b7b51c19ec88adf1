# Views, comments and grants: whatever they are on, undo gives back what was there, keeps what somebody did since, and
# says before the first statement what the server would refuse.
use strict;
use warnings;
use utf8;

use Encode qw(encode_utf8);
use Interlock::Test;
use Test::More;

my $long = 'a' x 63;

# A plan of one phase with these steps.
sub plan_of
{
    my ($name, $steps, $settings) = @_;
    return plan_file($name, encode_utf8(qq(plan "$name" {\n  title = "Test",\n  @{[ $settings || '' ]}\n  phase "work" {\n$steps\n  },\n}\n)));
}

sub undo { return [ 'undo', $_[0], '--to', 'start', '--yes' ] }

# Run and undo: the steps change the schema, and it becomes again what it was.
sub there_and_back
{
    my ($db, $plan, $what) = @_;
    my $schema = schema_dump($db);
    runs_ok([ 'check', $plan ],        "$what: check", { db => $db });
    runs_ok([ 'run',   $plan, '--yes' ], "$what: run",   { db => $db });
    my $there = schema_dump($db);
    isnt($there, $schema, "$what: something has changed");
    runs_ok(undo($plan), "$what: undo", { db => $db });
    is(schema_dump($db), $schema, "$what: the schema is what it was");
    return $there;
}

# What `check` says of a plan that it rejects; nothing is changed.
sub rejected
{
    my ($db, $plan, $what, @patterns) = @_;
    my $schema = schema_dump($db);
    my $result = exits(4, [ 'check', $plan ], undef, "$what: check refuses", { db => $db });
    like($result->{out}, $_, "$what: and says why") for @patterns;
    is(interlock('run', $plan, '--yes', { db => $db })->{exit}, 4, "$what: run refuses too");
    is(schema_dump($db), $schema, "$what: nothing is changed");
    return $result;
}

sub undo_refuses
{
    my ($db, $plan, $pattern, $what) = @_;
    my $schema = schema_dump($db);
    exits(3, undo($plan), $pattern, "$what: undo refuses", { db => $db });
    is(schema_dump($db), $schema, "$what: and changes nothing");
    return;
}

server()->safe_psql('postgres', <<'SQL');
CREATE ROLE reporting; CREATE ROLE "Team ""Checkout"""; CREATE ROLE shop_owner; CREATE ROLE deploy LOGIN; CREATE ROLE other LOGIN;
SQL

# ---- Comments ----

my $things = encode_utf8(<<"SQL");
CREATE SCHEMA app; CREATE SCHEMA "My Schema";
CREATE TYPE app.status AS ENUM ('open', 'done');
CREATE DOMAIN app.amount AS bigint CONSTRAINT positive CHECK (VALUE > 0);
CREATE TYPE app.pair AS (a int, b int);
CREATE TABLE app.users (id bigint PRIMARY KEY, email text CONSTRAINT "E-mail" CHECK (email <> ''), "Größe" int);
CREATE TABLE public.$long ($long int);
CREATE TABLE app.parts (id int) PARTITION BY RANGE (id);
CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES FROM (0) TO (10);
CREATE TABLE "My Schema"."Order Items" (id int);
CREATE VIEW app.v AS SELECT id, email FROM app.users;
CREATE MATERIALIZED VIEW app.m AS SELECT id FROM app.users;
CREATE SEQUENCE app.s;
CREATE STATISTICS app.st ON id, email FROM app.users;
CREATE FUNCTION app.f(app.status, int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION app.f(text[]) RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION app.g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE PROCEDURE app.p(a int) LANGUAGE sql AS 'SELECT 1';
CREATE TRIGGER t BEFORE INSERT ON app.users FOR EACH ROW EXECUTE FUNCTION app.g();
CREATE POLICY mine ON app.users USING (id > 0);
CREATE RULE "a rule" AS ON DELETE TO app.v DO INSTEAD NOTHING;
COMMENT ON TABLE app.users IS E'it''s \\\\ the old one';
SQL

my @objects = (
    'table app.users', 'column app.users.email', 'column app.users."Größe"', "table $long", "column $long.$long",
    'table app.parts', 'column app.parts.id', 'table "My Schema"."Order Items"', 'schema "My Schema"', 'view app.v',
    'column app.v.id', 'rule "a rule" on app.v', 'materialized view app.m', 'column app.m.id', 'sequence app.s',
    'index app.users_pkey', 'statistics app.st', 'type app.status', 'type app.pair', 'column app.pair.b', 'domain app.amount',
    'constraint positive on domain app.amount', 'constraint "E-mail" on app.users', 'function app.f(app.status, integer)',
    'function app.f(text[])', 'function app.g', 'procedure app.p(int)', 'trigger t on app.users', 'policy mine on app.users',
    'extension plpgsql'
);

subtest 'comments on everything' => sub {
    my $db = world('things', $things);
    my $words = "it's \\ \"new\"\n\$\$ für alle";
    my $plan = plan_of('everything', join "\n", map { my $o = s/"/\\"/gr; qq(comment_on { object = "$o", comment = [[$words]] },) } @objects);
    there_and_back($db, $plan, 'every kind');
    runs_ok([ 'run', $plan, '--yes' ], 'run again', { db => $db });
    is(sql($db, q{SELECT count(*) FROM pg_description WHERE description LIKE '%alle'}), scalar @objects, 'each has its comment');
    is(sql($db, q{SELECT obj_description('app.users'::regclass, 'pg_class')}), encode_utf8($words), 'word for word');
    my $away = plan_of('away', q(comment_on { object = "table app.users", comment = false }, comment_on { object = "view app.v", comment = "" },));
    runs_ok(undo($plan), 'undo', { db => $db });
    there_and_back($db, $away, 'a comment is taken away');
};

subtest 'a comment that is not what it was' => sub {
    my $db = world('things');
    my $plan = plan_of('changed', q(comment_on { object = "table app.users", comment = "new" },));
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, q{COMMENT ON TABLE app.users IS 'by hand'});
    undo_refuses($db, $plan, qr/comment on table app\.users is no longer what this run wrote: 'by hand'/, 'changed by hand');
    sql($db, q{COMMENT ON TABLE app.users IS 'new'});
    runs_ok(undo($plan), 'undo when it is again', { db => $db });
    like(sql($db, q{SELECT obj_description('app.users'::regclass)}), qr/the old one/, 'the old words are back');

    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, 'DROP TABLE app.users CASCADE');
    runs_ok(undo($plan), 'undo when the table is gone', { db => $db });

    # Somebody comments between the look at the whole plan and the step.
    $db = world('things');
    my $slow = plan_of('slow', q(
      sql_step { sql = "SELECT pg_sleep(2)", undo = "SELECT 1", reason = "test" }, comment_on { object = "view app.v", comment = "ours" },));
    my $run = in_background('run', $slow, { db => $db });
    ok(wait_until(sub { sql($db, q{SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg\_sleep(2)%' AND application_name LIKE 'interlock:%' AND state = 'active'}) }), 'it runs');
    sql($db, q{COMMENT ON VIEW app.v IS 'meanwhile'});
    is($run->finish->{exit}, '0', 'to its end');
    runs_ok(undo($slow), 'undo', { db => $db });
    is(sql($db, q{SELECT obj_description('app.v'::regclass)}), 'meanwhile', 'what came meanwhile is brought back');
};

subtest 'things that are not there' => sub {
    my $db = world('things');
    sql($db, q{CREATE TABLE app."Users" (id int)});
    my %said = (
        'table app.user_s'                => qr/no table app\.user_s \(there is app\."?users/i,
        'column app.users.emal'           => qr/no column app\.users\.emal \(there is email\)/,
        'table "My Schema".users'         => qr/no table "My Schema"\.users \(there is app\.users\)/,
        'column app.users.Email'          => undef,
        'column app.users."Email"'        => qr/no column app\.users\."Email" \(there is email\)/,
        'column app.nothing.id'           => qr/no table app\.nothing/,
        'constraint nope on app.users'    => qr/no constraint nope on app\.users/,
        'function app.f(int)'             => qr/no function app\.f\(int\) \(there is app\.f\(app\.status,integer\)\)/,
        'function app.f(app.nope)'        => qr/no function app\.f\(app\.nope\)/,
        'function app.f'                  => qr/expected: one function, told from the others.*found: +app\.f\(app\.status,integer\), app\.f\(text\[\]\).*help: write the types, as in function app\.f\(app\.status,integer\)/s,
        'procedure app.g()'               => qr/no procedure app\.g\(\)/,
        'index app.users'                 => qr/expected: index app\.users.*found: +app\.users is a table/s,
        'table app.v'                     => qr/expected: table app\.v.*found: +app\.v is a view/s,
        'column app.users_pkey.id'        => qr/app\.users_pkey is an index/,
        'type app.stat'                   => qr/no type app\.stat \(there is app\.status\)/,
        'domain app.status'               => qr/no domain app\.status/,
        'schema "My schema"'              => qr/no schema "My schema" \(there is "My Schema"\)/,
        'extension hstore'                => qr/no extension hstore/,
        'constraint x on domain app.amount' => qr/no constraint x on domain app\.amount/,
    );
    for my $object (sort keys %said)
    {
        my $plan = plan_of('not_there', 'comment_on { object = "' . ($object =~ s/"/\\"/gr) . '", comment = "x" },');
        my $result = interlock('check', $plan, { db => $db });
        is($result->{exit}, $said{$object} ? 4 : 0, "$object: check");
        like($result->{out}, $said{$object}, "$object: what it says") if $said{$object};
    }
};

subtest 'comments on what the same plan makes' => sub {
    my $db = world('things');
    my $plan = plan_of('same_plan', <<'LUA');
    create_table_if_missing { table = "app.notes", columns = "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text" },
    add_column_if_missing { table = "app.notes", column = "made_at", type = "timestamptz" },
    create_index_if_missing { table = "app.notes", columns = "body" },
    create_view { view = "app.all_notes", query = "SELECT id, body FROM app.notes" },
    comment_on { object = "table app.notes", comment = "a" },
    comment_on { object = "column app.notes.made_at", comment = "b" },
    comment_on { object = "index app.notes_body_idx", comment = "c" },
    comment_on { object = "sequence app.notes_id_seq", comment = "d" },
    comment_on { object = "view app.all_notes", comment = "e" },
    grant { privileges = "select", on = "app.all_notes", to = "reporting" },
    grant { privileges = "usage", on = "sequence app.notes_id_seq", to = "reporting" },
LUA
    there_and_back($db, $plan, 'one plan');
};

# ---- Grants ----

subtest 'grants on everything' => sub {
    my $db = world('things');
    my $plan = plan_of('grants', <<'LUA');
    grant { privileges = { "select", "UPDATE" }, on = "app.users", to = { "reporting", [["Team ""Checkout"""]], "public" } },
    grant { privileges = "select, references", on = "app.users", columns = { "id", [["Größe"]] }, to = "other" },
    grant { privileges = "all", on = "app.v", to = "reporting" },
    grant { privileges = "all privileges", on = "materialized view app.m", to = "public" },
    grant { privileges = "select", on = [["My Schema"."Order Items"]], to = "reporting", with_grant_option = true },
    grant { privileges = "select", on = "app.parts", to = "reporting" },
    grant { privileges = { "usage", "select" }, on = "sequence app.s", to = "reporting" },
    grant { privileges = "usage", on = [[schema "My Schema"]], to = "reporting" },
    grant { privileges = "execute", on = "function app.f(app.status, int)", to = "reporting" },
    grant { privileges = "execute", on = "procedure app.p", to = "reporting" },
    grant { privileges = "usage", on = "type app.status", to = "reporting", with_grant_option = true },
    grant { privileges = "usage", on = "domain app.amount", to = "other" },
LUA
    there_and_back($db, $plan, 'every kind');
    runs_ok([ 'run', $plan ], 'run again', { db => $db });
    is(sql($db, q{SELECT relacl FROM pg_class WHERE oid = 'app.users'::regclass}),
        q({postgres=arwdDxt/postgres,reporting=rw/postgres,"""Team """"Checkout""""""=rw/postgres",=rw/postgres}) =~ s/"{3}Team "{4}Checkout"{6}=rw\/postgres"/"\\"Team \\"\\"Checkout\\"\\"\\"=rw\/postgres"/r,
        'the privileges are there');
    is(sql($db, q{SELECT has_column_privilege('other', 'app.users', 'id', 'REFERENCES')}), 't', 'also on columns');
    is(sql($db, q{SELECT has_table_privilege('other', 'app.users', 'REFERENCES')}), 'f', 'and on no more');
};

subtest 'only what was lacking is taken back' => sub {
    my $db = world('things');
    sql($db, <<'SQL');
GRANT SELECT ON app.users TO reporting; GRANT INSERT (id), UPDATE (email) ON app.users TO reporting WITH GRANT OPTION;
GRANT SELECT ON app.v TO reporting;
SQL
    my $plan = plan_of('lacking', <<'LUA');
    grant { privileges = { "select", "insert", "update" }, on = "app.users", to = { "reporting", "other" } },
    grant { privileges = "select", on = "app.v", to = "reporting", with_grant_option = true },
LUA
    my @steps = grep { $_->{type} eq 'step' } json_lines(interlock('preview', $plan, '--json', { db => $db })->{out});
    is_deeply($steps[0]{sql}, [ 'GRANT INSERT, UPDATE ON TABLE app.users TO reporting', 'GRANT INSERT, SELECT, UPDATE ON TABLE app.users TO other' ],
        'only what is lacking is granted');
    is($steps[0]{state}, 'partial', 'the step is to finish');
    there_and_back($db, $plan, 'some was there');

    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, 'REVOKE ALL ON app.users FROM other; GRANT UPDATE ("Größe") ON app.users TO reporting');
    runs_ok(undo($plan), 'undo after somebody revoked some', { db => $db });
    is(sql($db, q{SELECT attacl FROM pg_attribute WHERE attrelid = 'app.users'::regclass AND attname = 'Größe'}),
        '{reporting=w/postgres}', 'what was granted on a column meanwhile stays');
    is(sql($db, q{SELECT has_table_privilege('reporting', 'app.users', 'SELECT'), has_table_privilege('reporting', 'app.users', 'UPDATE')}),
        't|f', 'and so does what was there before');
};

subtest 'what is there without a word' => sub {
    my $db = world('things');
    sql($db, 'ALTER TABLE app.users OWNER TO shop_owner; ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reporting');
    my $plan = plan_of('implicit', <<'LUA');
    grant { privileges = "all", on = "app.users", to = "shop_owner", with_grant_option = true },
    grant { privileges = "select", on = "app.users", columns = "id", to = "shop_owner" },
    grant { privileges = "execute", on = "function app.g()", to = "public" },
    grant { privileges = "usage", on = "type app.status", to = "public" },
    create_table_if_missing { table = "app.fresh", columns = "id int" },
    grant { privileges = "select", on = "app.fresh", to = "reporting" },
LUA
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    is(sql($db, q{SELECT count(*) FROM interlock.event WHERE statement LIKE 'GRANT%'}), 0, 'nothing had to be granted');
    runs_ok(undo($plan), 'undo', { db => $db });
    is(sql($db, q{SELECT relacl IS NULL FROM pg_class WHERE oid = 'app.users'::regclass}), 't', 'nothing was revoked');
};

subtest 'what was granted on' => sub {
    my $db = world('things');
    sql($db, 'GRANT USAGE ON SCHEMA app TO reporting');
    my $plan = plan_of('onward', q(grant { privileges = "select", on = "app.users", to = "reporting", with_grant_option = true },));
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, 'SET ROLE reporting; GRANT SELECT ON app.users TO other');
    undo_refuses($db, $plan, qr/reporting has granted select to other on app\.users/, 'somebody stands on it');
    sql($db, 'SET ROLE reporting; REVOKE SELECT ON app.users FROM other');
    runs_ok(undo($plan), 'undo when nobody does any more', { db => $db });
    is(sql($db, q{SELECT has_table_privilege('reporting', 'app.users', 'SELECT')}), 'f', 'it is taken back');
};

subtest 'what was granted on before the run' => sub {
    my $db = world('things');
    my $acl = q{SELECT c.relacl, a.attacl FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id' WHERE c.oid = 'app.users'::regclass};
    sql($db, <<'SQL');
GRANT USAGE ON SCHEMA app TO reporting; GRANT SELECT ON app.users TO reporting WITH GRANT OPTION;
SET ROLE reporting; GRANT SELECT ON app.users TO other;
SQL
    my $plan = plan_of('granted_on', q(grant { privileges = { "select", "insert" }, on = "app.users", to = "reporting" },));
    my $before = sql($db, $acl);
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    runs_ok(undo($plan), 'undo takes back what the run gave', { db => $db });
    is(sql($db, $acl), $before, 'and nothing that goes on to others');

    sql($db, 'GRANT UPDATE (id) ON app.users TO reporting WITH GRANT OPTION; SET ROLE reporting; GRANT UPDATE (id) ON app.users TO other');
    my $whole = plan_of('granted_whole', q(grant { privileges = "update", on = "app.users", to = "reporting" },));
    runs_ok([ 'run', $whole ], 'on the whole of what was granted on in part', { db => $db });
    undo_refuses($db, $whole, qr/role reporting has granted update to other on app\.users.*help: it was so before this run/s, 'undo would take the part too');
    sql($db, 'SET ROLE reporting; REVOKE UPDATE (id) ON app.users FROM other');
    runs_ok(undo($whole), 'undo without', { db => $db });
    is(sql($db, q{SELECT has_column_privilege('reporting', 'app.users', 'id', 'UPDATE'), has_table_privilege('reporting', 'app.users', 'UPDATE')}), 't|f', 'leaves the part');
};

subtest 'whoever may grant' => sub {
    my $db = world('things');
    sql($db, qq{ALTER TABLE app.users OWNER TO shop_owner; GRANT CREATE ON DATABASE "$db" TO deploy; GRANT USAGE ON SCHEMA app TO deploy});
    my $plan = plan_of('deploys', q(grant { privileges = "select", on = "app.users", to = "reporting" },));
    my $comment = plan_of('comments', q(comment_on { object = "table app.users", comment = "x" },));
    my $as = { db => $db, env => { PGUSER => 'deploy' } };
    exits(4, [ 'check', $plan ], undef, 'neither owner nor grantee', { %$as, out => qr/role "deploy" may not grant select on app\.users, which belongs to role "shop_owner"/ });
    exits(4, [ 'check', $comment ], undef, 'nor may it comment', { %$as, out => qr/table app\.users belongs to role "shop_owner"/ });
    sql($db, 'GRANT SELECT ON app.users TO deploy WITH GRANT OPTION');
    runs_ok([ 'run', $plan ], 'with the grant option', $as);
    is(sql($db, q{SELECT relacl::text LIKE '%reporting=r/deploy%' FROM pg_class WHERE oid = 'app.users'::regclass}), 't', 'it grants');
    undo_refuses($db, $plan, qr/"select to reporting" on app\.users was granted by role "deploy"/, 'as somebody else');
    runs_ok(undo($plan), 'undo by itself', $as);
    is(sql($db, q{SELECT has_table_privilege('reporting', 'app.users', 'SELECT')}), 'f', 'takes it back');
    sql($db, 'REVOKE SELECT ON app.users FROM deploy; GRANT shop_owner TO deploy');
    runs_ok([ 'run', $plan ], 'as a member of the owner', $as);
    is(sql($db, q{SELECT relacl::text LIKE '%reporting=r/shop_owner%' FROM pg_class WHERE oid = 'app.users'::regclass}), 't', 'it grants as the owner');
    runs_ok(undo($plan), 'undo by the superuser', { db => $db });
    runs_ok([ 'run', $comment ], 'and comments', $as);
    sql($db, 'REVOKE shop_owner FROM deploy');
};

subtest 'grants that can not be' => sub {
    my $db = world('things');
    my %said = (
        'privileges = "select", on = "app.users", to = "reportng"'           => qr/no role reportng \(there is reporting\)/,
        'privileges = "select", on = "app.users", to = "nobody_like_that"'   => qr/no role nobody_like_that$/m,
        'privileges = "select", on = "app.usres", to = "reporting"'          => qr/no table or view app\.usres/,
        'privileges = "select", on = "app.s", to = "reporting"'              => qr/found: +app\.s is a sequence/,
        'privileges = "select", on = "view app.users", to = "reporting"'     => qr/found: +app\.users is a table/,
        'privileges = "select", on = "app.users", columns = "nope", to = "other"' => qr/no column nope in app\.users/,
        'privileges = "usage", on = "schema nope", to = "reporting"'         => qr/no schema nope/,
        'privileges = "maintain", on = "app.users", to = "reporting"'        => qr/this server, PostgreSQL 15, has no privilege maintain/,
    );
    rejected($db, plan_of('can_not', "grant { $_ },"), $_, $said{$_}) for sort keys %said;
};

# ---- Views ----

my $shop = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app.orders (id bigint PRIMARY KEY, customer bigint, total numeric(10,2), status text NOT NULL);
INSERT INTO app.orders SELECT n, n % 10, n, 'open' FROM generate_series(1, 100) n;
CREATE FUNCTION app.lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.upper($1)';
SQL

subtest 'a view that is there' => sub {
    my $step = sub { my $more = $_[0] || ''; return qq(create_view { view = "app.v", query = "SELECT id, lower(status) AS status, total FROM app.orders WHERE id > 7", $more },) };
    my $plan = plan_of('there', $step->());
    my %by_hand = (
        'CREATE VIEW app.v AS SELECT orders.id, (lower((status))) AS status, total FROM app.orders WHERE (id > (7))' => 'done',
        'CREATE VIEW app.v (id, status, total) WITH (security_barrier = off) AS SELECT id, lower(status), total FROM app.orders WHERE id > 7' => 'done',
        'CREATE VIEW app.v AS SELECT id, lower(status) AS status FROM app.orders WHERE id > 7' => qr/expected: column 3 is total numeric\(10,2\).*found: +no column 3/s,
        'CREATE VIEW app.v AS SELECT id, lower(status) AS status, total, customer FROM app.orders WHERE id > 7' => qr/expected: no column 4.*found: +column 4 is customer bigint/s,
        'CREATE VIEW app.v AS SELECT id, lower(status) AS status, total::numeric FROM app.orders WHERE id > 7' => qr/column 3 is total numeric\(10,2\).*column 3 is total numeric\n/s,
        'CREATE VIEW app.v AS SELECT id, lower(status) AS status, total FROM app.orders WHERE id > 8' => qr/expected: \.\.\. WHERE \((?:orders\.)?id > 7\).*found: +\.\.\. WHERE \((?:orders\.)?id > 8\)/s,
        'CREATE VIEW app.v AS SELECT id, app.lower(status) AS status, total FROM app.orders WHERE id > 7' => qr/expected: \.\.\. lower\((?:orders\.)?status\).*found: +\.\.\. app\.lower\((?:orders\.)?status\)/s,
        'CREATE VIEW app.v WITH (security_barrier) AS SELECT id, lower(status) AS status, total FROM app.orders WHERE id > 7' => qr/expected: no options.*found: +security_barrier\n/s,
        'CREATE VIEW app.v AS SELECT id, lower(status) AS status, total FROM app.orders WHERE id > 7 WITH CHECK OPTION' => qr/found: +check_option = cascaded/,
        'CREATE TABLE app.v (id int)'                => qr/expected: a view.*app\.v is a table/s,
        'CREATE MATERIALIZED VIEW app.v AS SELECT 1' => qr/app\.v is a materialized view/,
        'CREATE SEQUENCE app.v'                      => qr/app\.v is a sequence/,
        q{CREATE TYPE app.v AS ENUM ('a')}           => qr/app\.v is an enum type/,
    );
    for my $sql (sort keys %by_hand)
    {
        my $db = world('shop', $shop);
        sql($db, $sql);
        if (ref $by_hand{$sql}) { rejected($db, $plan, $sql, $by_hand{$sql}) }
        else
        {
            my $schema = schema_dump($db);
            runs_ok([ 'run', $plan ], "$sql: run", { db => $db });
            runs_ok(undo($plan), 'undo', { db => $db });
            is(schema_dump($db), $schema, 'it is the same, and stays');
        }
        drop_world($db);
    }
    my $db = world('shop');
    there_and_back($db, plan_of('options', $step->('security_barrier = true, security_invoker = true, columns = { "a", "b", "C" }')), 'options');
    there_and_back($db, plan_of('checked', q(create_view { view = "app.v", query = "SELECT id, status FROM app.orders WHERE status = 'open'", check_option = "local" },)), 'check option');
};

subtest 'views that can not be' => sub {
    my $db = world('shop');
    my %said = (
        'view = "nowhere.v", query = "SELECT 1 AS a"'                       => qr/no schema nowhere/,
        'view = "app.v", query = "SELECT nope FROM app.orders"'             => qr/column "nope" does not exist/,
        'view = "app.v", query = "SELECT * FROM app.order"'                 => qr/relation "app\.order" does not exist/,
        'view = "app.v", query = "SELECT count(*) AS n FROM app.orders", check_option = "cascaded"' => qr/WITH CHECK OPTION is supported only/,
        'view = "app.v", query = "SELECT 1 AS a", columns = "a, b"'         => qr/more column names than columns/,
        'view = "app.v", query = "SELECT 1 AS a", columns = "a DESC"'       => qr/"a desc" is not the name of a column/,
    );
    for my $args (sort keys %said)
    {
        exits(4, [ 'check', plan_of('no_view', "create_view { $args },") ], undef, $args, { db => $db, out => $said{$args} });
    }
    sql($db, 'GRANT USAGE ON SCHEMA app TO deploy; GRANT SELECT ON app.orders TO deploy');
    exits(4, [ 'check', plan_of('no_right', 'create_view { view = "app.v", query = "SELECT id FROM app.orders" },') ], undef, 'no right',
        { db => $db, env => { PGUSER => 'deploy' }, out => qr/role "deploy" may not create anything in schema app/ });
};

subtest 'views over what the plan makes' => sub {
    my $db = world('shop');
    my $plan = plan_of('over', <<'LUA');
    create_table_if_missing { table = [[app."Order Items"]], columns = "id bigint PRIMARY KEY, order_id bigint, n int" },
    add_column_if_missing { table = "app.orders", column = "note", type = "text" },
    create_view { view = [[app."Open Orders"]], query = [[ SELECT o.id, o.note, i.n FROM app.orders o JOIN app."Order Items" i ON i.order_id = o.id -- all
    ]] },
    create_view { view = "app.numbers", query = [[ WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n FROM t ]] },
    create_view { view = "app.top", query = [[ SELECT "Open Orders".id, t.n FROM app."Open Orders" JOIN app.numbers t USING (n) ]] },
    create_view { view = "app.pairs", columns = { "a", [["B"]] }, query = "VALUES (1, 'x'), (2, 'y')" },
    grant { privileges = "select", on = "app.top", to = "reporting" },
    expect_column { table = "app.top", column = "n", type = "integer" },
LUA
    there_and_back($db, $plan, 'one plan');
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, 'CREATE VIEW app.ours AS SELECT * FROM app.top; CREATE FUNCTION app.of(app.numbers) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$');
    undo_refuses_at($db, $plan, qr/view app\.top is used by view app\.ours/);
    sql($db, 'DROP VIEW app.ours');
    undo_refuses_at($db, $plan, qr/view app\.numbers is used by function app\.of\(app\.numbers\)/);
    sql($db, 'DROP FUNCTION app.of(app.numbers)');
    runs_ok(undo($plan), 'undo when nothing depends on them', { db => $db });
};

# What is in the way of an earlier step is met when its turn comes.
sub undo_refuses_at
{
    my ($db, $plan, $pattern) = @_;
    exits(3, undo($plan), $pattern, "undo refuses: $pattern", { db => $db });
    return;
}

subtest 'a view that somebody changed since' => sub {
    my $db = world('shop');
    my $plan = plan_of('since', 'create_view { view = "app.v", query = "SELECT id FROM app.orders" },');
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, 'CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.orders WHERE id > 1');
    undo_refuses($db, $plan, qr/view app\.v is no longer what this run made/, 'another query');
    sql($db, 'CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.orders; CREATE RULE r AS ON INSERT TO app.v DO INSTEAD NOTHING');
    undo_refuses($db, $plan, qr/view app\.v is used by .*rule r on view app\.v|view app\.v is used by view app\.v/, 'a rule on it');
    sql($db, 'DROP RULE r ON app.v');
    runs_ok(undo($plan), 'undo', { db => $db });
};

# A view with everything that can hang on one.
my $hung = $shop . <<'SQL';
CREATE VIEW app.v WITH (security_barrier) AS SELECT id, total, status FROM app.orders WHERE status <> 'gone';
CREATE FUNCTION app.ins() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER "instead" INSTEAD OF INSERT ON app.v FOR EACH ROW EXECUTE FUNCTION app.ins('a', 'b');
COMMENT ON TRIGGER "instead" ON app.v IS 'trigger';
CREATE RULE "The Rule" AS ON DELETE TO app.v DO INSTEAD UPDATE app.orders SET status = 'gone' WHERE id = OLD.id;
COMMENT ON RULE "The Rule" ON app.v IS 'rule';
ALTER VIEW app.v ALTER COLUMN status SET DEFAULT 'open';
COMMENT ON VIEW app.v IS 'view';
COMMENT ON COLUMN app.v.total IS 'column';
GRANT SELECT ON app.v TO reporting WITH GRANT OPTION;
GRANT UPDATE (status, total) ON app.v TO "Team ""Checkout""";
REVOKE TRIGGER ON app.v FROM postgres;
ALTER VIEW app.v OWNER TO shop_owner;
GRANT USAGE, CREATE ON SCHEMA app TO shop_owner; GRANT USAGE ON SCHEMA app TO reporting;
GRANT SELECT ON app.orders TO shop_owner;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT ALL ON TABLES TO other;
SQL

subtest 'another query' => sub {
    my $db = world('hung', $hung);
    my $plan = plan_of('query', q(replace_view { view = "app.v", query = "SELECT id, total, status FROM app.orders WHERE status = 'open'" },));
    sql($db, 'CREATE VIEW app.upon AS SELECT id FROM app.v');
    my $there = there_and_back($db, $plan, 'the same columns');
    like($there, qr/CREATE VIEW app\.v WITH \(security_barrier='true'\)/, 'what is not said stays as it is');
    like($there, qr/CREATE TRIGGER instead INSTEAD OF INSERT ON app\.v/, 'the trigger stays');
    like($there, qr/VIEW "?app"?\."?upon/, 'and what depends on it');
    my $options = plan_of('barrier', q(replace_view { view = "app.v", query = "SELECT id, total, status FROM app.orders WHERE status <> 'gone'", security_barrier = false, security_invoker = true },));
    unlike(there_and_back($db, $options, 'options'), qr/CREATE VIEW app\.v WITH \(security_barrier/, 'the option goes');

    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, 'CREATE OR REPLACE VIEW app.v WITH (security_barrier) AS SELECT id, total, status FROM app.orders WHERE id > 5');
    undo_refuses($db, $plan, qr/view app\.v is no longer what this run made: \.\.\. WHERE \((?:orders\.)?id > 5\)/, 'changed by hand');
    sql($db, q{CREATE OR REPLACE VIEW app.v WITH (security_barrier) AS SELECT id, total, status FROM app.orders WHERE status <> 'gone'});
    runs_ok(undo($plan), 'undo of what somebody has put back', { db => $db });
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, 'DROP VIEW app.v CASCADE');
    exits(3, undo($plan), qr/its earlier query: select orders\.id, .* where \(orders\.status <> 'gone'::text\)/, 'undo of what is gone says what it was', { db => $db });
};

subtest 'columns are appended' => sub {
    my $db = world('hung');
    my $plan = plan_of('append', q(replace_view { view = "app.v", query = "SELECT id, total, status, customer FROM app.orders" },));
    there_and_back($db, $plan, 'everything that hangs on it');
    my $before = schema_dump($db);
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, q{COMMENT ON COLUMN app.v.customer IS 'goes'; COMMENT ON VIEW app.v IS 'new words'; GRANT SELECT (customer), UPDATE (id) ON app.v TO reporting});
    runs_ok(undo($plan), 'undo', { db => $db });
    is(sql($db, q{SELECT obj_description('app.v'::regclass)}), 'new words', 'what was said meanwhile stays');
    is(sql($db, q{SELECT has_column_privilege('reporting', 'app.v', 'id', 'UPDATE')}), 't', 'and what was granted');
    sql($db, q{COMMENT ON VIEW app.v IS 'view'; REVOKE UPDATE (id) ON app.v FROM reporting});
    is(schema_dump($db), $before, 'the rest is what it was');

    runs_ok([ 'run', $plan ], 'run', { db => $db });
    sql($db, 'CREATE VIEW app.upon AS SELECT id FROM app.v; CREATE FUNCTION app.of(app.v[]) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$');
    undo_refuses($db, $plan, qr/used by function app\.of\(app\.v\[\]\), view app\.upon/, 'with dependents');
    sql($db, 'DROP VIEW app.upon; DROP FUNCTION app.of(app.v[]); CREATE RULE late AS ON UPDATE TO app.v WHERE NEW.customer > 1 DO INSTEAD NOTHING');
    undo_refuses($db, $plan, qr/used by rule late/, 'with a rule on a new column');
    sql($db, 'DROP RULE late ON app.v; SET ROLE reporting; GRANT SELECT ON app.v TO other');
    undo_refuses($db, $plan, qr/another role than its owner has granted rights on it/, 'with grants of others');
    sql($db, 'SET ROLE reporting; REVOKE SELECT ON app.v FROM other');
    runs_ok(undo($plan), 'undo', { db => $db });
    is(schema_dump($db), $before, 'all is what it was');
};

subtest 'views that can not be replaced' => sub {
    my $db = world('hung');
    sql($db, q{CREATE TABLE app.t (id int); CREATE VIEW app.w AS SELECT id FROM app.v; CREATE VIEW app.c AS SELECT id FROM app.orders WITH CHECK OPTION});
    my %said = (
        'view = "app.v", query = "SELECT id, total::bigint AS total, status FROM app.orders"' =>
          qr/expected: column 2 is total bigint.*found: +column 2 is total numeric\(10,2\).*its columns keep their places, names and types/s,
        'view = "app.v", query = "SELECT id, status, total FROM app.orders"' => qr/found: +column 2 is total/,
        'view = "app.v", query = "SELECT id, total FROM app.orders"'         => qr/expected: no column 3.*found: +column 3 is status text/s,
        'view = "app.v", query = "SELECT id, total, status FROM app.v"'      => qr/the new query reads the view itself/,
        'view = "app.v", query = "SELECT w.id, total, status FROM app.w JOIN app.orders USING (id)"' => qr/the new query reads the view itself/,
        'view = "app.nope", query = "SELECT 1 AS a"' => qr/no view app\.nope.*create_view makes a new one/s,
        'view = "nope.v", query = "SELECT 1 AS a"'   => qr/no schema nope/,
        'view = "app.t", query = "SELECT 1 AS id"'   => qr/app\.t is a table/,
        'view = "app.v", query = "SELECT id, total, status FROM app.nope"' => qr/relation "app\.nope" does not exist/,
        'view = "app.c", query = "SELECT id FROM app.orders GROUP BY id"'  => qr/one that it can, for the view has check_option = cascaded/,
    );
    rejected($db, plan_of('not_replaced', "replace_view { $_ },"), $_, $said{$_}) for sort keys %said;
    sql($db, 'GRANT USAGE, CREATE ON SCHEMA app TO deploy; GRANT SELECT ON app.orders TO deploy');
    exits(4, [ 'check', plan_of('not_ours', 'replace_view { view = "app.v", query = "SELECT id, total, status FROM app.orders" },') ], undef,
        'not the owner', { db => $db, env => { PGUSER => 'deploy' }, out => qr/app\.v belongs to role "shop_owner"/ });
};

subtest 'names mean what the search_path says' => sub {
    my $db = world('shop');
    sql($db, 'CREATE VIEW app.v AS SELECT id, lower(status) AS status FROM app.orders');
    my $plan = plan_of('path', <<'LUA', 'search_path = "app, pg_catalog",');
    replace_view { view = "app.v", query = "SELECT id, lower(status) AS status FROM orders" },
    create_view { view = "app.w", query = "SELECT id, lower(status) AS status FROM orders" },
LUA
    there_and_back($db, $plan, 'a function that hides a built-in one');
    runs_ok([ 'run', $plan ], 'run', { db => $db });
    is(sql($db, 'SELECT v.status, w.status FROM app.v, app.w LIMIT 1'), 'OPEN|OPEN', 'the plan means its own');
    runs_ok(undo($plan), 'undo', { db => $db });
    is(sql($db, 'SELECT status FROM app.v LIMIT 1'), 'open', 'the earlier query meant the other');
};

subtest 'what later steps did goes first' => sub {
    my $db = world('shop');
    sql($db, 'CREATE VIEW app.w AS SELECT id, status FROM app.orders');
    my $plan = plan_of('later', <<'LUA');
    create_view { view = "app.v", query = "SELECT id, total FROM app.orders" },
    replace_view { view = "app.w", query = "SELECT id, status, total FROM app.orders" },
    create_view { view = "app.upon", query = "SELECT id, total FROM app.v JOIN app.w USING (id, total)" },
  },
  phase "switch" {
    rename_column { table = "app.orders", column = "total", to = "amount" },
  },
  phase "describe" {
    comment_on { object = "view app.w", comment = "first" },
    comment_on { object = "view app.w", comment = "second" },
    grant { privileges = "select", on = "app.v", to = "reporting" },
LUA
    there_and_back($db, $plan, 'one after the other');
};

subtest 'nobody waits for a view' => sub {
    my $db = world('hung');
    my $plan = plan_of('busy', q(replace_view { view = "app.v", query = "SELECT id, total, status FROM app.orders" },));
    my $writer = sql_session($db);
    $writer->query(q{BEGIN; UPDATE app.orders SET status = 'x' WHERE id = 1});
    runs_ok([ 'run', $plan, '--lock-attempts', '2' ], 'who writes the table is not in the way', { db => $db });
    runs_ok(undo($plan), 'nor of undo', { db => $db });
    $writer->query('COMMIT');
    $writer->query('BEGIN; SELECT count(*) FROM app.v');
    my $run = exits(3, [ 'run', $plan, '--lock-attempts', '3' ], qr/blocked by pid @{[ $writer->pid ]}/, 'who reads the view is', { db => $db });
    $writer->query('COMMIT');
    runs_ok([ 'run', $plan ], 'until he is done', { db => $db });
    $writer->quit;
};

done_testing();
