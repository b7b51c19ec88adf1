local keys = require "std.keys"

plan "std_keys_choice" {
  title = "Images by id",
  keys.replace_text_key { table = "posts", column = "image_key", id_column = "image_id", references = "storage(id)",
                          missing = "ignore", safety = "a month", gate = "release N+1 is live" },
}
