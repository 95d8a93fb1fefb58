/** One line that a process wrote, or that dokku says of it. */
export interface LogLine {
  /** RFC 3339 in UTC with nine digits after the second, as the engine writes it: such times compare as text. */
  time: string
  stream: 'stdout' | 'stderr' | 'dokku'
  text: string
}

/** A line, and whose it is. */
export interface AppLine extends LogLine {
  /** The app's name. */
  app: string
  /** Process type and number, such as web.1. */
  dyno: string
  /** Number of the release; null of what is of none, such as one-off containers. */
  release: number | null
  container: string
}

const marks = { stdout: 'o', stderr: 'e', dokku: 'd' } as const
const streams = { o: 'stdout', e: 'stderr', d: 'dokku' } as const

/** As a file keeps it: time, a letter for the stream, the text; with the end of the line. */
export function keptLine({ time, stream, text }: LogLine): string {
  return `${time} ${marks[stream]} ${text}\n`
}

/** What `keptLine` wrote; undefined for anything else. */
export function readKept(line: string): LogLine | undefined {
  const found = /^(\S+) ([oed]) (.*)$/s.exec(line)
  if (found === null) return undefined
  const [, time = '', mark = 'o', text = ''] = found
  return { time, stream: streams[mark as keyof typeof streams], text }
}

/** A time as lines have it. */
export function lineTime(date: Date): string {
  return date.toISOString().replace(/Z$/, '000000Z')
}

/** What is looked for in lines. */
export interface LineFilter {
  /** Times as lines have them: from the first on, and before the second. */
  since?: string | undefined
  until?: string | undefined
  /** Text that is part of a line, in any case. */
  grep?: string | undefined
}

export function lineFilter({ since = '', until, grep }: LineFilter): (line: LogLine) => boolean {
  const wanted = grep?.toLowerCase()
  return ({ time, text }) =>
    time >= since && (until === undefined || time < until) && (wanted === undefined || text.toLowerCase().includes(wanted))
}

/** The last of what comes, in order; memory for so many. */
export async function lastOf<T>(lines: AsyncIterable<T>, count: number): Promise<T[]> {
  let kept: T[] = []
  for await (const line of lines) {
    kept.push(line)
    if (kept.length >= 2 * count + 100) kept = kept.slice(kept.length - count)
  }
  return count === 0 ? [] : kept.slice(-count)
}
