import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { checkEnable, type Fit, hostMisfits, misfitsOf } from './compatibility.ts'
import { installPlugin } from './install.ts'
import { store } from './store.ts'

const folder = await mkdtemp(join(tmpdir(), 'plugn-compatibility-'))
after(() => rm(folder, { recursive: true }))

const plugin = (name: string, version: string, compatibility: Fit['manifest']['compatibility'] = {}): Fit => ({
  name,
  manifest: { version, compatibility },
})
const messages = (...found: Parameters<typeof misfitsOf>) => misfitsOf(...found).map(({ message }) => message)

test('a range on the host or on another plugin holds, or is said', () => {
  const one = plugin('a', '1.0.0', { host: '>=1.0 <2', b: '^2' })
  assert.deepEqual(messages(one, [plugin('b', 'v2.5')], { version: '1.4.0' }), [])
  assert.deepEqual(messages(one, [plugin('b', '1.9.0')], { version: '2.0.0' }), [
    'a needs the host >=1.0 <2, and this is 2.0.0',
    'a needs the plugin b ^2, and this is 1.9.0',
  ])
  assert.deepEqual(messages(one, [plugin('b', '')]), ['a needs the plugin b ^2, and this is a version that it does not say'])
  assert.deepEqual(messages(one, []), ['a needs the plugin b ^2'])
  assert.deepEqual(messages(plugin('a', '1', { b: 'newest' }), [plugin('b', '1')]), ['a: "newest" is no range of versions'])
})

test('conflicts and ranges of those that are there count too, but not what they lack', () => {
  assert.deepEqual(messages(plugin('a', '1.0.0', { conflicts: ['b'] }), [plugin('b', '1')]), ['a conflicts with the plugin b'])
  const there = [plugin('b', '1', { conflicts: ['a'] }), plugin('c', '1', { a: '>=2', d: '1' })]
  assert.deepEqual(messages(plugin('a', '1.0.0'), there), ['b conflicts with the plugin a', 'c needs the plugin a >=2, and this is 1.0.0'])
})

async function made(name: string, compatibility: string): Promise<string> {
  const dir = join(folder, name)
  await mkdir(dir)
  await writeFile(join(dir, 'plugin.toml'), `[plugin]\nversion = "1.0.0"\n[plugin.compatibility]\n${compatibility}\n`)
  return dir
}

test('what does not fit is not installed nor enabled, unless by force; what lacks something is installed and not enabled', async () => {
  const plugins = store(join(folder, 'store'))
  const warnings: string[] = []
  const options = { host: { version: '1.2.0' }, warn: (text: string) => void warnings.push(text) }
  const old = await made('old', 'host = "<1"')
  await assert.rejects(installPlugin(plugins, old, options), { code: 'incompatible', hint: /use another version of old; --force/ })
  assert.deepEqual(await plugins.list(), [])
  await installPlugin(plugins, old, { ...options, force: true })
  assert.deepEqual(warnings.splice(0), ['old needs the host <1, and this is 1.2.0'])
  await assert.rejects(checkEnable(plugins, 'old', options), { code: 'incompatible' })
  await checkEnable(plugins, 'old', { ...options, force: true })

  await installPlugin(plugins, await made('needy', 'base = "1"'), options)
  assert.match(warnings.join(), /needy needs the plugin base 1$/)
  await assert.rejects(checkEnable(plugins, 'needy', options), { code: 'incompatible', hint: /^install and enable base/ })
  await installPlugin(plugins, await made('base', ''), options)
  await assert.rejects(checkEnable(plugins, 'needy', options), { code: 'incompatible' })
  await plugins.enable('base')
  await checkEnable(plugins, 'needy', options)
})

test('an upgrade of the host knows which enabled plugins it would break', async () => {
  const plugins = store(join(folder, 'upgrade'))
  await installPlugin(plugins, await made('fits-two', 'host = ">=1 <3"'))
  await installPlugin(plugins, await made('fits-one', 'host = "1"'))
  await installPlugin(plugins, await made('asleep', 'host = "1"'))
  for (const name of ['fits-one', 'fits-two']) await plugins.enable(name)
  assert.deepEqual(await hostMisfits(plugins, { version: '1.9.0' }), [])
  assert.deepEqual(
    (await hostMisfits(plugins, { version: '2.0.0' })).map(({ plugin: name, remedy }) => [name, remedy]),
    [['fits-one', 'use another version of fits-one']],
  )
})
