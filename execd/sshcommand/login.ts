import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { parseWords } from '#lib/words.ts'
import { readKeys } from './keys.ts'

/** The file that holds the command of a home's account, one line of words. */
const commandFile = '.sshcommand'

/** Stores the command that every key of this home runs; its words are split as a shell's, and expanded by nobody. */
export async function storeCommand(home: string, command: string): Promise<void> {
  await writeWhole(join(home, commandFile), `${command}\n`)
}

/** The words that a login runs: those of the command, then the client's. `env` says who it is, as its line in `authorized_keys` set it. */
export async function loginWords(home: string, env: NodeJS.ProcessEnv): Promise<[string, ...string[]]> {
  const command = await readIfThere(join(home, commandFile))
  if (command === undefined) throw new UserError('bad-command', `${home} has no command`, { hint: 'sshcommand create USER COMMAND' })
  const { FINGERPRINT, NAME, SSH_ORIGINAL_COMMAND: asked = '' } = env
  // A key that was removed a moment ago may have passed sshd already.
  if (!(await readKeys(home)).some(({ fingerprint, name }) => fingerprint === FINGERPRINT && name === NAME))
    throw new UserError('unknown-key', 'this key is not let in here any more')
  return [...fixedWords(command), ...parseWords(asked)]
}

/** What execd is told of a caller, as variables of the handler; UserError `unknown-key` for one who is not let in. */
export async function authorize(home: string, publicKey: string): Promise<string[]> {
  const [type, base64] = publicKey.split(' ')
  const key = (await readKeys(home)).find((one) => one.type === type && one.base64 === base64)
  if (key === undefined) throw new UserError('unknown-key', 'this key is not let in here')
  if (!key.options.split(',').every((option) => harmless.has(option.toLowerCase())))
    throw new UserError('unknown-key', `${key.name} has options that only sshd can hold a key to: ${key.options}`)
  return [`FINGERPRINT=${key.fingerprint}`, `NAME=${key.name}`]
}

/** Options that hold for every caller of execd anyway. */
const harmless = new Set(['', 'no-agent-forwarding', 'no-port-forwarding', 'no-x11-forwarding', 'no-user-rc'])

/** The words of a command that may be stored; UserError `bad-command`, `unbalanced-quotes`. */
export function fixedWords(command: string): [string, ...string[]] {
  const [file, ...words] = parseWords(command)
  if (file === undefined || file === '' || file.includes('='))
    throw new UserError('bad-command', `${JSON.stringify(command)} is not a command`, {
      hint: 'a program and its words, such as "/usr/bin/dokku"',
    })
  return [file, ...words]
}
