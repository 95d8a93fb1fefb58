import type { Instance } from './instance.ts'
import { ok } from './programs.ts'

/** Tries every port on every host, many at once; a host that drops packets costs the timeout. */
const scan = `
const { connect } = require('node:net')
const [ports, ...hosts] = process.argv.slice(1)
const left = hosts.flatMap((host) => JSON.parse(ports).map((port) => ({ host, port })))
const attempt = (target) => new Promise((resolve) => {
  const socket = connect({ ...target, timeout: 2000 })
  const end = (open) => { socket.destroy(); resolve(open) }
  socket.on('connect', () => end(true)).on('error', () => end(false)).on('timeout', () => end(false))
})
const worker = async () => {
  for (let target = left.pop(); target; target = left.pop()) if (await attempt(target)) console.log(target.host + ':' + target.port)
}
Promise.all(Array.from({ length: 3000 }, worker))
`

/** All well-known ports, and those that we, Docker and usual add-ons use. */
const usual = [...Array.from({ length: 1024 }, (_, n) => n + 1), 2222, 2375, 2376, 3022, 3306, 5000, 5432, 6379, 8080, 27017]

/** Which of the usual ports, or of these, answer on these addresses, asked from inside a one-off or a deployed container of an app whose image has Node. */
export async function openFrom(
  instance: Instance,
  app: string,
  addresses: readonly string[],
  { ports = usual, inside = 'run' }: { ports?: readonly number[]; inside?: 'run' | 'enter' } = {},
): Promise<string[]> {
  const into = inside === 'run' ? ['run', app] : ['enter', app, 'web']
  const said = ok(await instance.ssh(...into, 'node', '-e', scan, JSON.stringify(ports), ...addresses))
  return said.split('\n').filter(Boolean).sort()
}
