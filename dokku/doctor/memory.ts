import { readFile } from 'node:fs/promises'
import { formatSize } from '#lib/size.ts'
import { label } from '../container.ts'
import type { Instance } from '../instance.ts'
import { type Check, type Finding, ok, warning, wrong } from './check.ts'

/** Bytes: what the machine has, what it could give now, and what containers of apps may take altogether. */
export interface MemoryFacts {
  total: number
  available: number
  swap: number
  /** Of each container; 0 is no limit. */
  limits: readonly number[]
}

/** Is there room, and would there be if apps took what they may? */
export function memoryFindings({ total, available, swap, limits }: MemoryFacts): Finding[] {
  const free = `${formatSize(available)} of ${formatSize(total)} are available`
  const hint = 'docker stats shows who takes it; ps:scale and docker-options:add APP deploy --memory make it less'
  if (available < total * 0.05) return [wrong(`memory is nearly used up: ${free}`, hint)]
  const promised = limits.reduce((sum, bytes) => sum + (bytes || total), 0)
  const text = `${free}; ${limits.length} containers of apps may take ${formatSize(promised)}`
  return promised > (total + swap) * 2 || (promised > total + swap && available < total * 0.2)
    ? [warning(`${text}: when they do, the kernel ends some of them`, hint)]
    : [ok(text)]
}

/** The fields of /proc/meminfo, in bytes. */
export function readMeminfo(text: string): { total: number; available: number; swap: number } {
  const field = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024
  return { total: field('MemTotal'), available: field('MemAvailable'), swap: field('SwapTotal') }
}

async function limitsOf({ engine, settings }: Instance): Promise<number[]> {
  const filters = { label: [`${label.instance}=${settings.name}`, label.app] }
  const found = await engine.listContainers({ filters })
  return await Promise.all(
    found.map(async ({ Id: id }) =>
      engine
        .getContainer(id)
        .inspect()
        .then(
          ({ HostConfig: host }) => host.Memory ?? 0,
          () => 0,
        ),
    ),
  )
}

export const memory: Check = {
  name: 'memory',
  look: async (instance) => memoryFindings({ ...readMeminfo(await readFile('/proc/meminfo', 'utf8')), limits: await limitsOf(instance) }),
}
