import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, test } from 'node:test'
import { defineHooks, event } from './catalogue.ts'
import { dispatch, silent } from './dispatch.ts'
import { residentHooks } from './resident.ts'

const folder = await mkdtemp(join(tmpdir(), 'resident-'))
after(() => rm(folder, { recursive: true }))

/** A plugin with a process that stays, made of this program; what it says goes to `log`. */
async function resident(name: string, program: string, log: (text: string) => void = () => undefined) {
  const from = JSON.stringify(join(import.meta.dirname, 'serve.ts'))
  const imports = `import { createConnection } from 'node:net'\nimport { serveHooks } from ${from}\n`
  await writeFile(join(folder, `${name}.mjs`), `${imports}${program}`)
  const responder = residentHooks({
    plugin: name,
    dir: folder,
    run: [process.execPath, `${name}.mjs`],
    hooks: ['poke'],
    config: {},
    env: {},
    log,
  })
  return dispatch(defineHooks({ poke: event<object>('anything', []) }), [responder], silent())
}

test('a resident process that ends, or never connects, fails the hook and says so', async () => {
  const all = await resident('short', 'process.exit(3)')
  await assert.rejects(all.fire('poke', {}), { code: 'plugin-gone', message: /ended before it was ready \(exit status 3\)/ })
  await all.close()
})

test('a resident process that was killed is started again, and its failure is that of the call it had', async () => {
  const all = await resident(
    'once',
    `import { existsSync, writeFileSync } from 'node:fs'
serveHooks(createConnection(process.env.PLUGN_SOCKET), async () => {
  if (existsSync('was-here')) return { status: 0 }
  writeFileSync('was-here', '')
  process.kill(process.pid, 'SIGKILL')
})
`,
  )
  await assert.rejects(all.fire('poke', {}), { code: 'plugin-gone' })
  await all.fire('poke', {})
  await all.close()
})

test('a resident process that ended is back before anybody calls', async () => {
  const pids: number[] = []
  let came = () => {}
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      came = () => (pids.length >= count ? resolve() : undefined)
      came()
    })
  const program = `console.log('up', process.pid)
serveHooks(createConnection(process.env.PLUGN_SOCKET), async () => ({ status: 0 }))
`
  const all = await resident('lives', program, (text) => {
    const pid = /up (\d+)/.exec(text)?.[1]
    if (pid !== undefined) pids.push(Number(pid))
    came()
  })
  await all.fire('poke', {})
  await until(1)
  process.kill(pids[0] as number, 'SIGKILL')
  await until(2)
  assert.equal(new Set(pids).size, 2)
  await all.close()
})

test('a resident process that is no longer in use ends with the call that it has, not before', async () => {
  const said: string[] = []
  const ended = Promise.withResolvers<void>()
  const all = await resident(
    'busy',
    `serveHooks(createConnection(process.env.PLUGN_SOCKET), async ({ read, stdout }) => {
  await stdout('begun')
  const got = await read()
  return { status: got === undefined ? 0 : 1 }
})
`,
    (text) => {
      said.push(text)
      if (text.includes('ended')) ended.resolve()
    },
  )
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const call = all.fire('poke', {}, { stdin, stdout })
  await once(stdout, 'data')
  await all.close()
  stdin.end()
  await call
  await ended.promise
  assert.deepEqual(said, ['busy ended (exit status 143)'])
})
