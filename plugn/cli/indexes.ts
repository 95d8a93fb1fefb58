import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { hasCode, UserError } from '#lib/errors.ts'
import { buildListing } from '../index-build.ts'
import { checkListing } from '../index-check.ts'
import { addIndex, readIndexes, removeIndex } from '../indexes.ts'
import { makeKey, signListing, verifyListing } from '../listing.ts'
import { badUsage, type Context, storeOf } from './command.ts'

export async function list(_words: string[], context: Context): Promise<number> {
  for (const [name, { url, key }] of Object.entries(await readIndexes(await storeOf(context)))) context.print(`${name} ${url} ${key}`)
  return 0
}

/** The key is pinned: an index that is signed with another one is refused from now on. */
export async function add([name, url, key, ...more]: string[], context: Context): Promise<number> {
  if (name === undefined || url === undefined || key === undefined || more.length > 0) throw badUsage('index add <name> <url> <key>')
  const { cwd, say } = context
  await addIndex(await storeOf(context), name, { url, key }, { cwd, warn: (text) => say(` !     ${text}`) })
  return 0
}

export async function remove([name, ...more]: string[], context: Context): Promise<number> {
  if (name === undefined || more.length > 0) throw badUsage('index remove <name>')
  return (await removeIndex(await storeOf(context), name)) ? 0 : 1
}

/** The private key goes into a file for its owner alone; the public one, for those who use the index, is printed. */
export async function key([file, ...more]: string[], { cwd, print }: Context): Promise<number> {
  if (file === undefined || more.length > 0) throw badUsage('index key <file>')
  const { privateKey, publicKey } = makeKey()
  try {
    await writeFile(resolve(cwd, file), privateKey, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (hasCode(error, 'EEXIST')) throw new UserError('key-exists', `${file} is there already, and stays as it is`)
    throw error
  }
  print(publicKey)
  return 0
}

export async function build(words: string[], { cwd, print }: Context): Promise<number> {
  const { positionals, values } = parsed(words)
  if (values.key === undefined || positionals.length === 0) throw badUsage('index build --key <file> <folder of a plugin>...')
  const listing = await buildListing(positionals.map((dir) => resolve(cwd, dir)))
  print(signListing(listing, await readFile(resolve(cwd, values.key), 'utf8')).trimEnd())
  return 0
}

/** A line for each plugin that an index lists: `ok NAME`, or `failed NAME: why`. */
export async function check(words: string[], { cwd, print }: Context): Promise<number> {
  const { positionals, values } = parsed(words)
  const [file, ...more] = positionals
  if (values.key === undefined || file === undefined || more.length > 0) throw badUsage('index check --key <public key> <file>')
  const checked = await checkListing(verifyListing(await readFile(resolve(cwd, file), 'utf8'), values.key, file))
  for (const { name, problems } of checked) print(problems.length === 0 ? `ok ${name}` : `failed ${name}: ${problems.join('; ')}`)
  return checked.every(({ problems }) => problems.length === 0) ? 0 : 1
}

function parsed(words: string[]) {
  try {
    return parseArgs({ args: words, allowPositionals: true, options: { key: { type: 'string' } } })
  } catch (error) {
    if (error instanceof TypeError && hasCode(error, 'ERR_PARSE_ARGS_UNKNOWN_OPTION', 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE'))
      throw badUsage('index build --key <file> <folder>..., or index check --key <public key> <file>')
    throw error
  }
}
