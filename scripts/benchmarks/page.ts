import { type Report, type Result, show, showBar } from './report.ts'
import { holds } from './row.ts'

/** docs/reference/benchmarks.md, from the figures alone. */
export function pageText({ machine, rows }: Report): string {
  const dates = rows.map(({ date }) => date.slice(0, 10)).toSorted()
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`)
  return `# Benchmarks

Made by \`scripts/bench\`, which measures them on the machine it runs on: each is a ratio or a difference against a baseline of the
same run, or stands beside one; times are medians. Rows with ● gate a release: \`scripts/bench --compare\`. The figures are there to
compare with, not to be believed.

| | what | bar | figure | made of |
|---|---|---|---|---|
${rows.map(rowText).join('\n')}

${
  dates.length === 0
    ? ''
    : `Taken ${dates[0] === dates.at(-1) ? `on ${dates[0]}` : `from ${dates[0]} to ${dates.at(-1)}`} on ${machine.cores} cores of ${machine.processor}, ${machine.memory}, kernel ${machine.kernel}: ${versions.join(', ')}.
${busyText(rows)}`
}
A quick start from nothing (Docker, base, image, sample app) has a bar of 5 minutes: \`time scripts/quickstart\` on a machine without Docker.

## How cost grows with the number of apps

![Growth with 1, 100 and 500 apps](benchmarks-growth.svg)

## How each is measured

${rows.map(({ name, how }) => `- **${name}**: ${how}.`).join('\n')}
`
}

/** The rows that the README shows, besides those that gate. */
const shown = new Set(['push', 'quickstart', 'throughput', 'list-500', 'restart-500', 'engine-500'])

/** The table of the README. */
export function summaryText({ rows }: Pick<Report, 'rows'>): string {
  const lines = rows.filter(({ name, gated }) => gated || shown.has(name)).map((row) => `| ${row.what} | ${showBar(row)} | ${show(row)} |`)
  return ['| what | bar | measured |', '|---|---|---|', ...lines, '', ...(busyText(rows) === '' ? [] : [busyText(rows)])].join('\n')
}

function rowText(row: Result): string {
  const marks = `${row.gated ? '●' : ''}${holds(row.bar, row.value) ? '' : ' **missed**'}`
  return `| ${marks} | ${row.what} | ${showBar(row)} | ${show(row)} | ${row.said} |`
}

/** Says when the machine was not quiet. */
function busyText(rows: readonly Result[]): string {
  const busy = rows.filter((row) => row.busy > 0.2).map((row) => `${row.name} (${Math.round(row.busy * 100)} %)`)
  return busy.length === 0 ? '' : `Something else used the machine when these were taken: ${busy.join(', ')}.\n`
}
