import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import fc from 'fast-check'
import type { Directives } from './directives.ts'

/** Where files of tests are said to be. */
export const place = { stateDir: '/var/lib/nginx-appliance' }
/** As golden files have it: what goes to the http block, then what goes to the server block. */
export const shown = ({ http, server }: Directives) => `${Object.values(http).join('\n')}\nserver {\n${server.replace(/^(?=.)/gm, '  ')}}\n`

/** Compares with golden/NAME; `GOLDEN=write` writes it anew, to be read before it is committed. */
export async function golden(name: string, text: string): Promise<void> {
  const path = `${import.meta.dirname}/golden/${name}`
  if (process.env.GOLDEN === 'write') await writeFile(path, text)
  assert.equal(text, await readFile(path, 'utf8'))
}

/** Values that would leave a directive, if they could. */
export const hostile = [
  '1;',
  '1 }',
  '{',
  '1\n2',
  '$host',
  '1$host',
  '\\',
  '"',
  "'",
  '1"',
  '#',
  '\0',
  '1\0',
  'a'.repeat(10_000),
  '../x',
  '',
  ' ',
  '`id`',
  '$'.concat('{a}'),
]

/** Any text, and more often those. */
export const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.constantFrom(...hostile), fc.stringMatching(/^[ -~]{1,40}$/))
