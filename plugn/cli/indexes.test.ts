import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { git } from '#lib/git.ts'
import { report, runWords } from './frame.ts'

const folder = await mkdtemp(join(tmpdir(), 'plugn-cli-'))
after(() => rm(folder, { recursive: true }))

/** Runs plugn in the folder: its exit status, and what it printed and said. */
async function plugn(...words: string[]): Promise<{ status: number; out: string; err: string }> {
  const out: string[] = []
  const err: string[] = []
  const context = {
    env: { PATH: process.env.PATH ?? '', PLUGIN_PATH: join(folder, 'plugins') },
    cwd: folder,
    self: 'plugn',
    print: (line: string) => void out.push(`${line}\n`),
    say: (line: string) => void err.push(`${line}\n`),
  }
  const status = await runWords(words, context).catch((error: unknown) => report(error, context))
  return { status, out: out.join(''), err: err.join('') }
}

test('plugn makes a key and an index, uses it, finds and installs a plugin of it, and shows where that came from', async () => {
  const dir = join(folder, 'greet')
  await mkdir(dir)
  await writeFile(join(dir, 'plugin.toml'), '[plugin]\nversion = "1.0.0"\ndescription = "says hello"\n')
  await git(['init', '--quiet', dir])
  await git(['-C', dir, 'add', '.'])
  await git(['-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'one'])

  const key = (await plugn('index', 'key', 'secret.pem')).out.trim()
  assert.equal((await stat(join(folder, 'secret.pem'))).mode & 0o777, 0o600)
  assert.equal((await plugn('index', 'key', 'secret.pem')).status, 1)
  await writeFile(join(folder, 'index.json'), (await plugn('index', 'build', '--key', 'secret.pem', 'greet')).out)
  assert.deepEqual(await plugn('index', 'check', '--key', key, 'index.json'), { status: 0, out: 'ok greet\n', err: '' })

  assert.equal((await plugn('index', 'add', 'main', 'index.json', key)).status, 0)
  assert.equal((await plugn('index', 'list')).out, `main ${join(folder, 'index.json')} ${key}\n`)
  assert.equal((await plugn('search', 'hello')).out, '  greet                1.0.0 main       says hello\n')
  assert.equal((await plugn('install', 'greet')).status, 0)
  const { out } = await plugn('info', 'greet')
  assert.match(out, /^name: greet\nversion: 1\.0\.0\n.*\nindex: main \(greet 1\.0\.0\)\n.*\ndigest: sha256:[0-9a-f]{64}\n/s)
  await writeFile(join(folder, 'plugins/available/greet/plugin.toml'), '[plugin]\nversion = "1.0.1"\n')
  assert.match((await plugn('info', 'greet')).out, /changed since it was installed/)
  assert.equal((await plugn('index', 'remove', 'main')).status, 0)
  assert.equal((await plugn('index', 'remove', 'main')).status, 1)
  assert.equal((await plugn('search', 'hello')).status, 1)
})

test('plugn validate says what is wrong, where, and whether that is an error', async () => {
  const dir = join(folder, 'odd')
  await mkdir(dir)
  await writeFile(join(dir, 'plugin.toml'), '[plugin]\nverion = "1"\n')
  assert.deepEqual(await plugn('validate', 'odd'), {
    status: 0,
    out: 'warning: plugin.toml: plugin.verion is not known: did you mean version?\n',
    err: '',
  })
  await writeFile(join(dir, 'hook'), '#!/bin/sh\r\necho\r\n')
  await chmod(join(dir, 'hook'), 0o755)
  assert.equal((await plugn('validate', 'odd')).status, 1)
})
