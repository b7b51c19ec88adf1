-- expect: lua-error
-- says: no order
for _ in pairs { [{}] = 1 } do error "x" end
