import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { engine, ok } from '../../tests/e2e/harness.ts'
import type { Machine } from './report.ts'

/** How each program in the image says its version. */
const programs = 'node --version; nginx -v 2>&1; sshd -V 2>&1; git --version'

/** The machine, the engines and the image that figures were taken on. */
export async function describeMachine(): Promise<Machine> {
  const host = engine()
  const image = process.env.DOKKU_IMAGE ?? ''
  const inspect = async (format: string) => ok(await host.docker(['image', 'inspect', '--format', format, image])).trim()
  const inside = async (of: string, script: string) =>
    ok(await host.docker(['run', '--rm', '--network', 'none', '--entrypoint', 'sh', of, '-c', script]))
  const said = await inside(image, programs)
  const second = await inside(process.env.DOKKU_ENGINE_IMAGE ?? '', 'dockerd --version')
  const found = (pattern: RegExp, text = said) => pattern.exec(text)?.[1] ?? 'of an unknown version'
  return {
    cores: availableParallelism(),
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    kernel: release(),
    processor: cpus()[0]?.model ?? 'an unknown processor',
    versions: {
      'Docker Engine': ok(await host.docker(['version', '--format', '{{.Server.Version}}'])).trim(),
      'second engine': found(/version ([\w.+~-]+)/, second),
      image: `${await inspect('{{index .Config.Labels "org.opencontainers.image.version"}}')} (${(await inspect('{{.Id}}')).slice(7, 19)})`,
      Node: found(/^v([\d.]+)/m),
      nginx: found(/nginx\/([\d.]+)/),
      OpenSSH: found(/OpenSSH_(\S+?),?\s/),
      git: found(/git version (\S+)/),
    },
  }
}
