# An application that writes a table while something is done to it, and keeps a second account of what it wrote (see
# tests/load/application.c), and the comparison of both:
#
#   my $app = application(db => $db, table => 'app.orders', key => ['id=int'], columns => ['name=text', 'n=counter!']);
#   …
#   is_deeply([ $app->differences(filled => { c => 'upper(name)' }) ], [], 'nothing lost, doubled or stale');   # while it writes, too
#   my $report = $app->stop;
#   is_deeply([ application_errors($report) ], [], 'no error');
#
# Takes the place of the smaller one of Interlock::Test, which sends a few statements and keeps no account.
package Interlock::Application;

use strict;
use warnings;

use Exporter 'import';
use Interlock::Test ();
use IPC::Run ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(application application_errors longest_wait waits_ok);

# How long a client may wait for us: for a lock that we wait for, and for one that we have.
my $lock_wait = 50;
my $hold      = 500;

sub program { return "$ENV{BUILD}/tests/load/application" }

# Starts one, and waits until all its clients write.  Words:
#   db, server     where
#   table, account relations as in SQL; the account (account.rows) is made anew, but for keep_account
#   key, columns   [ 'NAME=KIND', … ]: int numeric text uuid time json toast counter unique choice:a|b; NAME=KIND! is never NULL
#   given          likewise: columns that clients of the new release give values to; the others leave them out
#   new_clients    how many are of the new release (half of the clients, where something is given)
#   new            [ 'NAME=NEW:EXPRESSION over {}', … ]: the columns in another shape, see say()
#   clients rate seconds seed think hot isolation watch upsert point reconnect keep_account
sub application
{
    my %with = (clients => 6, watch => 'interlock:%', upsert => 1, @_);
    my $node = delete $with{server} || Interlock::Test::server();
    my $db   = delete $with{db};
    $with{new_clients} = int($with{clients} / 2) if $with{given} && !defined $with{new_clients};
    my @words = ('-d', $node->connstr($db));
    push @words, '--no-upsert' unless delete $with{upsert};
    my %self = (db => $db, node => $node, out => '', err => '', in => '', table => $with{table}, account => $with{account} || 'account.rows');
    $self{$_} = [ map { /^(.*)=/ } @{ $with{$_} || [] } ] for qw(key columns given);
    # How each column is written in the new shape: name, expression.
    $self{new} = { map { /^(.*?)=(.*?):(.*)$/s ? ($1 => [ $2, $3 ]) : () } @{ $with{new} || [] } };
    push @words, '--column', $_ for @{ delete $with{columns} || [] };
    for my $word (sort keys %with)
    {
        my $value = $with{$word} // next;
        my $option = '--' . $word =~ tr/_/-/r;
        push @words, $word =~ /^(point|keep_account|reconnect)$/ ? ($value ? $option : ()) : map { ($option, $_) } ref $value ? @$value : $value;
    }
    my $self = bless \%self;
    # IPC::Run writes what `in` holds; the pipe stays open until the end.
    $self->{harness} = IPC::Run::start([ program(), @words ], '<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err},
        IPC::Run::timeout(600));
    my $end = time() + 60;
    $self->{harness}->pump while $self->{out} !~ /^ready$/m && $self->{harness}->pumpable && time() < $end;
    die "the application did not start: $self->{err}\n@words" if $self->{out} !~ /^ready$/m;
    return $self;
}

# "new", "old", "mixed": the shape in which it writes from now on.
sub say
{
    my ($self, $word) = @_;
    $self->{in} .= "$word\n";
    $self->{harness}->pump_nb;
    return;
}

# Ends it and returns its report, the JSON object that it prints.
sub stop
{
    my ($self) = @_;
    return $self->{report} if $self->{report};
    $self->{harness}->signal('TERM');
    $self->{harness}->finish;
    my ($line) = $self->{out} =~ /^(\{.*\})$/m or die "the application printed no report: $self->{out}$self->{err}";
    diag($self->{err}) if $self->{err} ne '';
    return $self->{report} = JSON::PP::decode_json($line);
}

sub report { return $_[0]{report} }

sub DESTROY
{
    my ($self) = @_;
    local ($?, $@);
    eval { $self->{harness}->kill_kill(grace => 2) } if $self->{harness} && !$self->{report};
    return;
}

# What went wrong for the application itself: failed statements, rows that were not as its account said when it looked.
sub application_errors
{
    my ($report) = @_;
    my @bad = map { "client $_->{client}, $_->{count} times $_->{sqlstate}: $_->{message} of $_->{statement}" } @{ $report->{failures} };
    push @bad, map { "client $_->{client}, $_->{count} times: $_->{first}" } @{ $report->{mismatches} };
    push @bad, "$report->{dead_clients} clients had to be killed" if $report->{dead_clients};
    push @bad, 'it wrote nothing' if !$report->{transactions};
    return @bad;
}

