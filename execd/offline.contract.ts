import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '#lib/exec.ts'
import { client } from './fixture.ts'

/** Says which families of sockets it can make, and what io_uring answers, by which some could be made past a filter. */
const families = `import ctypes, socket
for name, family, kind in [('unix', 1, 1), ('inet', 2, 1), ('udp', 2, 2), ('inet6', 10, 1), ('netlink', 16, 3), ('packet', 17, 3)]:
    try: socket.socket(family, kind).close(); print(name)
    except PermissionError: pass
if ctypes.CDLL(None).syscall(425, 1, ctypes.create_string_buffer(200)) >= 0: print('uring')
`
const offline = (...argv: string[]) => run([client, '--offline', '--', ...argv], { allow: 'any' })

test('a program that is offline, and what it starts, makes unix sockets and no others', async () => {
  assert.match((await run(['python3', '-c', families])).stdout, /unix\ninet\nudp\n/)
  assert.equal((await offline('python3', '-c', families)).stdout, 'unix\n')
  assert.equal((await offline('sh', '-c', 'python3 -c "$1"', 'sh', families)).stdout, 'unix\n')
})

test('a program that is offline does not reach a server that others reach', async (t) => {
  const server = createServer((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nhere')).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.equal((await run(['curl', '-s', url])).stdout, 'here')
  assert.notEqual((await offline('curl', '-s', url)).exitCode, 0)
})

test('a program that is offline has its words, its status, and a shell where it names no interpreter; one that is not there is 126', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'offline-'))
  t.after(() => rm(folder, { recursive: true }))
  const script = join(folder, 'script')
  await writeFile(script, 'printf "<%s>" "$@"; exit 3\n', { mode: 0o755 })
  assert.deepEqual(await offline(script, '', 'a b', '--pty'), { exitCode: 3, stdout: '<><a b><--pty>', stderr: '' })
  const { exitCode, stderr } = await offline(join(folder, 'nowhere'))
  assert.equal(exitCode, 126)
  assert.match(stderr, /nowhere could not be started: No such file/)
})
