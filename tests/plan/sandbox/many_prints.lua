-- expect: sandbox-limit
while true do print "x" end
