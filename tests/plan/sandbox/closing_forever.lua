-- expect: sandbox-limit
-- says: 5 million instructions
-- What closes a variable runs after the error, and must not go on either.
local function forever() while true do end end
local a <close> = setmetatable({}, { __close = forever })
local b <close> = setmetatable({}, { __close = forever })
forever()
