import { join } from 'node:path'
import { selectDriver } from '#builder'
import { sshdConfig } from '#execd'
import { docker } from '#lib/docker.ts'
import { output } from '#lib/output.ts'
import { writeFiles } from '../tests/e2e/harness/engine.ts'
import { attempt } from '../tests/e2e/harness/programs.ts'
import { ask, eventually, freePort, type Instance, ok, repo, startInstance, underLoad, versionImage } from '../tests/e2e/harness.ts'

/** The figures of docs/benchmarks.md, each against a baseline of the same run; scripts/bench runs this in the test container. */
async function main(): Promise<void> {
  const instance = await startInstance({ suffix: 'bench' })
  try {
    await commands(instance)
    await push(instance)
    await dropped(instance)
    await throughput(instance)
  } finally {
    await instance.remove()
  }
}

/** A command over SSH against the same sshd with /bin/true as forced command. */
async function commands(instance: Instance): Promise<void> {
  for (let n = 0; n < 100; n++) ok(await instance.admin(['apps:create', `app-${n}`]))
  const port = await freePort()
  const config = sshdConfig({ port, hostKeys: ['/tmp/key'], authorizedKeysFile: '/tmp/keys', user: 'dokku', socket: '/none' })
  const script = `usermod --shell /bin/sh dokku && ssh-keygen -q -t ed25519 -N '' -f /tmp/key && chown dokku /tmp/key && exec setpriv --reuid 12345 --regid 22022 --clear-groups /usr/sbin/sshd -D -e -f /tmp/config`
  const baseline = `${instance.name}-true`
  const create = ['create', '--name', baseline, '--label', `dokku.instance=${instance.name}`, '--publish', `${port}:${port}`]
  ok(await instance.engine.docker([...create, '--entrypoint', 'sh', instance.image, '-c', script]))
  await writeFiles(instance.dir, {
    config: config.replace('ForceCommand dokku', 'ForceCommand /bin/true'),
    keys: `${instance.publicKey}\n`,
  })
  for (const file of ['config', 'keys']) ok(await instance.engine.docker(['cp', join(instance.dir, file), `${baseline}:/tmp/${file}`]))
  ok(await instance.engine.docker(['start', baseline]))
  const ours = instance.sshArgv()
  const theirs = ours.map((word, at) => (ours[at - 1] === '-p' ? String(port) : word)) as [string, ...string[]]
  await eventually(async () => ok(await attempt(theirs)))
  const [list, nothing] = await interleaved(15, [
    async () => ok(await attempt([...ours, 'apps:list'])),
    async () => ok(await attempt(theirs)),
  ])
  report('ssh apps:list with 100 apps / same sshd, /bin/true', `${ms(list)} / ${ms(nothing)} = ${ratio(list, nothing)}`, '<= 1.15')
}

/** A push of a one-line change, without what the build and the container cost by themselves. */
async function push(instance: Instance): Promise<void> {
  const source = await repo(versionImage('0'))
  ok(await instance.push(source, 'pushed'))
  const engine = await docker()
  const totals: number[] = []
  const builds: number[] = []
  const boots: number[] = []
  for (let n = 1; n <= 7; n++) {
    await source.commit({ 'change.txt': `pushed ${n}` })
    totals.push(await timed(async () => ok(await instance.push(source, 'pushed'))))
    // The same change again, with content of its own so that no cache answers for it.
    await writeFiles(source.dir, { 'change.txt': `built ${n}` })
    const image = `${instance.name}/alone:latest`
    const quiet = output(
      () => {},
      () => {},
    )
    const driver = await selectDriver({ dir: source.dir })
    builds.push(
      await timed(() =>
        driver.build({ source: { dir: source.dir }, image, labels: { 'dokku.instance': instance.name }, output: quiet }, engine),
      ),
    )
    boots.push(await timed(() => bootAlone(instance, image)))
    ok(await instance.engine.docker(['rm', '--force', `${instance.name}-alone`]))
  }
  await source.remove()
  const [total, build, boot] = [median(totals), median(builds), median(boots)]
  report(
    'push of a one-line change - build - container to first 200',
    `${ms(total)} - ${ms(build)} - ${ms(boot)} = ${ms(total - build - boot)}`,
    '<= 1000 ms',
  )
}

