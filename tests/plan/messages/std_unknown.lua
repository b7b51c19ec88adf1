local keys = require "std.kees"

plan "std_unknown" { title = "Images by id", keys.replace_text_key { table = "posts" } }
