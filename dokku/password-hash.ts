import { UserError } from '#lib/errors.ts'
import { run } from '#lib/exec.ts'

/** The hash of a password that nginx compares with: SHA-512 crypt, with a salt of its own. UserError `bad-password`. */
export async function passwordHash(password: string): Promise<string> {
  const bytes = Buffer.byteLength(password)
  if (bytes === 0 || bytes > 256) throw bad('a password has from 1 to 256 bytes')
  // openssl reads a line, and crypt() ends at a NUL; neither can be typed at a prompt for a password.
  if (/[\0\r\n]/.test(password)) throw bad('a password has no line break and no NUL')
  // Over standard input: arguments are for everybody to see.
  const { stdout } = await run(['openssl', 'passwd', '-6', '-stdin'], { input: `${password}\n` })
  return stdout.trim()
}

function bad(why: string): UserError {
  return new UserError('bad-password', why)
}
