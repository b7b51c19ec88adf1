# The crash tests on other servers; see Interlock::Servers.
use strict;
use warnings;

use Interlock::Servers;

on_each_server('tests/crash/010_primitives.t', 'tests/crash/020_plans.t');
