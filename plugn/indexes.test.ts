import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { git } from '#lib/git.ts'
import { buildListing } from './index-build.ts'
import { checkListing } from './index-check.ts'
import { addIndex, findListed, readIndexes, removeIndex } from './indexes.ts'
import { installPlugin, updatePlugin } from './install.ts'
import { type Listing, makeKey, signListing, verifyListing } from './listing.ts'
import { readPins } from './pins.ts'
import { search } from './search.ts'
import { store } from './store.ts'

const folder = await mkdtemp(join(tmpdir(), 'plugn-indexes-'))
const served = new Map<string, string>()
const server = createServer((request, response) => {
  const body = served.get(request.url ?? '')
  response.writeHead(body === undefined ? 404 : 200).end(body)
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
after(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

const { privateKey, publicKey } = makeKey()
let count = 0
const fresh = () => store(join(folder, `store-${++count}`))

/** Commits a version of a plugin to its repository, and tags it. */
async function release(name: string, version: string, more = ''): Promise<string> {
  const dir = join(folder, name)
  await mkdir(dir, { recursive: true })
  await git(['init', '--quiet', '--initial-branch=main', dir])
  await writeFile(join(dir, 'plugin.toml'), `[plugin]\nname = "${name}"\nversion = "${version}"\ndescription = "It ${name}s"\n${more}`)
  await writeFile(join(dir, 'post-deploy'), '#!/bin/sh\n', { mode: 0o755 })
  await git(['-C', dir, 'add', '.'])
  await git(['-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', version])
  await git(['-C', dir, 'tag', `v${version}`])
  return dir
}

const greet = await release('greet', '1.0.0')
await release('greet', '1.10.0')
await release('greet', '1.9.0', 'maintainer_name = "A"\nmaintainer_email = "a@example.com"\n')
const listing = await buildListing([greet])

function publish(path: string, listed: Listing, key = privateKey): string {
  served.set(path, signListing(listed, key))
  return `${base}${path}`
}

test('an index is built from repositories: versions newest first, with commits, digests and hooks', async () => {
  const [entry] = listing.plugins
  assert.deepEqual([entry?.name, entry?.description, entry?.source, entry?.hooks], ['greet', 'It greets', greet, ['post-deploy']])
  assert.deepEqual(
    entry?.versions.map(({ version }) => version),
    ['1.10.0', '1.9.0', '1.0.0'],
  )
  await assert.rejects(buildListing([greet, greet]), { code: 'listed-twice' })
  assert.deepEqual(await checkListing(listing), [{ name: 'greet', problems: [] }])
})

test('a plugin is installed by its name, at the newest version in the range, and updated from the same index', async () => {
  const plugins = fresh()
  await addIndex(plugins, 'main', { url: publish('/greet.json', listing), key: publicKey }, { cwd: folder })
  const fetched = await installPlugin(plugins, 'greet@<1.10')
  assert.ok(fetched !== 'already')
  assert.deepEqual(fetched.pin.listed, { index: 'main', plugin: 'greet', version: '1.9.0' })
  assert.equal(fetched.manifest.maintainer_name, 'A')
  assert.equal(await installPlugin(plugins, 'greet'), 'already')
  await updatePlugin(plugins, 'greet')
  assert.equal((await readPins(plugins)).greet?.listed?.version, '1.10.0')
  await updatePlugin(plugins, 'greet', { committish: '1.0.0' })
  assert.equal((await readPins(plugins)).greet?.listed?.version, '1.0.0')
  await assert.rejects(installPlugin(plugins, 'greet@2'), { code: 'not-listed', hint: /1\.10\.0, 1\.9\.0/ })
  await assert.rejects(installPlugin(plugins, 'geret'), { code: 'not-listed', hint: 'did you mean greet?' })
  await assert.rejects(installPlugin(fresh(), 'greet'), { code: 'not-listed', hint: /no index is configured/ })
})

test('search finds by words of name and description, in all indexes, and says what is installed', async () => {
  const plugins = fresh()
  await writeFile(join(folder, 'local.json'), signListing(listing, privateKey))
  await addIndex(plugins, 'local', { url: 'local.json', key: publicKey }, { cwd: folder })
  await installPlugin(plugins, 'greet')
  const [match, ...more] = await search(plugins, ['GREETS', 'it'])
  assert.deepEqual([match?.index, match?.version, match?.installed, more], ['local', '1.10.0', true, []])
  assert.deepEqual(await search(plugins, ['nothing']), [])
  assert.deepEqual(Object.keys(await readIndexes(plugins)), ['local'])
  assert.deepEqual([await removeIndex(plugins, 'local'), await removeIndex(plugins, 'local')], [true, false])
})

test('an index that is signed by another key, changed, damaged or older is refused, and is not added', async () => {
  const plugins = fresh()
  const add = (url: string) => addIndex(plugins, 'x', { url, key: publicKey }, { cwd: folder })
  await assert.rejects(add(publish('/other.json', listing, makeKey().privateKey)), { code: 'bad-index', message: /signature/ })
  served.set('/changed.json', signListing(listing, privateKey).replace(greet, '/elsewhere'))
  await assert.rejects(add(`${base}/changed.json`), { code: 'bad-index', message: /signature/ })
  served.set('/damaged.json', '{"signature": ')
  await assert.rejects(add(`${base}/damaged.json`), { code: 'bad-index', message: /no index/ })
  await assert.rejects(add(`${base}/none.json`), { code: 'fetch-failed' })
  assert.deepEqual(await readIndexes(plugins), {})
  await add(publish('/x.json', listing))
  publish('/x.json', { ...listing, made: '2001-01-01T00:00:00.000Z' })
  await assert.rejects(search(plugins, []), { code: 'bad-index', message: /older/ })
  assert.throws(() => verifyListing(signListing(listing, privateKey), 'short', 'x'), { code: 'bad-key' })
  assert.throws(() => signListing(listing, 'no key'), { code: 'bad-key' })
})

test('an index that cannot be reached is read from its copy, and that is said', async () => {
  const plugins = fresh()
  await addIndex(plugins, 'main', { url: publish('/gone.json', listing), key: publicKey }, { cwd: folder })
  served.delete('/gone.json')
  const warnings: string[] = []
  const warn = (text: string) => void warnings.push(text)
  assert.equal((await findListed(plugins, { plugin: 'greet', range: undefined }, { warn })).version, '1.10.0')
  assert.match(warnings.join(), /gone\.json could not be fetched: 404 Not Found; the copy of .* is used/)
  assert.equal(JSON.parse(await readFile(join(plugins.root, 'indexes', 'main.json'), 'utf8')).index.format, 1)
})

test('a plugin that is not what its index promised is refused: another digest, another name', async () => {
  const [entry] = listing.plugins
  assert.ok(entry !== undefined)
  const lies = (change: Partial<typeof entry>): Listing => ({ ...listing, plugins: [{ ...entry, ...change }] })
  const digest = `sha256:${'0'.repeat(64)}`
  for (const [at, listed, code, name] of [
    ['digest', lies({ versions: entry.versions.map((one) => ({ ...one, digest })) }), 'other-digest', 'greet'],
    ['name', lies({ name: 'innocent' }), 'other-name', 'innocent'],
    ['source', lies({ source: 'ext::sh -c true' }), 'bad-source', 'greet'],
  ] as const) {
    const plugins = fresh()
    await addIndex(plugins, 'main', { url: publish(`/${at}.json`, listed), key: publicKey }, { cwd: folder })
    await assert.rejects(installPlugin(plugins, name), { code }, at)
    assert.deepEqual(await plugins.list(), [])
    const [checked] = await checkListing(listed)
    assert.equal(checked?.problems.length, 1)
  }
})
