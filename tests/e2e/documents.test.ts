import assert from 'node:assert/strict'
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { blocksOf, commandsIn, guidePages } from './harness/blocks.ts'
import { attempt, ok, repo, startInstance, versionImage, versions } from './harness.ts'

const instance = await startInstance({ suffix: 'documents' })
const source = await repo(versions)
const { dir, engine, name, ports, ssh } = instance
after(() => Promise.all([instance.remove(), source.remove()]))
await engine.build(`${name}/fixture:latest`, versionImage('one'), name)
for (const app of ['shop', 'node-js-app']) ok(await ssh('git:from-image', app, `${name}/fixture:latest`))

// A laptop whose ssh reaches the instance by the host of the pages, whatever port they say, and whose docker calls it dokku.
const home = join(dir, 'home')
await mkdir(join(home, '.ssh'), { recursive: true })
await mkdir(join(home, 'bin'))
const program = async (called: string, text: string) => {
  await writeFile(join(home, 'bin', called), `#!/bin/sh\n${text}\n`)
  await chmod(join(home, 'bin', called), 0o755)
}
const options = {
  ...{ HostName: engine.address, Port: ports.ssh, User: 'dokku', IdentityFile: join(dir, 'id'), IdentitiesOnly: 'yes' },
  ...{ UserKnownHostsFile: join(dir, 'known_hosts'), StrictHostKeyChecking: 'accept-new', BatchMode: 'yes', LogLevel: 'ERROR' },
}
const config = join(home, '.ssh', 'config')
await writeFile(
  config,
  `Host *\n${Object.entries(options)
    .map(([key, value]) => `  ${key} ${value}\n`)
    .join('')}`,
)
await program(
  'ssh',
  `last=
for word do
  shift
  case "$last $word" in "-p 3022") last=; continue ;; esac
  [ "$last" != -p ] || set -- "$@" -p
  last="$word"
  [ "$word" = -p ] || set -- "$@" "$word"
done
exec /usr/bin/ssh -F ${config} "$@"`,
)
await program(
  'docker',
  `done=
for word do
  shift
  if [ -z "$done" ] && [ "$word" = dokku ]; then word=${name} done=yes; fi
  set -- "$@" "$word"
done
PATH=${process.env.PATH} exec docker "$@"`,
)
ok(await attempt(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'me@example.com', '-f', join(home, '.ssh', 'id_ed25519')]))

for (const page of await guidePages()) {
  const typed = (await blocksOf(page)).flatMap((block) => {
    const commands = commandsIn(block)
    return commands === undefined || 'reason' in commands ? [] : [{ line: block.line, run: commands.run }]
  })
  if (typed.length === 0) continue
  test(`the commands of ${page} do what it says`, async () => {
    const cwd = join(dir, page.replaceAll('/', '-'))
    await cp(source.dir, cwd, { recursive: true })
    const env = { HOME: home, PATH: `${join(home, 'bin')}:${process.env.PATH}`, LC_ALL: 'C.UTF-8', GIT_CONFIG_NOSYSTEM: '1' }
    for (const { line, run } of typed) {
      const { exitCode, stdout, stderr } = await attempt(['sh', '-ec', run], { cwd, env })
      assert.equal(exitCode, 0, `${page}:${line}\n${run}\n${stdout}\n${stderr}`)
    }
  })
}
