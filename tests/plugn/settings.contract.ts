import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { hook, host, outcome } from './harness.ts'

// The settings of plugins, as upstream's plugn has them and programs rely on; what we do otherwise on purpose says so in its name.
const { bash, path, plugin, folder } = await host()
await bash('plugn init')
await mkdir(join(path, 'available/none'))

test('config set, get and unset', async () => {
  await rm(join(path, 'config.toml'))
  assert.equal((await bash('plugn config get b key')).exitCode, 2)
  assert.deepEqual(outcome(await bash('plugn config set b key "a value"; plugn config get b key; plugn config get b other')), [
    0,
    'a value\n<nil>\n',
  ])
  assert.deepEqual(outcome(await bash('plugn config set b key; plugn config get b key')), [0, '\n'])
  assert.deepEqual(outcome(await bash('plugn config unset b key; plugn config get b key')), [0, '<nil>\n'])
})

test('on purpose: config set keeps comments, order and types, and refuses a value of another type', async () => {
  await plugin('typed', { 'plugin.toml': '[plugin.config]\nport = { type = "integer" }\nhost = "a name"\n' })
  const text = '# mine\n[typed] # its own\nport = 80 # of old\nhost = "h"\n\n[other]\nyes = true\n'
  await writeFile(join(path, 'config.toml'), text)
  assert.equal((await bash('plugn config set typed port 8080 && plugn config set other yes false')).exitCode, 0)
  assert.equal(await readFile(join(path, 'config.toml'), 'utf8'), text.replace('80 #', '8080 #').replace('true', 'false'))
  assert.equal((await bash('plugn config set typed port many')).exitCode, 1)
})

test('config export is what a shell evaluates, and the caller may override it', async () => {
  await plugin('ex-port', { 'plugin.toml': '[plugin.config]\nkey-a = "what it is"\nother = ""\n', shows: hook('echo "$CONFIG_KEY_A"') })
  await bash('plugn config set ex-port key-a value')
  const { stdout } = await bash('plugn config export ex-port')
  assert.deepEqual(
    stdout.split('\n').map((line) => line.replace(/:-.*/, '')),
    ['export CONFIG_KEY_A="${EX_PORT_KEY_A', 'export CONFIG_OTHER="${EX_PORT_OTHER', ''],
  )
  assert.equal((await bash('eval "$(plugn config export ex-port)"; bash -c \'echo "$CONFIG_KEY_A"\'')).stdout, 'value\n')
  assert.equal((await bash('EX_PORT_KEY_A=mine; eval "$(plugn config export ex-port)"; echo "$CONFIG_KEY_A"')).stdout, 'mine\n')
  assert.equal((await bash('EX_PORT_KEY_A=mine plugn trigger shows')).stdout, 'mine\n')
})

test('on purpose: no value of a setting runs anything, wherever it is read', async () => {
  const values = [
    '`touch ran`',
    '$(touch ran)',
    '"; touch ran; "',
    "'; touch ran; '",
    '}"; touch ran; "',
    'two\nlines',
    'back\\slash\\\\',
    '$HOME',
    '!!',
    '\\',
    ' x ',
  ]
  for (const value of values) {
    await bash('plugn config set ex-port key-a "$VALUE"', { VALUE: value })
    for (const read of [
      'plugn config get ex-port key-a',
      'plugn trigger shows',
      'eval "$(plugn config export ex-port)"; echo "$CONFIG_KEY_A"',
      'export="$(plugn config export ex-port)" sh -c \'eval "$export"; printf "%s\\n" "$CONFIG_KEY_A"\'',
    ])
      assert.equal((await bash(read)).stdout, `${value}\n`, read)
  }
  assert.ok(!(await readdir(folder)).includes('ran'))
})

test('a value with a NUL, which no environment can hold, is refused', async () => {
  assert.equal((await bash('plugn config set b key kept; plugn config set b key --stdin', { input: 'a\0b' })).exitCode, 1)
  assert.equal((await bash('plugn config get b key')).stdout, 'kept\n')
})

test('on purpose: the settings of a plugin are seen by its own hooks alone', async () => {
  await plugin('y', { 'plugin.toml': '[plugin.config]\nsecret = ""\n', leaks: hook('echo "y $CONFIG_SECRET"') })
  await plugin('z', { leaks: hook('echo "z $CONFIG_SECRET"') })
  await bash('plugn config set y secret s3')
  assert.equal((await bash('plugn trigger leaks')).stdout, 'y s3\nz \n')
})

test('on purpose: export says nothing of a plugin that declares nothing', async () => {
  assert.deepEqual(outcome(await bash('plugn config export missing')), [1, ''])
  assert.deepEqual(outcome(await bash('plugn config export none')), [0, ''])
})
