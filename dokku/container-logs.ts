import type { Container } from 'dockerode'
import { plain } from '#lib/output.ts'

/** The last lines a container wrote, on either stream, without what could move a cursor. */
export async function readLogs(container: Container, tail = 10_000): Promise<string[]> {
  const raw = await container.logs({ stdout: true, stderr: true, tail, follow: false })
  return splitFrames(raw)
    .map((line) => plain(line))
    .filter((line) => line !== '')
}

/** Lines of the engine's multiplexed log format: 8 bytes of header (stream, length), then the payload. */
function splitFrames(raw: Buffer): string[] {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= raw.length; ) {
    const length = raw.readUInt32BE(at + 4)
    parts.push(raw.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(parts).toString('utf8').split('\n')
}
