import { readFile } from 'node:fs/promises'
import { UserError } from '#lib/errors.ts'
import { accountOf, become, ensureAccount } from './account.ts'
import { listJson, listText, readKey, withKey } from './acl.ts'
import { changeKeys, readKeys, strangeLines } from './keys.ts'
import { authorize, fixedWords, storeCommand } from './login.ts'
import { readSettings } from './settings.ts'

/** What a command has of the world. */
export interface Context {
  env: NodeJS.ProcessEnv
  /** The argv of this program, for the lines that sshd reads. */
  program: readonly string[]
  input(): Promise<string>
  print(line: string): void
  warn(line: string): void
}

export interface Command {
  name: string
  /** Its words, as its usage shows them. */
  args: string
  summary: string
  /** How many words it takes, at least and at most. */
  count: readonly [number, number]
  run(words: readonly string[], context: Context): Promise<void>
}

const create: Command = {
  name: 'create',
  args: '<USER> <COMMAND>',
  summary: 'give an account a command, and make the account where it is missing',
  count: [2, 2],
  async run([user = '', command = ''], { env, program, warn }) {
    fixedWords(command)
    const settings = await readSettings(env)
    const { account, made } = await ensureAccount(user, settings.osRelease)
    if (!made && settings.verbose) warn(`the account ${user} exists already`)
    await become(account)
    await storeCommand(account.home, command)
    await changeKeys(account.home, program, (keys) => keys)
  },
}

const aclAdd: Command = {
  name: 'acl-add',
  args: '<USER> <NAME> [<KEYFILE>]',
  summary: 'let a public key in, from a file or standard input, and print its fingerprint',
  count: [2, 3],
  async run([user = '', name = '', file], { env, program, input, print }) {
    const account = await accountOf(user)
    const settings = await readSettings(env)
    const key = readKey(name, file === undefined ? await input() : await readFile(file, 'utf8'), settings.options)
    await become(account)
    await changeKeys(account.home, program, (keys) => withKey(keys, key, settings))
    print(key.fingerprint)
  },
}

const aclRemove: Command = {
  name: 'acl-remove',
  args: '<USER> <NAME>',
  summary: 'shut out the keys of this name',
  count: [2, 2],
  async run([user = '', name = ''], { program }) {
    const account = await accountOf(user)
    await become(account)
    await changeKeys(account.home, program, (keys) => keys.filter((key) => key.name !== name))
  },
}

const aclRemoveByFingerprint: Command = {
  name: 'acl-remove-by-fingerprint',
  args: '<USER> <FINGERPRINT>',
  summary: 'shut out the key that has this fingerprint',
  count: [2, 2],
  async run([user = '', fingerprint = ''], { program }) {
    const account = await accountOf(user)
    await become(account)
    await changeKeys(account.home, program, (keys) => keys.filter((key) => key.fingerprint !== fingerprint))
  },
}

const list: Command = {
  name: 'list',
  args: '<USER> [<NAME>] [<OUTPUT_TYPE>]',
  summary: 'list the keys that are let in, all or those of a name, as text or json',
  count: [1, 3],
  async run([user = '', name = '', type = 'text'], { env, print, warn }) {
    if (!/^(text|json)?$/i.test(type)) throw new UserError('bad-usage', `${JSON.stringify(type)} is no way to list: text or json`)
    const account = await accountOf(user)
    const { emptyIsFine } = await readSettings(env)
    await become(account)
    const keys = (await readKeys(account.home)).filter((key) => name === '' || key.name === name)
    const strange = (await strangeLines(account.home)).filter((line) => !line.startsWith('#')).length
    if (strange > 0) warn(`${strange === 1 ? 'a line' : `${strange} lines`} of ${account.home}/.ssh/authorized_keys did not come from here`)
    if (type.toLowerCase() === 'json') print(listJson(keys))
    else for (const line of listText(keys)) print(line)
    if (keys.length === 0 && !emptyIsFine)
      throw new UserError('no-keys', 'No public keys found', { hint: 'sshcommand acl-add USER NAME < key.pub' })
  },
}

const auth: Command = {
  name: 'auth',
  args: '<USER> <KEY>',
  summary: 'tell execd whose key this is: execd "sshcommand auth" PROGRAM',
  count: [2, 2],
  async run([user = '', key = ''], { print }) {
    const account = await accountOf(user)
    await become(account)
    for (const line of await authorize(account.home, key)) print(line)
  },
}

/** In the order of the help. */
export const commands: readonly Command[] = [create, aclAdd, aclRemove, aclRemoveByFingerprint, list, auth]
