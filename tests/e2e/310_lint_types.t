# What each change of a column's type costs, told by lint from the catalogue and then done: each pair of many types,
# plain, indexed and in a session that is not in UTC.  The server is always right.
use strict;
use warnings;

use Interlock::Test;
use JSON::PP ();
use Test::More;

my @types = (
    'smallint', 'integer', 'bigint', 'numeric', 'numeric(10,2)', 'numeric(12,2)', 'numeric(12,4)', 'real', 'oid', 'money',
    'text', 'varchar', 'varchar(10)', 'varchar(20)', 'char(10)', 'char(20)', '"char"', 'name', 'citext', 'boolean', 'date',
    'timestamp', 'timestamp(3)', 'timestamptz', 'timestamptz(3)', 'time', 'time(3)', 'timetz', 'interval', 'interval(3)',
    'json', 'jsonb', 'uuid', 'xml', 'inet', 'cidr', 'bit(8)', 'varbit', 'varbit(8)', 'varbit(16)', 'bytea', 'mood',
    'plain_int', 'small_int', 'plain_text', 'text[]', 'varchar(10)[]', 'varchar(20)[]', 'integer[]', 'bigint[]');

my $world = q{
    CREATE EXTENSION citext;
    CREATE TYPE mood AS ENUM ('ok');
    CREATE DOMAIN plain_int AS integer;
    CREATE DOMAIN small_int AS integer CHECK (VALUE < 100);
    CREATE DOMAIN plain_text AS text;
};

# Tables of one row each; an index where one is wanted and the old type has an order.
sub tables
{
    my ($pairs, $indexed) = @_;
    my $text = '';
    for my $i (0 .. $#$pairs)
    {
        $text .= "CREATE TABLE t$i (c $pairs->[$i][0]); INSERT INTO t$i VALUES (NULL);\n";
        $text .= "CREATE INDEX i$i ON t$i (c);\n" if $indexed && $pairs->[$i][0] !~ /^(?:json|xml)$/;
    }
    return $text;
}

# What really happens: "rewrite", "build", "nothing" or "refused", for each pair.
sub really
{
    my ($db, $pairs, $zone) = @_;
    sql($db, <<'SQL');
CREATE TABLE seen (i int, what text);
CREATE FUNCTION try(i int, target text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before oid := pg_relation_filenode(('t' || i)::regclass);
    index_before oid := pg_relation_filenode(to_regclass('i' || i));
    what text;
BEGIN
    EXECUTE format('ALTER TABLE t%s ALTER COLUMN c TYPE %s', i, target);
    what := CASE WHEN pg_relation_filenode(('t' || i)::regclass) <> before THEN 'rewrite'
                 WHEN pg_relation_filenode(to_regclass('i' || i)) IS DISTINCT FROM index_before THEN 'build'
                 ELSE 'nothing' END;
    INSERT INTO seen VALUES (i, what);
EXCEPTION WHEN OTHERS THEN
    INSERT INTO seen VALUES (i, 'refused');
END $$;
SQL
    my $calls = "SET timezone = '$zone'; SET client_min_messages = error;\n";
    $calls .= "SELECT try($_, \$t\$$pairs->[$_][1]\$t\$);\n" for 0 .. $#$pairs;
    sql($db, $calls);
    return { map { split /\|/ } split /\n/, sql($db, 'SELECT i, what FROM seen') };
}

sub told
{
    my ($db, $pairs, $zone) = @_;
    my $text = "SET lock_timeout = '1s'; SET timezone = '$zone';\n";
    $text .= "ALTER TABLE t$_ ALTER COLUMN c TYPE $pairs->[$_][1];\n" for 0 .. $#$pairs;
    my $result = interlock('lint', '--assume-large', '--json', '-', { db => $db, stdin => $text });
    my %told;
    for my $line (json_lines($result->{out}))
    {
        next unless $line->{type} eq 'diagnostic' && $line->{severity} ne 'note' && $line->{rule} =~ /^alter-type-(rewrite|index-rebuild)$/;
        $told{ $line->{line} - 2 } = $1 eq 'rewrite' ? 'rewrite' : 'build';
    }
    return \%told;
}

# Compares the two; returns the pairs that change nothing.
sub compare
{
    my ($what, $pairs, $zone, $indexed, $least) = @_;
    my $db = world(($what =~ tr/a-z//cdr), sub { sql($_[0], $world . tables($pairs, $indexed)) });
    my $told = told($db, $pairs, $zone);
    my $really = really($db, $pairs, $zone);
    my (@wrong, @free, $compared);
    for my $i (0 .. $#$pairs)
    {
        next if $really->{$i} eq 'refused';
        $compared++;
        my $say = $told->{$i} || 'nothing';
        push @wrong, "$pairs->[$i][0] -> $pairs->[$i][1]: told $say, is $really->{$i}" if $say ne $really->{$i};
        push @free, $pairs->[$i] if $really->{$i} eq 'nothing';
    }
    cmp_ok($compared, '>', $least, "$what: $compared pairs can be tried");
    ok(!@wrong, "$what: each is told as it is") or diag(join "\n", @wrong);
    drop_world($db);
    return \@free;
}

sub pairs_of { my @of = @_; return [ map { my $from = $_; map { [ $from, $_ ] } @of } @of ] }

my $free = compare('plain', pairs_of(@types), 'UTC', 0, 300);
compare('indexed', $free, 'UTC', 1, 50);
compare('elsewhere', pairs_of(grep { /^(?:date|time)/ } @types), 'Europe/Berlin', 0, 20);
done_testing();
