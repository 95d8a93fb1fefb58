import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { start } from '#lib/exec.ts'
import { commit, gitIn, gitReports, scratch, workTree } from './fixtures.ts'
import { gitServer } from './http-server.ts'

/** A server with this receiver, which lets alice in by the password `open sesame`. */
async function server(t: TestContext, receiver: string) {
  const dir = await scratch(t)
  await writeFile(join(dir, 'receiver'), `#!/bin/sh\ncd ${dir}\n${receiver}\n`, { mode: 0o755 })
  await writeFile(join(dir, 'auth'), '#!/bin/sh\nread -r secret\n[ "$1 $2 $secret" = "alice - open sesame" ] || exit 1\necho TEAM=blue\n', {
    mode: 0o755,
  })
  const program = [process.execPath, join(import.meta.dirname, 'main.ts')]
  const http = gitServer({ root: join(dir, 'root'), receiver: join(dir, 'receiver'), program, auth: join(dir, 'auth') })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', () => resolve()))
  t.after(() => http.close().closeAllConnections())
  const bound = http.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : assert.fail()
  return { dir, port, url: (name: string, secret = 'open%20sesame') => `http://alice:${secret}@127.0.0.1:${port}/${name}` }
}

test('gitreceive http gives a push to the receiver, with what auth said, and its words to the pusher', async (t) => {
  const { dir, url } = await server(t, 'echo "$@ $TEAM"; tar -t')
  const work = await workTree(t, { Dockerfile: 'FROM x\n' })
  const head = await gitIn(work, 'rev-parse', 'HEAD')
  const said = await gitReports(work, 'push', url('blog.git'), 'main')
  assert.match(said, new RegExp(`remote: blog ${head} alice  blue\\s+\nremote: Dockerfile`))
  assert.equal(await gitIn(join(dir, 'root/blog.git'), 'rev-parse', 'main'), head)
})

test('gitreceive http serves clone and fetch, by the newer protocol too', async (t) => {
  const { dir, url } = await server(t, 'cat >/dev/null')
  const work = await workTree(t, { a: '1' })
  await gitIn(work, 'push', '--quiet', url('blog'), 'main')
  for (const version of ['0', '2']) {
    const clone = join(dir, `clone-${version}`)
    await gitIn(dir, '-c', `protocol.version=${version}`, 'clone', '--quiet', url('blog'), clone)
    assert.equal(await gitIn(clone, 'rev-parse', 'HEAD'), await gitIn(work, 'rev-parse', 'HEAD'))
  }
})

test('gitreceive http takes bodies that are large, chunked or compressed', async (t) => {
  const { dir, port, url } = await server(t, 'cat >/dev/null')
  const work = await workTree(t, { noise: randomBytes(3_000_000).toString('hex') })
  await gitIn(work, '-c', 'http.postBuffer=65536', 'push', '--quiet', url('blog'), 'main')
  const second = await commit(work, { 'more.txt': 'some text. '.repeat(20_000) })
  await gitIn(work, 'push', '--quiet', url('blog'), 'main')
  assert.equal(await gitIn(join(dir, 'root/blog.git'), 'rev-parse', 'main'), second)
  // What a client asks for when it has much in common with the server is compressed.
  const body = gzipSync(Buffer.from(`0032want ${second}\n00000009done\n`))
  const answer = await fetch(`http://127.0.0.1:${port}/blog/git-upload-pack`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from('alice:open sesame').toString('base64')}`,
      'content-type': 'application/x-git-upload-pack-request',
      'content-encoding': 'gzip',
    },
    body,
  })
  assert.equal(answer.status, 200)
  assert.match(Buffer.from(await answer.arrayBuffer()).toString('latin1'), /NAK\n[\s\S]*PACK/)
})

test('gitreceive http tells the pusher what the receiver says while it says it', async (t) => {
  const { dir, url } = await server(t, 'cat >/dev/null; echo first; while [ ! -e go ]; do sleep 0.02; done; echo second')
  const work = await workTree(t, { a: '1' })
  const pushing = start(['git', '-C', work, 'push', url('blog'), 'main'])
  pushing.stdin.end()
  const said = text(pushing.stderr)
  await new Promise<void>((resolve) => pushing.stderr.on('data', (chunk: Buffer) => /first/.test(String(chunk)) && resolve()))
  await writeFile(join(dir, 'go'), '')
  assert.match(await said, /second/)
})

test('gitreceive http declines what the receiver declines, other branches, and whoever is not let in', async (t) => {
  const { url } = await server(t, 'cat >/dev/null; echo no room; exit 3')
  const work = await workTree(t, { a: '1' })
  assert.match(await gitReports(work, 'push', url('blog'), 'main'), /remote: no room[\s\S]*pre-receive hook declined/)
  assert.match(await gitReports(work, 'push', url('blog'), 'main:feature'), /push it as git push REMOTE feature:main/)
  assert.match(await gitReports(work, 'push', url('blog', 'wrong'), 'main'), /Authentication failed|could not read/)
  for (const name of ['..%2Fx', 'a%00b', 'A', '%24(id)'])
    assert.match(await gitReports(work, 'push', url(name), 'main'), /not a valid name|403/)
  assert.match(await gitReports(work, 'ls-remote', url('nothing')), /There is no repository nothing/)
})

test('gitreceive http stores nothing of a push that breaks off, and ends its git', async (t) => {
  const { dir, port, url } = await server(t, 'cat >/dev/null; echo called >>calls')
  const work = await workTree(t, { a: '1' })
  await gitIn(work, 'push', '--quiet', url('blog'), 'main')
  const objects = join(dir, 'root/blog.git/objects')
  const incoming = async () => (await readdir(objects)).filter((name) => name.startsWith('tmp_objdir'))
  const socket = connect(port, '127.0.0.1')
  const zero = '0'.repeat(40)
  const command = `${zero} ${'1'.repeat(40)} refs/heads/main\0 report-status`
  socket.write(
    [
      'POST /blog/git-receive-pack HTTP/1.1',
      'Host: x',
      `Authorization: Basic ${Buffer.from('alice:open sesame').toString('base64')}`,
      'Content-Type: application/x-git-receive-pack-request',
      'Content-Length: 5000',
      '',
      `${(command.length + 4).toString(16).padStart(4, '0')}${command}0000PACK\0\0\0\x02\0\0\0\x01`,
    ].join('\r\n'),
  )
  while ((await incoming()).length === 0) await setImmediate()
  socket.destroy()
  while ((await incoming()).length > 0) await setImmediate()
  assert.equal(await gitIn(join(dir, 'root/blog.git'), 'rev-parse', 'main'), await gitIn(work, 'rev-parse', 'HEAD'))
  assert.equal(await readFile(join(dir, 'calls'), 'utf8'), 'called\n')
})
