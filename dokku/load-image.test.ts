import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { packTar, unpackTar } from 'modern-tar'
import { renamedImage } from './load-image.ts'

const manifest = (...tags: (string[] | null)[]) =>
  JSON.stringify(tags.map((RepoTags, at) => ({ Config: `c${at}.json`, RepoTags, Layers: ['l.tar'] })))
const file = (name: string, body: string) => ({ header: { name, size: Buffer.byteLength(body) }, body })
const layer = file('l.tar', 'layer'.repeat(1000))

/** The entries of an archive after its renaming, by name. */
async function renamed(
  entries: Parameters<typeof packTar>[0],
  reference = 'team/app:v1',
  compress = false,
): Promise<Record<string, string>> {
  const archive = await packTar(entries)
  const stream = Readable.from([compress ? gzipSync(archive) : archive])
  const read = await unpackTar(new Uint8Array(await buffer(renamedImage(stream, reference, 'ours:loading'))))
  return Object.fromEntries(read.map(({ header, data }) => [header.name, Buffer.from(data ?? []).toString()]))
}

test('an image has only our name, and the archive no other list of names', async () => {
  const others = [file('repositories', '{"team/app":{"v1":"x"}}'), file('index.json', '{}'), file('oci-layout', '{}')]
  for (const compress of [false, true]) {
    const found = await renamed(
      [layer, ...others, file('manifest.json', manifest(['dokku/other:v7', 'team/app:v1']))],
      'team/app:v1',
      compress,
    )
    assert.deepEqual(Object.keys(found), ['l.tar', 'manifest.json'])
    assert.deepEqual(JSON.parse(found['manifest.json'] ?? ''), [{ Config: 'c0.json', RepoTags: ['ours:loading'], Layers: ['l.tar'] }])
    assert.equal(found['l.tar'], layer.body)
  }
})

test('of several images it is the one that is named', async () => {
  const several = [layer, file('manifest.json', manifest(['dokku/other:v7'], ['team/app:latest'], null))]
  const config = async (reference: string) => JSON.parse((await renamed(several, reference))['manifest.json'] ?? '')[0].Config
  assert.equal(await config('team/app'), 'c1.json')
  assert.equal(await config('docker.io/team/app'), 'c1.json')
  assert.equal(await config('dokku/other:v7'), 'c0.json')
  await assert.rejects(renamed(several, 'team/app:v9'), {
    code: 'bad-archive',
    message: /called team\/app:v9; there are dokku\/other:v7, team\/app:latest/,
  })
})

test('what docker save does not write is refused', async () => {
  await assert.rejects(renamed([layer]), { code: 'bad-archive', message: /no manifest\.json/ })
  await assert.rejects(renamed([file('manifest.json', '{"Config":1}')]), { code: 'bad-archive' })
  await assert.rejects(renamed([file('../x', 'y')]), { code: 'bad-archive' })
  await assert.rejects(renamed([{ header: { name: 'x', size: 0, type: 'fifo' } }]), { code: 'bad-archive' })
  for (const bytes of [Buffer.from('x'), Buffer.from('no archive'.repeat(200)), gzipSync('x').subarray(0, 12)])
    await assert.rejects(buffer(renamedImage(Readable.from([bytes]), 'a', 'b')), { code: 'bad-archive' })
})
