import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ExecResult, run } from '#lib/exec.ts'
import { gitArgv } from '#lib/git.ts'

const docker = async (...words: string[]): Promise<string> => (await run(['docker', ...words])).stdout.trim()
const name = `${process.env.DOKKU_TEST_PREFIX ?? 'doors'}-images-${randomBytes(2).toString('hex')}`
/** The image of a target, which scripts/test built beside dokku's. */
const image = (target: string) =>
  (process.env.DOKKU_IMAGE ?? assert.fail('DOKKU_IMAGE names the image under test')).replace(/dokku$/, target)
let dir = ''

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'images-'))
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'id')])
})
after(async () => {
  await run(['docker', 'rm', '--force', '--volumes', `${name}-execd`, `${name}-git`], { allow: 'any' })
  await rm(dir, { recursive: true, force: true })
})

/** Starts a container with these files in it, published on a port of this machine; gives the port. */
async function started(container: string, target: string, port: number, files: Record<string, string>, words: string[]): Promise<string> {
  await docker('create', '--name', container, '--publish', `127.0.0.1::${port}`, image(target), ...words)
  for (const [path, text] of Object.entries(files)) {
    await writeFile(join(dir, 'file'), text, { mode: 0o755 })
    await docker('cp', join(dir, 'file'), `${container}:${path}`)
  }
  await docker('start', container)
  return (await docker('port', container, `${port}/tcp`)).split(':').at(-1) ?? ''
}

/** Until it works, as a container takes a moment to listen. */
async function untilOk(work: () => Promise<ExecResult>): Promise<string> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const { exitCode, stdout, stderr } = await work()
    if (exitCode === 0) return stdout + stderr
    assert.ok(performance.now() < deadline, stderr)
  }
}

test('the image of execd lets in whom a program lets in, and keeps its host key on a volume', async () => {
  const key = (await readFile(join(dir, 'id.pub'), 'utf8')).split(' ').slice(0, 2).join(' ')
  const auth = `#!/bin/sh\n[ "$2" = "${key}" ] && echo WHO=alice\n`
  const port = await started(`${name}-execd`, 'execd', 22, { '/auth': auth }, ['--users', 'git', '/auth', '/usr/bin/env WORDS=here'])
  const options = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR']
  const argv = ['ssh', '-F', 'none', ...options.flatMap((one) => ['-o', one]), '-i', join(dir, 'id'), '-p', port, 'git@127.0.0.1'] as const
  assert.match(await untilOk(() => run([...argv], { allow: 'any' })), /^WHO=alice$/m)
  assert.match(await docker('exec', `${name}-execd`, 'ls', '/var/lib/execd'), /ssh_host_ed25519_key\.pub/)
  assert.match(await docker('exec', `${name}-execd`, 'sshcommand', 'version'), /^sshcommand /)
})

test('the image of gitreceive takes a push over HTTP', async () => {
  const files = { '/auth': '#!/bin/sh\nread -r secret\n[ "$secret" = sesame ]\n', '/receiver': '#!/bin/sh\necho "$1 by $3"; tar -t\n' }
  const words = ['gitreceive', 'http', '/srv/repositories', '/receiver', '--auth', '/auth', '--listen', '0.0.0.0:8080']
  const port = await started(`${name}-git`, 'gitreceive', 8080, files, words)
  const work = join(dir, 'work')
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com']
  await run(gitArgv(['init', '--quiet', '--initial-branch=main', work]))
  await writeFile(join(work, 'index.html'), 'hello')
  await run(gitArgv(['-C', work, 'add', '--all']))
  await run(gitArgv([...identity, '-C', work, 'commit', '--quiet', '--message', 'A page']))
  const said = await untilOk(() =>
    run(gitArgv(['-C', work, 'push', `http://alice:sesame@127.0.0.1:${port}/blog.git`, 'main']), { allow: 'any' }),
  )
  assert.match(said, /remote: blog by alice\s+\nremote: index\.html/)
})

test('the image of plugn has plugn', async () => {
  assert.match(await docker('run', '--rm', image('plugn'), 'plugn', 'version'), /^plugn: \d+\.\d+\.\d+$/)
})
