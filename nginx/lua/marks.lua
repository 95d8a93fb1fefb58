-- A page of memory that all workers share, those of before a reload too: reading it takes no lock, unlike a dictionary.
-- It says how the tables have changed last, and until when workers part.
local ffi = require "ffi"
local routes = ngx.shared.routes

ffi.cdef [[
void *mmap(void *address, size_t length, int protection, int flags, int file, long offset);
]]

-- Readable and writable; shared, and in no file.
local protection, flags = 3, 0x21

-- Mapped once by nginx's master, whose workers find it where it is; the dictionary outlives a reload, and so knows where that is.
local function page()
  local known = routes:get("=page")
  if not known then
    local made = ffi.C.mmap(nil, 4096, protection, flags, -1, 0)
    known = tonumber(ffi.cast("uintptr_t", made))
    assert(known < 2 ^ 53, "no memory that workers could share")
    routes:set("=page", known)
  end
  return ffi.cast("volatile uint32_t *", ffi.cast("uintptr_t", known))
end

local cells = page()

local M = { cells = cells, hosts = 0, routes = 1, parting = 2 }

-- A table has changed: whoever has kept something of it looks again.
function M.changed(name)
  local cell = M[name]
  if cell then
    cells[cell] = routes:incr("=changes", 1, 0) % 2 ^ 32
  end
end

-- Until when answers ask clients for a new connection, in seconds since 1970.
function M.part(until_when)
  cells[M.parting] = until_when
end

return M
