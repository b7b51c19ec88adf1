-- expect: lua-syntax
-- says: byte order mark
plan "x" { }
