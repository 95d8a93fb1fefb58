import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseAppJson, parseProcfile, plainManifest, readManifest, withProcesses } from './manifest.ts'

async function tree(t: TestContext, files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'manifest-'))
  t.after(() => rm(dir, { recursive: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content)
  return dir
}

const parsed = (procfile: string) => ({ ...plainManifest, processes: parseProcfile(procfile) })

test('readManifest of a tree without files is one web process with the image’s command', async (t) => {
  assert.deepEqual(await readManifest(await tree(t, {})), { processes: { web: null }, healthchecks: {}, formation: {} })
})

test('readManifest takes processes from the Procfile and the rest from app.json', async (t) => {
  const dir = await tree(t, {
    Procfile: '# comment\nweb: node server.js\n\nworker:   node worker.js --all \r\n',
    'app.json': '{ "formation": { "worker": { "quantity": 2 } }, "healthchecks": { "web": [{ "type": "startup", "path": "/up" }] } }',
  })
  const manifest = await readManifest(dir)
  assert.deepEqual(manifest.processes, { web: 'node server.js', worker: 'node worker.js --all' })
  assert.deepEqual(manifest.formation, { worker: { quantity: 2 } })
  assert.equal(manifest.healthchecks.web?.[0]?.path, '/up')
})

test('readManifest refuses links, which could point at files of ours', async (t) => {
  const dir = await tree(t, {})
  await symlink('/etc/passwd', join(dir, 'Procfile'))
  await assert.rejects(readManifest(dir), { code: 'bad-manifest', message: 'Procfile is not a plain file' })
})

test('parseProcfile names the line it does not understand', () => {
  assert.throws(() => parseProcfile('web: x\nnonsense\n'), { code: 'bad-procfile', message: /line 2/ })
  assert.throws(() => parseProcfile('# nothing\n'), { code: 'bad-procfile' })
  assert.throws(() => parseProcfile('../x: y'), { code: 'bad-process-name' })
})

test('parseProcfile takes no name that every object has, and no longer for a line of blanks', () => {
  for (const name of ['constructor', 'toString', '__proto__'])
    assert.throws(() => parseProcfile(`${name}: x`), { code: 'bad-process-name' })
  const begun = performance.now()
  const command = `b${' '.repeat(100_000)}c`
  assert.deepEqual(parseProcfile(`  web :  ${command}  \n`), { web: command })
  assert.ok(performance.now() - begun < 1000, 'it took longer than a second')
})

test('readManifest refuses what nobody wrote by hand', async (t) => {
  for (const name of ['Procfile', 'app.json'])
    await assert.rejects(readManifest(await tree(t, { [name]: `web: x\n${'#'.repeat(2 ** 20)}` })), {
      code: 'file-too-large',
      message: `${name} is larger than 1024 KiB`,
    })
})

test('process types that a build found are such', () => {
  assert.deepEqual(withProcesses(parsed('worker: y'), { processes: { web: 'x', worker: 'z' } }).processes, { web: 'x', worker: 'y' })
  for (const name of ['_web', 'constructor', '-x', 'a'.repeat(64)])
    assert.throws(() => withProcesses(plainManifest, { processes: { [name]: 'x' } }), { code: 'bad-process-name' }, name)
})

test('parseAppJson tolerates comments and trailing commas outside strings', () => {
  const parsed = parseAppJson('{ // a comment\n "formation": { "web": { "quantity": 3, }, }, /* "x" */ }')
  assert.deepEqual(parsed.formation, { web: { quantity: 3 } })
})

test('parseAppJson says which field is wrong', () => {
  assert.throws(() => parseAppJson('{"formation":{"web":{"quantity":-1}}}'), { code: 'bad-app-json', message: /formation\.web\.quantity/ })
  assert.throws(() => parseAppJson('{"healthchecks":{"web":[{"path":"no-slash"}]}}'), {
    code: 'bad-app-json',
    message: /^app\.json:1: healthchecks\.web\[0\]\.path: /,
  })
  assert.throws(() => parseAppJson('{'), { code: 'bad-app-json' })
})
