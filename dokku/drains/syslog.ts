import type { AppLine } from '../logs/line.ts'

/** Facility user: https://www.rfc-editor.org/rfc/rfc5424#section-6.2.1 */
const facility = 1
const severities = { stdout: 6, stderr: 3, dokku: 5 } as const

/**
 * A line as a message of RFC 5424: the app's name is APP-NAME, the process (web.1) is PROCID, and the release is in
 * structured data. At most so many bytes; the end of a longer text is left out.
 */
export function syslogMessage({ time, stream, app, dyno, release, text }: AppLine, host: string, most = 8192): Buffer {
  const priority = facility * 8 + severities[stream]
  // Six digits of a second are all that it allows.
  const moment = time.replace(/(\.\d{6})\d*Z$/, '$1Z')
  const release_ = release === null ? '-' : `[dokku@32473 release="v${release}"]`
  const head = `<${priority}>1 ${moment} ${word(host, 255)} ${word(app, 48)} ${word(dyno, 128)} ${stream} ${release_} `
  return cut(Buffer.from(head + text.replaceAll('\0', ' ')), most)
}

/** A message in a stream of them: https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1 */
export function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `), message])
}

/** A field of the head: printable characters without blanks. */
function word(text: string, most: number): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '_').slice(0, most) || '-'
}

/** Not within a character. */
function cut(bytes: Buffer, most: number): Buffer {
  if (bytes.length <= most) return bytes
  let end = most
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.subarray(0, end)
}
