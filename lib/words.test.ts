import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { run } from './exec.ts'
import { parseWords, quoteWord, quoteWords } from './words.ts'

test('words are split at blanks and joined by quotes', () => {
  assert.deepEqual(parseWords(`  config:set\tapp 'A=two words' "B=it's" C=\\"x\\"\n`), [
    'config:set',
    'app',
    'A=two words',
    "B=it's",
    'C="x"',
  ])
  assert.deepEqual(parseWords(`a''b "" ''`), ['ab', '', ''])
  assert.deepEqual(parseWords(' \n\t '), [])
})

test('words expand nothing', () => {
  const typed = '$(id) `id` $HOME ~ *.ts {a,b} ; | & > < # -e -oProxyCommand=x --upload-pack=y !'
  assert.deepEqual(parseWords(typed), typed.split(' '))
  assert.deepEqual(parseWords(`"$(id)" "\`id\`" "\\$x \\a"`), ['$(id)', '`id`', '$x \\a'])
})

test('words continue over an escaped line end', () => {
  assert.deepEqual(parseWords('a\\\nb "c\\\nd" \'e\\\nf\''), ['ab', 'cd', 'e\\\nf'])
  assert.deepEqual(parseWords('a \\\n b'), ['a', 'b'])
})

test('words are what git sends for a repository path', () => {
  assert.deepEqual(parseWords("git-receive-pack '/my-app.git'"), ['git-receive-pack', '/my-app.git'])
  assert.deepEqual(parseWords("git-upload-pack 'a'\\''b'\\!'c'"), ['git-upload-pack', "a'b!c"])
})

test('words refuse quotes without a partner', () => {
  for (const line of ["a 'b", 'a "b', 'a \\', '"a\\"', "'"]) assert.throws(() => parseWords(line), { code: 'unbalanced-quotes' }, line)
})

const anyText = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'))

test('words come back byte for byte from their quoted form', () => {
  fc.assert(fc.property(anyText, (word) => assert.deepEqual(parseWords(quoteWord(word)), [word])))
  fc.assert(fc.property(fc.array(anyText), (words) => assert.deepEqual(parseWords(quoteWords(words)), words)))
})

test('words of any line are words or one clear error', () => {
  const line = fc.string({ unit: fc.constantFrom('a', ' ', '\n', "'", '"', '\\', '$', '`', '*') })
  fc.assert(
    fc.property(line, (text) => {
      try {
        assert.ok(parseWords(text).every((word) => typeof word === 'string'))
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'unbalanced-quotes')
      }
    }),
  )
})

test('quoted words mean the same to a shell', async () => {
  const words = ['', "it's", 'two words', '$HOME', '`id`', '*', 'a\nb', '-n', '\\', '"', '!', 'é', '~', '#', 'A=b c']
  const { stdout } = await run(['sh', '-c', `printf '%s\\0' ${quoteWords(words)}`])
  assert.deepEqual(stdout.split('\0').slice(0, -1), words)
})
