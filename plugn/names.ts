import { UserError } from '#lib/errors.ts'

/** May a plugin be called so? It is a folder's name, an argument, part of environment variables, and a key of objects: not `constructor`. */
export function isPluginName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}$/.test(name) && !(name in {})
}

/** The name itself; UserError `bad-plugin-name`. */
export function checkPluginName(name: string): string {
  if (isPluginName(name)) return name
  throw new UserError('bad-plugin-name', `${JSON.stringify(name.slice(0, 60))} is not a plugin's name`, {
    hint: 'letters, digits, _ . + and -, not beginning with . or -',
  })
}

/** The order in which plugins come: that of the bytes of their names, whatever the locale. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
