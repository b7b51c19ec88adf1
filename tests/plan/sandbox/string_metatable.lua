-- expect: unknown-name
getmetatable("").__index.format = nil
