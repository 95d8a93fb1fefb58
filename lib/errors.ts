/** What a user can mend: printed as message, then hint; no stack. Codes are listed in docs/reference/errors.md. */
export class UserError extends Error {
  readonly code: string
  readonly hint: string | undefined
  /** The exit status of the command that fails with it. */
  readonly exitCode: number

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown; exitCode?: number } = {}) {
    super(message, { cause: options.cause })
    this.name = 'UserError'
    this.code = code
    this.hint = options.hint
    this.exitCode = options.exitCode ?? 1
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Does a failed system call carry this code, such as `ENOENT`? */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
