import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { run } from '#lib/exec.ts'

const folder = await mkdtemp(join(tmpdir(), 'plugn-'))
after(() => rm(folder, { recursive: true }))
const root = join(folder, 'plug ins')

/** Runs plugn as a shell would, in a folder without a `.plugn`. */
function plugn(words: string[], { env = {}, cwd = folder }: { env?: Record<string, string | undefined>; cwd?: string } = {}) {
  const set = Object.entries({ PATH: process.env.PATH, PLUGIN_PATH: root, ...env }).filter(
    (one): one is [string, string] => one[1] !== undefined,
  )
  const argv = [process.execPath, join(import.meta.dirname, 'plugn.js'), ...words] as const
  return run([...argv], { cwd, env: Object.fromEntries(set), allow: [1, 2, 7] })
}

async function plugin(name: string, files: Record<string, string>) {
  const dir = join(root, 'available', name)
  await mkdir(dir, { recursive: true })
  for (const [file, text] of Object.entries(files)) await writeFile(join(dir, file), text, { mode: file.includes('.') ? 0o644 : 0o755 })
}

test('plugn makes a path, lists, enables and triggers in byte order, and stops at the first hook that fails', async () => {
  assert.equal((await plugn(['init'])).stdout, `Initialized empty Plugn plugin path in ${root}\n`)
  const hook = '#!/bin/sh\necho "$CONFIG_WORD $# $2"\n[ -z "$STATUS" ] || exit "$STATUS"\n'
  await plugin('b-b', {
    hook,
    'plugin.toml': '[plugin]\nversion = "0.1.0"\ndescription = "the\\u001b[31m b"\n[plugin.config]\nword = "a word"\n',
  })
  await plugin('Z', { hook })
  await plugin('bad', { 'plugin.toml': '[plugin\n' })
  for (const name of ['b-b', 'Z', 'bad', 'b-b']) assert.equal((await plugn(['enable', name])).exitCode, 0)
  assert.equal(await readlink(join(root, 'enabled', 'b-b')), join(root, 'available', 'b-b'))
  const { stdout, stderr } = await plugn(['list'])
  assert.deepEqual(stdout.split('\n'), [
    '  Z                    <nil> enabled    <nil>',
    '  b-b                  0.1.0 enabled    the b',
    '  bad                  <nil> enabled    <nil>',
    '',
  ])
  assert.match(stderr, /bad\/plugin\.toml:1:8: /)

  assert.equal((await plugn(['trigger', 'hook', '', 'a  b'], { env: { B_B_WORD: '`id`' } })).stdout, ' 2 a  b\n`id` 2 a  b\n')
  const failed = await plugn(['trigger', 'hook'], { env: { STATUS: '7' } })
  assert.deepEqual([failed.exitCode, failed.stdout], [7, ' 0 \n'])
  assert.deepEqual((await plugn(['trigger', '../available/Z/hook'])).exitCode, 1)
})

test('plugn says so where there is no plugin path, and reads the file .plugn of the directory', async () => {
  const without = await plugn(['list'], { env: { PLUGIN_PATH: undefined } })
  assert.deepEqual([without.exitCode, without.stdout], [2, '!! PLUGIN_PATH is not set in environment\n'])
  const cwd = join(folder, 'project')
  await mkdir(cwd)
  await writeFile(join(cwd, '.plugn'), 'here\n')
  assert.equal((await plugn(['init'], { cwd })).stdout, `Initialized empty Plugn plugin path in ${join(cwd, 'here')}\n`)
  assert.match((await plugn(['init'], { cwd, env: { PLUGN_NO_FILE: '1' } })).stdout, /plug ins\n$/)
})

test('plugn lists its commands, and those too when it does not know a word', async () => {
  const { stdout } = await plugn([])
  assert.match(stdout, /^Available commands:\n {2}\S/)
  const unknown = await plugn(['bogus'])
  assert.deepEqual([unknown.exitCode, unknown.stdout], [2, `No such command: bogus\n${stdout}`])
})
