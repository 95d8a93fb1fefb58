import type { Docker } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import type { BuildLimits } from './driver.ts'

/** The first API 1.x whose BuildKit honours `cgroup-parent` (Engine 23); before it every build runs in `docker/buildkit`. */
const honoursParent = 42

/**
 * Sets caps from inside: $1 is the cgroup, $2 bytes, $3 microseconds of CPU per 100 ms (-1 for none).
 * Version 1 has a tree per controller; version 2 one tree, in which parents hand controllers down. Where a CPU is wanted by
 * both, builds get a twentieth of what others do: apps beside them stay quick.
 */
const script = `set -e
cd /cg
if [ -e cgroup.controllers ]; then
  part=""
  for step in $(echo "$1" | tr / ' '); do
    for controller in memory cpu pids; do echo "+$controller" >"./$part/cgroup.subtree_control" 2>/dev/null || true; done
    part="$part/$step"
    mkdir -p "./$part"
  done
  if [ "$2" = -1 ]; then echo max; else echo "$2"; fi >"./$part/memory.max"
  swap="./$part/memory.swap.max"
  if [ -e "$swap" ]; then if [ "$2" = -1 ]; then echo max; else echo 0; fi >"$swap"; fi
  if [ "$3" = -1 ]; then echo "max 100000"; else echo "$3 100000"; fi >"./$part/cpu.max"
  echo 5 >"./$part/cpu.weight"
else
  mkdir -p "memory/$1" "cpu/$1"
  # Memory with swap may never be less than memory alone, so the one that must give way goes first.
  swap="memory/$1/memory.memsw.limit_in_bytes"
  if [ -e "$swap" ]; then echo -1 >"$swap"; fi
  echo "$2" >"memory/$1/memory.limit_in_bytes"
  if [ -e "$swap" ]; then echo "$2" >"$swap"; fi
  echo 100000 >"cpu/$1/cpu.cfs_period_us"
  echo "$3" >"cpu/$1/cpu.cfs_quota_us"
  echo 51 >"cpu/$1/cpu.shares"
fi`

/** What `prepareLimits` needs: caps (0 or less is none), the instance's name, and an image that has a shell. */
export interface LimitSettings {
  image: string
  memory: number
  cpus: number
  name: string
  /** Of the container that sets the caps, gone after a moment. */
  labels?: Record<string, string>
}

/**
 * Makes the engine keep all builds together within the caps; call it once at start, pass the answer to every build.
 * Engine 20.10 ignores caps per build, so there they hold for every build of the engine.
 */
export async function prepareLimits(engine: Docker, settings: LimitSettings): Promise<BuildLimits> {
  const { image, memory, cpus, name, labels = {} } = settings
  const [major = 0, minor = 0] = (await engine.version()).ApiVersion.split('.').map(Number)
  const perBuild = major > 1 || minor >= honoursParent
  const cgroup = perBuild ? `/${name}-build` : undefined
  const path = cgroup?.slice(1) ?? 'docker/buildkit'
  const quota = cpus > 0 ? Math.max(1000, Math.round(cpus * 100_000)) : -1
  await runHelper(engine, image, { 'dokku.instance': name, ...labels }, [path, String(memory > 0 ? Math.round(memory) : -1), String(quota)])
  return { memory, cpus, ...(cgroup !== undefined && { cgroup }) }
}

async function runHelper(engine: Docker, image: string, labels: Record<string, string>, args: string[]): Promise<void> {
  const container = await engine.createContainer({
    Image: image,
    Entrypoint: ['/bin/sh', '-c', script, 'sh'],
    Cmd: args,
    User: '0:0',
    Tty: true, // Its words come as they are, not in frames.
    Labels: labels,
    HostConfig: {
      Binds: ['/sys/fs/cgroup:/cg:rw'],
      NetworkMode: 'none',
      UsernsMode: 'host',
      CapDrop: ['ALL'],
      CapAdd: ['DAC_OVERRIDE'], // The roots of the cgroup trees are read-only even to their owner.
      SecurityOpt: ['no-new-privileges'],
    },
  })
  try {
    await container.start()
    const { StatusCode: status } = await container.wait()
    if (status === 0) return
    const words = (await container.logs({ stdout: true, stderr: true }))
      .toString('utf8')
      .replace(/[^\x20-\x7e]+/g, ' ')
      .trim()
    throw new UserError('build-limits', `the memory and CPU caps of builds could not be set: ${words}`)
  } finally {
    await container.remove({ force: true })
  }
}
