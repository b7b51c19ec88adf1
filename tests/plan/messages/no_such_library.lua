local keys = require "keys"
plan "library" { title = "A library that is not there", keys.all() }
