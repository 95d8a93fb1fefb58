import { UserError } from '#lib/errors.ts'
import { didYouMean } from '#lib/nearest.ts'
import { parseWords, quoteWord } from '#lib/words.ts'
import { badOption, dockerFlags, ownFlags, type Phase } from './docker-flags.ts'

/** A flag as it is typed, with its long name; one that takes no value has none. */
export interface DockerFlag {
  name: string
  value: string | undefined
}

/** The short names that `docker run` and `docker build` have. */
const short: Readonly<Record<string, string>> = {
  c: 'cpu-shares',
  d: 'detach',
  e: 'env',
  h: 'hostname',
  i: 'interactive',
  l: 'label',
  m: 'memory',
  p: 'publish',
  P: 'publish-all',
  t: 'tty',
  u: 'user',
  v: 'volume',
  w: 'workdir',
}

const isolation = 'it would open the host, or another app, to this one'
const files = 'it would give the app files that are not its own'
const network = "networks and ports of apps are dokku's"
const ours = 'dokku decides that itself'

/** Why a flag of Docker's is not one that an app may have. */
const refused = new Map(
  Object.entries({
    [isolation]:
      'privileged cap-add security-opt device device-cgroup-rule device-read-bps gpus runtime userns cgroupns cgroup-parent pid ipc uts sysctl group-add oom-kill-disable oom-score-adj',
    [files]: 'volume volumes-from mount env-file label-file secret ssh',
    [network]: 'network net network-alias ip ip6 link-local-ip mac-address publish publish-all expose',
    [ours]: 'name rm detach interactive tty attach cidfile init pull restart log-driver log-opt memory-swap file tag',
  }).flatMap(([why, names]) => names.split(' ').map((name) => [name, why] as const)),
)

const linked = 'storage:mount APP NAME:/path'

const instead: Readonly<Record<string, string>> = {
  restart: 'ps:set APP restart-policy on-failure:10',
  'memory-swap': 'resource:limit APP --memory-swap 1g',
  mount: linked,
  network: 'network:set APP attach-post-create NETWORK; --link CONTAINER:ALIAS lets the app reach a container',
  volume: linked,
  publish: 'the appliance serves the app’s web process under its domains',
}

/**
 * The flags that a line of options, or what it is made of, stands for. Only those of the list, with values that they may have,
 * in this phase: UserError `bad-docker-option`, `refused-docker-option`. Quotes group words, and nothing is expanded. `ours` may have more.
 */
export function parseFlags(line: string | readonly string[], phase: Phase, { ours = false } = {}): DockerFlag[] {
  const words = typeof line === 'string' ? parseWords(line) : [...line]
  const flags: DockerFlag[] = []
  while (words.length > 0) {
    const { name, inline } = split(words.shift() ?? '')
    const { alone, effect } = (ours && ownFlags[name]) || known(name, phase)
    if (alone && inline !== undefined) throw badOption(`--${name} takes no value`, `--${name}`)
    const value = alone ? undefined : (inline ?? words.shift())
    if (!alone && !value) throw badOption(`--${name} needs a value`, `--${name} VALUE`)
    effect(value ?? '')
    flags.push({ name, value })
  }
  return flags
}

/** A flag as one would type it, always in the same way. */
export function flagText({ name, value }: DockerFlag): string {
  return value === undefined ? `--${name}` : `--${name} ${quoteWord(value)}`
}

function split(word: string): { name: string; inline: string | undefined } {
  const [, long, given] = /^--([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(word) ?? []
  if (long !== undefined) return { name: long, inline: given }
  const [, letter = '', rest = ''] = /^-([a-zA-Z])=?(.*)$/s.exec(word) ?? []
  const name = short[letter]
  if (name !== undefined) return { name, inline: rest === '' ? undefined : rest }
  throw badOption(`${JSON.stringify(word.slice(0, 60))} is not an option`, 'quote a value that has blanks: --label "note=two words"')
}

/** UserError `refused-docker-option` for what Docker knows, and dokku gives no app. */
function known(name: string, phase: Phase) {
  const why = refused.get(name)
  if (why !== undefined)
    throw new UserError('refused-docker-option', `--${name} is not for apps: ${why}`, {
      hint: instead[name] ?? `options there are: ${all}`,
    })
  const flag = Object.hasOwn(dockerFlags, name) ? dockerFlags[name] : undefined
  if (flag === undefined)
    throw badOption(`dokku knows no option --${name.slice(0, 60)}`, didYouMean(name, names) ?? `options there are: ${all}`)
  if (!flag.phases.includes(phase))
    throw badOption(`--${name} means nothing in the phase ${phase}`, `it is an option of the phases ${flag.phases.join(', ')}`)
  return flag
}

const names = Object.keys(dockerFlags)
const all = names.join(', ')
