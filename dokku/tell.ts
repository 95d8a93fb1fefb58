import { lineStream } from '#lib/line-stream.ts'
import { demultiplexer } from './logs/demultiplex.ts'

/** What a program without a terminal prints, line by line, until it ends. */
export async function tell(stream: NodeJS.ReadableStream, line: (text: string) => void): Promise<void> {
  const lines = lineStream(line)
  const read = demultiplexer()
  for await (const chunk of stream as AsyncIterable<Buffer>) for (const [, bytes] of read(chunk)) lines.write(bytes)
  lines.end()
}
