import { readdir } from 'node:fs/promises'
import { isTest, root, type Source, sources } from './sources.ts'

/** Raising one is a decision: say why in docs/decisions. */
export const budgets = { file: 250, heart: 120, root: 27 }
/** Printed, not enforced: splinter files are no better than long ones. */
const aim = 180

const heart = 'dokku/workflow.ts'
const uncounted = new Set(['.git', 'node_modules', '.dokku', '.compile-cache'])

/** What is over its budget, one sentence each. */
export function overBudget(counted: readonly Counted[], entries: readonly string[]): string[] {
  return [
    ...counted
      .filter(({ lines }) => lines > budgets.file)
      .map(({ path, lines }) => `${path} has ${lines} lines; ${budgets.file} is the budget`),
    ...counted
      .filter(({ path, lines }) => path === heart && lines > budgets.heart)
      .map(({ lines }) => `${heart} has ${lines} lines; ${budgets.heart} is the budget of the heart`),
    ...(entries.length > budgets.root ? [`the root has ${entries.length} entries; ${budgets.root} is the budget`] : []),
  ]
}

/** A file with what is counted of it. */
export interface Counted {
  path: string
  room: string
  lines: number
  test: boolean
}

function count({ path, text }: Source): Counted {
  return { path, room: path.includes('/') ? (path.split('/')[0] ?? '') : '.', lines: text.split('\n').length - 1, test: isTest(path) }
}

function table(counted: readonly Counted[]): string[] {
  const row = (name: string, some: readonly Counted[]) => {
    const sum = (test: boolean) => some.filter((one) => one.test === test).reduce((total, { lines }) => total + lines, 0)
    const columns = [some.length, sum(false), sum(true), Math.max(0, ...some.map(({ lines }) => lines))]
    return `${name.padEnd(12)}${columns.map((column) => String(column).padStart(9)).join('')}`
  }
  const rooms = [...new Set(counted.map(({ room }) => room))].map((room) =>
    row(
      room,
      counted.filter((one) => one.room === room),
    ),
  )
  return [`${'room'.padEnd(12)}    files     code    tests  longest`, ...rooms, row('total', counted)]
}

if (import.meta.main) {
  const counted = (await sources()).map(count)
  const entries = (await readdir(root)).filter((name) => !uncounted.has(name))
  const sorted = counted.map(({ lines }) => lines).toSorted((a, b) => a - b)
  const p90 = sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0
  console.log([...table(counted), `p90 of a file ${p90} lines (aim ${aim}); ${entries.length} root entries`].join('\n'))
  for (const line of overBudget(counted, entries)) {
    console.log(` !     ${line}`)
    process.exitCode = 1
  }
}
