-- expect: global-assignment
string.format = nil
