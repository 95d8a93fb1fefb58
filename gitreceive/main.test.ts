import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { quoteWords } from '#lib/words.ts'
import { gitIn, scratch, workTree } from './fixtures.ts'

const main = join(import.meta.dirname, 'main.ts')

/** A receiver, and a stand-in for ssh that calls the forced command as sshd would. */
async function server(t: TestContext, receiver: string) {
  const dir = await scratch(t)
  await writeFile(join(dir, 'receiver'), `#!/bin/sh\ncd ${dir}\n${receiver}\n`, { mode: 0o755 })
  const forced = quoteWords([process.execPath, main, 'serve', join(dir, 'root'), join(dir, 'receiver')])
  await writeFile(
    join(dir, 'ssh'),
    `#!/bin/sh\nfor last; do :; done\nSSH_ORIGINAL_COMMAND="$last" RECEIVE_USER=alice RECEIVE_FINGERPRINT=SHA256:x exec ${forced}\n`,
    { mode: 0o755 },
  )
  return { dir, ssh: join(dir, 'ssh') }
}

const overSsh = (ssh: string) => ['-c', `core.sshCommand=${ssh}`, '-c', 'ssh.variant=simple']

test('gitreceive gives a push to the receiver with name, commit, user, fingerprint and tree', async (t) => {
  const { dir, ssh } = await server(t, 'echo "$@" >args; tar -t >files; echo taken')
  const work = await workTree(t, { Dockerfile: 'FROM x\n' })
  await gitIn(work, ...overSsh(ssh), 'push', 'git@host:blog.git', 'main')
  const head = await gitIn(work, 'rev-parse', 'HEAD')
  assert.equal(await readFile(join(dir, 'args'), 'utf8'), `blog ${head} alice SHA256:x\n`)
  assert.equal(await readFile(join(dir, 'files'), 'utf8'), 'Dockerfile\n')
  assert.equal(await gitIn(join(dir, 'root', 'blog.git'), 'rev-parse', 'main'), head)
})

test('gitreceive declines a push that the receiver declines, with its words', async (t) => {
  const { ssh } = await server(t, 'cat >/dev/null; echo no room; exit 3')
  const work = await workTree(t, { a: '1' })
  await assert.rejects(gitIn(work, ...overSsh(ssh), 'push', 'git@host:blog', 'main'), /remote: no room[\s\S]*pre-receive hook declined/)
})

test('gitreceive takes a receiver that does not read the tree', async (t) => {
  const { dir, ssh } = await server(t, 'exit 0')
  const work = await workTree(t, { a: 'x'.repeat(300_000) })
  await gitIn(work, ...overSsh(ssh), 'push', 'git@host:blog', 'main')
  assert.equal(await gitIn(join(dir, 'root', 'blog.git'), 'rev-parse', 'main'), await gitIn(work, 'rev-parse', 'HEAD'))
})

test('gitreceive says what to do with another branch', async (t) => {
  const { ssh } = await server(t, 'exit 0')
  const work = await workTree(t, { a: '1' })
  await assert.rejects(gitIn(work, ...overSsh(ssh), 'push', 'git@host:blog', 'main:feature'), /push it as git push REMOTE feature:main/)
})

test('gitreceive refuses names that could leave the root, other commands, and fetching what is not there', async (t) => {
  const { dir } = await server(t, 'exit 0')
  const commands = { "git-receive-pack '../x'": /not a valid name/, id: /Only git/, '': /Only git/, 'git-upload-pack x': /no repository x/ }
  for (const [command, answer] of Object.entries(commands)) {
    const words: [string, ...string[]] = [process.execPath, main, 'serve', join(dir, 'root'), join(dir, 'receiver')]
    const { stderr } = await run(words, { env: { PATH: process.env.PATH ?? '', SSH_ORIGINAL_COMMAND: command }, allow: [1] })
    assert.match(stderr, answer)
  }
})

test('gitreceive init makes a repository and prints its path; without words it prints its usage and fails', async (t) => {
  const dir = await scratch(t)
  const { stdout } = await run([process.execPath, main, 'init', dir, 'blog'])
  assert.equal(stdout, `${join(dir, 'blog.git')}\n`)
  const { stderr, exitCode } = await run([process.execPath, main], { allow: [2] })
  assert.equal(exitCode, 2)
  assert.match(stderr, /gitreceive serve ROOT RECEIVER/)
})
