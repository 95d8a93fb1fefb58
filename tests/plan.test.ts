import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../scripts/sources.ts'

interface Row {
  id: string
  proof: string
}

const plan = await readFile(join(root, 'docs/plan.md'), 'utf8')
const rows: Row[] = [...plan.matchAll(/^\| ([A-Z]\d+[a-z]?) \| ([^|]+) \| (.+) \|$/gm)].map(([, id = '', , proof = '']) => ({ id, proof }))

/** The ids the plan began with, by their first letter; none is ever dropped. */
const ids: Record<string, readonly string[]> = {
  S: numbers(1),
  G: numbers(16),
  C: [...numbers(11), '4b'],
  M: numbers(4),
  T: numbers(7),
  B: [...numbers(7), '1b', '1c'],
  P: ['0', ...numbers(11)],
}

function numbers(last: number): string[] {
  return Array.from({ length: last }, (_, at) => String(at + 1))
}

test('the plan has every row once', () => {
  const wanted = Object.entries(ids).flatMap(([letter, rest]) => rest.map((one) => letter + one))
  assert.equal(wanted.length, 61)
  assert.deepEqual(rows.map(({ id }) => id).toSorted(), wanted.toSorted())
})

test('every test that the plan names exists', async () => {
  const missing: string[] = []
  for (const { id, proof } of rows.filter((row) => row.proof !== 'not yet'))
    for (const one of proof.split('<br>')) {
      const [, path, name] = /^`([\w./-]+\.ts)`: (.+)$/.exec(one) ?? []
      if (path === undefined || name === undefined) missing.push(`${id}: "${one}" is not \`path\`: name`)
      else if (!titles(await readFile(join(root, path), 'utf8').catch(() => '')).includes(name))
        missing.push(`${id}: ${path} has no test "${name}"`)
    }
  assert.deepEqual(missing, [])
})

/** The names of the tests in a file; a skipped or pending one proves nothing. */
function titles(text: string): string[] {
  return [...text.matchAll(/^\s*(?:await )?(?:t\.)?test\(\s*(['"`])((?:\\.|(?!\1).)*)\1(?!\s*,\s*\{[^}]*\b(?:skip|todo)\b)/gms)].map(
    ([, , title = '']) => title.replaceAll(/\\(.)/gs, '$1'),
  )
}
