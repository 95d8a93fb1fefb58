import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Jobs, wanted } from './jobs.ts'

const dir = await mkdtemp(join(tmpdir(), 'builder-jobs-'))
after(() => rm(dir, { recursive: true, force: true }))
const shop = wanted.parse({ name: 'shop', revision: 'abcdef0' })
const ended = () => ({ status: 'succeeded' as const, ended: new Date().toISOString() })

test('Jobs knows after a restart what there was, and what was cut off', async () => {
  const path = join(dir, 'restart')
  const jobs = await Jobs.open(path)
  const first = await jobs.add(shop, 'builder/shop:abcdef0')
  await jobs.put({ ...first, ...ended() })
  await jobs.add(shop, 'builder/shop:abcdef0')
  const again = await Jobs.open(path)
  assert.deepEqual(
    again.all.map(({ id, status }) => [id, status]),
    [
      [1, 'succeeded'],
      [2, 'interrupted'],
    ],
  )
  assert.equal((await again.add(shop, 'builder/shop:abcdef0')).id, 3)
  assert.throws(() => again.get(4), { code: 'no-such-job' })
})

test('Jobs forgets the oldest that have ended, and none that has not', async () => {
  const path = join(dir, 'prune')
  const jobs = await Jobs.open(path)
  const made = []
  for (let count = 0; count < 5; count++) made.push(await jobs.add(shop, `builder/shop:${count}`))
  for (const job of made.slice(1)) await jobs.put({ ...job, ...ended() })
  await writeFile(jobs.log(2), 'said')
  assert.deepEqual(
    (await jobs.prune(2)).map(({ id }) => id),
    [2, 3],
  )
  assert.deepEqual(
    jobs.all.map(({ id }) => id),
    [1, 4, 5],
  )
  assert.deepEqual((await readdir(path)).sort(), ['1.json', '4.json', '5.json'])
})

test('a name becomes part of that of an image, and a commit its tag', () => {
  for (const name of ['shop', 'shop-2', 'a--b', '0']) assert.equal(wanted.safeParse({ name, revision: 'abcdef0' }).success, true, name)
  for (const name of ['', 'Shop', '-a', 'a-', 'a.b', 'a/b', 'a:b', 'a_b', 'ä', 'x'.repeat(64)])
    assert.equal(wanted.safeParse({ name, revision: 'abcdef0' }).success, false, name)
  for (const revision of ['', 'main', 'abc', '--help', 'ABCDEF0'])
    assert.equal(wanted.safeParse({ name: 'shop', revision }).success, false, revision)
})
