import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { isObject, type JsonObject, jsonOf } from './document.ts'
import { placed, treeAlone } from './placed.ts'

const settings = {
  httpPort: 80,
  httpsPort: 443,
  ipv6: true,
  runDir: '/run/nginx-appliance',
  stateDir: '/var/lib/nginx-appliance',
  luaDir: '/lua',
}
const golden = (name: string) => `${import.meta.dirname}/golden/${name}`

async function isGolden(name: string, text: string): Promise<void> {
  if (process.env.GOLDEN === 'write') await writeFile(golden(name), text)
  assert.equal(text, await readFile(golden(name), 'utf8'))
}

async function tree(name: string): Promise<JsonObject> {
  const document = jsonOf(await readFile(golden(name), 'utf8'))
  return isObject(document) ? document : assert.fail('a tree is an object')
}

for (const name of ['balancer', 'everything'])
  test(`the tree in golden/${name}.json means golden/${name}.conf`, async () => {
    await isGolden(`${name}.conf`, treeAlone({ document: await tree(`${name}.json`), values: { '/weight': '7' } }, settings))
  })

test('a tree beside sites says for each of its servers what it says around them, and shares the ports of sites, as in golden/placed.conf', async () => {
  const { main, events, http, stream, ...rest } = placed({ document: await tree('everything.json'), values: {} }, settings)
  await isGolden('placed.conf', `${main}\n${events}\n${http}\n${stream}`)
  assert.deepEqual(rest, {
    onOurPorts: true,
    defaults: new Set([80]),
    ports: new Map([
      ['8081', 'http'],
      ['5432', 'tcp'],
      ['53/udp', 'udp'],
    ]),
  })
})
