# Includes point downwards only: src/LAYERS says which folder may use which.
use strict;
use warnings;
use Test::More;

chdir($ENV{INTERLOCK_TOP} || '.') or die;

my %may;
open my $layers, '<', 'src/LAYERS' or die "src/LAYERS: $!";
while (<$layers>)
{
    next if /^\s*(#|$)/;
    my ($folder, $below) = /^(\w+):\s*(.*?)\s*$/ or die "src/LAYERS: cannot read \"$_\"";
    for my $other (split ' ', $below)
    {
        ok($may{$other}, "$folder: $other stands above it in src/LAYERS");
    }
    $may{$folder} = { map { $_ => 1 } $folder, split ' ', $below };
}

for my $folder (grep { -d } glob 'src/*')
{
    my ($name) = $folder =~ m{src/(.*)};
    ok($may{$name}, "$folder is listed in src/LAYERS");
}

my @bad;
for my $file (glob 'src/*/*.[ch]')
{
    my ($folder) = $file =~ m{^src/(\w+)/};
    open my $source, '<', $file or die "$file: $!";
    while (<$source>)
    {
        my ($header) = /^\s*#\s*include\s+"([^"]+)"/ or next;
        my ($other) = $header =~ m{^(\w+)/};
        push @bad, "$file:$.: \"$header\" needs its folder" and next unless defined $other;
        push @bad, "$file:$.: $folder must not include \"$header\"" unless $may{$folder}{$other};
    }
}
ok(!@bad, 'every #include obeys src/LAYERS') or diag(join "\n", @bad);

done_testing();
