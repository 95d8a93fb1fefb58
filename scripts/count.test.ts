import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budgets, type Counted, overBudget } from './count.ts'
import { isTest, sources } from './sources.ts'

const file = (path: string, lines: number): Counted => ({ path, room: path.split('/')[0] ?? '', lines, test: isTest(path) })

test('a file has a budget, tests too', () => {
  assert.deepEqual(overBudget([file('lib/a.ts', budgets.file), file('tests/a.test.ts', budgets.file)], []), [])
  assert.match(overBudget([file('lib/a.ts', budgets.file + 1)], []).join(), /^lib\/a\.ts has 251 lines/)
  assert.equal(overBudget([file('tests/a.test.ts', budgets.file + 1)], []).length, 1)
})

test('the heart has a budget of its own, and keeps it', async () => {
  assert.match(overBudget([file('dokku/workflow.ts', 121)], []).join(), /120 is the budget of the heart/)
  const heart = (await sources()).find(({ path }) => path === 'dokku/workflow.ts')
  assert.ok(heart !== undefined && heart.text.split('\n').length - 1 <= 120)
})

test('the root has a budget of entries', () => {
  assert.equal(overBudget([], Array.from({ length: budgets.root }, String)).length, 0)
  assert.equal(overBudget([], Array.from({ length: budgets.root + 1 }, String)).length, 1)
})

test('scripts without an extension are sources, and sample apps are not', async () => {
  const paths = (await sources()).map(({ path }) => path)
  assert.ok(paths.includes('scripts/role') && paths.includes('dokku/workflow.ts'))
  assert.ok(!paths.some((path) => path.startsWith('tests/apps/') || path.endsWith('.md')))
})
