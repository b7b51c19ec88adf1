-- expect: unknown-name
-- says: _G
local x = _G
