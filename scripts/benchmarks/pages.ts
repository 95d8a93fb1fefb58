import { join } from 'node:path'
import { readIfThere } from '#lib/files.ts'
import { root } from '../sources.ts'
import { growthChart } from './chart.ts'
import { pageText, summaryText } from './page.ts'
import { parseReport, type Report } from './report.ts'

/** The figures, relative to the root. */
export const reportPath = 'docs/reference/benchmarks.json'

/** The figures that were measured last; undefined when none were. */
export async function readReport(): Promise<Report | undefined> {
  const text = await readIfThere(join(root, reportPath))
  return text === undefined ? undefined : parseReport(text)
}

/** What is made of the figures: path, relative to the root, and text. */
export async function figurePages(): Promise<Record<string, string>> {
  const report = await readReport()
  if (report === undefined) return {}
  const readme = (await readIfThere(join(root, 'README.md'))) ?? ''
  return {
    'docs/reference/benchmarks.md': pageText(report),
    'docs/reference/benchmarks-growth.svg': growthChart(report.rows),
    'README.md': readme.replace(/(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)/s, () => summaryText(report)),
  }
}
