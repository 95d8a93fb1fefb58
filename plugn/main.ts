import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { hasCode } from '#lib/errors.ts'
import { report, runWords } from './cli/frame.ts'

const [, program = '', ...words] = process.argv
const context = {
  env: Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
  cwd: process.cwd(),
  self: join(import.meta.dirname, 'plugn.js'),
  print: (line: string) => write(1, `${line}\n`),
  say: (line: string) => write(2, `${line}\n`),
}
try {
  process.exitCode = await runWords(basename(program) === 'pluginhook' ? ['pluginhook', ...words] : words, context)
} catch (error) {
  process.exitCode = report(error, context)
}

/** Past Node's streams, which would take the descriptors that hooks share. Whoever stops reading ends us, as any program in a pipe. */
function write(descriptor: 1 | 2, text: string): void {
  try {
    writeFileSync(descriptor, text)
  } catch (error) {
    if (hasCode(error, 'EPIPE')) process.exit(1)
    throw error
  }
}
