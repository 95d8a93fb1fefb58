#!/usr/bin/env node
/** The program `sigil`: fills in a template from a file, an argument or standard input with the KEY=VALUE words that follow. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { reach } from './functions.ts'
import { checkNames } from './names.ts'
import { render } from './render.ts'

function main(argv: string[]): void {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { f: { type: 'string', short: 'f' }, i: { type: 'string', short: 'i' }, json: { type: 'boolean' } },
    allowPositionals: true,
  })
  if (values.json === true) {
    strictly(readFileSync(0, 'utf8'))
    return
  }
  const template = values.i ?? readFileSync(values.f ?? 0, 'utf8')
  const pairs = positionals
    .filter((word) => word.includes('='))
    .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)])
  const name = values.f === undefined ? (values.i === undefined ? '<stdin>' : '<inline>') : basename(values.f)
  process.stdout.write(render(template, Object.fromEntries(pairs), name))
}

/** A stranger's template, on standard input with all that it may know: it reads no file, and what it does not know is an error. */
function strictly(input: string): void {
  const { name, template, variables, environment } = JSON.parse(input)
  for (const key of Object.keys(process.env)) delete process.env[key]
  Object.assign(process.env, environment)
  reach.files = false
  checkNames(template, variables, name)
  process.stdout.write(render(template, variables, name))
}

try {
  main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`sigil: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
