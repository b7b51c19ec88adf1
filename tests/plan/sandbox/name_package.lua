-- expect: unknown-name
-- says: package
local x = package
