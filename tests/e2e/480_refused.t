# examples/refused: the ten commonest mistakes, each told word for word as the file beside it says.
use strict;
use warnings;

use Interlock::Test;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = top() . '/examples/refused';
my $readme = PostgreSQL::Test::Utils::slurp_file("$folder/README.md");
my @plans = map { m{([^/]+)\.lua$} } sort glob "$folder/plans/*.lua";

is(scalar @plans, 10, 'ten of them');
for my $name (@plans)
{
    my $result = interlock('check', '--offline', $name, { dir => $folder });
    is($result->{exit}, 4, "$name is refused");
    is($result->{out} . $result->{err}, PostgreSQL::Test::Utils::slurp_file("$folder/plans/$name.txt"), "$name: what it is told");
    my @rules = $result->{out} =~ /^error\[([a-z-]+)\]/mg;
    my ($row) = $readme =~ /^\| `\Q$name\E\.lua` \| [^|]+ \| (.*) \|$/m;
    is($row, join(', ', map { "`$_`" } grep { !/^$/ } do { my %seen; grep { !$seen{$_}++ } @rules }), "$name: its row in the README");
    runs_ok([ 'help', $_ ], "$name: the page of $_") for @rules;
}
my ($shown) = $readme =~ /^\$ interlock check --offline volatile_default\n(.*?)^```$/ms;
is($shown, PostgreSQL::Test::Utils::slurp_file("$folder/plans/volatile_default.txt"), 'what the README shows');

done_testing();
