import { createHash } from 'node:crypto'
import { UserError } from './errors.ts'

/** One line of a `.pub` file, taken apart and checked. */
export interface PublicKey {
  type: string
  base64: string
  comment: string
  /** `SHA256:...`, as `ssh-keygen -lf` prints it. */
  fingerprint: string
}

const shortestRsa = 2048

/** What follows the type inside a key, by type. Sources: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4, OpenSSH PROTOCOL.u2f. */
const shapes: Record<string, (fields: Buffer[]) => boolean> = {
  'ssh-ed25519': ([key, ...rest]) => key?.length === 32 && rest.length === 0,
  'ssh-rsa': ([exponent, modulus, ...rest]) => (exponent?.length ?? 0) > 0 && (modulus?.length ?? 0) > 0 && rest.length === 0,
  'ecdsa-sha2-nistp256': curve('nistp256', 65),
  'ecdsa-sha2-nistp384': curve('nistp384', 97),
  'ecdsa-sha2-nistp521': curve('nistp521', 133),
  'sk-ssh-ed25519@openssh.com': ([key, application, ...rest]) => key?.length === 32 && application !== undefined && rest.length === 0,
  'sk-ecdsa-sha2-nistp256@openssh.com': (fields) => fields.length === 3 && (shapes['ecdsa-sha2-nistp256']?.(fields.slice(0, 2)) ?? false),
}

/** Reads a public key as OpenSSH writes it, one line and nothing else. Throws UserError `bad-public-key`. */
export function parsePublicKey(text: string): PublicKey {
  if (/PRIVATE KEY|PuTTY-User-Key-File/.test(text))
    throw bad('that is a private key, and it should never leave your machine', 'give its public half, the file that ends in .pub')
  if (text.includes('BEGIN SSH2 PUBLIC KEY'))
    throw bad('that public key is in the SSH2 (RFC 4716) form', 'ssh-keygen -i -f FILE prints it in the form needed here')
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const [line] = lines
  if (line === undefined) throw bad('no public key came', 'it is one line, such as the content of ~/.ssh/id_ed25519.pub')
  if (lines.length > 1)
    throw bad(`there are ${lines.length} lines where one public key belongs`, 'add them one at a time, each with a name of its own')
  const words = line.split(/[ \t]+/)
  const [type = '', base64 = '', ...comment] = words
  checkType(type, words)
  const blob = decode(base64)
  checkBlob(type, blob)
  return {
    type,
    base64: blob.toString('base64'),
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a file or a terminal
    comment: comment.join(' ').replace(/[\x00-\x1f\x7f]/g, ''),
    fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
  }
}

function checkType(type: string, words: string[]): void {
  if (Object.hasOwn(shapes, type)) return
  if (type === 'ssh-dss') throw bad('DSA keys are no longer safe, and sshd does not take them', 'ssh-keygen -t ed25519 makes a new one')
  if (type.includes('-cert-v'))
    throw bad('that is a certificate, not a public key', 'give the .pub file whose name does not end in -cert.pub')
  if (words.slice(1).some((word) => Object.hasOwn(shapes, word)))
    throw bad('options before the key are not taken', `give the key alone, from ${words.find((word) => Object.hasOwn(shapes, word))} on`)
  throw bad('that is not a public key', `it starts with its type: one of ${Object.keys(shapes).join(', ')}`)
}

function decode(base64: string): Buffer {
  const blob = Buffer.from(base64, 'base64')
  // Node passes over what is not base64; the round trip shows it.
  if (blob.length === 0 || blob.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, ''))
    throw bad('the key is damaged: its second word is not base64', 'copy the whole line of the .pub file again')
  return blob
}

function checkBlob(type: string, blob: Buffer): void {
  const [name, ...fields] = strings(blob) ?? []
  if (name === undefined)
    throw bad('the key is damaged: it is cut short or has something added', 'copy the whole line of the .pub file again')
  const inside = name.toString('latin1')
  if (inside !== type)
    throw bad(
      `the line says ${type}, but the key inside is ${Object.hasOwn(shapes, inside) ? inside : 'something else'}`,
      'copy the whole line of the .pub file again',
    )
  if (!shapes[type]?.(fields)) throw bad(`the key is damaged: it is not a whole ${type} key`, 'copy the whole line of the .pub file again')
  const bits = type === 'ssh-rsa' ? bitsOf(fields[1] ?? Buffer.alloc(0)) : shortestRsa
  if (bits < shortestRsa)
    throw bad(`an RSA key of ${bits} bits is too short to be safe (${shortestRsa} at least)`, 'ssh-keygen -t ed25519 makes a new one')
}

/** The strings a key is made of, each behind its length; undefined when they do not fill it exactly. */
function strings(blob: Buffer): Buffer[] | undefined {
  const all: Buffer[] = []
  for (let at = 0; at < blob.length; ) {
    if (at + 4 > blob.length) return undefined
    const end = at + 4 + blob.readUInt32BE(at)
    if (end > blob.length) return undefined
    all.push(blob.subarray(at + 4, end))
    at = end
  }
  return all
}

function curve(name: string, length: number) {
  return ([curveName, point, ...rest]: Buffer[]) =>
    curveName?.toString('latin1') === name && point?.length === length && point[0] === 4 && rest.length === 0
}

function bitsOf(number: Buffer): number {
  const hex = number.toString('hex').replace(/^0+/, '')
  return hex === '' ? 0 : hex.length * 4 - Math.clz32(Number.parseInt(hex.charAt(0), 16)) + 28
}

function bad(message: string, hint: string): UserError {
  return new UserError('bad-public-key', message, { hint })
}
