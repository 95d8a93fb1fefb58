import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UserError } from '#lib/errors.ts'
import { directivesOf, textOf } from './directives.ts'
import { meaning, wordsOf } from './words.ts'

/** nginx's own reading of a configuration, written again from how its documentation and its answers describe it: one directive, to its end. */
function nginxReads(text: string): { words: number; rest: string } | undefined {
  let words = 0
  for (let at = 0; at < text.length; ) {
    const letter = text[at] ?? ''
    if (/\s/.test(letter)) at++
    else if (letter === ';') return { words, rest: text.slice(at + 1) }
    else if (/[{}#]/.test(letter)) return undefined
    else {
      words++
      if (letter === '"' || letter === "'") {
        for (at++; at < text.length && text[at] !== letter; at++) if (text[at] === '\\') at++
        at++
        if (!/[\s;)]/.test(text[at] ?? '')) return undefined
      } else {
        for (; at < text.length && !/[\s;]/.test(text[at] ?? ''); at++) {
          if (text[at] === '\\') at++
          else if (text[at] === '{' && text[at - 1] !== '$') return undefined
        }
      }
    }
  }
  return undefined
}

const hostile = fc.string({ unit: fc.constantFrom(...'ab ;{}"\'\\$#()\n\t\0'), maxLength: 14 })

test('a string that a tree takes is one directive for nginx, whatever is in it', () => {
  let taken = 0
  fc.assert(
    fc.property(hostile, (value) => {
      let text: string
      try {
        text = textOf(directivesOf({ http: { add_header: value } }))
      } catch (error) {
        assert.ok(error instanceof UserError && error.code === 'tree-refused', String(error))
        return
      }
      taken++
      const line = text.split('\n')[1] ?? ''
      const read = nginxReads(line)
      assert.deepEqual(read, { words: wordsOf(value, '/').length + 1, rest: '' }, line)
    }),
    { numRuns: 5000 },
  )
  assert.ok(taken > 200, `only ${taken} were taken`)
})

for (const [value, why] of [
  ['on; user root', /^\/: ; would end the directive/],
  ['a } b', /^\/: } would end/],
  ['^/[0-9]{3}$', /^\/: { would end/],
  ['a #', /^\/: # begins a comment/],
  ['a\\', /^\/: a last backslash/],
  ['"a', /^\/: a " is not closed/],
  ['"a"b', /^\/: after a closing " comes a blank/],
  ['a\nb', /newline/],
  ['a\0b', /control character/],
] as const)
  test(`the string ${JSON.stringify(value)} is refused`, () => {
    assert.throws(
      () => wordsOf(value, '/'),
      (error) => error instanceof UserError && why.test(error.message),
    )
  })

test('words keep their quotes and escapes, and mean what nginx takes them for', () => {
  const words = wordsOf(`main '$a "$b"; {c}' "\\"" x\\;y \${d}e a#b`, '/')
  assert.deepEqual(words, ['main', `'$a "$b"; {c}'`, '"\\""', 'x\\;y', `\${d}e`, 'a#b'])
  assert.deepEqual(words.map(meaning).slice(1, 3), ['$a "$b"; {c}', '"'])
})
