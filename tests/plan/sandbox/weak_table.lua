-- expect: lua-error
-- says: __mode
setmetatable({}, { __mode = "k" })
