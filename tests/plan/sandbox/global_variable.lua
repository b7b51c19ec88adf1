-- expect: global-assignment
-- says: use local
x = 1
