import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { type Files, writeTree } from './conformance.ts'
import { drivers, selectDriver } from './drivers.ts'

const select = async (files: Files) => {
  const dir = await writeTree(files)
  try {
    return (await selectDriver({ dir })).driver.name
  } finally {
    await rm(dir, { recursive: true })
  }
}

describe('builder drivers', () => {
  test('have names of their own', () => {
    assert.equal(new Set(drivers.map((driver) => driver.name)).size, drivers.length)
  })

  test('take a tree with a Dockerfile', async () => {
    assert.equal(await select({ Dockerfile: 'FROM scratch' }), 'dockerfile')
  })

  test('take a tree with a Compose file, by each of its names', async () => {
    assert.equal(await select({ 'compose.yaml': 'not even read' }), 'compose')
    assert.equal(await select({ 'docker-compose.yml': '', 'package.json': '{}' }), 'compose')
    assert.equal(await select({ 'compose.yml': '', Dockerfile: 'FROM scratch' }), 'dockerfile')
  })

  test('take a tree of a language that is known', async () => {
    assert.equal(await select({ 'package.json': '{}' }), 'runtime')
    assert.equal(await select({ 'package.json': '{}', Dockerfile: 'FROM scratch' }), 'dockerfile')
  })

  test('refuse a tree they do not know, and say what they looked for', async () => {
    await assert.rejects(select({ 'notes.txt': '' }), { code: 'no-builder', hint: /a Dockerfile at the root.*a language we know/ })
    await assert.rejects(select({ 'Dockerfile/x': '' }), { code: 'no-builder' })
    await assert.rejects(select({ Dockerfile: { link: '/etc/passwd' } }), { code: 'no-builder' })
  })

  test('take no name from app.json that is none', async () => {
    for (const name of ['', '-x', 'x\n=====> Application deployed', '../x', 'x'.repeat(1000)])
      await assert.rejects(select({ 'app.json': JSON.stringify({ builder: name }), Dockerfile: 'FROM scratch' }), {
        code: 'bad-app-json',
        message: 'app.json: builder: should be the name of a builder',
      })
  })

  test('say that an empty tree is empty', async () => {
    await assert.rejects(select({}), { code: 'no-builder', message: /empty/ })
  })
})
