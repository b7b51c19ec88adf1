-- expect: lua-error
-- says: protected
setmetatable(_ENV, {})
