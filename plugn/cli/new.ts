import { resolve } from 'node:path'
import { languages, newPlugin } from '../new.ts'
import { badUsage, type Context } from './command.ts'

export async function create(words: string[], { cwd, print }: Context): Promise<number> {
  const at = words.indexOf('--lang')
  const [, wanted] = at < 0 ? [] : words.splice(at, 2)
  const language = languages.find((one) => one === (at < 0 ? 'bash' : wanted))
  const [name, ...more] = words
  if (name === undefined || more.length > 0 || language === undefined) throw badUsage(`new <name> [--lang ${languages.join('|')}]`)
  for (const file of (await newPlugin(resolve(cwd, name), language)).sort()) print(`${name}/${file}`)
  return 0
}
