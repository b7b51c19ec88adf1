local keys = require "std.keys"

-- A helper between the plan and the library: both lines are named.
local function by_id(column)
  local fragment_of_posts = keys.replace_text_key { table = "posts", column = column, references = "storage(id)" }
  return fragment_of_posts
end

plan "std_keys_missing" {
  title = "Images by id",
  by_id("image_key"),
}
