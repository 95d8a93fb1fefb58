import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { dispatch, silent } from './dispatch.ts'
import { type Language, newPlugin } from './new.ts'
import { loadPlugin } from './plugin.ts'
import { validatePlugin } from './validate.ts'

/** With this Node first, because templates call it by its name. */
const PATH = `${dirname(process.execPath)}:${process.env.PATH}`

/** How each runs its own test, by a program that may not be on this machine. */
const tests: Record<Language, [string, ...string[]]> = {
  bash: ['bash', 'tests/greet'],
  ts: ['node', '--test'],
  python: ['python3', '-m', 'unittest'],
  go: ['go', 'test', './...'],
}

/** A test that a new plugin in this language does what its README says. */
export function newPluginWorks(language: Language): void {
  const [program] = tests[language]
  const missing = !PATH.split(':').some((dir) => existsSync(join(dir, program)))
  test(`a new plugin in ${language} works, and passes its test`, { skip: missing && `there is no ${program}` }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'new-'))
    after(() => rm(folder, { recursive: true }))
    const dir = join(folder, `my-${language}`)
    await newPlugin(dir, language)
    const env = { PATH, HOME: process.env.HOME ?? folder }
    assert.deepEqual(await validatePlugin(dir), [])
    await run(tests[language], { cwd: dir, env })
    const found = { name: `my-${language}`, dir, enabled: true }
    const { manifest, responders } = await loadPlugin(found, { stored: {}, env: {}, modules: true })
    assert.equal(manifest.name, found.name)
    const stdout = new PassThrough()
    assert.equal(await dispatch({}, responders, { ...silent(), env, stdout }).trigger('greet', ['Ada Lovelace']), 0)
    stdout.end()
    assert.equal(await text(stdout), 'Hello Ada Lovelace\n')
  })
}
