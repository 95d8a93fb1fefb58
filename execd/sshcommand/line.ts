import { UserError } from '#lib/errors.ts'
import { type PublicKey, parsePublicKey } from '#lib/public-key.ts'
import { quoteWords } from '#lib/words.ts'

/** A key that runs the account's command, under the name of its person. */
export interface Key extends PublicKey {
  name: string
  /** More of sshd's options for it, as they stand in the line. */
  options: string
}

/** What a name may be: nothing that has a meaning between double quotes, for sshd or a shell. */
export function checkName(name: string): string {
  if (isName(name)) return name
  throw new UserError('bad-key-name', `${JSON.stringify(name.slice(0, 80))} is not a valid name of a key`, {
    hint: 'letters, digits, @ . _ + : / - and blanks between them, at most 64 of them',
  })
}

function isName(name: string): boolean {
  return /^(?=.{1,64}$)[\p{L}\p{N}][\p{L}\p{M}\p{N}@._+:/-]*( [\p{L}\p{M}\p{N}@._+:/-]+)*$/u.test(name)
}

/** Options of sshd for a key, such as `no-pty,from="10.*"`; UserError `bad-key-options` for what would break its line. */
export function checkOptions(options: string): string {
  if (new RegExp(`^(${option}(,${option})*)?$`).test(options)) return options
  throw new UserError('bad-key-options', `${JSON.stringify(options)} are not options of a key`, {
    hint: 'as in SSHCOMMAND_ALLOWED_KEYS=no-pty,from="10.*": see AUTHORIZED_KEYS FILE FORMAT in man sshd',
  })
}

const option = String.raw`[A-Za-z0-9-]+(="([^"\\\x00-\x1f\x7f]|\\")*")?`

/** The line that lets a key in. `program` is this one's argv: it runs the command with the words of the client, and expands none. */
export function renderLine({ name, fingerprint, options, type, base64, comment }: Key, program: readonly string[]): string {
  const command = `FINGERPRINT=${fingerprint} NAME="${checkName(name)}" ${quoteWords([...program, 'run'])}`
  const all = [`command="${command.replaceAll('"', '\\"')}"`, ...(options === '' ? [] : [options])]
  return `${all.join(',')} ${type} ${base64} ${comment}`.trimEnd()
}

/** Is it a line of `renderLine`, by whichever program? */
export function isOurs(line: string): boolean {
  return /^command="FINGERPRINT=\S+ NAME=\\"[^"]*\\" [^"]* run"[, ]/.test(line)
}

/** The key of a line that the sshcommand of Dokku has written, with or without quotes, by MD5 or SHA256; undefined for any other line. */
export function readOldLine(line: string): Key | undefined {
  const [, quoted, bare, rest = ''] =
    /^command="FINGERPRINT=\S+ NAME=(?:\\"([^"]*)\\"|([^\s"]+)) `cat [^`"]*` \$SSH_ORIGINAL_COMMAND"(.*)$/.exec(line) ?? []
  const [, options = '', key] = /^,?((?:[^\s"]|"(?:\\"|[^"\\])*")*)\s+(.*)$/.exec(rest) ?? []
  const name = quoted ?? bare
  if (name === undefined || key === undefined || !isName(name)) return undefined
  try {
    return { name, options: checkOptions(options), ...parsePublicKey(key) }
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
