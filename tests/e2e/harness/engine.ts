import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type ExecOptions, type ExecResult, run } from '#lib/exec.ts'
import { attempt, ok, scratch } from './programs.ts'

/** A Docker engine, spoken to with the docker program as a user would. */
export interface Engine {
  /** Where ports that its containers publish, or open on its host's network, are found. */
  readonly address: string
  docker(args: readonly string[], options?: Pick<ExecOptions, 'input'>): Promise<ExecResult>
  /** Names or ids, one per line of a docker command's output. */
  lines(...args: string[]): Promise<string[]>
  /** Builds an image from files; it is removed with the instance whose label it carries. */
  build(tag: string, files: Readonly<Record<string, string>>, instance: string): Promise<void>
}

/** The engine whose socket the tests have, or one at another `DOCKER_HOST`. */
export function engine(options: { host?: string; address?: string } = {}): Engine {
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/root',
    // The docker program alone has no BuildKit client; the classic builder is enough for fixtures.
    DOCKER_BUILDKIT: '0',
    ...(options.host === undefined ? {} : { DOCKER_HOST: options.host }),
  }
  const docker: Engine['docker'] = (args, given = {}) => attempt(['docker', ...args], { env, ...given })
  return {
    address: options.address ?? '127.0.0.1',
    docker,
    lines: async (...args) =>
      ok(await docker(args))
        .split('\n')
        .filter(Boolean),
    async build(tag, files, instance) {
      const { dir, remove } = await scratch()
      try {
        await writeFiles(dir, files)
        ok(await docker(['build', '--quiet', '--force-rm', '--label', `dokku.instance=${instance}`, '--tag', tag, dir]))
      } finally {
        await remove()
      }
    },
  }
}

/** Writes a map of paths to contents. */
export async function writeFiles(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), content)
  }
}

/** Removes whatever of an instance is on the engine: by its label, and by the names that the README's command gives. */
export async function removeInstance(target: Engine, name: string): Promise<void> {
  const label = `label=dokku.instance=${name}`
  await target.docker(['rm', '--force', '--volumes', name])
  const containers = await target.lines('ps', '--all', '--quiet', '--filter', label)
  if (containers.length > 0) await target.docker(['rm', '--force', '--volumes', ...containers])
  await target.docker(['rm', '--force', '--volumes', `${name}-ssh`, `${name}-nginx`])
  const networks = await target.lines('network', 'ls', '--quiet', '--filter', label)
  if (networks.length > 0) await target.docker(['network', 'rm', ...networks])
  const volumes = await target.lines('volume', 'ls', '--quiet', '--filter', label)
  const named = [name, `${name}-gateway`, `${name}-ssh`, `${name}-nginx`, `${name}-appliance`]
  await target.docker(['volume', 'rm', '--force', ...new Set([...volumes, ...named])])
  const images = await target.lines('images', '--quiet', '--filter', label)
  const tagged = await target.lines('images', '--format', '{{.Repository}}:{{.Tag}}', `${name}/*`)
  const doomed = new Set([...tagged, ...images])
  if (doomed.size > 0) await target.docker(['rmi', '--force', ...doomed])
}

/** A result of `run` that must succeed, outside any engine: for git and ssh-keygen. */
export async function tool(argv: readonly [string, ...string[]], cwd?: string): Promise<string> {
  return (await run(argv, cwd === undefined ? {} : { cwd })).stdout.trim()
}
