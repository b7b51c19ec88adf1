# A primitive is one file in src/steps/ that describes itself completely: help, manual and shared tests read it.
use strict;
use warnings;
use Test::More;

chdir($ENV{INTERLOCK_TOP} || '.') or die;

my @files = glob 'src/steps/*.c';
plan skip_all => 'there are no primitives yet' unless @files;

for my $path (@files)
{
    my ($name) = $path =~ m{([^/]+)\.c$};
    open my $file, '<', $path or die "$path: $!";
    my $text = do { local $/; <$file> };
    my @missing;
    push @missing, "const struct step_type step_$name" unless $text =~ /^const struct step_type step_\Q$name\E\b/m;
    push @missing, ".name = \"$name\"" unless $text =~ /\.name\s*=\s*"\Q$name\E"/;
    push @missing, ".$_" for grep { $text !~ /^\s*\.$_\s*=/m } qw(summary example setup options locks way_back describe);
    push @missing, "an example that calls it" unless $text =~ /\.example\s*=[^;]*?\b\Q$name\E\b/;
    ok(!@missing, $name) or diag("$path has no " . join ', no ', @missing);
}

done_testing();
