import { type Result, show, showBar } from './report.ts'
import type { Series } from './row.ts'

const panel = { width: 480, height: 200 }
const plot = { left: 64, top: 44, width: 392, height: 112 }
const columns = 2

/** Colours that keep their contrast on a light and on a dark page. */
const style = `
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .title { font-weight: 600; fill: #24292f }
  .axis { stroke: #8c959f; fill: none }
  .bar { stroke: #cf222e; stroke-dasharray: 4 4; fill: none }
  .line { stroke: #0969da; stroke-width: 2; fill: none }
  .dot { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .title { fill: #f0f6fc }
    .bar { stroke: #f85149 }
    .line { stroke: #4493f8 }
    .dot { fill: #4493f8 }
  }
`

/** How figures grow with the number of apps, as an SVG: a panel for each row that has a series. */
export function growthChart(rows: readonly Result[]): string {
  const shown = rows.flatMap((row) => (row.series === undefined ? [] : [{ ...row, series: row.series }]))
  const width = columns * panel.width
  const height = Math.max(1, Math.ceil(shown.length / columns)) * panel.height
  const panels = shown.map((row, at) => {
    const [x, y] = [(at % columns) * panel.width, Math.floor(at / columns) * panel.height]
    return `<g transform="translate(${x} ${y})">\n${panelText(row)}\n</g>`
  })
  const label = 'How cost grows with the number of apps'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
<style>${style}</style>
${panels.join('\n')}
</svg>
`
}

function panelText(row: Result & { series: Series }): string {
  const { series, bar } = row
  const most = Math.max(...series.map(({ apps }) => apps))
  const top = Math.max(bar.limit, ...series.map(({ value }) => value)) * 1.15
  const x = (apps: number) => round(plot.left + (apps / most) * plot.width)
  const y = (value: number) => round(plot.top + plot.height - (value / top) * plot.height)
  const bottom = plot.top + plot.height
  const points = series.map(({ apps, value }) => `${x(apps)},${y(value)}`)
  return [
    `<text class="title" x="8" y="20">${escaped(row.what.replace(/^\d+ apps: /, '').replaceAll('`', ''))}</text>`,
    `<path class="axis" d="M${plot.left} ${plot.top}V${bottom}H${plot.left + plot.width}"/>`,
    `<path class="bar" d="M${plot.left} ${y(bar.limit)}H${plot.left + plot.width}"/>`,
    `<text x="8" y="${y(bar.limit) + 4}">${escaped(showBar(row))}</text>`,
    `<polyline class="line" points="${points.join(' ')}"/>`,
    ...series.flatMap(({ apps, value }, at) => [
      `<circle class="dot" cx="${x(apps)}" cy="${y(value)}" r="3"/>`,
      `<text x="${x(apps)}" y="${y(value) - 8}" text-anchor="${at === 0 ? 'start' : 'middle'}">${show({ value, bar })}</text>`,
      `<text x="${x(apps)}" y="${bottom + 18}" text-anchor="middle">${apps}</text>`,
    ]),
    `<text x="${plot.left + plot.width}" y="${bottom + 34}" text-anchor="end">apps</text>`,
  ].join('\n')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
