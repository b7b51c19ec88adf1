-- expect: bad-value
-- says: 32 tables
local t = {}
t.t = t
plan "x" { title = t }
