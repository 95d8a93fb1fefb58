import type { Container } from 'dockerode'
import { plain } from '#lib/output.ts'
import { demultiplexer } from './demultiplex.ts'

/** The last lines a container wrote, on either stream, without what could move a cursor. */
export async function readLogs(container: Container, tail = 10_000): Promise<string[]> {
  const raw = await container.logs({ stdout: true, stderr: true, tail, follow: false })
  const bytes = [...demultiplexer()(raw)].map(([, piece]) => piece)
  return Buffer.concat(bytes)
    .toString('utf8')
    .split('\n')
    .map((line) => plain(line))
    .filter((line) => line !== '')
}
