import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { UserError } from '#lib/errors.ts'
import { run } from '#lib/exec.ts'
import { parseVariables } from '#lib/variables.ts'
import { parseWords } from '#lib/words.ts'
import { parseHttpGit, serveHttpGit } from './http.ts'
import { type Caller, enter, type Place } from './standalone.ts'

export interface HttpOptions extends Place {
  /** The words of a program that is asked about each caller; without one everybody may do everything. */
  auth?: string | undefined
}

/** Git over HTTP, with repositories and a receiver of one's own. */
export function gitServer(options: HttpOptions): Server {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      const known = error instanceof UserError
      if (!known) process.stderr.write(`gitreceive: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      say(response, known ? 403 : 500, known ? error.message : 'gitreceive failed')
    })
  })
  // A push takes as long as it takes; who stops sending is noticed where it is read.
  server.requestTimeout = 0
  return server
}

async function answer(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = parseHttpGit(request.method ?? '', request.url ?? '/')
  if (asked === undefined) return say(response, 404, 'Only git push, fetch and clone are served here')
  const caller = await callerOf(options.auth, request)
  if (caller === undefined) {
    response.setHeader('www-authenticate', 'Basic realm="git", charset="UTF-8"')
    return say(response, 401, 'Who are you?')
  }
  const { service, step, name } = asked
  const protocol = request.headers['git-protocol']
  const call = await enter(options, service, name, caller, typeof protocol === 'string' ? protocol : undefined)
  await serveHttpGit(request, response, { ...call, service, step, user: caller.user })
}

/**
 * Asks the program as `AUTH USER -`, with the secret on standard input, where no list of processes shows it. Status 0 lets the
 * caller in; lines of `KEY=value` are variables for the receiver.
 */
async function callerOf(auth: string | undefined, { headers }: IncomingMessage): Promise<Caller | undefined> {
  const [, base64 = ''] = /^basic +(\S+)$/i.exec(headers.authorization ?? '') ?? []
  const [, user = '', secret = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(base64, 'base64').toString('utf8')) ?? []
  if (auth === undefined) return { user: user || 'anybody', fingerprint: '' }
  const [file, ...words] = parseWords(auth)
  if (file === undefined || user === '' || /\p{Cc}/u.test(user) || user.startsWith('-')) return undefined
  const { exitCode, stdout, stderr } = await run([file, ...words, user, '-'], { input: `${secret}\n`, allow: 'any' })
  if (exitCode !== 0) return undefined
  return { user, fingerprint: '', env: parseVariables(`${stdout}\n${stderr}`) }
}

function say(response: ServerResponse, status: number, text: string): void {
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
  response.end(`${text}\n`)
}
