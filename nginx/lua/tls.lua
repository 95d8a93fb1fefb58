-- The certificate of each handshake, by the name that the client asks for. A new one needs no reload.
local ssl = require "ngx.ssl"
local nearest = require("front").nearest
local names, certificates = ngx.shared.tls, ngx.shared.certificates

-- Certificates that a worker keeps parsed; those that were replaced go when there are too many.
local most = 4096
local parsed, count = {}, 0

local function parse(digest)
  local pem = certificates:get(digest)
  if not pem then
    return nil, "it is not there"
  end
  local chain, err = ssl.parse_pem_cert(pem)
  if not chain then
    return nil, err
  end
  local key
  key, err = ssl.parse_pem_priv_key(pem)
  if not key then
    return nil, err
  end
  if count >= most then
    parsed, count = {}, 0
  end
  count = count + 1
  local pair = { chain = chain, key = key }
  parsed[digest] = pair
  return pair
end

local function refuse()
  return ngx.exit(ngx.ERROR)
end

local M = {}

-- ssl_certificate_by_lua: a name that is nobody's gets no handshake; nor does a version of TLS that is not the `only` one.
function M.serve(only)
  local name = ssl.server_name()
  local digest = name and nearest(names, name:lower())
  if not digest or (only and ssl.get_tls1_version_str() ~= only) then
    return refuse()
  end
  local pair, err = parsed[digest], nil
  if not pair then
    pair, err = parse(digest)
  end
  if not pair then
    ngx.log(ngx.ERR, "the certificate of ", name, ": ", err)
    return refuse()
  end
  ssl.clear_certs()
  local ok
  ok, err = ssl.set_cert(pair.chain)
  if ok then
    ok, err = ssl.set_priv_key(pair.key)
  end
  if not ok then
    ngx.log(ngx.ERR, "the certificate of ", name, ": ", err)
    return refuse()
  end
end

return M
