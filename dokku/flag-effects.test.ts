import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dockerFlags } from './docker-flags.ts'
import { effectOf, withFlags } from './flag-effects.ts'
import { parseFlags } from './parse-flags.ts'

const container = {
  Image: 'sha256:1',
  Env: ['A=config', 'PORT=5000'],
  Labels: { 'dokku.app-id': '7' },
  HostConfig: { Init: true, CapDrop: ['MKNOD'], Memory: 2 ** 29, MemorySwap: 2 ** 29, PidsLimit: 4096 },
}
const made = (line: string) => withFlags(container, parseFlags(line, 'deploy'))

test('withFlags without flags leaves a container as it is', () => {
  assert.equal(withFlags(container, []), container)
})

test('withFlags says what flags mean in the words of the Engine', () => {
  assert.deepEqual(
    made(
      '--label a=b --env B=2 --user app --workdir /srv --entrypoint /init --hostname shop --stop-signal SIGINT --add-host db:10.0.0.7 --dns 10.0.0.53 --dns-search local --memory-reservation 64m --cpus 1.5 --cpu-shares 512 --cpuset-cpus 0-1 --pids-limit 100 --shm-size 1m --ulimit nofile=1024:4096 --ulimit core=0 --tmpfs /run:size=1m --tmpfs /tmp --cap-drop CHOWN --read-only',
    ),
    {
      Image: 'sha256:1',
      Env: ['A=config', 'PORT=5000', 'B=2'],
      Labels: { 'dokku.app-id': '7', a: 'b' },
      User: 'app',
      WorkingDir: '/srv',
      Entrypoint: ['/init'],
      Hostname: 'shop',
      StopSignal: 'SIGINT',
      HostConfig: {
        Init: true,
        CapDrop: ['MKNOD', 'CHOWN'],
        Memory: 2 ** 29,
        MemorySwap: 2 ** 29,
        PidsLimit: 100,
        ExtraHosts: ['db:10.0.0.7'],
        Dns: ['10.0.0.53'],
        DnsSearch: ['local'],
        MemoryReservation: 2 ** 26,
        NanoCpus: 1.5e9,
        CpuShares: 512,
        CpusetCpus: '0-1',
        ShmSize: 2 ** 20,
        Ulimits: [
          { Name: 'nofile', Soft: 1024, Hard: 4096 },
          { Name: 'core', Soft: 0, Hard: 0 },
        ],
        Tmpfs: { '/run': 'size=1m', '/tmp': '' },
        ReadonlyRootfs: true,
      },
    },
  )
})

test('withFlags lifts no limit, and changes no variable that the app has', () => {
  assert.deepEqual(made('--memory 1g').HostConfig, container.HostConfig)
  assert.deepEqual(made('--env A=1 --env PORT=1').Env, container.Env)
})

test('withFlags takes the last of what there can be one of', () => {
  const host = made('--memory 64m --memory 32m').HostConfig
  assert.deepEqual([host?.Memory, host?.MemorySwap], [2 ** 25, 2 ** 25])
  const free = withFlags({ HostConfig: { Memory: 0, MemorySwap: 0 } }, parseFlags('--memory 32m', 'deploy')).HostConfig
  assert.deepEqual(free, { Memory: 2 ** 25, MemorySwap: 2 ** 25 })
})

test('effectOf collects links and what builds take', () => {
  assert.deepEqual(effectOf(parseFlags('--link db:store --link cache', 'deploy')).links, [
    { container: 'db', alias: 'store' },
    { container: 'cache', alias: 'cache' },
  ])
  assert.deepEqual(effectOf(parseFlags('--build-arg A=1 --build-arg B=x=y --no-cache --label a=b', 'build')), {
    buildArgs: { A: '1', B: 'x=y' },
    noCache: true,
    Labels: { a: 'b' },
  })
})

test('no option of the list touches what keeps apps apart', () => {
  const values = ['x:y', '/x', 'a=b', '10.0.0.7', 'db:10.0.0.7', '64m', '1', 'nofile=1', 'NET_RAW', 'x']
  const touched = Object.entries(dockerFlags).flatMap(([, { effect }]) =>
    values.flatMap((value) => {
      try {
        return Object.keys(effect(value).HostConfig ?? {})
      } catch {
        return []
      }
    }),
  )
  assert.ok(touched.length > 20)
  const isolating = [
    'Privileged',
    'CapAdd',
    'SecurityOpt',
    'Binds',
    'Mounts',
    'Devices',
    'NetworkMode',
    'PidMode',
    'IpcMode',
    'PortBindings',
  ]
  assert.deepEqual(
    touched.filter((key) => isolating.includes(key)),
    [],
  )
})
