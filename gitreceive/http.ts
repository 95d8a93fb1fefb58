import type { IncomingMessage, ServerResponse } from 'node:http'
import { UserError } from '#lib/errors.ts'
import { signalGroup, start } from '#lib/exec.ts'
import { gitArgv } from '#lib/git.ts'
import { cgiHead } from './cgi.ts'

/** The services that git speaks over HTTP. */
export type HttpService = 'git-upload-pack' | 'git-receive-pack'

/** One of the two requests that each push, fetch or clone is made of; the name is not yet checked against any grammar. */
export interface HttpGit {
  name: string
  service: HttpService
  step: 'refs' | 'rpc'
}

/** How long a client may send nothing, or take nothing of what it is sent, in milliseconds. */
const patience = 300_000

/**
 * Reads a request as git's; undefined when it is none. UserError `bad-git-command` for the old protocol without a service, in
 * which files of the repository are fetched, and for a service that is none. Source: gitprotocol-http(5).
 */
export function parseHttpGit(method: string, url: string): HttpGit | undefined {
  const { pathname = '', searchParams } = URL.parse(url, 'http://git') ?? {}
  const [, path = '', rest = ''] = /^\/(.+?)\/(info\/refs|git-[a-z-]+|HEAD|objects\/.+)$/.exec(pathname) ?? []
  if (rest === '') return undefined
  const asked = rest === 'info/refs' ? searchParams?.get('service') : rest
  const service = (['git-upload-pack', 'git-receive-pack'] as const).find((one) => one === asked)
  const step = rest === 'info/refs' ? 'refs' : 'rpc'
  if (service === undefined || method !== (step === 'refs' ? 'GET' : 'POST'))
    throw new UserError('bad-git-command', 'Only git push, fetch and clone are served here', {
      hint: 'git 1.6.6 and later can do them over HTTP',
    })
  return { name: nameOf(path), service, step }
}

function nameOf(path: string): string {
  try {
    return decodeURIComponent(path).replace(/\.git$/, '')
  } catch {
    throw new UserError('bad-git-command', `${JSON.stringify(path.slice(0, 60))} is not the address of a repository`)
  }
}

export interface HttpGitCall extends Pick<HttpGit, 'service' | 'step'> {
  /** The bare repository. */
  path: string
  /** Made by `hookEnvironment`. */
  env: Record<string, string>
  /** Whose push it is, for git's log of refs. */
  user?: string
  /** Ends it where it is. */
  signal?: AbortSignal | undefined
}

/**
 * Answers one request by `git http-backend`, both ways streamed as far as the other side takes it; gives git's exit status.
 * A client who goes away while it sends ends git, and nothing is stored; who goes away later changes nothing.
 */
export async function serveHttpGit(request: IncomingMessage, response: ServerResponse, call: HttpGitCall): Promise<number> {
  const { service, step, path, env, user, signal } = call
  const program = start(gitArgv(['-c', 'http.receivepack=true', 'http-backend']), {
    cwd: path,
    env: { ...env, ...cgiEnvironment(request, { service, step, path, user }) },
  })
  const end = () => signalGroup(program, 'SIGTERM')
  const cutOff = () => {
    // At the end of its input, a receiving git finds the pack cut short and takes its quarantine away, which a signal would not.
    if (service === 'git-upload-pack') end()
    else if (!request.complete) program.stdin.end()
    program.stdout.resume()
  }
  const words = lastWords(program.stderr)
  const waits = waitingFor(() => response.destroy())
  signal?.addEventListener('abort', end, { once: true })
  if (signal?.aborted) end()
  response.once('close', cutOff)
  program.stdin.on('error', () => {})
  feed(request, program.stdin, waits)
  const head = cgiHead((status, headers) => response.writeHead(status, headers))
  program.stdout.on('data', (chunk: Buffer) => {
    const body = head(chunk)
    if (body === undefined) return end()
    if (body.length === 0 || response.destroyed || response.write(body)) return
    program.stdout.pause()
    waits.start()
    response.once('drain', () => {
      waits.stop()
      program.stdout.resume()
    })
  })
  try {
    const { exitCode } = await program
    if (!response.headersSent) {
      response.writeHead(500, { 'content-type': 'text/plain' })
      response.write(`git could not answer: ${words().split('\n')[0]}\n`)
    }
    response.end()
    return exitCode ?? 1
  } finally {
    waits.stop()
    signal?.removeEventListener('abort', end)
    response.off('close', cutOff)
  }
}

/** The body goes in as it comes; a client that stops sending is not waited for longer than `patience`. */
function feed(request: IncomingMessage, stdin: NodeJS.WritableStream, waits: ReturnType<typeof waitingFor>): void {
  waits.start()
  request.on('data', () => waits.start())
  request.once('end', () => waits.stop())
  request.pipe(stdin)
}

/** Calls `tooLong` when nothing comes between a start and the next start or stop for too long. */
function waitingFor(tooLong: () => void) {
  let timer: NodeJS.Timeout | undefined
  const stop = () => clearTimeout(timer)
  return {
    start: () => {
      stop()
      timer = setTimeout(tooLong, patience).unref()
    },
    stop,
  }
}

/**
 * What a web server tells a CGI program, but no length: git then reads to the end itself, and with one it would wait for bytes
 * that never come in a busy loop. Source: RFC 3875, git-http-backend(1).
 */
function cgiEnvironment(
  { method = '', headers, socket }: IncomingMessage,
  { service, step, path, user = 'git' }: Pick<HttpGitCall, 'service' | 'step' | 'path'> & { user: string | undefined },
): Record<string, string> {
  const given = {
    CONTENT_TYPE: headers['content-type'],
    HTTP_CONTENT_ENCODING: headers['content-encoding'],
    REMOTE_ADDR: socket.remoteAddress,
  }
  return {
    ...Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_TRANSLATED: `${path}/${step === 'refs' ? 'info/refs' : service}`,
    QUERY_STRING: step === 'refs' ? `service=${service}` : '',
    REMOTE_USER: user,
    REQUEST_METHOD: method,
  }
}

function lastWords(stderr: NodeJS.ReadableStream): () => string {
  let text = ''
  stderr.setEncoding('utf8')
  stderr.on('data', (chunk: string) => {
    text = (text + chunk).slice(-4096)
  })
  return () => text.trim() || 'it said nothing'
}
