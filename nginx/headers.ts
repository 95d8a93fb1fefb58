/** What every app is told by headers, whatever a client claims. */
const told: readonly [string, string][] = [
  ['Host', '$host$host_port'],
  ['X-Forwarded-For', '$remote_addr'],
  ['X-Forwarded-Proto', '$scheme'],
  ['X-Forwarded-Port', '$server_port'],
  ['X-Request-Start', '$msec'],
  ['X-Forwarded-Host', '""'],
  ['X-Forwarded-Server', '""'],
  ['X-Forwarded-Ssl', '""'],
  ['X-Real-IP', '""'],
  ['Forwarded', '""'],
  ['Proxy', '""'],
]

/** Of a connection, which gRPC has no words for. */
const upgrading: readonly [string, string][] = [
  ['Upgrade', '$http_upgrade'],
  ['Connection', '$connection_upgrade'],
]

/** The directives that set the headers of a request to an app. */
export function headers(pass: 'proxy' | 'grpc'): string {
  return [...told, ...(pass === 'proxy' ? upgrading : [])].map(([name, value]) => `${pass}_set_header ${name} ${value};\n`).join('')
}
