import type { Settings } from './settings.ts'

/** Where requests and errors are written down. */
export function logsDir({ stateDir }: Pick<Settings, 'stateDir'>): string {
  return `${stateDir}/log`
}

/** What is known of a request, by the name under which it is logged. Never what may be a password: no cookies, no authorization. */
const fields: readonly [name: string, variable: string, kind: 'text' | 'number'][] = [
  ['site', '$site', 'text'],
  ['at', '$msec', 'number'],
  ['host', '$host', 'text'],
  ['remote', '$remote_addr', 'text'],
  ['user', '$remote_user', 'text'],
  ['method', '$request_method', 'text'],
  ['uri', '$request_uri', 'text'],
  ['protocol', '$server_protocol', 'text'],
  ['status', '$status', 'number'],
  ['bytes', '$body_bytes_sent', 'number'],
  ['received', '$request_length', 'number'],
  ['seconds', '$request_time', 'number'],
  ['upstreamSeconds', '$upstream_response_time', 'text'],
  ['upstream', '$upstream_addr', 'text'],
  ['referer', '$http_referer', 'text'],
  ['agent', '$http_user_agent', 'text'],
  ['id', '$request_id', 'text'],
]

/** One format for all sites: a line of JSON per request. */
export const logFormat = `log_format sites escape=json '{${fields
  .map(([name, variable, kind]) => `"${name}":${kind === 'text' ? `"${variable}"` : variable}`)
  .join(',')}}';
`

/** Has the requests of a server logged: in one file for all sites, written once a second at most. What is no site's is not. */
export function logged(settings: Pick<Settings, 'stateDir'>): string {
  return `access_log ${logsDir(settings)}/access.log sites buffer=64k flush=1s if=$site;\n`
}
