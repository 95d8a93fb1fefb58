import type { App } from '../app.ts'
import type { AppContainer } from '../container.ts'
import { engineLines } from './engine-lines.ts'
import { type KeptLog, keptFile, keptLogs } from './kept.ts'
import { type AppLine, type LineFilter, type LogLine, lastOf, lineFilter } from './line.ts'
import { allLinesOf, lastLinesOf } from './lines-file.ts'

/** Whose lines are wanted, and which. */
export interface HistoryWanted extends LineFilter {
  /** How many of the last lines of each dyno. */
  count: number
  /** A process type, or one dyno such as web.1. */
  process?: string | undefined
  release?: number | undefined
  /** Only of deploys that failed at this time. */
  attempt?: string | undefined
}

/** A container whose lines can be read: there still, or kept. */
interface Source {
  dyno: string
  release: number
  container: string
  last(count: number): Promise<LogLine[]>
  all(): AsyncIterable<LogLine>
}

/** The last lines of an app's containers, those that are gone too, by time. */
export async function history(app: App, containers: readonly AppContainer[], wanted: HistoryWanted): Promise<AppLine[]> {
  const dynos = Map.groupBy(sourcesOf(app, containers, wanted), ({ dyno }) => dyno)
  const lines = await Promise.all([...dynos.values()].map((sources) => lastOfSources(app, sources, wanted)))
  return lines.flat().sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
}

/** Is it a container, or are they lines, of what is wanted? */
export function concerns({ process, release }: HistoryWanted, one: { process: string; dyno: string; release: number }): boolean {
  return (process === undefined || process === one.process || process === one.dyno) && (release === undefined || release === one.release)
}

function sourcesOf(app: App, containers: readonly AppContainer[], wanted: HistoryWanted): Source[] {
  const live = new Set(containers.map(({ id }) => id))
  const kept = keptLogs(app)
    .filter((one) => !live.has(one.container) && concerns(wanted, one) && (wanted.attempt === undefined || one.attempt === wanted.attempt))
    .map((one): Source => keptSource(app, one))
  if (wanted.attempt !== undefined) return kept
  // The oldest release first: of two containers of one dyno, the newer writes on.
  const there = containers
    .toSorted((a, b) => a.version - b.version)
    .map((one) => ({ ...one, dyno: `${one.process}.${one.index}`, release: one.version }))
    .filter((one) => concerns(wanted, one))
    .map(({ id, dyno, release }): Source => {
      const handle = app.instance.engine.getContainer(id)
      const last = (count: number) => Array.fromAsync(engineLines(handle, { tail: count }))
      return { dyno, release, container: id, last, all: () => engineLines(handle) }
    })
  return [...kept, ...there]
}

function keptSource(app: App, kept: KeptLog): Source {
  const file = keptFile(app, kept)
  const end: LogLine = { time: kept.endedAt, stream: 'dokku', text: endOf(kept) }
  return {
    ...kept,
    last: async (count) => (count === 0 ? [] : [...(await lastLinesOf(file, count - 1)), end]),
    all: async function* () {
      yield* allLinesOf(file)
      yield end
    },
  }
}

/** How a container ended, in words. */
function endOf({ dyno, release, exitCode, oom, attempt }: KeptLog): string {
  const how = exitCode === null ? 'was removed while it ran' : `ended with status ${exitCode}${oom ? ', out of memory' : ''}`
  return `${dyno} of v${release} ${how}${attempt === null ? '' : ', in a deploy that failed'}`
}

/** From the newest container back, until there are enough. */
async function lastOfSources(app: App, sources: readonly Source[], wanted: HistoryWanted): Promise<AppLine[]> {
  const fits = lineFilter(wanted)
  const everyLineFits = wanted.grep === undefined && wanted.until === undefined
  let lines: AppLine[] = []
  for (const source of sources.toReversed()) {
    const missing = wanted.count - lines.length
    if (missing <= 0) break
    const found = everyLineFits ? (await source.last(missing)).filter(fits) : await lastOf(filtered(source.all(), fits), missing)
    const { dyno, release, container } = source
    lines = [...found.map((line) => ({ ...line, app: app.name, dyno, release, container })), ...lines]
  }
  return lines
}

async function* filtered(lines: AsyncIterable<LogLine>, fits: (line: LogLine) => boolean): AsyncGenerator<LogLine> {
  for await (const line of lines) if (fits(line)) yield line
}
