import { generateKeyPairSync, randomUUID, sign, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Docker } from '#lib/docker.ts'
import { run } from '#lib/exec.ts'
import { recorder, writeTree } from '../conformance.ts'
import { dockerfile } from '../drivers/dockerfile.ts'

const base = process.env.BUILDER_TEST_BASE ?? 'debian:trixie-slim'
const image = 'test-builder-registry-server:test'
/** bcrypt of `right`. */
const hash = '$2b$05$abcdefghijklmnopqrstuu8xaCxxL82bnl.UY74PMksDxIJShppPC'

interface Login {
  username: string
  password: string
}

/** A registry in a container, reached at a port of 127.0.0.1, where the engine asks for no TLS. */
export interface Registry {
  host: string
  stop(): Promise<void>
}

/** Starts Debian's `docker-registry`: open, behind a password, or with tokens of an issuer. */
export async function startRegistry(engine: Docker, auth: { htpasswd?: Login; token?: TokenIssuer }): Promise<Registry> {
  const dir = await writeTree({
    Dockerfile: `FROM ${base}\nRUN apt-get update && apt-get install -y --no-install-recommends docker-registry\n`,
  })
  await dockerfile.build({ source: { dir }, image, labels: {}, output: recorder().output }, engine)
  await rm(dir, { recursive: true, force: true })

  const config = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: '/registry' } },
    http: { addr: ':5000' },
    ...(auth.htpasswd && { auth: { htpasswd: { realm: 'test', path: '/htpasswd' } } }),
    ...(auth.token && { auth: { token: { realm: auth.token.url, service: 'test', issuer: 'test', rootcertbundle: '/root.crt' } } }),
  }
  const container = await engine.createContainer({
    Image: image,
    name: `test-builder-registry-${randomUUID()}`,
    Entrypoint: [
      'sh',
      '-c',
      'printf %s "$CONFIG" >/c.yml; printf %s "$HTPASSWD" >/htpasswd; printf %s "$ROOT" >/root.crt; exec docker-registry serve /c.yml',
    ],
    Env: [
      `CONFIG=${JSON.stringify(config)}`, // JSON is YAML.
      `HTPASSWD=${auth.htpasswd?.username}:${hash}\n`,
      `ROOT=${auth.token?.certificate ?? ''}`,
    ],
    ExposedPorts: { '5000/tcp': {} },
    HostConfig: { Init: true, PortBindings: { '5000/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
  })
  await container.start()
  const port = (await container.inspect()).NetworkSettings.Ports['5000/tcp']?.[0]?.HostPort
  const host = `127.0.0.1:${port}`
  for (let attempt = 0; !(await answers(`http://${host}/v2/`)); attempt++) {
    if (attempt === 200) throw new Error(`the registry did not start: ${await container.logs({ stdout: true, stderr: true })}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    host,
    async stop() {
      await container.remove({ force: true, v: true })
      // The last registry takes the name with it; the engine's build cache keeps the work.
      await engine
        .getImage(image)
        .remove()
        .catch(() => {})
    },
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.status < 500,
    () => false,
  )
}

/** Hands out tokens: pulls of `public/` to all, everything to whoever logs in. */
export interface TokenIssuer {
  url: string
  /** PEM of the certificate whose key signs. */
  certificate: string
  close(): Promise<void>
}

/** Starts a token server of the kind Docker Hub and ghcr.io have (the distribution project's token specification). */
export async function tokenIssuer(login: Login): Promise<TokenIssuer> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = await selfSigned(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const server = createServer(async (request, response) => {
    const asked = new URL(request.url ?? '/', 'http://localhost').searchParams
    const form = request.method === 'POST' ? new URLSearchParams(await body(request)) : undefined
    const basic = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString()
    const known =
      basic === `${login.username}:${login.password}` ||
      (form?.get('username') === login.username && form.get('password') === login.password)
    const scopes = [...asked.getAll('scope'), ...(form?.getAll('scope') ?? [])].flatMap((scope) => scope.split(' '))
    const access = scopes.flatMap((scope) => {
      const [type = '', name = '', actions = ''] = scope.split(':')
      const granted = known ? actions.split(',') : name.startsWith('public/') ? ['pull'] : []
      return [{ type, name, actions: granted }]
    })
    const now = Math.floor(Date.now() / 1000)
    const token = jwt(
      { alg: 'ES256', typ: 'JWT', x5c: [new X509Certificate(certificate).raw.toString('base64')] },
      {
        ...{
          iss: 'test',
          sub: known ? login.username : '',
          aud: 'test',
          exp: now + 300,
          nbf: now - 10,
          iat: now,
          jti: randomUUID(),
          access,
        },
      },
    )
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ token, access_token: token, expires_in: 300 }))
  })
  const jwt = (header: object, claims: object) => {
    const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the token server has no port')
  return {
    url: `http://127.0.0.1:${address.port}/token`,
    certificate,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function body(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

async function selfSigned(key: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'builder-token-'))
  try {
    await writeFile(join(dir, 'key'), key)
    await run(['openssl', 'req', '-new', '-x509', '-key', join(dir, 'key'), '-subj', '/CN=test', '-days', '2', '-out', join(dir, 'crt')])
    return await readFile(join(dir, 'crt'), 'utf8')
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
