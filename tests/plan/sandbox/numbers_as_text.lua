-- expect: no-plan
assert("10" + 1 == 11 and ("x"):len() == 1 and #"abc" == 3 and ("%d"):format("3") == "3")
assert(1.5 .. "" == "1.5" and tostring(1e15) == "1e+15" and math.type(2^53) == "float")
