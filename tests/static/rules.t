# Every rule that a message can name has its page, in src/check/rule.c or src/hazard/hazards_of_*.c, and every page a
# message that names it.
use strict;
use warnings;
use Test::More;

chdir($ENV{INTERLOCK_TOP} || '.') or die;

my @tables = ('src/check/rule.c', glob 'src/hazard/hazards_of_*.c');

# The code without its comments; line numbers stay as they are.
sub code_of
{
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!";
    my $text = do { local $/; <$file> };
    if ($path =~ /\.lua$/)
    {
        $text =~ s/--\[\[(.*?)\]\]/"\n" x ($1 =~ tr{\n}{})/ges;
        $text =~ s/^((?:[^"'\n-]|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|-(?!-))*)--.*$/$1/gm;
    }
    else
    {
        $text =~ s{("(?:\\.|[^"\\\n])*")|/\*(.*?)\*/}{defined $1 ? $1 : "\n" x ($2 =~ tr{\n}{})}ges;
    }
    return $text;
}

# Where a rule is given, as the first string behind these words; both answers of "condition ? one : other" count.
my @givers = (
    qr/\b(?:diags_add|option_error|finding|failure_raise)\s*\(/,
    qr/\b(?:fail|say|complain)\s*\(/,
    qr/(?:\.|->)(?:rule|refusal_rule)\s*=(?!=)/,
    qr/\*rule\s*=(?!=)/,
    qr/\brefusal_rule\s*\?/,
);

# Literals that look like a rule and are something else.
my %other = map { $_ => 1 } qw(kill-after);

my (%used, %known);
for my $path (glob 'src/*/*.[ch] lua/*.lua lua/std/*.lua')
{
    next if grep { $path eq $_ } @tables;
    my $text = code_of($path);
    my $note = sub {
        my ($rule, $at) = @_;
        $used{$rule}{ "$path:" . (1 + (substr($text, 0, $at) =~ tr/\n//)) } = 1;
    };
    for my $giver (@givers)
    {
        while ($text =~ /$giver/g)
        {
            # The first literal, before any other call or value begins, counts if it is of a rule's form.
            my $at = $+[0];
            my ($first, $second) = substr($text, $at, 300) =~ /^[^;"(){}]*"([^"]*)"(?:\s*:\s*(?:\w+\s*\?\s*)?"([^"]*)")?/
              or next;
            $note->($_, $at) for grep { defined && /^[a-z]+(?:-[a-z]+)*$/ } $first, $second;
        }
    }
    # A rule with a hyphen is found wherever it stands, except among the words of the command line.
    next if $path =~ m{^src/cli/};
    while ($text =~ /"([a-z]+(?:-[a-z]+)+)"/g)
    {
        $note->($1, $-[0]) unless $other{$1};
    }
}

# A rule of plans and a hazard of SQL may share an id, and then a page; two of one kind may not.
my %hazard;
for my $table (@tables)
{
    my $text = code_of($table);
    while ($text =~ /^\t\{"([^"]+)",|^\t\{\.id = "([^"]+)"/gm)
    {
        my $seen = defined $1 ? \%known : \%hazard;
        my $id = $1 // $2;
        ok(!$seen->{$id}++, "$id has one page");
    }
}
$known{$_} = 1 for keys %hazard;

cmp_ok(scalar keys %used, '>', 30, 'the rules that messages name are found');
ok($used{$_}, "$_ is among them") for qw(cascade conflict refused expectation bad-option global-assignment bad-parameter);

my @missing = map { "$_ at " . join ', ', sort keys %{ $used{$_} } } grep { !$known{$_} } sort keys %used;
ok(!@missing, 'every rule that is named has a page') or diag(join "\n", @missing);
my @stale = grep { !$used{$_} } sort keys %known;
ok(!@stale, 'every page is of a rule that is named') or diag(join "\n", @stale);

done_testing();