/** Starts an image the plainest way and waits for its first 200. */
async function bootAlone(instance: Instance, image: string): Promise<void> {
  const name = `${instance.name}-alone`
  ok(await instance.engine.docker(['run', '--detach', '--name', name, '--env', 'PORT=5000', image]))
  const [address = ''] = await instance.engine.lines('inspect', '--format', '{{.NetworkSettings.IPAddress}}', name)
  for (;;) {
    const answer = await ask({ address, port: 5000, host: 'alone', path: '/' }).catch(() => undefined)
    if (answer?.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Requests that fail over 20 deploys and 5 rollbacks. */
async function dropped(instance: Instance): Promise<void> {
  const { sent, failures } = await underLoad(
    instance.target('pushed'),
    async () => {
      for (let round = 0; round < 20; round++) {
        ok(await instance.ssh('config:set', 'pushed', `ROUND=${round}`))
        if (round % 4 === 3) ok(await instance.ssh('releases:rollback', 'pushed'))
      }
    },
    { clients: 8, pauseMs: 5, atLeast: 10_000 },
  )
  report('failed requests over 20 deploys and 5 rollbacks', `${failures.length} of ${sent}`, '0')
}

/** Headers any site of ours gives its app, as a person would write them. */
const forwarded = `
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Request-Start $msec;`

/** The appliance against a hand-written nginx with upstream keep-alive, to the same container; also against one that tells the app as much. */
async function throughput(instance: Instance): Promise<void> {
  const [container = ''] = await instance.engine.lines('ps', '--quiet', '--filter', `name=${instance.name}-pushed.web.1`)
  const [upstream = ''] = await instance.engine.lines(
    'inspect',
    '--format',
    '{{index .Config.Labels "dokku.address"}}:{{index .Config.Labels "dokku.port"}}',
    container,
  )
  const bare = await plainNginx(instance, 'bare', upstream, 'proxy_set_header Host $host;')
  const equal = await plainNginx(instance, 'equal', upstream, forwarded)
  const rounds: Record<'ours' | 'bare' | 'equal', number>[] = []
  for (let n = 0; n < 13; n++)
    rounds.push({ bare: await wrk(instance, bare), ours: await wrk(instance, instance.ports.http), equal: await wrk(instance, equal) })
  const of = (other: 'bare' | 'equal') => median(rounds.map((round) => round.ours / round[other])).toFixed(2)
  const rate = (which: 'ours' | 'bare' | 'equal') => Math.round(median(rounds.map((round) => round[which])))
  report('requests/s through the appliance / hand-written nginx', `${rate('ours')} / ${rate('bare')}, paired ${of('bare')}`, '>= 0.88')
  report('the same, both with forwarded headers', `${rate('ours')} / ${rate('equal')}, paired ${of('equal')}`, 'for comparison')
}

/** Requests per second over two seconds on 32 kept connections. */
async function wrk(instance: Instance, port: number): Promise<number> {
  const said = ok(await attempt(['wrk', '-t1', '-c32', '-d2s', '-H', `Host: pushed.${instance.hostname}`, `http://127.0.0.1:${port}/`]))
  if (/Non-2xx/.test(said)) throw new Error(said)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1])
}

/** Starts a hand-written nginx on the host's network and gives its port. */
async function plainNginx(instance: Instance, which: string, upstream: string, headers: string): Promise<number> {
  const port = await freePort()
  const name = `${instance.name}-${which}`
  const create = ['create', '--name', name, '--label', `dokku.instance=${instance.name}`, '--network', 'host', '--entrypoint', 'nginx']
  ok(await instance.engine.docker([...create, instance.image, '-c', '/plain.conf', '-g', 'daemon off;']))
  await writeFiles(instance.dir, {
    'plain.conf': `worker_processes auto;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 10000;
  upstream app { server ${upstream}; keepalive 128; keepalive_requests 10000; }
  server {
    listen ${port};
    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; ${headers} }
  }
}
`,
  })
  ok(await instance.engine.docker(['cp', join(instance.dir, 'plain.conf'), `${name}:/plain.conf`]))
  ok(await instance.engine.docker(['start', name]))
  await eventually(() => wrk(instance, port))
  return port
}

async function interleaved(times: number, work: readonly (() => Promise<unknown>)[]): Promise<[number, number]> {
  const results = work.map(() => [] as number[])
  for (let n = 0; n < times; n++) for (const [at, one] of work.entries()) results[at]?.push(await timed(one))
  return [median(results[0] ?? []), median(results[1] ?? [])]
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const ms = (value: number) => `${Math.round(value)} ms`
const ratio = (a: number, b: number) => (a / b).toFixed(2)

function report(what: string, figure: string, bar: string): void {
  process.stdout.write(`${what.padEnd(60)} ${figure}   (bar ${bar})\n`)
}

await main()
process.exit(0)
