import { randomBytes } from 'node:crypto'
import { chmod, rename } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { type HttpGit, parseHttpGit, serveHttpGit } from '#gitreceive'
import { messageOf, UserError } from '#lib/errors.ts'
import { output } from '#lib/output.ts'
import type { Identity } from './access.ts'
import { certificateOf } from './certificates.ts'
import { byToken } from './credentials.ts'
import { mendable } from './disk-error.ts'
import { engineAway } from './engine-error.ts'
import { unhealthy } from './health.ts'
import type { Instance } from './instance.ts'
import { limited } from './locks.ts'
import { actAs } from './nested.ts'
import type { gitDoor } from './push.ts'
import { serveCaller } from './serve-caller.ts'
import { answerWebhook, webhookBodyLimit } from './webhook.ts'

/** The HTTP door, behind the appliance: git, webhooks, and whether all is well. */
export async function httpDoor(instance: Instance, git: ReturnType<typeof gitDoor>, path: string): Promise<{ close: () => void }> {
  const reading = limited(16)
  let looked: { at: number; down: ReturnType<typeof unhealthy> } | undefined
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => refuse(response, error))
  })
  // A push takes as long as it takes; who stops sending is noticed where it is read.
  server.requestTimeout = 0
  await listen()
  return {
    close: () => {
      server.close()
      server.closeIdleConnections()
    },
  }

  async function listen(): Promise<void> {
    const fresh = `${path}.${randomBytes(3).toString('hex')}.new`
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(fresh, 1024, () => resolve())
    })
    // nginx's workers are another user. Nobody else has the volume.
    await chmod(dirname(path), 0o711)
    await chmod(fresh, 0o666)
    await rename(fresh, path)
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/' } = request
    const pathname = URL.parse(url, 'http://door')?.pathname
    if (pathname === undefined) return say(response, 400, 'That is no address')
    if (pathname === '/healthz') return await health(response)
    const [, hooked] = /^\/hooks\/([^/]+)\/?$/.exec(pathname) ?? []
    if (hooked !== undefined && method === 'POST') return await takeWebhook(hooked, request, response)
    const asked = parseHttpGit(method, url)
    if (asked === undefined) return say(response, 404, 'There is nothing here: git, webhooks and /healthz are')
    if (request.headers['x-forwarded-proto'] !== 'https' && certificateOf(instance) !== undefined)
      return unencrypted(instance, request, response)
    const caller = callerOf(request)
    if (caller === undefined) return challenge(response)
    await serveGit(asked, caller, request, response)
  }

  async function health(response: ServerResponse): Promise<void> {
    // Anybody may ask, as often as they like: a look at all parts is for all who ask within a second.
    if (looked === undefined || performance.now() - looked.at > 1000) looked = { at: performance.now(), down: unhealthy(instance) }
    const down = Object.keys(await looked.down)
    // What is wrong is for those who may come in.
    if (down.length === 0) say(response, 200, 'ok')
    else say(response, 503, 'not ok')
  }

  async function takeWebhook(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Anybody may send them: those that are read at once fit into memory, and who is slow gives way.
    const body = await reading(() => bodyOf(request, webhookBodyLimit))
    if (body === undefined) return say(response, 413, `A webhook has at most ${webhookBodyLimit} bytes`)
    const { status, text } = await answerWebhook(instance, name, request.headers, body)
    say(response, status, text)
  }

  async function serveGit(asked: HttpGit, caller: Identity, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { name, service, step } = asked
    const { status, about, note } = await serveCaller(
      instance,
      { caller, door: 'http' },
      async (identity, about) => {
        await instance.fire('user-auth', { user: 'dokku', key: identity.name, words: [service, name] })
        return await actAs({ identity, output: output(String, String) }, async () => {
          const app = await git.open(service, name, identity, about)
          // A push that is no longer allowed is declined by its hook, which may have begun to deploy.
          const fetching = ({ revoked }: Identity) => (service === 'git-upload-pack' ? revoked : undefined)
          const insecure = request.headers['x-forwarded-proto'] !== 'https' && !isLocal(instance.settings.hostname)
          return await git.during({ app, identity, about, protocol: protocolOf(request), insecure }, ({ path: repository, env }) =>
            serveHttpGit(request, response, { path: repository, env, service, step, user: identity.name, signal: fetching(identity) }),
          )
        })
      },
      (error) => refuse(response, error),
    )
    // Each push and fetch begins with a look at the refs.
    if (step === 'rpc' || status !== 0 || about.error !== undefined) note()
  }

  /** Whoever's token comes as the password, with any name, or as a bearer's. */
  function callerOf({ headers: { authorization = '' } }: IncomingMessage): Identity | undefined {
    const [, scheme = '', value = ''] = /^(basic|bearer) +(\S+)$/i.exec(authorization) ?? []
    const secret =
      scheme.toLowerCase() === 'basic'
        ? Buffer.from(value, 'base64')
            .toString('utf8')
            .replace(/^[^:]*:/, '')
        : value
    return secret === '' ? undefined : byToken(instance.db, secret)
  }

  /** Says in plain text, which git shows as the remote's words, why something is not done; gives the exit status. */
  function refuse(response: ServerResponse, thrown: unknown): number {
    const error = engineAway(mendable(thrown))
    if (!(error instanceof UserError)) instance.log.error({ err: error }, 'a request failed by our fault')
    const text = error instanceof UserError ? [error.message, error.hint].filter(Boolean).join('\n') : `dokku failed: ${messageOf(error)}`
    say(response, error instanceof UserError ? (statuses[error.code] ?? 400) : 500, text)
    return error instanceof UserError ? error.exitCode : 1
  }
}

const statuses: Record<string, number> = { 'not-allowed': 403, 'app-missing': 404, 'credential-revoked': 401 }

/** How long the body of a webhook may take, in milliseconds: git hosts give up after ten seconds themselves. */
const patience = 15_000

/** All of a body, or undefined once it is longer than this; what comes then is not read. One that takes too long is cut off. */
async function bodyOf(request: IncomingMessage, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  const slow = setTimeout(() => request.destroy(new UserError('bad-request', 'The body of the webhook took too long')), patience)
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > most) return undefined
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    clearTimeout(slow)
  }
}

/** Where it can be encrypted, no password is taken that anybody on the way could have read: whoever sends one is told, others are sent on. */
function unencrypted({ settings }: Instance, { headers, method, url = '/' }: IncomingMessage, response: ServerResponse): void {
  const to = `https://${settings.httpDoor}${settings.httpsPort === 443 ? '' : `:${settings.httpsPort}`}`
  if (headers.authorization === undefined && method === 'GET') response.setHeader('location', `${to}${url}`)
  say(response, response.hasHeader('location') ? 301 : 403, `This is not encrypted: use ${to}/`)
}

function challenge(response: ServerResponse): void {
  response.setHeader('www-authenticate', 'Basic realm="dokku: any name, and a token as the password", charset="UTF-8"')
  say(response, 401, 'A token is needed as the password: ssh dokku@HOST tokens:create NAME')
}

function say(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.end()
  // The rest of a body that nobody reads would be taken for the next request.
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', connection: 'close' })
  response.end(`${text}\n`)
}

function protocolOf({ headers }: IncomingMessage): string | undefined {
  const value = headers['git-protocol']
  return typeof value === 'string' ? value : undefined
}

function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost')
}
