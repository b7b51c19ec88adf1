-- expect: global-assignment
phase = nil
