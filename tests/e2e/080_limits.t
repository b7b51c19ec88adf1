# What size and strange names do: memory stays small, names are quoted wherever they are sent, partitioned tables are
# tables, and a database may hold thousands of tables that a plan doesn't speak of.
use strict;
use warnings;
use utf8;

use Encode qw(encode_utf8);
use Interlock::Crash;
use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

my %primitives = primitives();
plan skip_all => 'there are no primitives yet' unless %primitives;

# How many messages a command sends.
sub messages
{
    my ($db, @args) = @_;
    my $file = project() . '/messages';
    unlink $file;
    runs_ok(\@args, join(' ', @args[ 0, 2 .. $#args ]), { db => $db, env => { INTERLOCK_FAULT_COUNT => $file } });
    my ($count) = PostgreSQL::Test::Utils::slurp_file($file) =~ /(\d+)/;
    return $count;
}

# ---- Memory ----

# The most memory of a command that was stopped shortly before its end, when an undisturbed one sends that many messages.
sub small_at_the_end
{
    my ($db, $count, @args) = @_;
    my $process = in_background(@args, { db => $db, env => { INTERLOCK_FAULT => 'stop:' . ($count - 3) } });
    ok(wait_until(sub { $process->stopped || !$process->running }, 60) && $process->stopped, 'it is stopped near its end');
    my $peak = $process->peak // 1000;
    cmp_ok($peak, '<', 20, sprintf 'it has needed less than 20 MB (%.1f)', $peak);
    is($process->signal('CONT')->finish->{exit}, '0', 'and goes on to its end');
    return;
}

subtest 'memory of a plan of 500 steps' => sub {
    plan skip_all => 'sanitizers need memory of their own' if $ENV{SAN};
    my $plan = plan_file('five_hundred', <<'LUA');
local steps = {}
for n = 1, 250 do
  table.insert(steps, create_table_if_missing { table = "t" .. n, columns = "id bigint PRIMARY KEY, name text NOT NULL" })
  table.insert(steps, add_column_if_missing { table = "t" .. n, column = "note", type = "text", comment = "note " .. n })
end
plan "five_hundred" { title = "Many steps", phase "expand" (steps) }
LUA
    my ($first, $second) = map { world('nothing', 'SELECT') } 1 .. 2;
    small_at_the_end($second, messages($first, 'run', $plan), 'run', $plan);
    is(sql($second, q{SELECT count(*) FROM pg_attribute WHERE attname = 'note'}), 250, 'all is there');
};

subtest 'memory of an undo that archives 100,000 values' => sub {
    plan skip_all => 'sanitizers need memory of their own' if $ENV{SAN};
    my $plan = plan_file('hundred_thousand', <<'LUA');
plan "hundred_thousand" { title = "One column", phase "expand" { add_column_if_missing { table = "many", column = "note", type = "text" } } }
LUA
    my @dbs = map {
        my $db = world('many', 'CREATE TABLE many (id bigint PRIMARY KEY); INSERT INTO many SELECT generate_series(1, 100000)');
        interlock('run', $plan, { db => $db });
        sql($db, q{UPDATE many SET note = repeat('note ', 20) || id});
        $db
    } 1 .. 2;
    small_at_the_end($dbs[1], messages($dbs[0], 'undo', $plan, '--yes'), 'undo', $plan, '--yes');
    is(sql($dbs[1], 'SELECT count(*) FROM interlock.archive_1_1'), 100000, 'all values are kept');
};

# ---- Names ----

# A word as a name of that kind.
my %kinds = (
    'with spaces, capitals, quotes and dots' => sub { qq{Ein "$_[0]".\\x 'y'; \$1 --%s} },
    'of 63 bytes' => sub { $_[0] . 'x' x (63 - length $_[0]) },
    'of 63 bytes of UTF-8' => sub {
        my $left = 63 - length $_[0];
        return $_[0] . 'z' x ($left % 4) . '𝄞' x ($left / 4);
    },
    'that are keywords' => sub { my %words = (app => 'schema', users => 'user', orders => 'order', orgs => 'table', notes => 'select', id => 'column'); $words{ $_[0] } || "$_[0] end" },
);

sub quoted { return '"' . $_[0] =~ s/"/""/gr . '"' }

# The words of a primitive's world and example that are names.
sub names
{
    my ($primitive) = @_;
    my %names;
    for ($primitive->{setup}, $primitive->{example})
    {
        $names{$_}++ for /\bapp\.(\w+)/g, /\b(\w+)\s+(?:bigint|text|varchar|timestamptz)\b/g, /\b(?:CREATE SCHEMA|column =) "?(\w+)/g;
    }
    delete $names{IDENTITY};
    return keys %names;
}

# The SQL with its names changed: "app"."users", whatever they are.
sub renamed
{
    my ($text, $kind, @names) = @_;
    my $names = join '|', sort { length $b <=> length $a } @names;
    # The argument of a trigger is a name in a literal.
    return $text =~ s/(?<=\(')($names)(?='\))|\b($names)\b(?!')/defined $1 ? $kinds{$kind}->($1) =~ s{'}{''}gr : quoted($kinds{$kind}->($2))/ger;
}

# The same for Lua, where only what is inside strings is SQL.
sub renamed_lua
{
    my ($text, @how) = @_;
    return $text =~ s{"((?:[^"\\]|\\.)*)"|\[\[(.*?)\]\]}{defined $1 ? '"' . renamed($1, @how) =~ s/(["\\])/\\$1/gr . '"' : '[[' . renamed($2, @how) . ']]'}gers;
}

# What PostgreSQL, or this version, can't do to a partitioned table without holding everybody up: the rule that says so.
sub refused_when_partitioned
{
    my ($name, $example) = @_;
    my %rules = (add_unique => 'unique-without-partition-key', change_type => 'alter-type-index-rebuild', rename_swap_column => 'conflict');
    return $rules{$name} || ($example =~ /\w+ \{.*references =/s && $name !~ /^expect_/ && server()->pg_version < 18 && 'not-valid-fk-partitioned');
}

# Run, run by another plan, undo.
sub there_and_back
{
    my ($name, $world, $setup, $example) = @_;
    my ($plan, $other) = map { plan_file($_, encode_utf8(qq{plan "$_" { title = "t", phase "work" { $example } }\n})) } "$world", "${world}_other";
    my $db = world($world, encode_utf8($setup));
    my ($schema, $rows) = (schema_dump($db), table_rows($db));
    if (my $rule = $setup =~ /PARTITION/ && refused_when_partitioned($name, $example))
    {
        exits(4, [ 'check', $plan ], undef, "$name: check says that it can't be done here", { db => $db, out => qr/^error\[$rule\]/m });
        exits(4, [ 'run', $plan, '--yes' ], qr/^error\[$rule\]/m, "$name: run refuses", { db => $db });
        is(schema_dump($db), $schema, "$name: nothing is touched");
        return drop_world($db);
    }
    runs_ok([ 'check', $plan ], "$name: check", { db => $db });
    runs_ok([ 'run', $plan, '--yes' ], "$name: run", { db => $db }) or return;
    my ($step) = grep { $_->{type} eq 'step' } json_lines(interlock('preview', $other, '--json', { db => $db })->{out});
    is($step->{state}, 'done', "$name: another plan finds it done");
    runs_ok([ 'run', $other, '--yes' ], "$name: and has nothing to do", { db => $db });
    isnt(schema_dump($db), $schema, "$name: something has changed") unless $primitives{$name}{class} eq 'verify';
    runs_ok([ 'undo', $plan, '--to', 'start', '--yes' ], "$name: undo", { db => $db });
    is(schema_dump($db), $schema, "$name: the schema is what it was");
    is(table_rows($db), $rows, "$name: and so are the rows");
    return drop_world($db);
}

my @with_table = grep { my $p = $primitives{$_}; $p->{probes} && grep { $_ eq 'table' } @{ $p->{options} } } sort keys %primitives;

my $no = 0;
for my $kind (sort keys %kinds)
{
    $no++;
    subtest "names $kind" => sub {
        for my $name (@with_table)
        {
            my $primitive = $primitives{$name};
            my @how = ($kind, names($primitive));
            there_and_back($name, "names${no}_$name", renamed($primitive->{setup}, @how), renamed_lua($primitive->{example}, @how));
        }
    };
}

# ---- Partitioned tables ----

# The world with partitions below the table of the step, or below all when the step makes a table.
sub partitioned
{
    my ($primitive) = @_;
    my ($subject) = $primitive->{example} =~ /\btable = "([\w.]+)"/;
    my $all = $primitive->{setup} !~ /CREATE TABLE \Q$subject\E\b/;
    return join ";\n", map {
        my ($table) = /^CREATE TABLE ([\w.]+)/;
        $table && ($all || $table eq $subject) ? ("$_ PARTITION BY RANGE (id)", "CREATE TABLE ${table}_low PARTITION OF $table FOR VALUES FROM (MINVALUE) TO ('50')",
            "CREATE TABLE ${table}_high PARTITION OF $table FOR VALUES FROM ('50') TO (MAXVALUE) PARTITION BY RANGE (id)",
            "CREATE TABLE ${table}_all PARTITION OF ${table}_high DEFAULT") : $_
    } split /;\n/, $primitive->{setup};
}

subtest 'partitioned tables' => sub {
    # With an archive a partitioned table is refused, as 150_drops.t shows.
    for my $name (grep { $_ ne 'drop_table_if_exists' } @with_table)
    {
        my $example = $primitives{$name}{example};
        there_and_back($name, "partitioned_$name", partitioned($primitives{$name}), $example);
        # A foreign key needs a newer server; what else the step does, it does everywhere.
        next unless $example =~ s/references = "[^"]*",// && $example !~ /on_delete/;
        there_and_back($name, "partitioned_only_$name", partitioned($primitives{$name}), $example);
    }
};

# ---- Many tables ----

subtest 'a database of 2,000 tables' => sub {
    my $plan = plan_file('few_of_many', <<'LUA');
plan "few_of_many" {
  title = "A few tables among many",
  phase "expand" {
    expect_column { table = "users", column = "id", type = "bigint" },
    create_table_if_missing { table = "tags", columns = "id bigint PRIMARY KEY, user_id bigint REFERENCES public.users" },
    add_column_if_missing { table = "users", column = "org_id", type = "bigint", references = "orgs" },
    create_index_if_missing { table = "users", columns = "org_id" },
    add_foreign_key { table = "orgs", column = "owner_id", references = "users" },
    add_column_if_missing { table = "orgs", column = "name", type = "text" },
  },
}
LUA
    my $setup = 'CREATE TABLE orgs (id bigint PRIMARY KEY, owner_id bigint, name text); CREATE TABLE users (id bigint PRIMARY KEY, name text)';
    my $small = world('few_tables', $setup);
    my $large = world('many_tables', "$setup; " . <<'SQL');
DO $$BEGIN
  FOR n IN 1 .. 2000 LOOP
    EXECUTE format('CREATE TABLE t%s (id bigint, org_id bigint, name text)', n);
  END LOOP;
END$$
SQL
    for my $command ('check', 'preview', 'run')
    {
        is(messages($large, $command, $plan), messages($small, $command, $plan), "$command sends no more than in a small one");
    }
};

done_testing();
