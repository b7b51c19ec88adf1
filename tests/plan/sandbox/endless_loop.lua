-- expect: sandbox-limit
-- says: 5 million instructions
while true do end
