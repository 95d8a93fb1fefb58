import assert from 'node:assert/strict'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type Files, writeTree } from '../conformance.ts'
import { sendTree, type Tree } from './filesync.ts'
import { encode, fields, raw, text } from './protobuf.ts'

const wanted = (id: number) =>
  encode([
    [1, 1],
    [3, id],
  ])
const enough = encode([[1, 3]])

interface Packet {
  type: number
  id: number
  stat?: Record<number, string | number>
  data?: string
}

describe('builder filesync', () => {
  const dirs: string[] = []
  const tree = async (files: Files) => {
    const dir = await writeTree(files)
    dirs.push(dir)
    return dir
  }
  after(async () => {
    for (const dir of dirs) await rm(dir, { recursive: true, force: true })
  })

  /** What is sent to an engine that asks for these once it knows all there is. */
  const transfer = async (source: Tree, ...asked: Buffer[]) => {
    const packets: Packet[] = []
    const all = Promise.withResolvers<void>()
    async function* incoming() {
      await all.promise
      yield* asked
    }
    await sendTree(source, incoming(), async (message) => {
      const packet = read(message)
      packets.push(packet)
      if (packet.type === 0 && !packet.stat) all.resolve()
    })
    return packets
  }

  test('tells what there is, with modes and links, and ends when the engine has enough', async () => {
    const dir = await tree({ a: 'text', 'd/x': { text: '', mode: 0o755 }, l: { link: '/etc/passwd' } })
    const packets = await transfer({ dir, paths: ['a', 'd', 'd/x', 'l'] }, enough)
    assert.deepEqual(
      packets.map(({ type, stat }) => [type, stat?.[1], stat?.[2], stat?.[7]]),
      [
        [0, 'a', 0o644, undefined],
        [0, 'd', 2 ** 31 + 0o755, undefined],
        [0, 'd/x', 0o755, undefined],
        [0, 'l', 2 ** 27 + 0o777, '/etc/passwd'],
        [0, undefined, undefined, undefined],
        [3, undefined, undefined, undefined],
      ],
    )
    assert.equal(packets[0]?.stat?.[5], 4)
    assert.equal(packets[0]?.stat?.[3], undefined, 'root owns it')
    assert.equal(Math.floor(Number(packets[0]?.stat?.[6]) / 1e9), Math.floor((await stat(join(dir, 'a'))).mtimeMs / 1000))
  })

  test('sends what is asked for whole, and an end after it', async () => {
    const big = 'x'.repeat(300_000)
    const dir = await tree({ big, empty: '' })
    const packets = (await transfer({ dir, paths: ['big', 'empty'] }, wanted(1), wanted(0), enough)).filter(({ type }) => type === 2)
    assert.deepEqual(packets[0], { type: 2, id: 1 })
    assert.equal(packets.map(({ data = '' }) => data).join(''), big)
    assert.deepEqual(packets.at(-1), { type: 2, id: 0 })
  })

  test('sends another text where it is told to', async () => {
    const dir = await tree({ Dockerfile: 'FROM one' })
    const packets = await transfer({ dir, paths: ['Dockerfile'], replaced: { Dockerfile: 'FROM other' } }, wanted(0), enough)
    assert.equal(packets[0]?.stat?.[5], 10)
    assert.equal(packets.find(({ data }) => data)?.data, 'FROM other')
  })

  test('sends nothing that was not offered, and follows no link', async () => {
    const dir = await tree({ a: '', l: { link: '/etc/passwd' } })
    await assert.rejects(transfer({ dir, paths: ['a'] }, wanted(1)), /was not offered/)
    await assert.rejects(transfer({ dir, paths: ['a', 'l'] }, wanted(1)), { code: 'ELOOP' })
  })

  test('fails when a file goes away', async () => {
    const dir = await tree({ a: '' })
    await assert.rejects(
      sendTree({ dir, paths: ['a', 'gone'] }, (async function* () {})(), async () => {}),
      { code: 'ENOENT' },
    )
  })
})

function read(message: Uint8Array): Packet {
  const packet: Packet = { type: 0, id: 0 }
  for (const { number, value } of fields(message)) {
    if (number === 1) packet.type = Number(value)
    if (number === 2)
      packet.stat = Object.fromEntries(
        [...fields(raw(value))].map((field) => [field.number, typeof field.value === 'number' ? field.value : text(field.value)]),
      )
    if (number === 3) packet.id = Number(value)
    if (number === 4) packet.data = text(value)
  }
  return packet
}
