import assert from 'node:assert/strict'
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { output } from '#lib/output.ts'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import type { Fire } from './hooks.ts'
import type { InstalledPlugins } from './instance.ts'
import { lastEvents } from './journal.ts'
import { buildSite, siteOf, tellUnserved } from './site.ts'

const quiet = output(
  () => undefined,
  () => undefined,
)

/** An app, and a plugin that handles `nginx-pre-reload` by a function which gets the path of nginx.conf. */
async function built(handler?: (view: string) => Promise<void>) {
  const dir = await mkdtemp(join(tmpdir(), 'site-'))
  const places = { home: dir, shared: [] }
  const view = join(dir, 'shop/nginx.conf')
  const calls: unknown[] = []
  const fire: Fire = async (name, input) => {
    if (name !== 'nginx-pre-reload') return
    calls.push(input)
    await handler?.(view)
  }
  const plugins = { handles: async () => handler !== undefined } as unknown as InstalledPlugins
  const instance = stateOnly({}, { fire, plugins })
  const app = await createApp(instance, 'shop')
  const build = () => buildSite(app, { port: 80, address: '10.0.0.2' }, quiet, places)
  const beside = async () => {
    const { additions } = (await siteOf(app, places)).site
    return additions === undefined || additions === 'kept' ? additions : additions.beside.map(({ text }) => text)
  }
  return { app, instance, dir, places, view, calls, build, beside, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) }
}

test('a site is built without asking anybody where no plugin wants to be asked', async () => {
  await using place = await built()
  assert.deepEqual(await place.build(), [])
  assert.deepEqual([place.calls, await place.beside()], [[], undefined])
  assert.match(await readFile(place.view, 'utf8'), /server_name shop\.localhost;\n {2}include \S+\/shop\/nginx\.conf\.d\/\*\.conf;/)
})

test('what a plugin writes before or after our part of nginx.conf is served beside the site, and each time anew', async () => {
  let round = 0
  await using place = await built(async (view) => {
    const ours = await readFile(view, 'utf8')
    await writeFile(view, `# before ${++round}\n${ours}# after\n`)
  })
  await place.build()
  assert.deepEqual(await place.build(), [])
  assert.deepEqual(place.calls[0], { app: 'shop', port: 80, address: '10.0.0.2' })
  assert.deepEqual(await place.beside(), ['# before 2\n# after\n'])
})

test('what plugins wrote last stays when one of them fails, and while one is asked', async () => {
  let during: unknown
  let fails = false
  await using place = await built(async (view) => {
    during = await place.beside()
    await appendFile(view, fails ? '# half' : '# whole\n')
    if (fails) throw new Error('no')
  })
  await place.build()
  fails = true
  assert.deepEqual(await place.build(), ['no'])
  assert.deepEqual([during, await place.beside()], [['# whole\n'], ['# whole\n']])
})

test('nothing of nginx.conf is served whose part of ours was changed', async () => {
  await using place = await built(async (view) => writeFile(view, '# mine alone\n'))
  assert.match((await place.build()).join(), /nginx\.conf: dokku's own part was changed/)
  assert.equal(await place.beside(), undefined)
})

test('a plugin that has the site built while it is asked is not asked again', async () => {
  await using place = await built(async () => assert.deepEqual(await place.build(), []))
  assert.deepEqual(await place.build(), [])
  assert.equal(place.calls.length, 1)
})

test('an app’s folder that cannot be read keeps what is served', async () => {
  await using place = await built()
  await mkdir(join(place.dir, 'shop/.nginx.beside'), { recursive: true })
  assert.equal(await place.beside(), 'kept')
  assert.match((await siteOf(place.app, place.places)).left.join(), /EISDIR/)
})

test('what is not served is an event, once', async () => {
  await using place = await built()
  tellUnserved(place.app, [])
  for (let round = 0; round < 2; round++) tellUnserved(place.app, ['a', 'b'])
  assert.deepEqual(
    lastEvents(place.instance.db, { apps: ['shop'], count: 9 }).map(({ text }) => text),
    ['not served: a; b'],
  )
})
