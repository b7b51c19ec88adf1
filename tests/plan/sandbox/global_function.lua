-- expect: global-assignment
function helper() end
