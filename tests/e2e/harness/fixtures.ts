/** Apps that the stories need and nobody would keep as a sample. Each is a map of files. */

const server = `
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

const version = process.env.VERSION ?? 'unset'
const server = createServer((request, response) => {
  if (request.url === '/slow') return setTimeout(() => response.end(version), 1500)
  if (request.url === '/env') return response.end(JSON.stringify(process.env))
  if (request.url === '/headers') return response.end(JSON.stringify(request.headers))
  response.end(version)
})

server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n')
  socket.pipe(socket)
  socket.on('error', () => {})
})

setTimeout(() => {
  server.listen(Number(process.env.PORT), () => console.log('web ' + version + ' listens on ' + process.env.PORT))
}, Number(process.env.BOOT_MS ?? 0))

process.on('SIGTERM', () => {
  console.log('web ' + version + ' stops')
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
`

const greedy = `
import { createServer } from 'node:http'

const leak = () => { for (const kept = []; ; ) kept.push(Buffer.alloc(2 ** 20, 1)) }
if (process.env.LEAK) leak()
const line = 'x'.repeat(999) + '\\n'
for (let left = Number(process.env.LINES ?? 0); left > 0; left--) process.stdout.write(line)
for (const port of [Number(process.env.PORT), 22, 6379]) createServer((request, response) => {
  if (request.url === '/leak') leak()
  response.end('here')
}).listen(port)
`

const worker = `
console.log('worker ' + process.env.VERSION + ' works')
const timer = setInterval(() => {}, 1000)
process.on('SIGTERM', () => { console.log('worker stops'); clearInterval(timer) })
`

const nodeDockerfile = `FROM node:24-slim
WORKDIR /app
COPY . .
CMD ["node", "server.mjs"]
`

/** Answers every path with VERSION; also /env, /headers, /slow (1.5 s) and an echoing websocket. BOOT_MS delays its listening. */
export const versions = { Dockerfile: nodeDockerfile, 'server.mjs': server }

/** The same with its version in the image. */
export function versionImage(version: string): Record<string, string> {
  return { ...versions, Dockerfile: nodeDockerfile.replace('CMD', `ENV VERSION=${version}\nCMD`) }
}

/** A web and a worker process; the worker is not started unless scaled. */
export const webAndWorker = { ...versions, 'worker.mjs': worker, Procfile: 'web: exec node server.mjs\nworker: exec node worker.mjs\n' }

/** Health checks that give up after three seconds. */
const impatient = JSON.stringify({ healthchecks: { web: [{ type: 'startup', listening: true, attempts: 1, timeout: 3, wait: 0 }] } })

const shell = (script: string) => `FROM debian:trixie-slim\nCMD ["sh", "-c", ${JSON.stringify(script)}]\n`

/** Answers every path on PORT, 22 and 6379; LEAK, or a request of /leak, makes it take all memory; LINES makes it write as many of 1,000 bytes. */
export const greedyImage = { Dockerfile: nodeDockerfile, 'server.mjs': greedy }

/** One for each way in which a container does not come up. */
export const broken = {
  exitsAtOnce: { Dockerfile: shell('echo connecting to the database; echo no such database >&2; exit 3') },
  neverListens: { Dockerfile: shell('echo thinking; sleep 600'), 'app.json': impatient },
  listensElsewhere: {
    Dockerfile: `FROM node:24-slim\nCMD ["node", "-e", "require('node:http').createServer().listen(1234, '127.0.0.1')"]\n`,
    'app.json': impatient,
  },
  dockerfile: { Dockerfile: 'FROM debian:trixie-slim\nRUN echo about to fail && false\n' },
  syntax: { Dockerfile: 'FROM debian:trixie-slim\nFETCH everything\n' },
}
