import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../../scripts/sources.ts'
import { host } from './harness.ts'

const readme = await readFile(join(root, 'plugn/README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)

test('the examples of the README do, one after another, what stands beside them', async () => {
  assert.ok(blocks.length >= 3)
  const { bash } = await host()
  const { exitCode, stdout, stderr } = await bash(`set -e\n${blocks.join('\n')}`)
  assert.equal(exitCode, 0, stderr)
  // What an example prints stands behind two spaces and a #, as it is printed.
  const promised = blocks.flatMap((block) => [...block.matchAll(/ {2,}# (.*)$/gm)].map(([, line = '']) => line))
  const printed = stdout.split('\n')
  let at = 0
  for (const line of promised) {
    const found = printed.indexOf(line, at)
    assert.ok(found >= 0, `${line} was not printed after ${printed.slice(0, at).at(-1)}:\n${stdout}`)
    at = found + 1
  }
})

test('the README has a row or a line for every command', async () => {
  const { commands } = await import('../../plugn/cli/commands.ts')
  const missing = commands.filter(
    ({ name }) => !name.split(' ').every((word) => readme.includes(`\`${word}`) || readme.includes(` ${word}`)),
  )
  assert.deepEqual(missing, [])
})
