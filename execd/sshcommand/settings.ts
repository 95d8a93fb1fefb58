import { readIfThere } from '#lib/files.ts'
import { parseWords } from '#lib/words.ts'

/** What `SSHCOMMAND_...` variables set, here or in a file of defaults. */
export interface Settings {
  /** sshd's options for keys that are added. */
  options: string
  checkName: boolean
  checkFingerprint: boolean
  /** An empty list is no failure. */
  emptyIsFine: boolean
  osRelease: string
  verbose: boolean
}

const defaultOptions = 'no-agent-forwarding,no-user-rc,no-X11-forwarding,no-port-forwarding'

/** Reads the settings; a variable of the environment wins over one of the file. */
export async function readSettings(env: NodeJS.ProcessEnv, file = '/etc/defaults/sshcommand'): Promise<Settings> {
  const lines = ((await readIfThere(file)) ?? '').split('\n').map((line) => /^(?:export\s+)?(SSHCOMMAND_\w+)=(.*)$/.exec(line))
  const defaults = Object.fromEntries(lines.flatMap((line) => (line?.[1] === undefined ? [] : [[line[1], parseWords(line[2] ?? '')[0]]])))
  const value = (name: string) => env[`SSHCOMMAND_${name}`] ?? defaults[`SSHCOMMAND_${name}`]
  const flag = (name: string, unset: boolean) => (value(name) === undefined ? unset : /^(true|yes|on|1)$/i.test(value(name) ?? ''))
  return {
    options: value('ALLOWED_KEYS') ?? defaultOptions,
    checkName: flag('CHECK_DUPLICATE_NAME', true),
    checkFingerprint: flag('CHECK_DUPLICATE_FINGERPRINT', true),
    emptyIsFine: flag('IGNORE_LIST_WARNINGS', false),
    osRelease: value('OSRELEASE') ?? '/etc/os-release',
    verbose: flag('VERBOSE_OUTPUT', false),
  }
}
