import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isLibrary, keepOnVolume, linkLibrary } from './plugin-library.ts'

async function house(): Promise<{ own: string; tree: string; [Symbol.asyncDispose](): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'library-'))
  const [own, tree] = [join(dir, 'own'), join(dir, 'plugins')]
  for (const name of ['common', 'config', 'logs']) await mkdir(join(own, name), { recursive: true })
  for (const name of ['common', 'config']) await writeFile(join(own, name, 'functions'), '# functions\n')
  return { own, tree, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) }
}

test('linkLibrary links the groups with functions into both folders of a tree, and no others', async () => {
  await using place = await house()
  await linkLibrary(place.own, [place.tree])
  for (const kind of ['available', 'enabled']) {
    assert.deepEqual(await readdir(join(place.tree, kind)), ['common', 'config'])
    assert.equal(await readFile(join(place.tree, kind, 'common/functions'), 'utf8'), '# functions\n')
  }
  assert.deepEqual(await readdir(place.tree), ['available', 'enabled'])
})

test('linkLibrary mends a link that leads elsewhere, and leaves a plugin that was installed', async () => {
  await using place = await house()
  const available = join(place.tree, 'available')
  await mkdir(join(available, 'config'), { recursive: true })
  await mkdir(join(place.tree, 'enabled'))
  await symlink(join(available, 'config'), join(place.tree, 'enabled/config'))
  await symlink('/opt/before/common', join(available, 'common'))
  await linkLibrary(place.own, [place.tree])
  assert.equal(await readlink(join(available, 'common')), join(place.own, 'common'))
  assert.deepEqual(await readdir(join(available, 'config')), [])
  assert.equal(await readlink(join(place.tree, 'enabled/config')), join(available, 'config'))
})

test('isLibrary tells a link to one of our groups from a plugin', async () => {
  await using place = await house()
  await linkLibrary(place.own, [place.tree])
  await mkdir(join(place.tree, 'available/redis'))
  assert.equal(await isLibrary(join(place.tree, 'available/common'), place.own), true)
  assert.equal(await isLibrary(join(place.tree, 'available/redis'), place.own), false)
  assert.equal(await isLibrary(join(place.tree, 'available/nobody'), place.own), false)
})

test('keepOnVolume turns a folder into a link, once, with what the image has in it, and what is kept stays as it is', async () => {
  await using place = await house()
  const [home, kept] = [join(place.own, 'home'), join(place.own, 'kept')]
  await mkdir(join(home, 'of'), { recursive: true })
  await mkdir(kept)
  for (const [path, text] of [
    [join(home, 'of/image'), 'new'],
    [join(home, 'both'), 'new'],
    [join(kept, 'both'), 'mine'],
  ] as const)
    await writeFile(path, text)
  await keepOnVolume(home, kept)
  await keepOnVolume(home, kept)
  await writeFile(join(home, 'a'), 'b')
  const texts = ['a', 'both', 'of/image'].map((path) => readFile(join(kept, path), 'utf8'))
  assert.deepEqual(await Promise.all(texts), ['b', 'mine', 'new'])
})
