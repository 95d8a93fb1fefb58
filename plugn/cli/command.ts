import { UserError } from '#lib/errors.ts'
import { pluginPath } from '../path.ts'
import { type Store, store } from '../store.ts'

/** Where a command of plugn runs. */
export interface Context {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** The program that runs, for hooks that call it. */
  readonly self: string
  /** A line of data, on standard output. */
  print(line: string): void
  /** A line for people, on standard error. */
  say(line: string): void
}

/** One command of plugn: the words that are its name, the words it takes, and where it is done. */
export interface Command {
  readonly name: string
  readonly args: string
  readonly summary: string
  /** The exit status. What it imports is loaded only when it runs, because the program starts for each hook. */
  run(words: string[], context: Context): Promise<number>
}

/** UserError `bad-usage`: the words are not those that the command takes. */
export function badUsage(usage: string): UserError {
  return new UserError('bad-usage', `usage: plugn ${usage}`, { hint: 'plugn help lists the commands' })
}

/** The plugins of whoever calls; UserError `no-plugin-path`. */
export async function storeOf({ env, cwd }: Pick<Context, 'env' | 'cwd'>): Promise<Store> {
  return store(await pluginPath(env, cwd))
}
