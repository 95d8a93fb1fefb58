import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** Where the API listens over TCP, and the token that its callers know. */
export interface Door {
  host: string
  port: number
  token: string
}

/** The door over TCP that the environment asks for: `APPLIANCE_LISTEN`, and a token that it never goes without. */
export async function doorOf(env: Readonly<Record<string, string | undefined>>): Promise<Door | undefined> {
  const { APPLIANCE_LISTEN: listen = '', APPLIANCE_TOKEN: token, APPLIANCE_TOKEN_FILE: file } = env
  if (listen === '') return undefined
  const [, host = '', port = ''] = /^(?:\[([\da-f:]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(listen)?.filter((part) => part !== undefined) ?? []
  if (port === '' || Number(port) < 1 || Number(port) > 65535) throw new Error(`APPLIANCE_LISTEN=${listen} is not HOST:PORT`)
  if (token !== undefined && file !== undefined) throw new Error('APPLIANCE_TOKEN and APPLIANCE_TOKEN_FILE are two tokens: set one')
  const given = token ?? (file === undefined ? undefined : (await readFile(file, 'utf8')).trim())
  if (given === undefined) throw new Error('APPLIANCE_LISTEN needs a token: set APPLIANCE_TOKEN, or APPLIANCE_TOKEN_FILE')
  if (!/^[\x21-\x7e]{16,}$/.test(given)) throw new Error('the token is at least 16 letters, digits and signs, without blanks')
  return { host, port: Number(port), token: given }
}

type Fetch = (request: Request) => Response | Promise<Response>

/** Lets in whoever shows the token; how long it looks at a wrong one tells nothing about the right one. */
export function guarded(fetch: Fetch, token: string): Fetch {
  const right = digest(token)
  return (request) => {
    const shown = /^bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
    if (timingSafeEqual(digest(shown), right)) return fetch(request)
    const init = { status: 401, headers: { 'www-authenticate': 'Bearer', connection: 'close' } }
    return Response.json({ code: 'bad-token', message: 'the appliance wants its token: Authorization: Bearer TOKEN' }, init)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
