import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { newPluginWorks } from './new.fixture.ts'
import { languages, newPlugin } from './new.ts'

for (const language of ['bash', 'ts', 'python'] as const) newPluginWorks(language)

test('every language has a template, and what is there is never overwritten', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'new-'))
  after(() => rm(folder, { recursive: true }))
  for (const language of languages) {
    const dir = join(folder, `my-${language}`)
    assert.ok((await newPlugin(dir, language)).includes('plugin.toml'))
    await assert.rejects(newPlugin(dir, language), { code: 'folder-exists' })
  }
  await assert.rejects(newPlugin(join(folder, '-x'), 'bash'), { code: 'bad-plugin-name' })
})
