import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { docker } from '#lib/docker.ts'
import { ensureNetwork } from './networks.ts'

const engine = await docker()
const name = `${process.env.DOKKU_TEST_PREFIX ?? 'contract'}-networks-${randomBytes(2).toString('hex')}`
const networks = () => engine.listNetworks({ filters: JSON.stringify({ name: [name] }) })
after(async () => {
  for (const { Id: id } of await networks()) await engine.getNetwork(id).remove()
})

test('a network that many deploys ask for at once is made once, and found from then on', async () => {
  const ask = () => ensureNetwork(engine, name, { instance: name, kind: 'shared' })
  const made = await Promise.all(Array.from({ length: 8 }, ask))
  assert.equal((await networks()).length, 1)
  assert.equal(new Set(made.map(({ subnet }) => subnet)).size, 1)
  assert.deepEqual(await ask(), made[0])
})
