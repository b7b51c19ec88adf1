-- two tables that refer to each other
local orphans = require "std.orphans"

plan "std_orphans_circle" {
  title = "Teams have a leader, and people a team",

  phase "orphans" {
    orphans.quarantine_then_reference {
      reason = "the one referred to is gone",
      foreign_keys = {
        { table = "app.people", column = "team_id", references = "app.teams(id)", at_most = 5 },
        { table = "app.teams", column = "leader_id", references = "app.people(id)", at_most = 5 },
      },
    },
  },
}
