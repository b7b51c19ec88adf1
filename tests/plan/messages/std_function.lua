local keys = require "std.keys"

plan "std_function" { title = "Images by id", keys.replace_key { table = "posts" } }
