import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasCode, UserError } from '#lib/errors.ts'
import { checkPluginName } from './names.ts'

/** The languages in which a plugin may begin. */
export const languages = ['bash', 'ts', 'python', 'go'] as const

export type Language = (typeof languages)[number]

/** What the templates, which are plugins themselves, are called. */
const placeholder = 'plugin-name'

/** Writes a plugin that works, with a test, into a new folder; gives its files. UserError `bad-plugin-name`, `folder-exists`. */
export async function newPlugin(dir: string, language: Language): Promise<string[]> {
  const name = checkPluginName(basename(dir))
  try {
    await mkdir(dir)
  } catch (error) {
    if (hasCode(error, 'EEXIST')) throw new UserError('folder-exists', `${dir} is there already`, { cause: error })
    throw error
  }
  const from = join(import.meta.dirname, 'templates', language)
  const entries = await readdir(from, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return await Promise.all(
    files.map(async (file) => {
      // Under its own name a .gitignore would hold for the templates.
      const path = file.slice(from.length + 1).replace(/^gitignore$/, '.gitignore')
      await mkdir(dirname(join(dir, path)), { recursive: true })
      const text = (await readFile(file, 'utf8')).replaceAll(placeholder, name)
      await writeFile(join(dir, path), text, { mode: (await stat(file)).mode & 0o777 })
      return path
    }),
  )
}
