import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tree } from './clues.ts'
import { findVersion, serves } from './version.ts'

const rules = {
  default: '3.14',
  known: ['3.14', '3.13', '3.12', '2'],
  aliases: { newest: '*' },
  from: [
    { file: '.version', pattern: '^v?(\\S.*)' },
    { file: 'least', pattern: '.+', minimum: true as const },
  ],
}
const tree = (files: Record<string, string>): Tree => ({ paths: Object.keys(files), read: async (path) => files[path] })
const found = async (wanted: string, file = '.version') => await findVersion(tree({ [file]: wanted }), { title: 'X', version: rules })

test('findVersion takes the default where the tree says nothing', async () => {
  assert.deepEqual(await findVersion(tree({}), { title: 'X', version: rules }), { tag: '3.14', range: '*' })
})

test('findVersion takes a version as the tag', async () => {
  for (const [wanted, tag] of [
    ['3.13.2', '3.13.2'],
    ['v3.12', '3.12'],
    ['2', '2'],
  ] as const)
    assert.equal((await found(wanted)).tag, tag)
})

test('findVersion finds the tag of a range, in whichever way a language writes it', async () => {
  for (const [wanted, tag] of [
    ['>=3.10', '3.14'],
    ['>=3.10,<3.14', '3.13'],
    ['~=3.12.1', '3.12'],
    ['~> 3.12', '3.14'],
    ['~> 3.12.0', '3.12'],
    ['==3.12.*', '3.12'],
    ['^3.9 | ^4', '3.14'],
    ['>=3.10,!=3.13.1,<3.14', '3.13'],
    ['~3.9.0', '3.9'],
    ['=3.9.4', '3.9.4'],
    ['^2.7 || 3.13.x', '3.13'],
    ['newest', '3.14'],
  ] as const)
    assert.equal((await found(wanted)).tag, tag, wanted)
})

test('findVersion takes any later one where the tree names the least', async () => {
  assert.equal((await found('3.12.4', 'least')).tag, '3.14')
  assert.equal((await found('4.1', 'least')).tag, '4.1')
})

test('findVersion refuses a range that nothing known is in', async () => {
  await assert.rejects(found('<2'), { code: 'runtime-version', message: /asks for X <2, and no image/, hint: /3\.14, 3\.13/ })
})

test('findVersion refuses what is no version', async () => {
  await assert.rejects(found('the best'), { code: 'runtime-version', message: /\.version asks for X the best, which is not a version/ })
  const long = await found(`1${' '.repeat(40_000)}|`).catch((error: Error) => error)
  assert.ok(long instanceof Error && long.message.length < 200, 'a long one is neither read nor printed')
})

test('serves says whether the one version there is will do', async () => {
  assert.equal(serves('3.13.5', await found('3.13')), true)
  assert.equal(serves('3.13.5', await found('>=3.10,<3.14')), true)
  assert.equal(serves('3.13.5', await found('3.13.2')), false)
  assert.equal(serves('1.24', { tag: '1', range: '>=1.21.3' }), true)
})
