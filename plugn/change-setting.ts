import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { editConfig, type Value } from './config-file.ts'
import { exclusively } from './exclusive.ts'
import type { Manifest } from './manifest.ts'
import { checkPluginName } from './names.ts'
import { readManifest } from './read-manifest.ts'
import { readStored } from './settings.ts'
import type { Store } from './store.ts'

/** Stores a setting of a plugin from the word that somebody typed, or removes it; UserError `bad-plugin-setting`, and as `editConfig` throws. */
export async function changeSetting(
  { root, available, config }: Store,
  plugin: string,
  key: string,
  word: string | undefined,
): Promise<void> {
  const name = checkPluginName(plugin)
  checkKey(key)
  if (word?.includes('\0')) throw new UserError('bad-plugin-setting', `${name} ${key} cannot hold a NUL: no environment can`)
  const declared = word === undefined ? undefined : (await readManifest(join(available, name)))?.config[key]
  await exclusively(root, async () => {
    const before = word === undefined ? undefined : (await readStored(config))[name]?.[key]
    await editConfig(config, name, key, word === undefined ? undefined : typed(word, `${name} ${key}`, declared, before))
  })
}

function checkKey(key: string): string {
  if (/^[A-Za-z][A-Za-z0-9_-]*$/.test(key)) return key
  throw new UserError('bad-plugin-setting', `${JSON.stringify(key)} is no key of a setting`, {
    hint: 'a letter, then letters, digits, _ and -',
  })
}

/** A word as the type that the plugin declares for it; else as that of the value which it replaces. UserError `bad-plugin-setting`. */
function typed(word: string, name: string, declared: Manifest['config'][string] | undefined, before: unknown): Value {
  const type = typeof declared === 'object' ? declared.type : undefined
  const integer = /^[+-]?\d{1,15}$/.test(word) ? Number(word) : undefined
  const boolean = word === 'true' || word === 'false' ? word === 'true' : undefined
  if (type === 'integer' || (type === undefined && typeof before === 'number' && integer !== undefined)) return integer ?? wrong(name, type)
  if (type === 'boolean' || (type === undefined && typeof before === 'boolean' && boolean !== undefined))
    return boolean ?? wrong(name, type)
  return word
}

function wrong(name: string, type = ''): never {
  throw new UserError('bad-plugin-setting', `${name} has to be ${type === 'integer' ? 'an integer' : 'true or false'}`)
}
