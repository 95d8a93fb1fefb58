/** `npm run ok`: everything that can be checked without Docker, side by side, with one summary. Names of checks as words run only those. */
import { execa } from 'execa'
import { root } from './sources.ts'

const node = process.execPath
const biome = `node_modules/@biomejs/cli-${process.platform}-${process.arch}/biome`
const rooms = '{lib,plugn,execd,gitreceive,builder,nginx,dokku,plugins,scripts}/**/*.test.ts'

const checks: Record<string, [string, ...string[]]> = {
  lint: [biome, 'check', '--colors=off', '.'],
  bash: [node, 'scripts/bash-style.ts'],
  types: [node, 'node_modules/typescript/bin/tsc', '--noEmit', '--pretty', 'false'],
  unit: [node, '--test', '--test-isolation=none', '--test-timeout=120000', '--test-reporter=spec', rooms, 'tests/*.test.ts'],
  count: [node, 'scripts/count.ts'],
}

/** Not a check: mends what can be mended. */
const format: (typeof checks)[string] = [biome, 'check', '--write', '--colors=off', '.']

/** Runs one check; its words are shown only when it fails. */
async function check(name: string, [file, ...args]: [string, ...string[]]): Promise<boolean> {
  const started = performance.now()
  const result = await execa(file, args, { cwd: root, all: true, reject: false, stdin: 'ignore', env: { FORCE_COLOR: '0' } })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const passed = /^ℹ pass (\d+)$/m.exec(result.all)?.[1]
  console.log(
    `${result.failed ? 'FAILED' : 'ok    '} ${name.padEnd(8)}${seconds.padStart(5)} s${passed === undefined ? '' : `  ${passed} passed`}`,
  )
  if (result.failed) console.log(`\n${failure(result.all || (result.shortMessage ?? ''))}\n`)
  return !result.failed
}

/** Of a test run, only what failed. */
function failure(text: string): string {
  const at = text.indexOf('✖ failing tests:')
  return (at < 0 ? text : text.slice(at)).trim()
}

const wanted = process.argv.slice(2)
const known: typeof checks = { ...checks, format }
const unknown = wanted.find((name) => !(name in known))
if (unknown !== undefined) {
  console.log(`${unknown} is not a check; there are ${Object.keys(known).join(', ')}`)
  process.exitCode = 2
} else {
  const chosen = Object.entries(wanted.length === 0 ? checks : known).filter(([name]) => wanted.length === 0 || wanted.includes(name))
  const results = await Promise.all(chosen.map(([name, argv]) => check(name, argv)))
  const failed = results.filter((passed) => !passed).length
  console.log(failed === 0 ? 'ok' : `${failed} of ${results.length} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
