# convert: the plans that it writes, word for word (tests/convert/NAME.sql and NAME.lua), and that they do what the SQL
# does: each is accepted by check, runs on a database with rows, and ends in the same schema as the SQL itself.
# "-- given: SQL" in a file is the world of it: it is then converted with that database.  "-- same: no" says that the
# SQL can't be run to its end, so that there is nothing to compare with.  UPDATE_MESSAGES=1 writes the plans anew.
use strict;
use warnings;

use File::Temp ();
use IPC::Run;
use Interlock::ImageUrls;
use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = top() . '/tests/convert';
my $cases = "$folder/cases";

sub slurp { return PostgreSQL::Test::Utils::slurp_file($_[0]) }

sub write_file
{
    my ($path, $text) = @_;
    open my $file, '>', $path or die "cannot write $path: $!";
    print $file $text;
    close $file or die "cannot write $path: $!";
    return $path;
}

# What pg_dump says, without the order of the columns of a table and of the statements.
sub schema_of
{
    my ($db) = @_;
    my @parts;
    for my $part (split /\n\n+/, schema_dump($db))
    {
        $part =~ s/^(CREATE TABLE \S.*?\(\n)(.*?)(\n\))/$1 . join("\n", sort map { s{,$}{}r } split m{\n}, $2) . $3/ems;
        push @parts, $part if $part =~ /^[^-\s]/m;
    }
    return join "\n\n", sort @parts;
}

# Have both databases the same schema?  What differs is shown.
sub alike
{
    my ($by_plans, $by_sql, $name) = @_;
    my @parts = map { { map { $_ => 1 } split /\n\n/, schema_of($_) } } $by_plans, $by_sql;
    my @more = map { "by the plans alone:\n$_" } grep { !$parts[1]{$_} } sort keys %{ $parts[0] };
    my @less = map { "by the SQL alone:\n$_" } grep { !$parts[0]{$_} } sort keys %{ $parts[1] };
    ok(!@more && !@less, $name) or diag(join "\n", @more, @less);
    return;
}

# Runs a plan to its end: passes its gates, and does not wait for 30 days.
sub run_whole
{
    my ($path, $db) = @_;
    my $text = slurp($path);
    $text =~ s/safety_period "30 days" \{[^}]*\}( \})?/safety_period "10 ms" { }/g;
    write_file($path, $text);
    my ($plan) = $text =~ /^plan "([^"]+)"/m;
    my @gates = $text =~ /gate "([^"]+)"/g;
    my $result;
    for (0 .. 2 * @gates + 1)
    {
        $result = interlock('run', $path, '--yes', { db => $db });
        last if $result->{exit} ne '5';
        interlock('gate', 'pass', $path, $_, '--evidence', 'tests', { db => $db }) for @gates;
        select undef, undef, undef, 0.05;
    }
    is($result->{exit}, '0', "$plan runs") or diag($result->{out} . $result->{err} . $text);
    return $result->{exit} eq '0';
}

# Converts, checks, runs; true when all went well.
sub converts
{
    my ($name, $db, $file, @options) = @_;
    my $dir = File::Temp::tempdir(CLEANUP => 1);
    my $result = interlock('convert', $file, '-o', $dir, @options, { db => $db });
    is($result->{exit}, '0', "$name is converted") or diag($result->{out} . $result->{err});
    my $good = $result->{exit} eq '0';
    for my $plan (sort glob "$dir/*.lua")
    {
        my $offline = interlock('check', '--offline', $plan);
        is($offline->{exit}, '0', "$name: check accepts the plan offline") or diag($offline->{out} . slurp($plan));
        my $online = interlock('check', $plan, { db => $db });
        is($online->{exit}, '0', "$name: and with the database") or diag($online->{out} . slurp($plan));
        $good = run_whole($plan, $db) && $good;
    }
    return $good;
}

# The same schema as by the SQL, which runs on a database of its own.
sub same_schema
{
    my ($name, $given, $sql, @options) = @_;
    my ($by_sql, $by_plans) = map { world("convert_$name", $given) } 1, 2;
    my $file = write_file(File::Temp::tempdir(CLEANUP => 1) . "/$name.sql", $sql);
    sql($by_sql, $sql);
    my $good = converts($name, $by_plans, $file, @options);
    alike($by_plans, $by_sql, "$name: the same schema") if $good;
    return;
}

