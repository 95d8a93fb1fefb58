-- The table of routes in shared memory: site name -> "10.0.0.2:5000 [fd00::2]:5000".
-- Its text form, in the file and on the control socket alike, is one line per site:
-- the name and its upstreams, separated by spaces; a name alone has no upstreams.
local routes = ngx.shared.routes

-- No site can have this name, so it marks a table that has been loaded.
local loaded = "=loaded"

local M = {}

-- Stores every line of `text`; a site without upstreams loses its route.
function M.apply(text)
  for line in text:gmatch("[^\n]+") do
    local site, upstreams = line:match("^(%S+) ?(.*)$")
    if not site then
      return nil, "a line without a site name"
    end
    if upstreams == "" then
      routes:delete(site)
    else
      -- safe_set: never throw another site's route out to make room.
      local ok, err = routes:safe_set(site, upstreams)
      if not ok then
        return nil, site .. ": " .. err
      end
    end
  end
  return true
end

-- Loads the file when nginx starts; on a reload shared memory is newer than any file.
function M.load(path)
  if routes:get(loaded) then
    return
  end
  local file = io.open(path, "r")
  if file then
    local ok, err = M.apply(file:read("*a"))
    file:close()
    if not ok then
      ngx.log(ngx.ERR, "routes in ", path, ": ", err)
    end
  end
  routes:set(loaded, true)
end

return M
