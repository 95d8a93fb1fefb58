import { join } from 'node:path'
import { sshdConfig } from '#execd'
import { writeFiles } from '../../tests/e2e/harness/engine.ts'
import { attempt, eventually, freePort, type Instance, ok } from '../../tests/e2e/harness.ts'
import { timed } from './stats.ts'

/** Milliseconds that SSH costs by itself: a login to an sshd with the gateway's configuration whose forced command is /bin/true, or another. */
export type SilentDoor = () => Promise<number>

/** What somebody finds behind the door; `prepare` is run before. */
interface Behind {
  command: string
  prepare: string
}

/** Starts such an sshd beside an instance, on its engine and with its image. */
export async function silentDoor(
  instance: Instance,
  { command, prepare }: Behind = { command: '/bin/true', prepare: 'true' },
): Promise<SilentDoor> {
  const { engine, dir, name, image } = instance
  const port = await freePort()
  const config = sshdConfig({ port, hostKeys: ['/tmp/key'], keys: { file: '/tmp/keys' }, users: ['dokku'], socket: '/none' })
  const script = `${prepare} && usermod --shell /bin/sh dokku && ssh-keygen -q -t ed25519 -N '' -f /tmp/key && chown dokku /tmp/key && exec setpriv --reuid 12345 --regid 22022 --clear-groups /usr/sbin/sshd -D -e -f /tmp/config`
  const container = `${name}-door-${port}`
  const create = ['create', '--name', container, '--label', `dokku.instance=${name}`, '--publish', `${port}:${port}`]
  ok(await engine.docker([...create, '--entrypoint', 'sh', image, '-c', script]))
  await writeFiles(dir, { config: config.replace(/ForceCommand .*/, `ForceCommand ${command}`), keys: `${instance.publicKey}\n` })
  for (const file of ['config', 'keys']) ok(await engine.docker(['cp', join(dir, file), `${container}:/tmp/${file}`]))
  ok(await engine.docker(['start', container]))
  const argv = instance.sshArgv().map((word, at, all) => (all[at - 1] === '-p' ? String(port) : word)) as [string, ...string[]]
  const login = () => timed(async () => ok(await attempt(argv)))
  await eventually(login)
  return login
}
