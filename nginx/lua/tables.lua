-- The tables in shared memory. The text form of one, in a file and on the control socket alike, is one line per entry:
-- the key and, after a blank, its value; a key alone has no value any more.

local marks = require "marks"

-- No key can be this, so it marks a table that has been loaded.
local loaded = "=loaded"

local M = {}

-- Stores every line of `text`.
function M.apply(name, text)
  local dict = ngx.shared[name]
  for line in text:gmatch("[^\n]+") do
    local key, value = line:match("^(%S+) ?(.*)$")
    if not key then
      return nil, "a line without a key"
    end
    if value == "" then
      dict:delete(key)
    else
      -- safe_set: never throw another entry out to make room.
      local ok, err = dict:safe_set(key, value)
      if not ok then
        marks.changed(name)
        return nil, key .. ": " .. err
      end
    end
  end
  marks.changed(name)
  return true
end

local function read(path)
  local file = io.open(path, "r")
  if not file then
    return nil
  end
  local text = file:read("*a")
  file:close()
  return text
end

-- Entries that the text of a table does not name. Those of our own, such as =page, stay.
local function drop_others(dict, text)
  local named = {}
  for key in ("\n" .. text):gmatch("\n(%S+)") do
    named[key] = true
  end
  for _, key in ipairs(dict:get_keys(0)) do
    if not named[key] and key:sub(1, 1) ~= "=" then
      dict:delete(key)
    end
  end
end

local function certificates(text, dir)
  local digests = {}
  for digest in text:gmatch(" (%x+)") do
    digests[#digests + 1] = digest
    ngx.shared.certificates:safe_set(digest, read(dir .. "/certificates/" .. digest .. ".pem") or "")
  end
  drop_others(ngx.shared.certificates, table.concat(digests, "\n"))
end

-- Loads the files when nginx starts, and on a reload after `forget`; on any other, shared memory is newer than the files.
function M.load(dir)
  if ngx.shared.routes:get(loaded) then
    return
  end
  for _, name in ipairs { "routes", "hosts", "tls" } do
    local text = read(dir .. "/" .. name)
    if text then
      if name == "tls" then
        certificates(text, dir)
      end
      local ok, err = M.apply(name, text)
      if not ok then
        ngx.log(ngx.ERR, name, " in ", dir, ": ", err)
      end
      drop_others(ngx.shared[name], text)
      marks.changed(name)
    end
  end
  ngx.shared.routes:set(loaded, true)
end

-- Lets the next reload read the files: whoever was to say what changed may have died before.
function M.forget()
  ngx.shared.routes:delete(loaded)
end

return M
