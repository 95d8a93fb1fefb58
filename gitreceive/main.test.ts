import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { quoteWords } from '#lib/words.ts'
import { commit, gitIn, gitReports, receiver, scratch, workTree } from './fixtures.ts'
import { checkQuota } from './quota.ts'

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

test('gitreceive create makes a repository and prints its path; without words it prints its usage and fails', async (t) => {
  const dir = await scratch(t)
  const { stdout } = await run([process.execPath, main, 'create', dir, 'blog'])
  assert.equal(stdout, `${join(dir, 'blog.git')}\n`)
  const { stderr, exitCode } = await run([process.execPath, main], { allow: [2] })
  assert.equal(exitCode, 2)
  assert.match(stderr, /gitreceive serve ROOT RECEIVER/)
})

test('gitreceive create makes a repository that takes pushes of the newer object format, and only those', async (t) => {
  const { dir, ssh } = await server(t, 'cat >/dev/null; echo "took $2"')
  await run([process.execPath, main, 'create', join(dir, 'root'), 'blog', '--object-format', 'sha256'])
  const work = await scratch(t)
  await gitIn(work, 'init', '--quiet', '--initial-branch=main', '--object-format=sha256')
  const head = await commit(work, { a: '1' })
  assert.equal(head.length, 64)
  await gitIn(work, ...overSsh(ssh), 'push', 'git@host:blog', 'main')
  assert.equal(await gitIn(join(dir, 'root', 'blog.git'), 'rev-parse', 'main'), head)
  await assert.rejects(gitIn(work, ...overSsh(ssh), 'push', 'git@host:other', 'main'), /hash algorithm|unexpected capabilities/)
})

test('gitreceive init makes a home, upload-key lets a key in under a name, and run serves whoever has it', async (t) => {
  const home = await scratch(t)
  const env = { PATH: process.env.PATH ?? '', GITUSER: 'nobody', GITHOME: home }
  const call = (words: string[], more: { input?: string; env?: Record<string, string> } = {}) =>
    run([process.execPath, main, ...words], { ...more, env: { ...env, ...more.env }, allow: [0, 1, 2] })
  await call(['init'])
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII0Ht4dYMKuSy6WGjQUOE1oBddCMXEnXPnVtj3mXSDXO alice@laptop\n'
  const fingerprint = 'SHA256:LtfsT/3Lu1k7kWpuOV8T/lN/M+0VPftJPACz3QW9avc'
  assert.equal((await call(['upload-key', 'alice'], { input: key })).stdout, `${fingerprint}\n`)
  for (const name of ['../x', 'a b', '', 'a"b', '-x', '.ssh', 'a\nb'])
    assert.equal((await call(['upload-key', '--', name], { input: key })).exitCode, 1, name)
  assert.match((await call(['upload-key', 'bob'], { input: 'nonsense' })).stderr, /not a public key/)
  const [line = '', ...more] = (await readFile(join(home, '.ssh/authorized_keys'), 'utf8')).trim().split('\n')
  assert.deepEqual(more, [])
  assert.match(line, /^restrict,command="env GITUSER=nobody GITHOME=.* run alice SHA256:.*" ssh-ed25519 \S+ alice$/)
  const [, forced = ''] = /command="(.*)" ssh-/.exec(line) ?? []
  await writeFile(join(home, 'ssh'), `#!/bin/sh\nfor last; do :; done\nexport SSH_ORIGINAL_COMMAND="$last"\nexec ${forced}\n`, {
    mode: 0o755,
  })
  await writeFile(join(home, 'created'), '#!/bin/sh\n[ "$1" != closed ] && echo "made $1 for $2"\n', { mode: 0o755 })
  const work = await workTree(t, { Dockerfile: 'FROM x\n' })
  const push = (name: string) => gitReports(work, ...overSsh(join(home, 'ssh')), 'push', `git@host:${name}`, 'main')
  const said = await push('blog')
  assert.match(said, /made blog for alice/)
  assert.match(said, /remote: ----> [0-9a-f]{40} of blog by alice/)
  assert.match(said, /remote: Dockerfile/)
  assert.match(await push('closed'), /closed may not be made/)
  await assert.rejects(readFile(join(home, 'repositories/closed.git/HEAD')), { code: 'ENOENT' })
})

test('gitreceive declines a push that would make a repository too large, and takes what fits', async (t) => {
  const repositories = await receiver(t)
  const path = await repositories.ensure('7')
  const work = await workTree(t, { a: '1' })
  await gitIn(work, 'push', '--quiet', path, 'main')
  const zero = '0'.repeat(40)
  const updates = [{ old: zero, new: '1'.repeat(40), ref: 'refs/heads/x' }]
  await checkQuota(path, updates, {})
  await assert.rejects(checkQuota(path, updates, {}, { maxSize: 10 }), { code: 'quota-exceeded' })
  await assert.rejects(checkQuota(path, updates, {}, { maxRefs: 1 }), { code: 'quota-exceeded' })
  await checkQuota(path, [{ old: '1'.repeat(40), new: '2'.repeat(40), ref: 'refs/heads/main' }], {}, { maxRefs: 1 })
})
