import { type Directives, digest, guarded, quoted, table, together, unguarded } from './directives.ts'
import { type Front, hostOf } from './front.ts'
import { folderOf, frontFiles } from './front-files.ts'

/** What stands in front of a site in nginx's words, but redirects; nothing for none. */
export function frontDirectives(front: Front = {}, settings: { stateDir: string }): Directives {
  const folder = folderOf(frontFiles(front), settings)
  return together(maintenance(front, folder), addresses(front), passwords(front, folder), limits(front), pages(front, folder))
}

/** Redirects from host to host. Each code has a map of its own, with the hosts of the others in it, as the narrowest redirect counts, whatever its code. */
export function redirectDirectives({ redirects = [] }: Front = {}): Directives {
  const wild = redirects.filter(({ from }) => from.startsWith('*.')).sort((a, b) => b.from.length - a.from.length)
  const exact = redirects.filter((one) => !wild.includes(one))
  const rows = (code: number) => [
    'default ""',
    ...exact.map((one) => row(one, code)),
    // A host under a wildcard that is where the wildcard leads stays.
    ...new Set(wild.map(({ to }) => `${matching(hostOf(to))} ""`)),
    ...wild.map((one) => row(one, code)),
  ]
  const codes = [...new Set(redirects.map(({ code }) => code))].sort()
  const several = codes.map((code) => {
    const id = `redirected_${code}_${digest(rows(code)).slice(0, 12)}`
    const server = `if ($${id}) {\n  return ${code} $${id}$request_uri;\n}\n`
    return { http: { ...guarded, [id]: table('map', '$guarded$host', `$${id}`, rows(code)) }, server }
  })
  return together(...several)
}

function row({ from, to, code }: NonNullable<Front['redirects']>[number], wanted: number): string {
  return `${matching(from)} ${code === wanted ? target(to) : '""'}`
}

/** A pattern, as a list of words has no room for long ones. */
function matching(host: string): string {
  const escaped = host.replaceAll('.', '\\.')
  return escaped.startsWith('*') ? `"~^1.+${escaped.slice(1)}$"` : `"~^1${escaped}$"`
}

function target(to: string): string {
  if (/^https?:/.test(to)) return quoted(to)
  return `"$scheme://${to}${to.includes(':') ? '' : '$host_port'}"`
}

function maintenance({ maintenance }: Front, folder: string): Directives {
  if (maintenance === undefined) return { http: {}, server: '' }
  const page = maintenance.page === undefined ? '' : `, "${folder}/maintenance.html"`
  const show = `content_by_lua_block { pages.show("maintenance"${page}) }\n`
  const closed = 'error_page 503 = @maintenance;\nif ($guarded) {\n  return 503;\n}\n'
  const locations =
    maintenance.files === undefined
      ? location('@maintenance', show)
      : location('@maintenance', `root ${folder}/assets;\ntry_files $uri @maintenance_page;\n`) + location('@maintenance_page', show)
  return { http: guarded, server: closed + locations }
}

function addresses({ allow, deny = [] }: Front): Directives {
  const server = [
    ...deny.map((one) => `deny ${one};\n`),
    ...(allow === undefined ? [] : [...allow.map((one) => `allow ${one};\n`), 'deny all;\n']),
  ]
  return { http: {}, server: server.join('') }
}

/** Whoever has an allowed address is asked for nothing; lists of who is served at all still count. */
function passwords({ auth }: Front, folder: string): Directives {
  if (auth === undefined) return { http: {}, server: '' }
  const file = `auth_basic_user_file ${folder}/htpasswd;\n`
  if (auth.allowed.length === 0) return { http: {}, server: `auth_basic Restricted;\n${file}` }
  const rows = ['default Restricted', ...new Set(auth.allowed.map((one) => `${one} off`))]
  const id = `realm_${digest(rows).slice(0, 12)}`
  return { http: { [id]: table('geo', '$remote_addr', `$${id}`, rows) }, server: `auth_basic $${id};\n${file}` }
}

/** Sites with the same rate share its table, not their counts. Whoever has one IPv6 address has 2^64, so those count as one. */
function limits({ limits }: Front): Directives {
  if (limits === undefined) return { http: {}, server: '' }
  const { rate, connections } = limits
  const http: Record<string, string> = {}
  const client = 'set_by_lua_block $client { local a = ngx.var.binary_remote_addr return #a == 16 and a:sub(1, 8) or a }\n'
  let server = rate !== undefined || connections !== undefined ? client : ''
  if (rate !== undefined) {
    const zone = `rate_${rate.replace('/', '')}`
    const burst = limits.burst ?? Number.parseInt(rate, 10)
    http[zone] = `limit_req_zone $site$client zone=${zone}:4m rate=${rate};\n`
    server += `limit_req zone=${zone}${burst === 0 ? '' : ` burst=${burst} nodelay`};\nlimit_req_status 429;\n`
  }
  if (connections !== undefined) {
    http.connections = 'limit_conn_zone $site$client zone=connections:4m;\n'
    server += `limit_conn connections ${connections};\nlimit_conn_status 429;\n`
  }
  return { http, server }
}

/** What is shown when an app does not answer looks for the site's own pages in `$pages`; the others are shown here. */
function pages({ pages = {} }: Front, folder: string): Directives {
  const codes = Object.keys(pages)
  if (codes.length === 0) return { http: {}, server: '' }
  const own = codes.filter((code) => code !== '502')
  return {
    // Without it, a site that has none would be asked for a variable that it did not set.
    http: { pages: table('map', '""', '$pages', ['default ""']) },
    server: [
      `set $pages ${folder}/pages;\n`,
      ...own.map((code) => `error_page ${code} @page_${code};\n`),
      ...own.map((code) => location(`@page_${code}`, `content_by_lua_block { pages.error(${code}) }\n`)),
    ].join(''),
  }
}

function location(name: string, text: string): string {
  return `location ${name} {\n${(unguarded + text).replace(/^(?=.)/gm, '  ')}}\n`
}