# The longest that a statement on the table took, in ms: waits for us, for each other, and for the machine.
sub longest_wait { return $_[0]{statements}{longest_ms} }

# No client waited for us longer than the wait for a lock and the time we hold one.  Counted are waits in pg_locks in
# which a session of ours stood in the way; as statements on the account wait for nobody, the longest of them says how
# far the machine itself stands still now and then.
sub waits_ok
{
    my ($report, $name) = @_;
    my $noise = $report->{account}{longest_ms};
    diag(sprintf '%s: %d transactions, statements p99 %.1f ms, longest %.0f ms; on the account, where nobody waits, p99 %.1f ms, longest %.0f ms; longest wait for us %.0f ms',
        $name, $report->{transactions}, @{ $report->{statements} }{qw(p99_ms longest_ms)}, @{ $report->{account} }{qw(p99_ms longest_ms)}, $report->{blocked_ms});
    return cmp_ok($report->{blocked_ms}, '<=', $lock_wait + $hold + $noise, $name)
      || diag("$report->{blocked}\nwaited for\n$report->{blocked_by}");
}

# How the table differs from the account, in one snapshot, so that it may be asked while the application writes:
# "lost: 3 rows, …".  With filled => { COLUMN => 'SQL over the row' } also where a filled column is not what it must
# be: what the new release gave it, else that expression.  applies => 'SQL': only where it is true; elsewhere such a
# column is NULL or derived as well.  shape => 'new': the table has the columns of the new shape.
sub differences
{
    my ($self, %with) = @_;
    my ($m, $a) = @{$self}{qw(table account)};
    my @key   = @{ $self->{key} };
    my $match = join ' AND ', map { "_m.$_ = _a.$_" } @key;
    my $name  = 'concat_ws($$,$$, ' . join(', ', map { "%1\$s.$_" } @key) . ')';
    my ($in_m, $in_a) = map { sprintf $name, $_ } '_m', '_a';
    my @same = map {
        my ($new, $expr) = $with{shape} && $with{shape} eq 'new' && $self->{new}{$_} ? @{ $self->{new}{$_} } : ($_, '{}');
        "_m.${new}::text IS NOT DISTINCT FROM (" . ($expr =~ s/\{\}/_a.$_/gr) . ')::text'
    } @{ $self->{columns} };
    my @queries = (
        "SELECT 'lost', $in_a AS key FROM $a _a WHERE NOT EXISTS (SELECT FROM $m _m WHERE $match)",
        "SELECT 'from nowhere', $in_m FROM $m _m WHERE NOT EXISTS (SELECT FROM $a _a WHERE $match)",
        "SELECT 'doubled', $in_m FROM $m _m GROUP BY " . join(', ', map { "_m.$_" } @key) . ' HAVING count(*) > 1',
        "SELECT 'stale', $in_m FROM $m _m JOIN $a _a ON $match WHERE NOT (" . join(' AND ', @same) . ')');
    my %given = map { $_ => 1 } @{ $self->{given} };
    for my $column (sort keys %{ $with{filled} || {} })
    {
        my $wanted = "($with{filled}{$column})";
        my $is = $given{$column} ? "coalesce(_a.${column}::text, w.value)" : 'w.value';
        my $else = $with{applies} ? "w.applies IS NOT true AND (_m.$column IS NULL OR _m.${column}::text = w.value) OR" : '';
        push @queries, "SELECT 'not what $column must be'," . " $in_m || ': ' || coalesce(left(_m.${column}::text, 40), 'NULL') || ', wanted ' || coalesce(left($is, 40), 'NULL')"
          . " FROM $m _m JOIN $a _a ON $match, LATERAL (SELECT ${wanted}::text AS value, (" . ($with{applies} || 'true') . ") AS applies FROM (SELECT _m.*) AS x) w"
          . " WHERE NOT ($else _m.${column}::text IS NOT DISTINCT FROM $is)";
    }
    my $all = join "\nUNION ALL\n", @queries;
    return split /\n/, $self->{node}->safe_psql($self->{db}, <<"SQL");
SELECT kind || ': ' || count(*) || ' rows, ' || string_agg(key, ' | ' ORDER BY key) FILTER (WHERE n <= 5)
  FROM (SELECT kind, left(key, 100) AS key, row_number() OVER (PARTITION BY kind ORDER BY key) AS n FROM ($all) AS one (kind, key)) AS all_of_them GROUP BY kind ORDER BY kind
SQL
}

1;
