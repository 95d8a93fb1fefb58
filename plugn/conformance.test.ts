import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { after } from 'node:test'
import { UserError } from '#lib/errors.ts'
import { conforms } from './conformance.ts'
import { executables } from './executable.ts'
import { externalHooks } from './external.ts'
import { moduleHooks } from './module.ts'
import { residentHooks } from './resident.ts'
import { type Serve, serveHooks } from './serve.ts'
import { variablesOf } from './settings.ts'

const folder = await mkdtemp(join(tmpdir(), 'conformance-'))
const servers: Server[] = []
after(async () => {
  for (const server of servers) server.close()
  await rm(folder, { recursive: true })
})

const words = ['args', 'copy', 'fails', 'word', 'deaf', 'floods', 'sleeps']
const flood = Buffer.alloc(1_000_000, 'x')

conforms('module', async (settings) =>
  moduleHooks(
    'module',
    {
      args(_: object, { args, stdout, stderr }: Context) {
        stdout.write(JSON.stringify(args))
        stderr.write('heard')
      },
      async copy(_: object, { stdin, stdout }: Context) {
        for await (const chunk of stdin) stdout.write(chunk)
      },
      fails() {
        throw new UserError('failed', 'as it should', { exitCode: 7 })
      },
      word: (_: object, { config, stdout }: Context) => void stdout.write(config.word ?? ''),
      deaf: () => undefined,
      floods: (_: object, { stdout }: Context) => {
        for (let n = 0; n < 100; n++) stdout.write(flood)
      },
      sleeps: () => new Promise<void>(() => {}),
    } as Parameters<typeof moduleHooks>[1],
    settings,
  ),
)

interface Context {
  args: readonly string[]
  config: Record<string, string>
  stdin: Readable
  stdout: Writable
  stderr: Writable
}

const scripts: Record<string, string> = {
  args: `#!${process.execPath}\nprocess.stdout.write(JSON.stringify(process.argv.slice(2))); process.stderr.write('heard')\n`,
  copy: '#!/bin/sh\ncat\n',
  fails: '#!/bin/sh\nexit 7\n',
  word: '#!/bin/sh\nprintf "%s" "$CONFIG_WORD"\n',
  deaf: '#!/bin/sh\nexit 0\n',
  floods: '#!/bin/sh\nhead -c 100000000 /dev/zero\n',
  sleeps: '#!/bin/sh\nsleep 60\n',
}
for (const [name, text] of Object.entries(scripts)) await writeFile(join(folder, name), text, { mode: 0o755 })

conforms('executable', async (settings) => executables({ plugin: 'executable', dir: folder, variables: variablesOf(settings) }))

/** The behaviours, as a process that serves hooks has them. */
export const serve: Serve = async ({ hook, args, config, read, stdout, stderr, signal }) => {
  if (hook === 'args') {
    await stdout(JSON.stringify(args))
    await stderr('heard')
  }
  if (hook === 'copy') for (let chunk = await read(); chunk !== undefined; chunk = await read()) await stdout(chunk)
  if (hook === 'word') await stdout(config.word ?? '')
  if (hook === 'floods') for (let n = 0; n < 100; n++) await stdout(flood)
  if (hook === 'sleeps') await new Promise((resolve) => signal.addEventListener('abort', resolve))
  return { status: hook === 'fails' ? 7 : 0 }
}

const daemon = `
import { createConnection } from 'node:net'
import { serveHooks } from ${JSON.stringify(join(import.meta.dirname, 'serve.ts'))}
const flood = Buffer.alloc(1_000_000, 'x')
const serve = ${serve.toString()}
serveHooks(createConnection(process.env.PLUGN_SOCKET), serve)
`
await writeFile(join(folder, 'daemon.mjs'), daemon)

conforms('daemon', async (config) =>
  residentHooks({
    plugin: 'daemon',
    dir: folder,
    run: [process.execPath, 'daemon.mjs'],
    hooks: words,
    config,
    env: { PATH: process.env.PATH ?? '' },
    log: () => undefined,
  }),
)

conforms('external', async (config) => {
  const path = join(folder, `external-${servers.length}`)
  const server = createServer((socket) => serveHooks(socket, serve, { token: 'secret' })).listen(path)
  servers.push(server)
  await new Promise((resolve) => server.once('listening', resolve))
  return externalHooks({ plugin: 'external', address: `unix:${path}`, hooks: words, config, token: 'secret' })
})
