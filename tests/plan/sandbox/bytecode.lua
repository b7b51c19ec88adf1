Lua-- expect: lua-syntax
