// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of variables in Compose files
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImageInspectInfo } from 'dockerode'
import { containerOptions, specOf, wantedContainers } from './container.ts'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import { tagsOf } from './images.ts'
import { type Manifest, plainManifest, withProcesses } from './manifest.ts'
import { commitRelease, currentRelease, draftRelease, type Release } from './release.ts'
import { diffReleases } from './release-diff.ts'
import { inStartOrder, runOf, serviceOf } from './services.ts'

const manifest: Manifest = {
  processes: { web: null, worker: 'work it', cache: null, debug: null },
  healthchecks: {},
  formation: {},
  services: {
    web: {
      aliases: ['app', 'site'],
      port: 3000,
      environment: { CACHE: 'redis://:${KEY}@cache', MODE: 'web' },
      replicas: 2,
      dependsOn: ['cache'],
    },
    worker: { image: 'sha256:worker', aliases: ['worker'], dependsOn: ['web'] },
    cache: {
      image: 'sha256:cache',
      foreign: true,
      aliases: ['cache'],
      command: 'serve --key ${KEY} ${MORE:-}',
      environment: { A: null, NONE: null },
    },
    debug: {
      image: 'sha256:debug',
      foreign: true,
      aliases: ['debug'],
      replicas: 0,
      entrypoint: ['sh', '-c', '$KEY'],
      defaults: { KEY: 'default' },
    },
  },
}
const release: Release = {
  version: 3,
  image: 'sha256:web',
  config: { KEY: 'a b', A: '1', MODE: 'config' },
  formation: { web: 1, worker: 1, cache: 1, debug: 0 },
  manifest,
  options: [],
  args: [],
  revision: 'c0ffee',
  description: '',
  createdBy: 'alice',
  createdAt: '2026-01-01T00:00:00.000Z',
}
const plan = {
  instance: 'dokku',
  app: { id: 7, name: 'shop' },
  release,
  image: { Config: { ExposedPorts: { '80/tcp': {} } } } as unknown as ImageInspectInfo,
  index: 1,
  spec: 's',
  network: 'dokku-apps',
  address: '10.213.0.2',
  memory: 0,
  logBytes: 2 ** 20,
}
const optionsOf = (process: string) => containerOptions({ ...plan, process })

test('a service has its image, its port, and its environment before the config', () => {
  const web = optionsOf('web')
  assert.equal(web.Image, 'sha256:web')
  assert.deepEqual(web.Env, ['KEY=a b', 'A=1', 'MODE=web', 'CACHE=redis://:a b@cache', 'DYNO=web.1', 'PORT=3000', 'GIT_REV=c0ffee'])
  assert.deepEqual([web.Cmd, web.Entrypoint], [undefined, undefined])
  const worker = optionsOf('worker')
  assert.deepEqual([worker.Image, worker.Cmd], ['sha256:worker', ['/bin/sh', '-c', 'work it']])
})

test('a service that was not built gets nothing but its own environment, and its words once variables are in them', () => {
  const cache = optionsOf('cache')
  assert.deepEqual(cache.Env, ['A=1', 'DYNO=cache.1'])
  assert.deepEqual(cache.Cmd, ['serve', '--key', 'a', 'b'])
  assert.deepEqual(optionsOf('debug').Entrypoint, ['sh', '-c', 'a b'])
  assert.deepEqual(runOf({ ...release, config: {} }, 'debug').entrypoint, ['sh', '-c', 'default'])
})

test('a one-off command runs in the app’s own image with the environment of web', () => {
  const run = optionsOf('run')
  assert.equal(run.Image, 'sha256:web')
  assert(run.Env?.includes('MODE=web'))
  const typed = containerOptions({ ...plan, process: 'run', env: { MODE: 'typed', TERM: 'xterm' } })
  assert.deepEqual(
    typed.Env?.filter((one) => /^(MODE|TERM)=/.test(one)),
    ['MODE=typed', 'TERM=xterm'],
  )
  const { web: _, ...others } = manifest.services ?? {}
  assert.equal(serviceOf({ services: others }, 'run'), undefined)
})

