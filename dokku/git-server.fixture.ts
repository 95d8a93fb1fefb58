import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { start } from '#lib/exec.ts'

/** git's own server over HTTP, for what is in a folder; `/private` is `/app` behind a name and a password, `/moved` redirects to it. */
export async function gitServer(folder: string): Promise<{ at: string; close: () => void }> {
  const server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { at, close: () => server.close() }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (url.pathname.startsWith('/moved'))
      return void response.writeHead(302, { location: `http://${at}/app/info/refs${url.search}` }).end()
    if (url.pathname.startsWith('/private') && request.headers.authorization !== `Basic ${btoa('me:a secret')}`)
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
    const cgi = start(['git', '-c', 'safe.directory=*', 'http-backend'], {
      env: {
        PATH: process.env.PATH ?? '',
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: url.pathname.replace('/private', '/app'),
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      },
    })
    request.pipe(cgi.stdin)
    const answer = Buffer.concat((await cgi.stdout.toArray()) as Buffer[])
    const end = answer.indexOf('\r\n\r\n')
    const headers = answer.subarray(0, end).toString().split('\r\n')
    for (const line of headers) response.appendHeader(...(line.split(': ', 2) as [string, string]))
    response.writeHead(Number.parseInt(String(response.getHeader('status') ?? '200'), 10)).end(answer.subarray(end + 4))
  }
}
