import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readVars } from './envfile.ts'
import { type Format, formatVars } from './formats.ts'

const key = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)
const value = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
  // What the grammars are about, close together.
  fc.string({ unit: fc.constantFrom('"', "'", '\\', '\n', '\r', 'n', '#', ' ', '=', '$', '`', '!', '{', '[', '\t') }),
)
const vars = fc.array(fc.tuple(key, value), { minLength: 1 }).map((pairs) => Object.fromEntries(pairs))

for (const format of ['exports', 'envfile', 'json', 'json-list'] satisfies Format[])
  test(`readVars gives back what the format ${format} was made from, whatever the values hold`, () => {
    fc.assert(fc.property(vars, (given) => assert.deepEqual(readVars(formatVars(given, format)), given)))
  })

test('readVars reads an envfile as people write it', () => {
  const text = `\uFEFF# settings
export A=1
B = two words   # a comment
C=#fff
D=a#b
E= # nothing
F="one\\ntwo $HOME \\"x\\""  # more
G='it'\\''s'

H="first
second"
I='\\n'\r
J=x=y\r
`
  assert.deepEqual(readVars(text), {
    A: '1',
    B: 'two words',
    C: '#fff',
    D: 'a#b',
    E: '',
    F: 'one\ntwo $HOME "x"',
    G: "it's",
    H: 'first\nsecond',
    I: '\\n',
    J: 'x=y',
  })
})

test('readVars takes the last of two values of one key, and names that mean something to JavaScript', () => {
  assert.deepEqual(readVars('A=1\nA=2'), { A: '2' })
  assert.deepEqual(Object.entries(readVars('__proto__=x')), [['__proto__', 'x']])
})

test('readVars names the line that is wrong and never shows it', () => {
  for (const [text, line] of [
    ['A=1\nsecret', 2],
    ['A=1\n\n1A=secret', 3],
    ['A="1\n2"\nB="secret', 3],
    ["A='secret' more", 1],
    ['A=1\n=secret', 2],
  ] as const)
    assert.throws(
      () => readVars(text),
      ({ code, message }: Error & { code: string }) =>
        code === 'bad-import' && message.startsWith(`line ${line} `) && !message.includes('secret'),
    )
})

test('readVars refuses a text without a config var, as an empty pipe gives it', () => {
  for (const text of ['', '\n# nothing\n', '{}', '[]'])
    assert.throws(() => readVars(text), { code: 'bad-import', message: /no config var/ })
})

test('readVars takes no JSON but keys with strings', () => {
  for (const text of ['{"A": 1}', '{"A": null}', '{"A B": "x"}', '[1]', '[null]', '[{"name": "A"}]', '{"A": "x"', '[["A", "x"]]'])
    assert.throws(() => readVars(text), { code: 'bad-import' })
})
