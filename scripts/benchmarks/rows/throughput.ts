import { join } from 'node:path'
import { writeFiles } from '../../../tests/e2e/harness/engine.ts'
import { attempt, eventually, freePort, type Instance, ok, versionImage } from '../../../tests/e2e/harness.ts'
import { atLeast, type Row } from '../row.ts'
import { median } from '../stats.ts'

/** The appliance as a proxy. */
export const throughput: Row = {
  name: 'throughput',
  what: 'requests/s through the appliance / through a hand-written nginx with upstream keep-alive, to the same container',
  bar: atLeast(0.88),
  gated: false,
  how: '13 rounds of `wrk -t1 -c32 -d2s` in turn; the median of the ratios of a round. Beside it: an nginx that tells the app as much by headers as the appliance does',
  async measure(lab) {
    const instance = await lab.instance()
    const image = `${instance.name}/busy:latest`
    await instance.engine.build(image, versionImage('busy'), instance.name)
    ok(await instance.ssh('git:from-image', 'busy', image))
    const upstream = await upstreamOf(instance, 'busy')
    const bare = await plainNginx(instance, 'bare', upstream, 'proxy_set_header Host $host;')
    const equal = await plainNginx(instance, 'equal', upstream, forwarded)
    const rounds: Record<'ours' | 'bare' | 'equal', number>[] = []
    for (let n = 0; n < lab.rounds(13); n++)
      rounds.push({ bare: await wrk(instance, bare), ours: await wrk(instance, instance.ports.http), equal: await wrk(instance, equal) })
    const rate = (which: 'ours' | 'bare') => Math.round(median(rounds.map((round) => round[which]))).toLocaleString('en')
    const ratio = (other: 'bare' | 'equal') => median(rounds.map((round) => round.ours / round[other]))
    return { value: ratio('bare'), said: `${rate('ours')} / ${rate('bare')}; with equal headers ${ratio('equal').toFixed(2)}` }
  },
}

/** Headers any site of ours gives its app, as a person would write them. */
const forwarded = `
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Request-Start $msec;`

async function upstreamOf({ engine, name }: Instance, app: string): Promise<string> {
  const label = (of: string) => `{{index .Config.Labels "dokku.${of}"}}`
  return ok(await engine.docker(['inspect', '--format', `${label('address')}:${label('port')}`, `${name}-${app}.web.1`])).trim()
}

/** Requests per second over two seconds on 32 kept connections. */
async function wrk(instance: Instance, port: number): Promise<number> {
  const said = ok(await attempt(['wrk', '-t1', '-c32', '-d2s', '-H', `Host: busy.${instance.hostname}`, `http://127.0.0.1:${port}/`]))
  const wrong = /Non-2xx.*|Socket errors.*/.exec(said)
  if (wrong !== null) throw new Error(wrong[0])
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
    listen 127.0.0.1:${port};
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
