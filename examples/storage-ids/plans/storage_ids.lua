-- Posts and users name their images by a key of object storage; from release N+1 on they refer to storage(id).
local keys = require "std.keys"

local function image_of(table, column, id_column)
  return keys.replace_text_key {
    table = table, column = column, id_column = id_column, references = "storage(id)", key = "key",
    gate = "release N+1 is live", safety = "30 days",
  }
end

plan "storage_ids" {
  title  = "Images are referred to by id, not by key",
  owner  = "team-feed",
  ticket = "FEED-92",

  image_of("posts", "image_key", "image_id"),
  image_of('"user"', "image", "image_id"),
  keys.report_unused { references = "storage(id)", by = { posts = "image_id", ['"user"'] = "image_id" } },

  phase "verify" {
    expect_fast {
      query = [[
        SELECT p.id, p.title, s.key, s.bytes FROM posts AS p LEFT JOIN storage AS s ON s.id = p.image_id
         ORDER BY p.created_at DESC LIMIT 50 ]],
      under = "100 ms",
    },
  },

  -- N+1 tells its version to the server: the gate passes by itself when no older one is connected.
  gate "release N+1 is live" { app = "feed", at_least = "2.0", text = "N reads and writes the keys; it must be gone." },
}
