import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerInfo, ImageInspectInfo } from 'dockerode'
import fc from 'fast-check'
import { appContainer, containerOptions, portOf, specOf, stageOf, wantedContainers } from './container.ts'
import { containerName } from './instance.ts'
import { checkAppName, checkProcessName } from './names.ts'
import type { Release } from './release.ts'

const release: Release = {
  version: 3,
  image: 'sha256:abc',
  config: { A: '1' },
  formation: { web: 2, worker: 1, release: 1, gone: 1 },
  manifest: { processes: { web: null, worker: 'node worker.js', release: 'migrate' }, healthchecks: {}, formation: {} },
  options: [],
  args: [],
  revision: 'c0ffee',
  description: 'Deploy c0ffee',
  createdBy: 'alice',
  createdAt: '2026-01-01T00:00:00.000Z',
}
const image = { Config: { ExposedPorts: { '53/udp': {}, '8080/tcp': {} } } } as unknown as ImageInspectInfo

test('wantedContainers is the formation, without release and without processes the app no longer has', () => {
  assert.deepEqual(
    wantedContainers(release, 0).map(({ process, index }) => `${process}.${index}`),
    ['web.1', 'web.2', 'worker.1'],
  )
})

test('specOf is the same for what is interchangeable and differs for what must be replaced', () => {
  const spec = specOf(release, 'web', 0)
  assert.equal(specOf({ ...release, version: 9, formation: { web: 5 }, createdBy: 'bob' }, 'web', 0), spec)
  for (const other of [{ image: 'sha256:def' }, { config: { A: '2' } }, { revision: 'other' }])
    assert.notEqual(specOf({ ...release, ...other }, 'web', 0), spec)
  assert.notEqual(specOf(release, 'worker', 0), spec)
  assert.notEqual(specOf(release, 'web', 1), spec)
})

test('specOf differs by the options that a process gets, and only by those', () => {
  const spec = specOf(release, 'web', 0)
  const option = { phase: 'deploy', process: '', option: '--memory 64m' } as const
  for (const other of [{ options: [option] }, { args: [option] }, { options: [{ ...option, process: 'web' }] }])
    assert.notEqual(specOf({ ...release, ...other }, 'web', 0), spec)
  for (const other of [{ phase: 'run' as const }, { phase: 'build' as const }, { process: 'worker' }])
    assert.equal(specOf({ ...release, options: [{ ...option, ...other }] }, 'web', 0), spec)
})

test('portOf prefers PORT, then the exposed TCP port, then 5000', () => {
  assert.equal(portOf({ PORT: '3000' }, image), 3000)
  assert.equal(portOf({ PORT: 'none' }, image), 8080)
  assert.equal(portOf({}, { Config: {} } as unknown as ImageInspectInfo), 5000)
})

test('appContainer lets nobody want a copy of a container, which has its labels but not its address', () => {
  const listed = (address: string) =>
    appContainer(
      {
        Names: ['/shop.web.1'],
        Labels: { 'dokku.address': '10.213.0.2', 'dokku.spec': 'abc' },
        NetworkSettings: { Networks: { apps: { IPAMConfig: { IPv4Address: address } } } },
      } as unknown as ContainerInfo,
      7,
    )
  assert.deepEqual([listed('10.213.0.2').spec, listed('10.213.0.2').address], ['abc', '10.213.0.2'])
  assert.deepEqual([listed('10.213.0.9').spec, listed('10.213.0.9').address], ['', ''])
})

test('containerOptions gives web its PORT and binds every container', () => {
  const plan = {
    instance: 'dokku',
    app: { id: 7, name: 'shop' },
    release,
    image,
    spec: 's',
    network: 'dokku-apps',
    address: '10.213.0.2',
    memory: 2 ** 29,
    logBytes: 2 ** 20,
  }
  const web = containerOptions({ ...plan, process: 'web', index: 1 })
  assert.deepEqual(web.Env, ['A=1', 'DYNO=web.1', 'PORT=8080', 'GIT_REV=c0ffee'])
  assert.equal(web.Cmd, undefined)
  assert.equal(web.Labels?.['dokku.app-id'], '7')
  assert.equal(web.HostConfig?.Init, true)
  assert.deepEqual(web.HostConfig?.SecurityOpt, ['no-new-privileges'])
  assert.ok(web.HostConfig?.CapDrop?.includes('NET_RAW'))
  assert.equal(web.HostConfig?.Memory, 2 ** 29)
  assert.equal(web.HostConfig?.MemorySwap, 2 ** 29)
  assert.deepEqual(web.NetworkingConfig?.EndpointsConfig?.['dokku-apps']?.IPAMConfig, { IPv4Address: '10.213.0.2' })
  const options = [
    { phase: 'deploy' as const, process: 'web', option: '--memory 64m' },
    { phase: 'run' as const, process: '', option: '--user nobody' },
  ]
  const given = { ...plan, release: { ...release, options } }
  const [memory, user] = [2 ** 26, 'nobody']
  assert.deepEqual(
    ['web', 'worker', 'run']
      .map((process) => containerOptions({ ...given, process, index: 1 }))
      .map((one) => [one.HostConfig?.Memory, one.User]),
    [
      [memory, undefined],
      [plan.memory, undefined],
      [plan.memory, user],
    ],
  )
  const worker = containerOptions({ ...plan, process: 'worker', index: 1 })
  assert.deepEqual(worker.Cmd, ['/bin/sh', '-c', 'node worker.js'])
  assert.deepEqual(worker.Env, ['A=1', 'DYNO=worker.1', 'GIT_REV=c0ffee'])
})

test('stageOf reads the stage that was written, whatever app and process are called', () => {
  const word = fc.oneof(fc.stringMatching(/^[a-z0-9]{1,8}$/), fc.constantFrom('upcoming-00000000', 'retiring-c0ffee00'))
  const app = fc
    .array(word, { minLength: 1, maxLength: 3 })
    .map((words) => words.join('.'))
    .filter((name) => accepts(checkAppName, name))
  const process = fc.oneof(word, fc.constant('web')).filter((name) => accepts(checkProcessName, name))
  const id = fc.stringMatching(/^[0-9a-f]{8}$/)
  fc.assert(
    fc.property(
      fc.constantFrom('dokku', 'other'),
      app,
      process,
      fc.integer({ min: 1, max: 100 }),
      id,
      (instance, name, type, index, some) => {
        const final = containerName(instance, name, type, index)
        assert.equal(stageOf(final), 'serving')
        assert.equal(stageOf(`${final}.upcoming-${some}`), 'upcoming')
        assert.equal(stageOf(`${final}.retiring-${some}`), 'retiring')
        assert.equal(stageOf(`${final}.upcoming-${some}.retiring-${some}`), 'retiring')
      },
    ),
  )
})

function accepts(check: (name: string) => string, name: string): boolean {
  try {
    return check(name) === name
  } catch {
    return false
  }
}
