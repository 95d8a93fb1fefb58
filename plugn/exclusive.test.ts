import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { run, start } from '#lib/exec.ts'
import { changeSetting } from './change-setting.ts'
import { exclusively } from './exclusive.ts'
import { installPlugin, uninstallPlugin, updatePlugin } from './install.ts'
import { readPins } from './pins.ts'
import { readStored } from './settings.ts'
import { store } from './store.ts'

const folder = await mkdtemp(join(tmpdir(), 'exclusive-'))
after(() => rm(folder, { recursive: true }))
let made = 0

async function empty() {
  const fresh = store(join(folder, `store-${++made}`))
  await fresh.init()
  return fresh
}

/** The words of a process that does something with the functions that are tested. */
function other(root: string, does: string): [string, ...string[]] {
  const imports = Object.entries({ changeSetting: 'change-setting', exclusively: 'exclusive', installPlugin: 'install', store: 'store' })
  const lines = imports.map(([name, file]) => `import { ${name} } from ${JSON.stringify(join(import.meta.dirname, `${file}.ts`))}`)
  return [process.execPath, '--input-type=module', '--eval', `${lines.join('\n')}\nconst here = store(${JSON.stringify(root)})\n${does}`]
}

async function plugin(name: string): Promise<string> {
  const dir = join(folder, name)
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, 'plugin.toml'), '[plugin]\n')
  return dir
}

test('settings that many processes store at once are all there', async () => {
  const here = await empty()
  const set = (by: string) => `await Promise.all([1, 2, 3, 4, 5].map((n) => changeSetting(here, 'p', '${by}' + n, 'x')))`
  await Promise.all([
    ...['a', 'b'].map((by) => run(other(here.root, set(by)))),
    ...[1, 2, 3, 4, 5].map((n) => changeSetting(here, 'p', `c${n}`, 'x')),
  ])
  assert.equal(Object.keys((await readStored(here.config)).p ?? {}).length, 15)
})

test('a plugin that two install, update, enable and remove at once is there once, or not at all, and pinned accordingly', async () => {
  const here = await empty()
  const source = await plugin('wanted')
  const more = await plugin('more')
  const install = `await installPlugin(here, ${JSON.stringify(source)})`
  await Promise.all([installPlugin(here, source), installPlugin(here, more), installPlugin(here, source), run(other(here.root, install))])
  assert.deepEqual(Object.keys(await readPins(here)).sort(), ['more', 'wanted'])
  await Promise.all([
    updatePlugin(here, 'wanted'),
    here.enable('wanted'),
    updatePlugin(here, 'wanted'),
    here.enable('more'),
    run(other(here.root, "await here.enable('wanted')")),
  ])
  assert.deepEqual(
    (await here.listEnabled()).map(({ name }) => name),
    ['more', 'wanted'],
  )
  const gone = await Promise.allSettled([uninstallPlugin(here, 'wanted'), uninstallPlugin(here, 'wanted'), updatePlugin(here, 'wanted')])
  for (const one of gone) if (one.status === 'rejected') assert.equal(one.reason.code, 'no-such-plugin')
  assert.deepEqual(Object.keys(await readPins(here)), ['more'])
  assert.deepEqual((await readdir(here.root)).sort(), ['.lock', 'available', 'config.toml', 'enabled', 'pins.json'])
})

test('who holds the store and is killed leaves it free', async () => {
  const here = await empty()
  const child = start(
    other(here.root, `await exclusively(here.root, () => { console.log('held'); return new Promise(() => setInterval(() => {}, 1000)) })`),
  )
  await once(child.stdout, 'data')
  const mine = exclusively(here.root, async () => 'mine')
  child.kill('SIGKILL')
  assert.equal(await mine, 'mine')
  await child
})

test('what fails while it has the store leaves it free', async () => {
  const here = await empty()
  const failed = exclusively(here.root, () => Promise.reject(new Error('on purpose')))
  const next = exclusively(here.root, async () => 'next')
  await assert.rejects(failed, /on purpose/)
  assert.equal(await next, 'next')
})
