import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { start } from '#lib/exec.ts'
import { git } from '#lib/git.ts'
import { host } from './harness.ts'

// Plugins from a git server over HTTP, with a password.
const { bash, folder, env } = await host()
await bash('plugn init')
const repositories = join(folder, 'repositories')

/** A bare repository with one commit of a plugin; `submodule` is the address of one that it has as a part. */
async function repository(name: string, submodule?: string): Promise<void> {
  const work = join(folder, `work-${name}`)
  await git(['init', '--quiet', '--initial-branch', 'main', work])
  await writeFile(join(work, 'greet'), '#!/bin/sh\necho hello\n', { mode: 0o755 })
  if (submodule !== undefined) {
    await git(['-C', work, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', join(repositories, 'part.git'), 'part'])
    await git(['-C', work, 'config', '--file', '.gitmodules', 'submodule.part.url', submodule])
  }
  await git(['-C', work, 'add', '--all'])
  await git(['-C', work, '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message', 'one'])
  await git(['clone', '--quiet', '--bare', work, join(repositories, `${name}.git`)])
}
await repository('part')
await repository('whole', '../part.git')
await repository('thief', join(repositories, 'part.git'))

/** git's own server program, behind the one name and password that it lets in. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers.authorization !== `Basic ${btoa('me:a secret')}`) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
    return
  }
  const url = new URL(request.url ?? '/', 'http://localhost')
  const cgi = start(['git', '-c', 'safe.directory=*', 'http-backend'], {
    env: {
      ...env,
      GIT_PROJECT_ROOT: repositories,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  })
  request.pipe(cgi.stdin)
  const chunks: Buffer[] = []
  for await (const chunk of cgi.stdout) chunks.push(chunk as Buffer)
  const answer = Buffer.concat(chunks)
  const end = answer.indexOf('\r\n\r\n')
  const headers = answer.subarray(0, end).toString().split('\r\n')
  const status = headers.find((line) => line.startsWith('Status: '))?.slice('Status: '.length)
  for (const line of headers) if (!line.startsWith('Status: ')) response.appendHeader(...(line.split(': ', 2) as [string, string]))
  response.writeHead(Number.parseInt(status ?? '200', 10)).end(answer.subarray(end + 4))
}

test('over HTTP a name and a password get a repository and its parts, and are in no file of it', async () => {
  const server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const { exitCode, stderr } = await bash(`plugn install "http://me:a%20secret@${address}/whole.git" && plugn enable whole`)
  assert.deepEqual([exitCode, stderr], [0, ''])
  assert.equal((await bash('plugn trigger greet; cat "$PLUGIN_PATH/available/whole/part/greet"')).stdout.split('\n')[0], 'hello')
  assert.equal((await bash(`plugn update whole`)).exitCode, 0)
  assert.equal((await bash('grep -rl "a secret\\|a%20secret" "$PLUGIN_PATH/available"')).exitCode, 1)
  assert.ok(!(await bash('plugn info whole')).stdout.includes('secret'))
  const wrong = await bash(`plugn install "http://me:wrong@${address}/whole.git" other`)
  assert.deepEqual([wrong.exitCode, wrong.stderr.includes('wrong')], [128, false])
  const thief = await bash(`plugn install "http://me:a%20secret@${address}/thief.git"`)
  assert.equal(thief.exitCode, 128)
  assert.match(thief.stderr, /a submodule of .*thief\.git could not be fetched/)
  server.close()
})
