-- expect: lua-error
setmetatable("", {})
