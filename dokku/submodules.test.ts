import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { checkout, repositories } from '#gitreceive'
import { git } from '#lib/git.ts'
import { output } from '#lib/output.ts'
import { createApp } from './create.ts'
import { parseRemote } from './fetch-guard.ts'
import { stateOnly } from './fixtures.ts'
import { storeAllowedHosts } from './git-hosts.ts'
import { gitServer } from './git-server.fixture.ts'
import { lookForLfs } from './lfs.ts'
import { fillSubmodules } from './submodules.ts'

const folder = await mkdtemp(join(tmpdir(), 'submodules-'))
const served = join(folder, 'served')
const server = await gitServer(served)
const base = `http://${server.at}`
after(async () => {
  server.close()
  await rm(folder, { recursive: true })
})
const instance = stateOnly({}, { repositories: repositories(join(folder, 'repositories'), { hooksPath: join(folder, 'hooks') }) })
Object.assign(instance.settings, { dataDir: folder })
const app = await createApp(instance, 'shop')
storeAllowedHosts(instance.db, ['127.0.0.1'])

/** A repository with one commit of files, and of submodules as path: [url, commit]; gives the commit. */
async function repository(
  name: string,
  files: Record<string, string>,
  parts: Record<string, [url: string, commit: string]> = {},
): Promise<string> {
  const work = join(folder, `work-${name}`)
  const run = async (...words: string[]) =>
    (await git(['-C', work, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words])).stdout.trim()
  await git(['init', '--quiet', '--initial-branch=main', work])
  const sections = Object.entries(parts).map(([path, [url]]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`)
  for (const [path, text] of Object.entries({ ...files, ...(sections.length > 0 && { '.gitmodules': sections.join('') }) })) {
    await mkdir(dirname(join(work, path)), { recursive: true })
    await writeFile(join(work, path), text)
  }
  await run('add', '--all')
  for (const [path, [, commit]] of Object.entries(parts)) await run('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`)
  await run('commit', '--quiet', '--message', name)
  await git(['clone', '--quiet', '--bare', work, join(served, name)])
  return await run('rev-parse', 'HEAD')
}

/** Checks a commit of what is served out, with its submodules; gives the folder and what was said. */
async function built(name: string, commit: string, origin?: string): Promise<{ dir: string; said: string }> {
  const dir = await mkdtemp(join(folder, 'tree-'))
  const path = join(served, name)
  const { submodules: paths } = await checkout(path, commit, dir)
  let said = ''
  const hear = (text: string) => {
    said += text
  }
  const from = { kind: 'commit', repository: path, commit, env: {}, ...(origin && { origin: parseRemote(origin) }) } as const
  const by = { user: 'ada', output: output(hear, hear) }
  await fillSubmodules(app, { ...from, dir, paths }, by)
  await lookForLfs(app, from, by)
  return { dir, said }
}

const inner = await repository('inner', { deep: 'deep' })
const part = await repository('part', { text: 'part' }, { 'in/ner': ['../inner', inner] })
const whole = await repository('whole', { text: 'whole' }, { 'lib/part': [`${base}/part`, part] })
const relative = await repository('relative', { text: 'relative' }, { part: ['../part', part] })

test('submodules stay empty and are named, unless the app fetches or refuses them', async () => {
  const { said } = await built('whole', whole)
  assert.match(said, /stay empty: lib\/part\n.*git:set shop submodules fetch/)
  app.properties.set('git submodules', 'refuse')
  await assert.rejects(built('whole', whole), { code: 'submodule-refused', message: /lib\/part/ })
})

test('submodules are fetched at their commits, nested and relative ones too', async () => {
  app.properties.set('git submodules', 'fetch')
  const { dir } = await built('whole', whole)
  assert.equal(await readFile(join(dir, 'lib/part/text'), 'utf8'), 'part')
  assert.equal(await readFile(join(dir, 'lib/part/in/ner/deep'), 'utf8'), 'deep')
  const { dir: other } = await built('relative', relative, `${base}/relative`)
  assert.equal(await readFile(join(other, 'part/text'), 'utf8'), 'part')
})

test('a relative submodule of what was pushed is relative to nothing, which is said', async () => {
  await assert.rejects(built('relative', relative), { code: 'bad-submodule', message: /relative to where the app came from.*whole URL/ })
})

test('what is built again knows where it was fetched from, with the password that was given for it', async () => {
  const guarded = await repository('guarded', { text: 'guarded' }, { part: ['../private', await repository('app', { text: 'app' })] })
  app.properties.set('git remote', `http://me:a%20secret@${server.at}/guarded`)
  assert.equal(await readFile(join((await built('guarded', guarded)).dir, 'part/text'), 'utf8'), 'app')
  app.properties.set('git remote', '')
})

test('a submodule is nothing of this machine, no program and no option', async () => {
  for (const [at, url] of [
    'http://localhost/x',
    'http://169.254.169.254/x',
    '/etc',
    'file:///etc',
    'ext::sh -c id',
    '--upload-pack=id',
  ].entries()) {
    const commit = await repository(`hostile-${at}`, { text: 'x' }, { part: [url, part] })
    await assert.rejects(
      built(`hostile-${at}`, commit),
      (error: { code?: string }) => /^(bad-remote|remote-refused)$/.test(error.code ?? ''),
      url,
    )
  }
})

test('submodules without a URL, at a commit that is nowhere, or within themselves come to an end', async () => {
  await assert.rejects(built('none', await repository('none', { '.gitmodules': '' }, { part: ['', part] })))
  const nowhere = await repository('nowhere', { text: 'x' }, { part: [`${base}/part`, 'f'.repeat(40)] })
  await assert.rejects(built('nowhere', nowhere), { code: 'fetch-failed' })
  let last = inner
  for (const name of ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7']) {
    const before = name === 'n1' ? 'inner' : `n${Number(name[1]) - 1}`
    last = await repository(name, { text: name }, { part: [`${base}/${before}`, last] })
  }
  await assert.rejects(built('n7', last), { code: 'bad-submodule', message: /nested more than 5 deep/ })
})

test('pointers of Git LFS are named where attributes speak of LFS, or declined', async () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 9\n`
  const attributes = { 'assets/.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n' }
  const lfs = await repository('lfs', { ...attributes, 'assets/a b.bin': pointer, 'assets/real.bin': 'real' })
  assert.match((await built('lfs', lfs)).said, /stay pointers: assets\/a b\.bin\n.*git lfs migrate export/)
  const quoted = await repository('quoted', { 'about-lfs.txt': pointer })
  assert.equal((await built('quoted', quoted)).said, '')
  app.properties.set('git lfs', 'refuse')
  await assert.rejects(built('lfs', lfs), { code: 'lfs-refused', message: /assets\/a b\.bin/ })
})
