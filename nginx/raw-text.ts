import { UserError } from '#lib/errors.ts'
import { type Statement, statementsOf } from './raw-statements.ts'

/** Whose text it is, and what it may name. */
export interface RawPlace {
  readonly site: string
  readonly hosts: readonly string[]
  /** With a slash at the end: what is included or served from files is below one of these. */
  readonly folders: readonly string[]
  /** What names of variables begin with, as they are for all sites. */
  readonly prefix: string
}

/** In place of an app's addresses in a text: its requests take the route of the site, so that a deploy changes no text. */
export const anyUpstream = '0.0.0.1'

/** What may stand beside servers; anything else there would be for all sites. */
const beside = ['server', 'upstream', 'map', 'geo', 'split_clients', 'limit_req_zone', 'limit_conn_zone']
/** Blocks in which the first word is a value, not a directive. */
const tables = ['map', 'geo', 'split_clients', 'types', 'charset_map']
/** What is left out: certificates and logs are the appliance's. */
const dropped = ['access_log', 'error_log', 'ssl_certificate', 'ssl_certificate_key']
/** What reaches beyond the app, even where an admin allows the text: programs in nginx, files that nginx's master writes or reads. */
const refused =
  /lua|^(js|perl|njs)_|^(load_module|perl|env|user|pid|daemon|master_process|lock_file|debug_points|ssl_engine|stub_status|status_zone)$|_temp_path$|_cache_path$|_user_file$|^(ssl|proxy_ssl|grpc_ssl|uwsgi_ssl)_.*(certificate|key|crl|file|dhparam)|^(proxy_store|dav_methods|create_full_put_path|autoindex|resolver|disable_symlinks|open_log_file_cache|xslt_stylesheet|image_filter|fastcgi_pass|uwsgi_pass|scgi_pass|memcached_pass|mirror)$/

/**
 * A text of nginx's language for one site, as it is served beside it: only servers of the site's own hosts, and what these need.
 * UserError `bad-template` names the line of what would be for others, or reach beyond.
 */
export function rawText(text: string, place: RawPlace): string {
  const edits: { start: number; end: number; text: string }[] = []
  const statements = statementsOf(text)

  function inside(one: Statement, parents: readonly string[]): void {
    const [name = '', ...args] = one.words
    const fail = (why: string) => fails(one, why)
    const isTable = tables.includes(parents.at(-1) ?? '')
    if (!isTable && !(one.bare && /^[a-z0-9_]+$/.test(name))) fail(`${JSON.stringify(name.slice(0, 40))} is no directive`)
    if (parents.length === 0 && !beside.includes(name)) fail(`${name} would be for all apps: within a server it is for this one`)
    if (parents.length > 0 && ['server', 'upstream'].includes(name) && one.block !== undefined) fail(`${name} is within a block`)
    if (name === 'include' || (!isTable && (name === 'root' || name === 'alias'))) checkPath(one, args)
    if (!isTable && refused.test(name) && !dropped.includes(name)) fail(`${name} is not for a template`)
    if (args.some((arg) => /\bunix:/i.test(arg))) fail('a template reaches no sockets')
    if (name.endsWith('_pass') && /^(\w+:\/\/)?[^/]*\$/.test(args[0] ?? '')) fail(`where ${name} leads to may not depend on a variable`)
    if (['map', 'geo', 'split_clients'].includes(name)) checkVariable(one)
    if (name === 'set') checkSet(one)
    if (dropped.includes(name)) edits.push({ start: one.start, end: one.end, text: '' })
    if (name === 'server' && parents.length === 0) checkServer(one)
    if (name === 'upstream') checkUpstream(one)
    if (name.endsWith('_pass') && args.some((arg) => arg.includes(anyUpstream))) fail('an app is reached by the name of an upstream')
    for (const inner of one.block ?? []) inside(inner, [...parents, name])
  }

  function checkPath(one: Statement, [path = '']: readonly string[]): void {
    if (place.folders.some((folder) => path.startsWith(folder)) && !path.includes('..') && !path.includes('$')) return
    fails(one, `${JSON.stringify(path.slice(0, 60))} is not a file of the app`)
  }

  function checkVariable(one: Statement): void {
    const variable = one.words.at(-1) ?? ''
    if (!variable.startsWith(`$${place.prefix}`)) fails(one, `${variable} is for all apps: call it $${place.prefix}...`)
  }

  function checkSet(one: Statement): void {
    if (/^\$(site|route|pages|client|to_https)$/.test(one.words[1] ?? '')) fails(one, `${one.words[1]} is the appliance's own`)
  }

  function checkServer(one: Statement): void {
    const named = one.block?.filter(({ words }) => words[0] === 'server_name') ?? []
    const [first] = named
    if (first === undefined) throw failure(one, 'a server has no server_name')
    for (const host of named.flatMap(({ words }) => words.slice(1)))
      if (!place.hosts.includes(host.toLowerCase())) fails(first, `${host} is no domain of the app`)
    for (const listen of one.block?.filter(({ words }) => words[0] === 'listen') ?? []) {
      const [, address = '', ...more] = listen.words
      const port = /(?:^|:)(\d+)$/.exec(address)?.[1]
      if (more.some((word) => !(word === 'http2' || (word === 'ssl' && port === '443'))))
        fails(listen, `listen ${listen.words.slice(1).join(' ')} is for all apps that are served there`)
    }
    if (!one.block?.some(({ words }) => words[0] === 'listen')) fails(one, 'a server has no listen')
    edits.push({ start: first.end, end: first.end, text: own })
  }

  const own = `
  set $site ${place.site};
  set $route ${place.site};
  log_by_lua_block {
    balance.finish()
    metrics.count()
  }
  location ^~ /.well-known/acme-challenge/ {
    auth_basic off;
    allow all;
    content_by_lua_block { front.challenge() }
  }
  location @app {
    proxy_pass http://apps_closing;
  }`

  function checkUpstream(one: Statement): void {
    const any = one.block?.filter(({ words }) => words[0] === 'server' && words[1]?.split(':')[0] === anyUpstream) ?? []
    const [first, ...more] = any
    if (first === undefined) return
    edits.push({ start: first.start, end: first.end, text: `server ${anyUpstream};\n  balancer_by_lua_block { balance.balance(true) }` })
    for (const other of more) edits.push({ start: other.start, end: other.end, text: '' })
  }

  for (const one of statements) inside(one, [])
  let at = 0
  let written = ''
  for (const { start, end, text: fresh } of edits.sort((a, b) => a.start - b.start)) {
    written += text.slice(at, start) + fresh
    at = end
  }
  return written + text.slice(at)
}

function fails(one: Statement, why: string): void {
  throw failure(one, why)
}

function failure(one: Statement, why: string): UserError {
  return new UserError('bad-template', `line ${one.line}: ${why}`, { hint: 'docs/guide/nginx.md says what a template may have' })
}
