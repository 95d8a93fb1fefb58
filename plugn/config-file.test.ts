import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { UserError } from '#lib/errors.ts'
import { editConfig, edited, type Value } from './config-file.ts'
import { parseToml } from './toml.ts'

const folder = await mkdtemp(join(tmpdir(), 'config-file-'))
after(() => rm(folder, { recursive: true }))

const set = (text: string, plugin: string, key: string, value: Value | undefined) => edited(text, 'config.toml', plugin, key, value)

const written = `# of the whole machine
title = "x" # not a table

[b] # the second comes first
  port = 8080 # counted
  hosts = [
    "a", # with [brackets] in a comment
    "]",
  ]

# about a
["a.c"]
"quo.ted" = """
[not a table]
key = "no \\""" key"""

[b.deep]
port = 1
`

test('a changed setting leaves comments, order, types and everybody else alone', () => {
  assert.equal(set(written, 'b', 'port', 9090), written.replace('8080 #', '9090 #'))
  assert.equal(set(written, 'b', 'hosts', 'none'), written.replace(/\[\n {4}"a"[\s\S]*? {2}\]/, '"none"'))
  assert.equal(set(written, 'b', 'new', true), written.replace('  ]\n', '  ]\n  new = true\n'))
  assert.equal(set(written, 'a.c', 'quo.ted', 'v'), written.replace(/"""[\s\S]*?key"""/, '"v"'))
  assert.equal(set(written, 'd+e', 'key', 'v'), `${written}\n["d+e"]\nkey = "v"\n`)
  assert.equal(set(written, 'b', 'port', undefined), written.replace('  port = 8080 # counted\n', ''))
  assert.equal(set(written, 'b', 'nothing', undefined), written)
  assert.equal(set('', 'a', 'key', ''), '[a]\nkey = ""\n')
  assert.equal(set('[a]', 'a', 'key', 1), '[a]\nkey = 1\n')
  assert.equal(set('a.key = 1\na.other = 2', 'a', 'key', 3), 'a.key = 3\na.other = 2')
})

test('settings in a form that cannot be edited stay as they are, and the error says how to write them', () => {
  for (const text of ['a = { key = 1 }\n', 'a = 5\n', '[[a]]\nkey = 1\n', 'a.other = 1\n'])
    assert.throws(() => set(text, 'a', 'key', 2), { code: 'config-not-editable' }, text)
  assert.throws(() => set('[a\n', 'a', 'key', 2), { code: 'bad-toml', message: /config\.toml:1:3/ })
})

test('any text is stored as itself, and is read back so after any other change', () => {
  const words = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => text.isWellFormed())
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a', 'b-c', 'd.e'), fc.constantFrom('k', 'l-m', 'N'), words), { maxLength: 8 }),
      (changes) => {
        let text = written
        const wanted = parseToml(written, '') as Record<string, Record<string, unknown>>
        for (const [plugin, key, value] of changes) {
          text = set(text, plugin, key, value)
          wanted[plugin] = { ...wanted[plugin], [key]: value }
        }
        assert.deepEqual(structuredClone(parseToml(text, '')), structuredClone(wanted))
      },
    ),
    { numRuns: 30 },
  )
})

test('of any text at all, a change is made as it was meant or is refused with a word, and nothing else happens', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '[a]',
      '[[a]]',
      '[ "a" ]',
      'a',
      'k',
      'a.k',
      ' = ',
      '=',
      '"',
      "'",
      '"""',
      "'''",
      '#',
      '\n',
      '\r\n',
      '\t',
      '{',
      '}',
      '[',
      ']',
      ',',
    ),
    fc.constantFrom(
      '1',
      'true',
      '"v"',
      '"""x\ny"""',
      "'''z'''",
      '{ k = 1 }',
      '[1, # x\n 2]',
      '1979-05-27',
      'inf',
      '\\',
      '\\"',
      '__proto__',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  )
  const text = fc.array(piece, { maxLength: 15 }).map((pieces) => pieces.join(''))
  const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 5 }), fc.integer(), fc.boolean(), fc.constant(undefined))
  fc.assert(
    fc.property(text, value, (before, wanted) => {
      let after: string
      try {
        after = set(before, 'a', 'k', wanted)
      } catch (error) {
        assert.ok(error instanceof UserError, String(error))
        return
      }
      const { a = {} } = parseToml(after, '') as Record<string, Record<string, unknown>>
      assert.deepEqual(a.k, wanted)
    }),
    { numRuns: 2000 },
  )
})

test('a file keeps its mode, and a link to it stays one', async () => {
  const path = join(folder, 'real.toml')
  await writeFile(path, '# mine\n')
  await chmod(path, 0o640)
  await symlink('real.toml', join(folder, 'config.toml'))
  await editConfig(join(folder, 'config.toml'), 'a', 'key', 1)
  assert.equal(await readFile(path, 'utf8'), '# mine\n\n[a]\nkey = 1\n')
  assert.equal((await stat(path)).mode & 0o777, 0o640)
  await editConfig(join(folder, 'new.toml'), 'a', 'key', 1)
  assert.equal((await stat(join(folder, 'new.toml'))).mode & 0o777, 0o600)
})
