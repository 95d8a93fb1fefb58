import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { writeTree } from '../conformance.ts'
import { treeAt } from './clues.ts'
import { readRuntime } from './description.ts'
import { runtimeRecipe } from './dockerfile.ts'
import { detectRuntimes, planBuild } from './plan.ts'

const toml = `
title = "Lua"
order = 5
detect = [{ file = "*.rockspec" }]
user = "lua"
scripts = { check = "check" }
trust = "check"

[images]
build = "lua:build"
run = "lua:run"

[[build]]
run = "luarocks make {value}"
when = { file = "*.rockspec" }

[[start]]
run = "lua main.lua"
`

test('a folder is a runtime of its own: what it says is all that is needed', async (t) => {
  const folder = await writeTree({ 'lua/runtime.toml': toml, 'lua/check': 'true\n' })
  const app = await writeTree({ "a b'c.rockspec": '', 'main.lua': '', link: { link: '/etc/passwd' } })
  t.after(() => Promise.all([folder, app].map((dir) => rm(dir, { recursive: true }))))
  const lua = await readRuntime(folder, 'lua')
  const tree = await treeAt(app)
  assert.deepEqual(await detectRuntimes(tree, [lua]), [lua])
  const { text } = runtimeRecipe(await planBuild(tree, lua), { build: 'BUILD', run: 'RUN' }, { ca: 'bundle' })
  assert.match(text, /\. \/dev\/dokku-check; luarocks make 'a b'\\''c\.rockspec'\n/)
  assert.match(text, /COPY --from=base --chown=lua:lua \/app \.\nUSER lua\nCMD \["\/bin\/sh","-c","lua main\.lua"\]\n$/)
})

test('a description with a word that nobody knows is refused by its name', async (t) => {
  const folder = await writeTree({ 'lua/runtime.toml': `${toml}\n[iamges]\nrun = "x"\n`, 'lua/check': '' })
  t.after(() => rm(folder, { recursive: true }))
  await assert.rejects(readRuntime(folder, 'lua'), /iamges/)
})
