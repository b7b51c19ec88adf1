-- expect: lua-error
error()
