import { parse, TomlError } from 'smol-toml'
import { UserError } from '#lib/errors.ts'

/** A TOML text as an object; UserError `bad-toml` with line and column. */
export function parseToml(content: string, path: string): Record<string, unknown> {
  try {
    return parse(content)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [reason = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n')
    throw new UserError('bad-toml', `${path}:${error.line}:${error.column}: ${reason}`, { cause: error })
  }
}
