import { type Directive, tables } from './directives.ts'
import { treeRefused } from './document.ts'
import { meaning } from './words.ts'

/** Where the tree's own files may be. */
export interface Places {
  /** Folders of what nginx reads for it: pages, certificates, passwords. */
  folders: readonly string[]
  /** The folder of its caches. */
  cacheDir: string
}

/** What may stand for all of nginx; what is ours there stays ours. */
const main = /^(events|http|stream|worker_(cpu_affinity|priority|processes|rlimit_nofile)|timer_resolution)$/
const events = /^(accept_mutex|accept_mutex_delay|multi_accept|worker_connections)$/
const upstream =
  /^(hash|ip_hash|keepalive|keepalive_(requests|time|timeout)|least_conn|least_time|max_conns|random|server|slow_start|sticky|zone)$/

/**
 * What may stand in `http` and below, by the modules of nginx that the image has. Not here, so refused: whatever runs code (Lua, Perl,
 * njs), loads modules, changes who nginx runs as, writes files of any name, or names files in ways that nobody has thought through.
 */
const http = anyOf(`
  absolute_redirect add_after_body add_before_body add_header add_trailer addition_types aio aio_write alias allow ancient_browser
  ancient_browser_value auth_basic auth_basic_user_file auth_delay auth_request auth_request_set autoindex autoindex_.* access_log
  break charset charset_types chunked_transfer_encoding client_body_(buffer_size|timeout|in_single_buffer) client_header_.*
  client_max_body_size connection_pool_size default_type deny directio directio_alignment disable_symlinks empty_gif error_log
  error_page etag expires fastcgi_.* flv geo grpc_.* gunzip gunzip_buffers gzip gzip_.* http2 http2_.* http3 http3_.* if
  if_modified_since ignore_invalid_headers include index internal keepalive_.* large_client_header_buffers limit_.* lingering_.*
  listen location log_format log_not_found log_subrequest map map_hash_.* max_ranges memcached_.* merge_slashes min_delete_depth
  mirror mirror_request_body modern_browser modern_browser_value mp4 mp4_.* msie_padding msie_refresh open_file_cache
  open_file_cache_.* open_log_file_cache output_buffers override_charset port_in_redirect postpone_output proxy_.* quic_(gso|mtu|retry)
  random_index read_ahead real_ip_.* recursive_error_pages referer_hash_.* request_pool_size reset_timedout_connection resolver
  resolver_timeout return rewrite rewrite_log root satisfy scgi_.* secure_link secure_link_.* send_lowat send_timeout sendfile
  sendfile_max_chunk server server_name server_name_in_redirect server_tokens set set_real_ip_from slice source_charset split_clients
  ssi ssi_.* ssl_.* stub_status sub_filter sub_filter_.* subrequest_output_buffer_size tcp_nodelay tcp_nopush try_files types
  types_hash_.* underscores_in_headers uninitialized_variable_warn upstream userid userid_.* uwsgi_.* valid_referers variables_hash_.*
`)
const stream = anyOf(`
  access_log allow deny error_log geo limit_conn.* listen log_format map map_hash_.* preread_.* proxy_.* resolver resolver_timeout
  return server set set_real_ip_from split_clients ssl_.* tcp_nodelay upstream variables_hash_.*
`)
/** Members of the families above that write where they like, or run what others wrote. */
const never = /_(temp_path|store|store_access)$|^ssl_engine$|_?ssl_(conf_command|engine)$|^quic_bpf$/

const cachePath = /_cache_path$/
const readFiles =
  /^(root|alias|auth_basic_user_file)$|ssl_(certificate|certificate_key|client_certificate|crl|dhparam|password_file|session_ticket_key|stapling_file|trusted_certificate)$/
const includes = new Set(['fastcgi.conf', 'fastcgi_params', 'mime.types', 'proxy_params', 'scgi_params', 'uwsgi_params'])
/** Variables in a path that cannot lead out of its folder: none has `..` in it. */
const inPath = /^(host|server_name|uri|document_uri|scheme|\d)$/

