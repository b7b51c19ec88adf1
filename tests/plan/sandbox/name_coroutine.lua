-- expect: unknown-name
-- says: coroutine
local x = coroutine
