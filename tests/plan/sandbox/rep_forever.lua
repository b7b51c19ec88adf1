-- expect: sandbox-limit
-- A loop in C that neither allocates nor counts instructions.
string.rep("", 1 << 60)
