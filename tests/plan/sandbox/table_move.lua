-- expect: unknown-name
table.move({}, 1, 1 << 60, 2)
