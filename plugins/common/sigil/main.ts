#!/usr/bin/env node
/** The program `sigil`: fills in a template from a file, an argument or standard input with the KEY=VALUE words that follow. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { render } from './render.ts'

function main(argv: string[]): void {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { f: { type: 'string', short: 'f' }, i: { type: 'string', short: 'i' } },
    allowPositionals: true,
  })
  const template = values.i ?? readFileSync(values.f ?? 0, 'utf8')
  const pairs = positionals
    .filter((word) => word.includes('='))
    .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)])
  const name = values.f === undefined ? (values.i === undefined ? '<stdin>' : '<inline>') : basename(values.f)
  process.stdout.write(render(template, Object.fromEntries(pairs), name))
}

try {
  main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`sigil: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
