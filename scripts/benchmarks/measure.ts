/**
 * Measures the rows that are named, or all, and writes the pages; scripts/bench runs it in the container of the tests.
 * `--brief` tries rows out: few rounds, few apps, nothing written.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '#lib/errors.ts'
import { writeWhole } from '#lib/files.ts'
import { root } from '../sources.ts'
import { busyPart } from './busy.ts'
import { type Lab, openLab } from './lab.ts'
import { describeMachine } from './machine.ts'
import { figurePages, readReport, reportPath } from './pages.ts'
import { merge, type Result, show, showBar } from './report.ts'
import { holds, type Row } from './row.ts'
import { rows } from './rows.ts'

const { values, positionals } = parseArgs({ options: { brief: { type: 'boolean', default: false } }, allowPositionals: true })
const unknown = positionals.find((name) => !rows.some((row) => row.name === name))
if (unknown !== undefined) {
  say(` !     ${unknown} is no row; there are ${rows.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
const chosen = rows.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const machine = await describeMachine()
const lab = openLab(values)
const results: Result[] = []
try {
  for (const row of chosen) {
    say(`-----> ${row.name}`)
    results.push(...(await measured(row, lab)))
  }
} finally {
  await lab.close()
}
if (!values.brief) {
  await write(reportPath, `${JSON.stringify(merge(rows, { machine, rows: results }, await readReport()), undefined, 2)}\n`)
  for (const [path, text] of Object.entries(await figurePages())) await write(path, text)
}
process.exit(results.length === chosen.length ? 0 : 1)

/** One row's result; none, and why, when it cannot be measured. */
async function measured({ measure, ...row }: Row, lab: Lab): Promise<Result[]> {
  const date = new Date().toISOString()
  const busy = await busyPart()
  try {
    const result = { ...row, date, busy, ...(await measure(lab)) }
    say(`       ${row.what}`)
    say(
      `       ${show(result)}${result.said && ` (${result.said})`}; bar ${showBar(result)}${holds(row.bar, result.value) ? '' : ' MISSED'}`,
    )
    return [result]
  } catch (error) {
    say(` !     ${row.name} could not be measured: ${messageOf(error)}`)
    return []
  }
}

function write(path: string, text: string): Promise<void> {
  return writeWhole(join(root, path), text, 0o644)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
