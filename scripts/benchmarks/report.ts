import * as z from 'zod'
import { holds, type Row } from './row.ts'

const bar = z.object({ limit: z.number(), better: z.enum(['lower', 'higher']), unit: z.string() })

const result = z.object({
  name: z.string(),
  what: z.string(),
  how: z.string(),
  gated: z.boolean(),
  bar,
  date: z.string(),
  /** The part of the machine, 0 to 1, that something else used just before. */
  busy: z.number(),
  value: z.number(),
  said: z.string(),
  series: z
    .array(z.object({ apps: z.number(), value: z.number() }))
    .readonly()
    .exactOptional(),
})

const machine = z.object({
  cores: z.number(),
  memory: z.string(),
  kernel: z.string(),
  processor: z.string(),
  /** Of programs: the engine, and what is in the image. */
  versions: z.record(z.string(), z.string()),
})

const report = z.object({ machine, rows: z.array(result) })

/** One row as it was measured. */
export type Result = z.infer<typeof result>
/** What the figures were taken on. */
export type Machine = z.infer<typeof machine>
/** What docs/reference/benchmarks.json holds. */
export type Report = z.infer<typeof report>

export function parseReport(text: string): Report {
  return report.parse(JSON.parse(text))
}

/** New results in place of the old of the same name, in the order of the rows; of a row that is no more, or of another machine, nothing stays. */
export function merge(rows: readonly Pick<Row, 'name'>[], fresh: Report, old: Report | undefined): Report {
  const kept = old !== undefined && sameMachine(fresh.machine, old.machine) ? old.rows : []
  const find = (name: string, among: readonly Result[]) => among.find((one) => one.name === name)
  return { machine: fresh.machine, rows: rows.flatMap(({ name }) => find(name, fresh.rows) ?? find(name, kept) ?? []) }
}

function sameMachine(a: Machine, b: Machine): boolean {
  return a.cores === b.cores && a.memory === b.memory && a.processor === b.processor && a.kernel === b.kernel
}

/** Something that got worse, in one sentence; `fails` when a release must wait for it. */
export interface Complaint {
  text: string
  fails: boolean
}

/** More than this part worse than last time is said. */
const tolerance = 0.2
/** And only when it is more than this part of the bar: the twentieth part of a small figure is noise. */
const noise = 0.05

/** What got worse: beyond the bar, or a fifth worse than last time. A gated row beyond its bar fails, and so does one without a figure. */
export function compare(rows: readonly Pick<Row, 'name' | 'gated' | 'what'>[], now: Report, before: Report | undefined): Complaint[] {
  return rows.flatMap(({ name, gated, what }) => {
    const found = now.rows.find((one) => one.name === name)
    if (found === undefined) return [{ text: `${name}: was not measured (${what})`, fails: gated }]
    const said = `${name}: ${show(found)}`
    if (!holds(found.bar, found.value)) return [{ text: `${said}, beyond its bar of ${showBar(found)}`, fails: gated }]
    const last = before?.rows.find((one) => one.name === name)
    if (last === undefined || !worse(found, last.value)) return []
    return [{ text: `${said}, more than a fifth worse than ${show(last)} on ${last.date.slice(0, 10)}`, fails: false }]
  })
}

function worse({ bar: { better, limit }, value }: Result, last: number): boolean {
  const by = better === 'lower' ? value - last : last - value
  return by > Math.abs(last) * tolerance && by > Math.abs(limit) * noise
}

/** `1.31`, `0.25 s`, `0`: a figure as people read it. */
export function show({ value, bar: { unit } }: Pick<Result, 'value' | 'bar'>): string {
  const digits = Number.isInteger(value) ? 0 : Math.abs(value) >= 100 || unit === 'MB' ? 0 : 2
  return `${value.toFixed(digits)}${unit && ` ${unit}`}`
}

export function showBar({ bar: { limit, better, unit } }: Pick<Result, 'bar'>): string {
  return `${better === 'lower' ? '<=' : '>='} ${limit}${unit && ` ${unit}`}`
}
