import { UserError } from 'dokku'

type Vars = Readonly<Record<string, string>>

/** How config vars are printed for other programs, under Dokku's names. */
const formats = {
  exports: (vars: Vars) => join(vars, (key, value) => `export ${key}=${shellQuoted(value)}`),
  envfile: (vars: Vars) => join(vars, (key, value) => `${key}=${envfileQuoted(value)}`),
  'docker-args': (vars: Vars) => join(vars, (key, value) => `--env=${key}=${shellQuoted(value)}`, ' '),
  'docker-args-keys': (vars: Vars) => join(vars, (key) => `--env=${key}`, ' '),
  'pack-keys': (vars: Vars) => join(vars, (key) => `--env ${key}`, ' '),
  shell: (vars: Vars) => join(vars, (key, value) => `${key}=${shellQuoted(value)}`, ' '),
  pretty: (vars: Vars) => {
    const width = Math.max(0, ...Object.keys(vars).map((key) => key.length)) + 1
    return join(vars, (key, value) => `${`${key}:`.padEnd(width)}  ${value}`)
  },
  json: (vars: Vars) => JSON.stringify(vars),
  'json-list': (vars: Vars) => JSON.stringify(Object.entries(vars).map(([name, value]) => ({ name, value }))),
}

export type Format = keyof typeof formats

export const formatNames = Object.keys(formats) as Format[]

/** The name of a format, as `--format` takes it. */
export function parseExportFormat(word: string): Format {
  const format = formatNames.find((name) => name === word)
  if (format !== undefined) return format
  throw new UserError('bad-format', `${JSON.stringify(word.slice(0, 40))} is not a format`, { hint: formatNames.join(', ') })
}

/** Config vars as text, without a final line end. */
export function formatVars(vars: Vars, format: Format): string {
  return formats[format](vars)
}

/** A value in single quotes, for a shell. */
export function shellQuoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`
}

/** A value in double quotes as programs that read `.env` files take it: one line, nothing in it expands. */
function envfileQuoted(value: string): string {
  return `"${value
    .replace(/[\\"$`!]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')}"`
}

function join(vars: Vars, one: (key: string, value: string) => string, separator = '\n'): string {
  return Object.entries(vars)
    .map(([key, value]) => one(key, value))
    .join(separator)
}
