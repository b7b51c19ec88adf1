# Every primitive, killed before and after every message, with its own example in its own world: run again, and the
# end is the same.  `make check` tries a sample, `make crash` all of it.
use strict;
use warnings;

use Interlock::Crash;
use Interlock::Test;
use Test::More;

my %primitives = primitives();
plan skip_all => 'there are no primitives yet' unless %primitives;

my @points;
for my $name (some_of(3, sort keys %primitives))
{
    my ($example, $setup, $one_way) = @{ $primitives{$name} }{qw(example setup one_way)};
    ok($example ne '' && $setup ne '', "$name: has an example and a world for it") or next;
    my $plan = plan_file("crash_$name", <<"LUA");
plan "crash_$name" {
  title = "The example of $name",
  phase "work" { $example },
}
LUA
    my $case = crash_case({ name => $name, world => "crash_$name", setup => $setup, plan => $plan, one_way => $one_way });
    push @points, crash_points($case) if $case;
}

my %sample = $ENV{SAN} ? (again => 15, 'server crashes' => 2, 'take over' => 5) : (again => 40, 'server crashes' => 4, 'take over' => 15);
try_points(\%sample, @points);

done_testing();