test('a service that was not built runs on when neither it nor a variable of its own changes', () => {
  const spec = (process: string, more: Partial<Release> = {}) => specOf({ ...release, ...more }, process, 0)
  for (const more of [{ revision: 'other' }, { config: { ...release.config, OTHER: 'x' } }, { image: 'sha256:other' }]) {
    assert.equal(spec('cache', more), spec('cache'))
    assert.notEqual(spec('web', more), spec('web'))
  }
  for (const config of [
    { ...release.config, KEY: 'other' },
    { ...release.config, A: '2' },
  ])
    assert.notEqual(spec('cache', { config }), spec('cache'))
  const changed = { ...manifest, services: { ...manifest.services, cache: { image: 'sha256:new', foreign: true, aliases: ['cache'] } } }
  assert.notEqual(spec('cache', { manifest: changed }), spec('cache'))
  assert.equal(spec('worker', { manifest: changed }), spec('worker'))
})

test('a variable that a service asks for and nobody set is said before anything starts', () => {
  const asks = { ...manifest, services: { ...manifest.services, web: { aliases: ['web'], environment: { URL: '${URL:?where is it}' } } } }
  assert.throws(() => wantedContainers({ ...release, manifest: asks }, 0), {
    code: 'variable-missing',
    message: 'URL is not set: where is it',
  })
})

test('services start behind those that they wait for, and a ring of them ends', () => {
  const order = (given: Pick<Manifest, 'services'>, ...names: string[]) =>
    inStartOrder(
      names.map((process) => ({ process })),
      given,
    ).map(({ process }) => process)
  assert.deepEqual(order(manifest, 'worker', 'debug', 'web', 'cache'), ['debug', 'cache', 'web', 'worker'])
  assert.deepEqual(order({}, 'b', 'a'), ['b', 'a'])
  const ring = { a: { aliases: [], dependsOn: ['b'] }, b: { aliases: [], dependsOn: ['a'] } }
  assert.equal(order({ services: ring }, 'a', 'b').length, 2)
})

test('services of a build are process types, and a Procfile goes before their commands', () => {
  const found = { processes: { web: null, cache: null }, services: { web: { aliases: ['web'] }, cache: { aliases: ['cache'] } } }
  assert.deepEqual(withProcesses(plainManifest, found).processes, { web: null, cache: null })
  const both = withProcesses({ ...plainManifest, processes: { web: 'x' } }, found)
  assert.deepEqual([both.processes, Object.keys(both.services ?? {})], [{ web: 'x', cache: null }, ['web', 'cache']])
})

test('a release keeps its services, each runs as often as its file says, and ps:scale goes before that', async () => {
  const app = await createApp(stateOnly(), 'shop')
  app.formation.set({ worker: 3 })
  commitRelease(app, draftRelease(app, { image: 'sha256:web', manifest, description: 'Deploy', by: 'alice' }))
  const stored = currentRelease(app)
  assert.deepEqual(stored?.formation, { web: 2, worker: 3, cache: 0, debug: 0 })
  assert.deepEqual(stored?.manifest.services, manifest.services)
})

test('the image of each service has a tag beside that of the release', () => {
  assert.deepEqual(tagsOf(3, 'sha256:web', manifest.services), [
    ['v3', 'sha256:web'],
    ['v3.worker', 'sha256:worker'],
    ['v3.cache', 'sha256:cache'],
    ['v3.debug', 'sha256:debug'],
  ])
  assert.deepEqual(tagsOf(3, 'sha256:web', undefined), [['v3', 'sha256:web']])
})

test('a diff of releases names the services whose images changed', () => {
  const services = { ...manifest.services, cache: { image: 'sha256:new', aliases: ['cache'] } }
  assert.deepEqual(diffReleases(release, { ...release, manifest: { ...manifest, services } }).images, {
    cache: { from: 'sha256:cache', to: 'sha256:new' },
  })
})
