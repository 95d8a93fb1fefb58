/** `--list` the rows; `--compare [OLD.json]` the figures of docs/reference with those before. Measuring is measure.ts. */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { git } from '#lib/git.ts'
import { root } from '../sources.ts'
import { readReport, reportPath } from './pages.ts'
import { compare, parseReport, type Report, showBar } from './report.ts'
import { rows } from './rows.ts'

const { values, positionals } = parseArgs({ options: { list: { type: 'boolean' }, compare: { type: 'boolean' } }, allowPositionals: true })
if (values.list) for (const row of rows) say(`${row.gated ? '●' : ' '} ${row.name.padEnd(14)}${showBar(row).padEnd(12)}${row.what}`)
else if (values.compare) process.exitCode = await compared(positionals[0])

/** Says what got worse; exit status 1 when a gated row fails. */
async function compared(old: string | undefined): Promise<number> {
  const now = await readReport()
  if (now === undefined) return refuse(`there is no ${reportPath}: run scripts/bench first`)
  const complaints = compare(rows, now, old === undefined ? await committed() : parseReport(await readFile(old, 'utf8')))
  for (const { text, fails } of complaints) say(`${fails ? ' !     ' : '       '}${text}`)
  const failed = complaints.filter(({ fails }) => fails).length
  say(`${rows.length} rows, ${complaints.length} worse or missing, ${failed} of them gated`)
  return failed > 0 ? 1 : 0
}

/** The figures of the last commit. */
async function committed(): Promise<Report | undefined> {
  const { stdout } = await git(['-C', root, 'show', `HEAD:${reportPath}`]).catch(() => ({ stdout: '' }))
  return stdout === '' ? undefined : parseReport(stdout)
}

function refuse(why: string): number {
  say(` !     ${why}`)
  return 2
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
