# What plans are told that do not fit a database, word for word: tests/plan/database/NAME.lua is run on the world of
# world.sql (and its own "-- given: SQL", as the role of "-- as: NAME"), and NAME.txt beside it is what it prints, with its exit code.  Whatever it
# is, the database is as it was.  UPDATE_MESSAGES=1 writes the texts anew, to be read before they are committed.
use strict;
use warnings;

use Interlock::Crash;
use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = top() . '/tests/plan/database';

sub slurp { return PostgreSQL::Test::Utils::slurp_file($_[0]) }

# Without what differs from machine to machine and from run to run.
sub same_words
{
    my ($text, $db) = @_;
    $text =~ s/^\Q$db\E on .*\n//mg;
    $text =~ s/\b\Q$db\E\b/DATABASE/g;
    $text =~ s/(?<= )\d+ ms\b/N ms/g;
    $text =~ s/\b[0-9a-f]{4}\.\.\.[0-9a-f]{4}\b/HASH/g;
    return $text;
}

# A database as the plan wants it; one that was as it had been after a plan serves the next again.
my $spare;

sub database_with
{
    my @given = @_;
    my $world = @given ? undef : $spare;
    if (!$world)
    {
        my $db = world('messages', slurp("$folder/world.sql"));
        sql($db, $_) for @given;
        $world = { db => $db, schema => schema_dump($db), rows => table_rows($db), given => scalar @given };
    }
    $spare = undef if !@given;
    return $world;
}

for my $path (some_of(8, sort grep { !$ENV{ONLY} || m{/\Q$ENV{ONLY}\E} } glob "$folder/*.lua"))
{
    my ($name) = $path =~ m{([^/]+)\.lua$};
    my $plan = slurp($path);
    my $world = database_with($plan =~ /^-- given: (.*)$/mg);
    my ($db, $role) = ($world->{db}, $plan =~ /^-- as: (\w+)$/m ? $1 : getpwuid $<);

    my $result = interlock('run', "./$name.lua", '--yes', { dir => $folder, db => $db, env => { PGUSER => $role } });
    my $said = same_words($result->{out} . $result->{err}, $db) . "exit code $result->{exit}\n";
    my $text = "$folder/$name.txt";
    if ($ENV{UPDATE_MESSAGES})
    {
        open my $file, '>', $text or die "cannot write $text: $!";
        print $file $said;
        close $file;
    }
    is($said, -e $text ? slurp($text) : '', "$name: what it is told");
    like($said, qr/^(?:error|failed).*\n(?:.*\n)*?  --> \S*$name\.lua:\d+$/m, "$name: says where");
    like($said, qr/^   = help: \S/m, "$name: says what to do");
    unlike($result->{exit}, qr/^0$/, "$name: the exit code says so too");
    my $same = is(schema_dump($db), $world->{schema}, "$name: the schema is as it was");
    $same = is(table_rows($db), $world->{rows}, "$name: so are the rows") && $same;

    # A run that began goes on holding its tables; one that was turned down before holds none.
    my $again = $same && !$world->{given} && $said =~ /was not run; nothing was changed$/m;
    $spare = $again ? $world : $spare;
    drop_world($db) if !$again;
}
done_testing();
