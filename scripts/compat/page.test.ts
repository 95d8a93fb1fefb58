import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { files, isTest, root } from '../sources.ts'
import { compatRows, whyNot } from './page.ts'
import { better, why } from './words.ts'

const rows = await compatRows()

test('a command of Dokku’s that is missing, or lacks a flag, has words that say why', () => {
  const unsaid = rows.flatMap((row) => [
    ...(row.missing && whyNot(row) === undefined ? [row.name] : []),
    ...row.lacks.filter((flag) => whyNot(row, flag) === undefined).map((flag) => `${row.name} ${flag}`),
  ])
  assert.deepEqual(unsaid, [])
})

test('what is said to be missing is missing', () => {
  const missing = new Set(
    rows.flatMap(({ name, missing, lacks }) => [...(missing ? [name] : []), ...lacks.map((flag) => `${name} ${flag}`)]),
  )
  const groups = new Set(rows.map(({ group }) => group))
  assert.deepEqual(
    Object.keys(why).filter((name) => !missing.has(name) && !groups.has(name)),
    [],
  )
})

test('what is said to be better is one of Dokku’s commands', () => {
  const names = rows.map(({ name }) => name)
  assert.deepEqual(
    Object.keys(better).filter((name) => !names.includes(name)),
    [],
  )
})

test('no command of Dokku’s is written down twice', () => {
  const names = rows.map(({ name }) => name)
  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  )
})

test('every command that is there is typed in a test', async () => {
  const paths = (await files()).filter((path) => isTest(path) && !path.startsWith('scripts/'))
  const text = (await Promise.all(paths.map((path) => readFile(join(root, path), 'utf8')))).join('\n')
  const untyped = rows.filter(({ found, missing, name }) => {
    const names = found === 'help' || found === undefined ? [name] : [found.name, ...(found.aliases ?? [])]
    return !missing && !names.some((one) => new RegExp(`(?<![\\w:-])${one}(?![\\w:-])`).test(text))
  })
  assert.deepEqual(
    untyped.map(({ name }) => name),
    [],
  )
})
