import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { docker } from '#lib/docker.ts'
import { store } from '#plugn'
import { recorder, writeTree } from './conformance.ts'
import { selectDriver } from './drivers.ts'
import { imageFile } from './image-file.ts'
import { pluginsIn } from './plugins.ts'

const base = process.env.BUILDER_TEST_BASE ?? 'debian:trixie-slim'
const image = `test-builder-plugins:${process.pid}`

describe('builder plugins', async () => {
  const engine = await docker()
  const path = await mkdtemp(join(tmpdir(), 'builder-plugins-'))
  const said = recorder()
  const request = { image, labels: { made: 'here' }, output: said.output }

  before(async () => {
    const plugins = store(path)
    await plugins.init()
    const dir = join(path, 'available', 'words')
    await mkdir(dir, { recursive: true })
    const hooks = {
      'builder-detect': '[ ! -e "$2/words" ] || cat "$2/words"',
      'builder-build': `[ "$1" = mine ] || exit 0
[ ! -e "$3/fails" ] || { echo the reason; exit 4; }
printf 'FROM ${base}\\nCOPY words /words\\n' >"$3/plugin.Dockerfile"
DOCKER_BUILDKIT=0 docker build --quiet --file "$3/plugin.Dockerfile" --tag "$4" "$3"`,
    }
    for (const [name, text] of Object.entries(hooks)) {
      await writeFile(join(dir, name), `#!/bin/sh\n${text}\n`)
      await chmod(join(dir, name), 0o755)
    }
    await plugins.enable('words')
  })
  after(async () => {
    await rm(path, { recursive: true })
    await engine
      .getImage(image)
      .remove({ force: true })
      .catch(() => {})
  })
  const hooks = async () => await pluginsIn({ ...process.env, PLUGIN_PATH: path })

  test('a plugin builds what it names itself for; the image has the labels that were asked for', async () => {
    const source = { dir: await writeTree({ words: 'mine', Dockerfile: 'FROM scratch' }) }
    const { driver } = await selectDriver(source, await hooks())
    assert.equal(driver.name, 'mine')
    const { imageId } = await driver.build({ ...request, source }, engine)
    assert.equal(await imageFile(engine, image, '/words'), 'mine')
    assert.equal((await engine.getImage(imageId).inspect()).Config.Labels?.made, 'here')
    assert.match(said.lines().join(''), /sha256:/)
  })

  test('a plugin names a builder of ours, and one that fails fails the build', async () => {
    const ours = { dir: await writeTree({ words: 'dockerfile', Dockerfile: 'FROM scratch' }) }
    assert.equal((await selectDriver(ours, await hooks())).driver.name, 'dockerfile')
    const fails = { dir: await writeTree({ words: 'mine', fails: '' }) }
    const { driver } = await selectDriver(fails, await hooks())
    await assert.rejects(driver.build({ ...request, source: fails }, engine), { code: 'hook-failed' })
    assert.match(said.lines().join(''), /the reason/)
  })

  test('a builder that nobody is makes no image, and an image of before does not pass for one', async () => {
    const source = { dir: await writeTree({}), choices: { selected: 'nobody' } }
    const { driver } = await selectDriver(source, await hooks())
    await assert.rejects(driver.build({ ...request, source }, engine), { code: 'no-such-builder' })
    await assert.rejects(selectDriver(source), { code: 'no-such-builder', hint: /buildpacks, dockerfile/ })
    await assert.rejects(driver.build({ ...request, source, signal: AbortSignal.abort() }, engine), { code: 'build-aborted' })
  })
})
