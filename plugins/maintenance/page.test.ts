import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { packTar } from 'modern-tar'
import { readPage } from './page.ts'

const tar = async (files: Record<string, string>) =>
  Buffer.from(await packTar(Object.entries(files).map(([name, body]) => ({ header: { name, size: Buffer.byteLength(body) }, body }))))

test('a page of maintenance is HTML as it is', async () => {
  assert.deepEqual(await readPage(Buffer.from('<p>später')), { page: '<p>später' })
})

test('a page of maintenance is maintenance.html of a tar, compressed or not, and the files beside it', async () => {
  const packed = await tar({ './maintenance.html': '<p>later', 'img/logo.svg': '<svg/>' })
  const expected = { page: '<p>later', files: { 'img/logo.svg': Buffer.from('<svg/>').toString('base64') } }
  assert.deepEqual(await readPage(packed), expected)
  assert.deepEqual(await readPage(gzipSync(packed)), expected)
})

test('a page of maintenance that is nothing, no text, or a tar without one is refused', async () => {
  await assert.rejects(readPage(Buffer.from(' \n')), { code: 'missing-value' })
  await assert.rejects(readPage(Buffer.from([0xff, 0xfe])), { code: 'not-text' })
  await assert.rejects(readPage(await tar({ 'index.html': 'x' })), { code: 'missing-value', message: /no maintenance.html/ })
  await assert.rejects(readPage(await tar({ 'maintenance.html': 'x', '../a': 'x' })), { code: 'bad-archive' })
})
