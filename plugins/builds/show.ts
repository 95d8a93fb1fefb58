import { type App, type Build, shortSource } from 'dokku'

/** A build as `--format json` shows it; `duration` in seconds, so far or in all. */
export function describe(app: App, { number, status, source, version, error, createdBy, createdAt, startedAt, finishedAt }: Build) {
  return {
    app: app.name,
    number,
    status,
    source,
    version,
    error,
    createdBy,
    createdAt,
    startedAt,
    finishedAt,
    duration: durationOf({ createdAt, finishedAt }),
  }
}

/** A build as people read it, line by line. */
export function details(app: App, build: Build): [caption: string, value: string][] {
  const { number, status, source, version, error, createdBy, createdAt, startedAt, finishedAt } = build
  return [
    ['Build ID', String(number)],
    ['App', app.name],
    ['Status', status],
    ['Source', source],
    ['Release', version === null ? '' : `v${version}`],
    ['By', createdBy],
    ['Created', createdAt],
    ['Started', startedAt ?? ''],
    ['Finished', finishedAt ?? ''],
    ['Duration', sayDuration(durationOf(build))],
    ['Error', error ?? ''],
  ]
}

/** A build as cells of a table. */
export function cells({ number, status, version, source, createdBy, createdAt, finishedAt }: Build): string[] {
  return [
    String(number),
    status,
    version === null ? '' : `v${version}`,
    shortSource(source),
    createdBy,
    createdAt.slice(0, 19).replace('T', ' '),
    sayDuration(durationOf({ createdAt, finishedAt })),
  ]
}

/** The captions of `cells`. */
export const captions = ['Build ID', 'Status', 'Release', 'Source', 'By', 'Created', 'Duration']

/** Rows with their columns aligned. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Seconds from the request to the end, or to now. */
function durationOf({ createdAt, finishedAt }: Pick<Build, 'createdAt' | 'finishedAt'>): number {
  const end = finishedAt === null ? Date.now() : Date.parse(finishedAt)
  return Math.max(0, Math.round((end - Date.parse(createdAt)) / 1000))
}

/** 74 as 1m14s, as Dokku says it. */
export function sayDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds % 60}s`
}
