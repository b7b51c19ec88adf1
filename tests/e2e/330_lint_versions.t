# What lint knows of types and effects, on servers of other major versions.  See Interlock::Servers.
use strict;
use warnings;

use Interlock::Servers;

on_each_server('tests/e2e/310_lint_types.t', 'tests/e2e/320_lint_effects.t');