subtest 'texts' => sub {
    my @files = ((glob "$folder/*.sql"), image_urls_folder() . '/0025_add_image_urls_to_messages.sql');
    for my $path (@files)
    {
        my ($name) = $path =~ m{([^/]+)\.sql$};
        my @given = slurp($path) =~ /^-- given: (.*)$/mg;
        my %options = (dir => $path =~ s{/[^/]+$}{}r);
        $options{db} = world("text_$name", join(";\n", @given)) if @given;
        my $result = interlock('convert', (@given ? () : '--offline'), "$name.sql", \%options);
        my $said = $result->{exit} eq '0' ? $result->{out} : "$result->{err}exit code $result->{exit}\n";
        write_file("$folder/$name.lua", $said) if $ENV{UPDATE_MESSAGES};
        is($said, -e "$folder/$name.lua" ? slurp("$folder/$name.lua") : '', $name);
    }
};

# The first scenario's file: the safe column alone, and the others apart.
subtest 'three concerns' => sub {
    my $sql = slurp(image_urls_folder() . '/0025_add_image_urls_to_messages.sql');
    my ($by_sql, $by_plans) = (image_urls_world(), image_urls_world());
    my $rows = table_rows($by_plans);
    sql($by_sql, $sql);
    ok(converts('image_urls', $by_plans, image_urls_folder() . '/0025_add_image_urls_to_messages.sql'), 'runs');
    alike($by_plans, $by_sql, 'the same schema');
    is(sql($by_plans, "SELECT count(*) FROM interlock.run WHERE state = 'done'"), 3, 'three plans');
};

# Each file of tests/convert/cases: what stands before the line "-- then:" is the world, what follows is converted.
for my $path (sort glob "$cases/*.sql")
{
    my ($name) = $path =~ m{([^/]+)\.sql$};
    next if $ENV{CASE} && $name !~ /$ENV{CASE}/;
    my ($given, $sql) = split /^-- then:\n/m, slurp($path);
    subtest $name => sub { same_schema($name, $given, $sql) };
    subtest "$name offline" => sub { same_schema("${name}_offline", $given, $sql, '--offline') } if $given =~ /^-- offline, too$/m;
}

subtest 'the wrong file, and an interrupt' => sub {
    my $dir = File::Temp::tempdir(CLEANUP => 1);
    my $dump = write_file("$dir/dump.sql", join '', map { "INSERT INTO t VALUES ($_, 'x');\n" } 1 .. 60_000);
    my ($out, $err) = ('', '');
    my $convert = IPC::Run::start([ ($ENV{INTERLOCK} || top() . '/build/interlock'), 'convert', '--offline', $dump ], \'', \$out, \$err, IPC::Run::timeout(120));
    sleep 6;
    $convert->signal('TERM');
    $convert->finish;
    is($convert->full_result >> 8, 130, 'exit code');
    is($err, "stopped: interrupted\n", 'message');
    is($out, '', 'no half of a plan');
};

subtest 'what is refused' => sub {
    my $dir = File::Temp::tempdir(CLEANUP => 1);
    my $bad = write_file("$dir/bad.sql", "ALTER TABLE t ADD COLUMN a int;\n\nALTER TABLE t ADD COLUMM b int;\n");
    exits(4, [ 'convert', '--offline', $bad ], qr/error\[cannot-check\]: syntax error at or near "int".*bad\.sql:3/s, 'a syntax error', { out => qr/\A\z/ });
    exits(4, [ 'convert', '--offline', $bad, '-o', "$dir/plans" ], qr/cannot-check/, 'with -o');
    ok(!-e "$dir/plans", 'nothing was written');
    exits(1, [ 'convert', '--offline', "$dir/none.sql" ], qr/cannot read/, 'no such file');
    exits(64, ['convert'], qr/convert/, 'no file');
    my $good = write_file("$dir/good.sql", "ALTER TABLE t ADD COLUMN a int;\n");
    exits(0, [ 'convert', '--offline', $good, '-o', "$dir/one.lua" ], qr/one\.lua written/, 'into a file');
    like(slurp("$dir/one.lua"), qr/^plan "one" \{/m, 'which names the plan');
    write_file("$dir/one.lua", "mine\n");
    exits(1, [ 'convert', '--offline', $good, '-o', "$dir/one.lua" ], qr/is there already, and was left/, 'never over a file');
    is(slurp("$dir/one.lua"), "mine\n", 'which is as it was');
    my $only = write_file("$dir/settings.sql", "BEGIN;\nSET lock_timeout = '2s';\nCOMMIT;\n");
    exits(0, [ 'convert', '--offline', $only ], qr/nothing to convert/, 'nothing to do', { out => qr/\A\z/ });
    my $piped = interlock('convert', '--offline', '-', { stdin => "ALTER TABLE t ADD COLUMN a int;\n" });
    like($piped->{out}, qr/^plan "migration" \{.*add_column_if_missing/ms, 'from standard input');
};

done_testing();