/** Variables that the configuration of sites stands on. */
export const reservedVariables: ReadonlySet<string> = new Set([
  'connection_upgrade',
  'host_port',
  'hsts',
  'pages',
  'route',
  'site',
  'to_https',
])
const definesVariable = new Set(['auth_request_set', 'geo', 'map', 'set', 'split_clients'])

/** Refuses what a tree may not say: everything that is not listed above, and paths outside its places. */
export function checkAllowed(directives: readonly Directive[], places: Places): void {
  for (const one of directives) checkOne(one, main, places, 'main')
}

function checkOne(one: Directive, allowed: RegExp, places: Places, context: string): void {
  const { name, words, block, at } = one
  const meant = tables.has(context) ? meaning(name) : name
  if (meant === 'include') checkInclude(one)
  else if (!tables.has(context) && (!allowed.test(name) || never.test(name)))
    throw treeRefused(
      `${at}: the tree may not say ${name}${context === 'main' ? ' for all of nginx' : ''}`,
      'nginx/README.md says what it may',
    )
  const values = words.map(meaning)
  for (const value of values) checkSocket(value, one, places)
  if (definesVariable.has(name)) checkVariables(values, at)
  if (readFiles.test(name)) checkRead(values[0] ?? '', one, places)
  if (cachePath.test(name) && !inside(values[0] ?? '', [places.cacheDir]))
    throw treeRefused(`${at}: a cache is in a folder below ${places.cacheDir}`)
  if (/^(access|error)_log$/.test(name) && !/^(off|stderr|\/dev\/(stdout|stderr)|syslog:.*)$/.test(values[0] ?? ''))
    throw treeRefused(`${at}: a log goes to /dev/stdout, /dev/stderr or syslog:, or is off`)
  if (name === 'listen' && values[0]?.startsWith('unix:')) throw treeRefused(`${at}: the tree listens on ports only`)
  for (const inner of block ?? []) checkOne(inner, allowedIn(name, allowed), places, name)
}

function allowedIn(name: string, around: RegExp): RegExp {
  return { events, http, stream, upstream }[name] ?? around
}

function checkInclude({ words, at }: Directive): void {
  const path = meaning(words.join(' '))
  const name = path.replace(/^\/etc\/nginx\//, '')
  if (!includes.has(name)) throw treeRefused(`${at}: only these can be included: ${[...includes].join(', ')}`)
}

function checkSocket(value: string, { at }: Directive, { folders }: Places): void {
  const path = /unix:(.*)/s.exec(value)?.[1]
  if (path !== undefined && !inside(path.replace(/:.*/s, ''), folders))
    throw treeRefused(`${at}: a unix socket is in one of ${folders.join(', ')}`)
}

function checkRead(path: string, { at, name }: Directive, { folders }: Places): void {
  if (name === 'auth_basic_user_file' && path === 'off') return
  const variables = [...path.matchAll(/\$\{?(\w+)/g)].map(([, variable = '']) => variable)
  const outside = variables.find((variable) => !inPath.test(variable))
  if (outside !== undefined) throw treeRefused(`${at}: $${outside} may lead out of its folder`)
  if (!inside(path, folders)) throw treeRefused(`${at}: files are in one of ${folders.join(', ')}`, 'APPLIANCE_FOLDERS names the folders')
}

function checkVariables(values: readonly string[], at: string): void {
  // What such a directive defines stands first or last among its words.
  const taken = [values[0], values.at(-1)]
    .map((value) => /^\$(\w+)$/.exec(value ?? '')?.[1] ?? '')
    .find((name) => reservedVariables.has(name))
  if (taken !== undefined) throw treeRefused(`${at}: $${taken} is the appliance's own`)
}

/** Is a path in one of these folders, without a way out of it? */
function inside(path: string, folders: readonly string[]): boolean {
  return /^\/[^\s*?[\]]*$/.test(path) && !path.split('/').includes('..') && folders.some((folder) => `${path}/`.startsWith(`${folder}/`))
}

function anyOf(words: string): RegExp {
  return new RegExp(`^(${words.trim().split(/\s+/).join('|')})$`)
}
