import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Engine, engine } from './engine.ts'
import { eventually, ok, scratch } from './programs.ts'

/** An engine in a container, which may be hurt. */
export interface SecondEngine {
  readonly engine: Engine
  /** Copies images from the host's engine. */
  load(...images: string[]): Promise<void>
  /** Ends the engine and everything on it, and waits until it answers again; returns when it began to start. */
  restart(): Promise<Date>
  /** `kill -9` of the engine's own process, while those of its containers go on; one that survives starts again. */
  kill(): Promise<void>
  /** Everything ends at once, as in a power cut. */
  cutPower(): Promise<void>
  powerUp(): Promise<void>
  untilAnswers(): Promise<void>
  /** Freezes the engine, not the containers on it, while the work goes on. */
  frozen(work: () => Promise<void>): Promise<void>
  /** Removes it with the instances on it. */
  remove(...instances: string[]): Promise<void>
}

/** What a container needs to be an engine, where Docker may not give it everything (`--privileged`). */
const almostPrivileged = [
  ...['--cap-add', 'ALL', '--cap-drop', 'SYS_RESOURCE', '--device-cgroup-rule', 'a *:* rwm'],
  ...['seccomp=unconfined', 'apparmor=unconfined', 'systempaths=unconfined'].flatMap((option) => ['--security-opt', option]),
]

/** Starts an engine again when it was killed. */
const survivor = ['sh', '-c', 'trap "kill $!; wait; exit" TERM; while :; do "$@" & wait; sleep 0.2; done', 'sh']

/**
 * What systemd does for Debian's engine: holds its socket, so that callers wait while there is no engine, and starts it
 * again when it ended. The socket is file descriptor 3 of whatever it starts.
 */
const supervise = `
use Socket; $^F = 9; my $path = '/var/run/docker.sock'; unlink $path;
socket(S, AF_UNIX, SOCK_STREAM, 0) && bind(S, sockaddr_un($path)) && listen(S, 128) or die $!;
while (1) {
  my $engine = fork;
  if ($engine == 0) { $ENV{LISTEN_FDS} = 1; $ENV{LISTEN_PID} = $$; exec @ARGV or die $! }
  1 while wait != $engine;
}`

interface SecondEngineOptions {
  /** It may be killed, and starts again. */
  survives?: boolean
  /** The same, and its containers do not notice. */
  liveRestore?: boolean
}

/** Starts Debian's engine in a container on a network of its own; only the host can reach it there. */
export async function secondEngine(
  image: string,
  { survives = false, liveRestore = false }: SecondEngineOptions = {},
): Promise<SecondEngine> {
  const host = engine()
  const name = `${process.env.DOKKU_TEST_PREFIX ?? 'e2e'}-engine-${randomBytes(2).toString('hex')}`
  const remove = async (...instances: string[]) => {
    // Containers on it end with it; its volume is anonymous, so it goes along.
    await host.docker(['rm', '--force', '--volumes', name])
    await host.docker(['network', 'rm', name])
    // Its containers' cgroups are on the host and outlive it.
    const patterns = [`*/${name}*`, ...instances.map((one) => `*/${one}-build*`)].flatMap((path) => ['-o', '-path', path]).slice(1)
    const find = ['find', '/sys/fs/cgroup', '-depth', '-type', 'd', '(', ...patterns, ')', '-exec', 'rmdir', '{}', ';']
    await host.docker(['run', '--rm', '--network', 'none', '--volume', '/sys/fs/cgroup:/sys/fs/cgroup:rw', image, ...find])
  }
  const create = async (rights: readonly string[]) => {
    const cgroups = ['--volume', '/sys/fs/cgroup:/sys/fs/cgroup:rw']
    const socket = liveRestore ? ['fd://', '--live-restore'] : ['unix:///var/run/docker.sock']
    const supervisor = liveRestore ? ['perl', '-e', supervise, '--'] : survives ? survivor : []
    const daemon = [...supervisor, 'dockerd', '-H', ...socket, '-H', 'tcp://0.0.0.0:2375', '--tls=false', '-s', 'overlay2']
    const flags = ['--name', name, '--hostname', name, '--network', name, '--tmpfs', '/run', '--label', `dokku.instance=${name}`]
    return host.docker(['run', '--detach', ...flags, ...rights, ...cgroups, image, ...daemon, '--cgroup-parent', `/${name}`])
  }
  try {
    ok(await host.docker(['network', 'create', '--label', `dokku.instance=${name}`, name]))
    if ((await create(['--privileged'])).exitCode !== 0) {
      await host.docker(['rm', '--force', '--volumes', name])
      ok(await create(almostPrivileged))
    }
    const address = ok(await host.docker(['inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', name])).trim()
    const second = engine({ host: `tcp://${address}:2375`, address })
    // It answers once it has started the containers that it starts by itself.
    const answers = async () =>
      void (await eventually(async () => ok(await second.docker(['version', '--format', '{{.Server.Version}}'])), 240))
    await answers()
    return {
      engine: second,
      async load(...images) {
        const { dir, remove: removeDir } = await scratch()
        try {
          ok(await host.docker(['save', '--output', join(dir, 'images.tar'), ...images]))
          ok(await second.docker(['load', '--input', join(dir, 'images.tar')]))
        } finally {
          await removeDir()
        }
      },
      async restart() {
        ok(await host.docker(['restart', '--time', '20', name]))
        await answers()
        return new Date(ok(await host.docker(['inspect', '--format', '{{.State.StartedAt}}', name])).trim())
      },
      async kill() {
        ok(await host.docker(['exec', name, 'sh', '-c', 'kill -9 $(cat /var/run/docker.pid)']))
      },
      async cutPower() {
        ok(await host.docker(['kill', name]))
      },
      async powerUp() {
        ok(await host.docker(['start', name]))
        await answers()
      },
      untilAnswers: answers,
      async frozen(work) {
        ok(await host.docker(['pause', name]))
        try {
          await work()
        } finally {
          ok(await host.docker(['unpause', name]))
        }
      },
      remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}
