# The demos of examples/, with fewer rows: they run to their end, and one that is interrupted leaves nothing behind.
use strict;
use warnings;

use File::Temp ();
use Interlock::Test;
use Test::More;

# Only what the demo itself starts and sets.
local %ENV = %ENV;
delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER)};
$ENV{PGOPTIONS} = '-c interlock.rows=4000';

# In a folder of their own, by which their processes are known.
my $copies = File::Temp::tempdir(CLEANUP => 1);
chmod 0755, $copies;
system('cp', '-a', top() . '/examples', $copies) == 0 or die;

sub demo
{
    my ($name) = @_;
    my $folder = "$copies/examples/$name";
    return Interlock::Test::Process->new([ "$folder/demo" ], $folder, undef, $ENV{SAN} ? 400 : 200);
}

# What is still there of what a demo of this test has started.
sub left
{
    my ($name) = @_;
    my $folder = "$copies/examples/$name";
    my @left;
    for my $path (glob '/proc/[0-9]*/cmdline')
    {
        open my $file, '<', $path or next;
        my $command = join ' ', split /\0/, join '', readline $file;
        push @left, $command if $command =~ /\Q$folder\E/;
    }
    return @left;
}

for my $case ([ 'image-urls', qr/all \d+ values are back, each as it was written\n\z/ ], [ 'artworks-v2', qr/^no error\n\d+ rows were written so far, and all are as they were written\n\d+ of the 4000 rows that were there nobody wrote/m ])
{
    my ($name, $end) = @$case;
    my $result = demo($name)->finish;
    is($result->{exit}, '0', "$name runs to its end") or diag("$result->{out}$result->{err}");
    like($result->{out}, $end, 'and says what it proved');
    ok(wait_until(sub { !left($name) }, 20), 'nothing goes on behind it');
}

my $demo = demo('artworks-v2');
ok($demo->says(qr/interlock run artworks_v2/, 60), 'in the middle');
$demo->signal('TERM');
isnt($demo->finish->{exit}, '0', 'it is ended');
ok(wait_until(sub { !left('artworks-v2') }, 20), 'and nothing goes on') or diag(join "\n", left('artworks-v2'));

done_testing();
