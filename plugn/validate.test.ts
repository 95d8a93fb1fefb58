import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { validatePlugin } from './validate.ts'

const folder = await mkdtemp(join(tmpdir(), 'plugn-validate-'))
after(() => rm(folder, { recursive: true }))
let count = 0

/** What is found in a plugin of these files, each as one line; a file whose text begins with * is executable. */
async function found(files: Record<string, string>, options: Parameters<typeof validatePlugin>[1] = {}): Promise<string[]> {
  const dir = join(folder, String(++count))
  await mkdir(dir)
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), text.replace(/^\*/, ''))
    await chmod(join(dir, name), text.startsWith('*') ? 0o755 : 0o644)
  }
  return (await validatePlugin(dir, options)).map(({ level, where, message }) => `${level} ${where}: ${message}`)
}

const good = '[plugin]\nname = "greet"\nversion = "1.0.0"\n'

test('a plugin that is well has nothing to be said', async () => {
  const files = {
    'plugin.toml': good,
    'post-deploy': '*#!/bin/sh\n',
    'commands/greet': '*#!/usr/bin/env bash\n',
    functions: 'x() { :; }\n',
  }
  assert.deepEqual(await found(files, { name: 'greet', hooks: ['post-deploy'] }), [])
})

test('TOML that is broken is said with line and column', async () => {
  const [only, ...more] = await found({ 'plugin.toml': '[plugin]\nversion = 1.0.0\n' })
  assert.match(only ?? '', /^error plugin\.toml:2:\d+: \S/)
  assert.deepEqual(more, [])
})

test('keys that are not known are warned of, with the one that was meant; values that may not be are errors', async () => {
  assert.deepEqual(await found({ 'plugin.toml': '[plugin]\ndescribtion = "x"\n[other]\n' }), [
    'warning plugin.toml: other is not known',
    'warning plugin.toml: plugin.describtion is not known: did you mean description?',
  ])
  const lines = await found({ 'plugin.toml': '[plugin]\nversion = 1\nname = "../x"\n' })
  assert.equal(lines.length, 2)
  assert.match(lines.join('\n'), /error plugin\.toml: plugin\.name: is no name of a plugin\nerror plugin\.toml: plugin\.version: /)
})

test('what it asks for cannot write over the question whether it may', async () => {
  const lines = await found({ 'plugin.toml': `${good}[plugin.needs]\npaths = ["/data\\u001b[2A"]\n` })
  assert.match(lines.join(), /^error plugin\.toml: plugin\.needs\.paths\.0: /)
})

test('a plugin without plugin.toml, or with the name of another, is warned of', async () => {
  assert.match((await found({})).join(), /^warning plugin\.toml: there is none/)
  assert.match((await found({ 'plugin.toml': good }, { name: 'other' })).join(), /calls itself greet, and is to be other/)
})

test('hooks that cannot be run are errors: not executable, with an interpreter that is not found, a folder, a link to nowhere', async () => {
  const hooks = ['one', 'two', 'three', 'four', 'five']
  const files = {
    'plugin.toml': good,
    one: '#!/bin/sh\n',
    two: '*echo hello\n',
    'three/file': '',
    four: '*#!/bin/sh\r\necho\r\n',
    five: '*#!sh\n',
  }
  assert.deepEqual(await found(files, { hooks }), [
    'error five: its interpreter must be an absolute path, such as /bin/sh',
    'error four: its lines end as on Windows, so that its interpreter is not found',
    'error one: this hook is not executable: chmod +x',
    'error three: a hook must be a file',
    'warning two: its first line names no interpreter (#!): /bin/sh will run it',
  ])
  await symlink('nowhere', join(folder, String(count), 'link'))
  assert.ok((await validatePlugin(join(folder, String(count)))).some(({ where, level }) => where === 'link' && level === 'error'))
})

test('a program that is none yet, an interpreter that is not here and a hook that nobody handles are warned of', async () => {
  const toml = `${good}[plugin.hooks.post-deploy]\nstdin = "json"\n`
  assert.deepEqual(await found({ 'plugin.toml': toml, odd: '#!/bin/sh\n', far: '*#!/opt/none/bin/x\n', binary: '*\x7fELF\0' }), [
    'warning post-deploy: plugin.toml speaks of this hook, but nothing handles it',
    'warning far: its interpreter /opt/none/bin/x is not on this machine',
    'warning odd: it begins like a program, but is not executable: chmod +x',
  ])
})
