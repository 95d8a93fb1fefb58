import { checkProcessName, type DockerOption, dockerFlags, type Phase, parseMemory, UserError } from 'dokku'

/** A resource that a container may be given: its flag, what it is of `docker run`, and how a person's word is written there. */
export interface Resource {
  summary: string
  option: string
  value: (word: string) => string
}

/** What containers may use at most. */
export const limits: Readonly<Record<string, Resource>> = {
  cpu: { summary: 'processors, such as 1.5', option: 'cpus', value: checked('cpus') },
  memory: { summary: 'memory; a plain number is megabytes', option: 'memory', value: parseMemory },
  'memory-swap': { summary: 'memory and swap together', option: 'memory-swap', value: parseMemory },
  pids: { summary: 'processes and threads', option: 'pids-limit', value: checked('pids-limit') },
  shm: { summary: 'shared memory (/dev/shm); a plain number is megabytes', option: 'shm-size', value: parseMemory },
  ulimit: { summary: 'a limit of each process, such as nofile=4096', option: 'ulimit', value: checked('ulimit') },
}

/** What is kept for them when memory or processors are short. */
export const reservations: Readonly<Record<string, Resource>> = {
  cpu: { summary: 'a share of the processors: 1024 is that of others', option: 'cpu-shares', value: checked('cpu-shares') },
  memory: { summary: 'memory; a plain number is megabytes', option: 'memory-reservation', value: parseMemory },
}

/** What Dokku knows for clusters, and one machine has not. */
export const elsewhere = ['network', 'network-ingress', 'network-egress', 'nvidia-gpu']

/** Where an option of a process type holds; without one, everywhere. */
export function places(process: string | undefined): Pick<DockerOption, 'phase' | 'process'>[] {
  const at = (phase: Phase, of = '') => ({ phase, process: of })
  if (process === undefined) return [at('deploy'), at('run')]
  return process === 'run' ? [at('run', 'run')] : [at('deploy', checkProcessName(process))]
}

/** The resource that an option is, among these, and what of it. */
export function resourceOf(among: Readonly<Record<string, Resource>>, { option }: DockerOption): [name: string, value: string] | undefined {
  const [, flag = '', value = ''] = /^--(\S+) (.*)$/s.exec(option) ?? []
  const name = Object.keys(among).find((one) => among[one]?.option === flag)
  return name === undefined ? undefined : [name, value]
}

/** As `docker run` takes it. */
function checked(flag: string): (word: string) => string {
  return (word) => {
    if (dockerFlags[flag] === undefined) throw new UserError('bad-docker-option', `there is no --${flag}`)
    dockerFlags[flag].effect(word)
    return word
  }
}
