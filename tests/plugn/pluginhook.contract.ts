import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { hook, host } from './harness.ts'

// The older tool's contract: folders below PLUGIN_PATH, and a pipe through all of them.
const { bash, path, folder } = await host()

async function plugin(name: string, hooks: Record<string, string>, mode = 0o755) {
  for (const [file, body] of Object.entries(hooks)) {
    await mkdir(dirname(join(path, name, file)), { recursive: true })
    await writeFile(join(path, name, file), hook(body), { mode })
  }
}

await plugin('b', { list: 'cat; echo "b $#"', fails: 'echo b; exit 6' })
await plugin('a', { list: 'cat; echo "a $1"', fails: 'echo a' })
await plugin('c', { list: 'echo never' }, 0o644)
await plugin('d', { other: 'echo d', fails: 'echo d >&2' })

test('each plugin reads what the one before it printed, and those without an executable hook are passed over', async () => {
  for (const flag of ['', '-p']) {
    const { stdout, exitCode } = await bash(`echo in | pluginhook ${flag} list 'a word' '' | sort`)
    assert.deepEqual([exitCode, stdout], [0, 'a a word\nb 2\nin\n'])
  }
})

test('the first that fails gives its status, and nobody after it runs', async () => {
  const { exitCode, stdout, stderr } = await bash('pluginhook fails </dev/null')
  assert.deepEqual([exitCode, stdout, stderr], [6, '', ''])
})

test('a hook that nobody has prints nothing, not even its input', async () => {
  assert.deepEqual(await bash('echo in | pluginhook nobody-has-it'), { exitCode: 0, stdout: '', stderr: '' })
})

test('-x and PLUGINHOOK_TRACE show what runs', async () => {
  const wanted = `+ ${path}/a/list 'two words'\n+ ${path}/b/list 'two words'\n`
  assert.equal((await bash("pluginhook -x list 'two words' </dev/null")).stderr, wanted)
  assert.equal((await bash("PLUGINHOOK_TRACE=1 pluginhook list 'two words' </dev/null")).stderr, wanted)
})

test('without a path or a hook it fails with status 1', async () => {
  const without = await bash('unset PLUGIN_PATH; pluginhook list')
  assert.equal(without.exitCode, 1)
  assert.match(without.stderr, /PLUGIN_PATH/)
  assert.equal((await bash('pluginhook')).exitCode, 1)
  assert.equal((await bash('pluginhook -x')).exitCode, 1)
})

test('plugn trigger --pipe does it with the enabled plugins, and gives the input back where nobody changes it', async () => {
  const script = `export PLUGIN_PATH=${folder}/modern; plugn init >/dev/null; cp -R ${path}/a ${path}/b ${path}/c ${path}/d "$PLUGIN_PATH/available"
    for one in a c d; do plugn enable "$one"; done`
  await bash(script)
  const modern = { PLUGIN_PATH: join(folder, 'modern') }
  const { stdout, stderr } = await bash('echo in | plugn trigger --pipe list x', modern)
  assert.deepEqual([stdout, stderr], ['in\na x\n', "Trigger 'list' is not executable, skipping plugin (c)\n"])
  assert.equal((await bash('echo in | plugn trigger --pipe nobody-has-it', modern)).stdout, 'in\n')
})
