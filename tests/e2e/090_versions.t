# The tests of every primitive, and of what only some versions have, on other servers: locks, no rewrite, there and back,
# conflicts.  See Interlock::Servers.
use strict;
use warnings;

use Interlock::Servers;

on_each_server('tests/e2e/070_primitives.t', 'tests/e2e/095_version_facts.t');
