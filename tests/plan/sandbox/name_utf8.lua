-- expect: unknown-name
-- says: utf8
local x = utf8
