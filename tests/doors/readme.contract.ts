import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { signalGroup, start } from '#lib/exec.ts'
import { root } from '../../scripts/sources.ts'

/** The examples of a component's README, in order. */
async function examples(component: string): Promise<string[]> {
  const text = await readFile(join(root, component, 'README.md'), 'utf8')
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
}

/** A shell as somebody has it who has installed both programs, and takes every host key. */
async function shell(t: TestContext) {
  const bin = await mkdtemp(join(tmpdir(), 'doors-'))
  const programs = {
    execd: `exec ${process.execPath} ${root}/execd/main.ts "$@"`,
    gitreceive: `exec ${process.execPath} ${root}/gitreceive/main.ts "$@"`,
    ssh: 'exec /usr/bin/ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes "$@"',
  }
  for (const [name, line] of Object.entries(programs)) await writeFile(join(bin, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 })
  const identity = {
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  }
  const started = start(['bash', '-e'], { env: { PATH: `${bin}:${process.env.PATH}`, HOME: bin, ...identity } })
  let said = ''
  for (const stream of [started.stdout, started.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  const until = async (words: RegExp) => {
    while (!words.test(said)) {
      const ended = await Promise.race([started.then(() => true), new Promise((next) => setImmediate(next))])
      if (ended) assert.fail(said)
    }
  }
  t.after(async () => {
    signalGroup(started, 'SIGKILL')
    await started
    await rm(bin, { recursive: true, force: true })
  })
  return {
    said: () => said,
    /** Types an example, and waits until it is done; a server that it starts in the background listens then. */
    async type(block: string) {
      said = ''
      // What is typed next is no input of an example.
      await writeFile(join(bin, 'example'), block)
      started.stdin.write(`. ${bin}/example </dev/null\necho "example done"\n`)
      await until(/^example done$/m)
      if (/&\n$/.test(block)) await until(/listening/)
    },
  }
}

for (const [component, folder] of [
  ['execd', '/tmp/door'],
  ['gitreceive', '/tmp/srv'],
] as const)
  test(`the examples of the README of ${component} do what stands beside them`, async (t) => {
    const blocks = await examples(component)
    assert.ok(blocks.length >= 2)
    t.after(() => rm(folder, { recursive: true, force: true }))
    const { type, said } = await shell(t)
    for (const block of blocks) {
      await type(block)
      for (const [, promised = ''] of block.matchAll(/ {4}# (.*)$/gm))
        assert.ok(
          said()
            .split('\n')
            .some((line) => line.trim() === promised),
          `${promised} was not printed:\n${said()}`,
        )
    }
  })

test('gitreceive init makes an account to which people push by the sshd that a machine has', async (t) => {
  const { type, said } = await shell(t)
  t.after(() => rm('/tmp/machine', { recursive: true, force: true }))
  await type(`mkdir -p /tmp/machine /run/sshd && cd /tmp/machine && chmod 755 . && export GITUSER=gitpush GITHOME=/tmp/machine/home
gitreceive init
ssh-keygen -q -t ed25519 -N '' -f id && ssh-keygen -q -t ed25519 -N '' -f host && gitreceive upload-key alice <id.pub
printf 'Port 2418\\nListenAddress 127.0.0.1\\nHostKey /tmp/machine/host\\nUsePAM no\\nPidFile none\\n' >sshd_config
git init -q -b main work && echo hello >work/index.html
git -C work add . && git -C work commit -q -m 'A page'
$(command -v sshd || echo /usr/sbin/sshd) -D -e -f /tmp/machine/sshd_config &
`)
  await type(`GIT_SSH_COMMAND='ssh -i /tmp/machine/id -p 2418' git -C work push gitpush@127.0.0.1:blog.git main
git -C work log --format=%H -1
stat -c 'owned by %U' home/repositories/blog.git/HEAD
ssh -i id -p 2418 gitpush@127.0.0.1 id || echo "no shell"
`)
  assert.match(said(), /remote: ----> [0-9a-f]{40} of blog by alice/)
  assert.match(said(), /remote: index\.html/)
  assert.match(said(), /owned by gitpush/)
  assert.match(said(), /Only git push, fetch and clone are served here/)
  assert.match(said(), /no shell/)
})
