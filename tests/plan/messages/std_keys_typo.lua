local keys = require "std.keys"

plan "std_keys_typo" {
  title = "Images by id",
  keys.replace_text_key { table = "posts", column = "image_key", id_colum = "image_id", references = "storage(id)",
                          gate = "release N+1 is live" },
}
