import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { hook, host, outcome } from './harness.ts'

// What programs written for upstream's plugn rely on, row by row; what we do otherwise on purpose says so in its name.
const { bash, path, plugin, folder } = await host()

test('without words and with help it lists its commands', async () => {
  for (const words of ['', 'help']) {
    const { exitCode, stdout } = await bash(`plugn ${words}`)
    assert.equal(exitCode, 0)
    assert.match(stdout, /^Available commands:\n(?: {2}\S.{27} \S.*\n)+$/)
    for (const word of [
      'init',
      'install',
      'uninstall',
      'enable',
      'disable',
      'list',
      'update',
      'source',
      'trigger',
      'config get',
      'version',
    ])
      assert.match(stdout, new RegExp(`^  ${word} `, 'm'))
  }
})

test('version needs no plugin path, and has three names', async () => {
  for (const word of ['version', '--version', '-v'])
    assert.match((await bash(`unset PLUGIN_PATH; plugn ${word}`)).stdout, /^plugn: \d+\.\d+\.\d+\n$/)
})

test('everything else without a plugin path says so on standard output, with status 2', async () => {
  const all = ['init', 'install x', 'uninstall x', 'enable x', 'disable x', 'list', 'update x', 'source', 'trigger x', 'detect x', 'info x']
  for (const words of [...all, ...['get a b', 'set a b c', 'unset a b', 'export a', 'list a'].map((word) => `config ${word}`)])
    assert.deepEqual(outcome(await bash(`unset PLUGIN_PATH; plugn ${words}`)), [2, '!! PLUGIN_PATH is not set in environment\n'], words)
})

test('an unknown command has status 2 and the list on standard output', async () => {
  const { exitCode, stdout } = await bash('plugn bogus')
  assert.equal(exitCode, 2)
  assert.match(stdout, /^No such command: bogus\nAvailable commands:\n/)
})

test('init makes the path and may be repeated', async () => {
  const said = [0, `Initialized empty Plugn plugin path in ${path}\n`]
  assert.deepEqual(outcome(await bash('plugn init')), said)
  await writeFile(join(path, 'config.toml'), '# kept\n')
  assert.deepEqual(outcome(await bash('plugn init')), said)
  assert.deepEqual((await readdir(path)).sort(), ['available', 'config.toml', 'enabled'])
  assert.equal(await readFile(join(path, 'config.toml'), 'utf8'), '# kept\n')
  assert.equal((await stat(join(path, 'config.toml'))).mode & 0o777, 0o600, 'on purpose: settings may be secrets')
})

test('enable makes an absolute link, and the plugin need not be there; disable removes it, and fails without one', async () => {
  assert.deepEqual(outcome(await bash('plugn enable later')), [0, ''])
  assert.equal(await readlink(join(path, 'enabled/later')), join(path, 'available/later'))
  assert.deepEqual(outcome(await bash('plugn trigger anything')), [0, ''])
  assert.deepEqual(outcome(await bash('plugn disable later')), [0, ''])
  assert.equal((await bash('plugn disable later')).exitCode, 1)
})

test('on purpose: enable again leaves no link inside of the plugin', async () => {
  const dir = await plugin('twice', { 'plugin.toml': '' })
  await bash('plugn enable twice; plugn enable twice')
  assert.deepEqual(await readdir(dir), ['plugin.toml'])
  await bash('plugn uninstall twice')
})

test('list has a row for each plugin in byte order, with <nil> for what it does not say', async () => {
  await plugin('b', { 'plugin.toml': '[plugin]\nversion = "0.10.0"\ndescription = "is on"\n' })
  await plugin('B', { 'plugin.toml': '[plugin]\ndescription = "is off"\n' }, { enabled: false })
  await plugin('a-long-name-of-a-plugin', { 'plugin.toml': '[plugin]\nversion = "1"\n' })
  await mkdir(join(path, 'available/none'))
  assert.deepEqual(outcome(await bash('plugn list; plugn list | grep enabled | grep -c " b "')), [
    0,
    [
      '  B                    <nil> disabled   is off',
      '  a-long-name-of-a-plugin 1     enabled    <nil>',
      '  b                    0.10.0 enabled    is on',
      '  none                 <nil> disabled   <nil>',
      '1\n',
    ].join('\n'),
  ])
})

test('on purpose: a plugin.toml that is no TOML is said with its line, and the list goes on', async () => {
  await plugin('broken', { 'plugin.toml': '[plugin]\nversion = \n' }, { enabled: false })
  const { exitCode, stdout, stderr } = await bash('plugn list')
  assert.equal(exitCode, 0)
  assert.match(stdout, /^ {2}broken {15}<nil> disabled {3}<nil>$/m)
  assert.match(stderr, /broken\/plugin\.toml:2:\d+: /)
})

test('source prints a line for each enabled plugin that has something to source, and a shell takes them all', async () => {
  await plugin('s1', { 's1.sh': 'one() { echo first; }\n' })
  await plugin('s2', { 's2.sh': 'two() { echo second; }\n' })
  await plugin('s3', { 's3.sh': 'exit 9\n' }, { enabled: false })
  assert.equal((await bash('plugn source')).stdout, `source ${path}/enabled/s1/s1.sh\nsource ${path}/enabled/s2/s2.sh\n`)
  assert.deepEqual(outcome(await bash('eval "$(plugn source)"; one; two')), [0, 'first\nsecond\n'])
})

test('trigger goes in byte order, with the words as they are', async () => {
  const names = ['00_x', '10', '20_events', '9', 'B', 'Z', 'a', 'a-b', 'a_b', 'b']
  for (const name of names.toReversed()) await plugin(name, { order: hook(`printf '%s:%s:' ${name} "$#"; printf '<%s>' "$@"; echo`) })
  const { stdout } = await bash(`LC_ALL=C.UTF-8 plugn trigger order '' 'a  b' '*' --help`)
  assert.equal(stdout, names.map((name) => `${name}:4:<><a  b><*><--help>\n`).join(''))
})

test('trigger shares standard input: the first that reads it has all of it', async () => {
  for (const name of ['a', 'b']) await plugin(name, { reads: hook(`echo "${name}=$(cat)"`) })
  assert.deepEqual(outcome(await bash('plugn trigger reads', { input: 'in' })), [0, 'a=in\nb=\n'])
})

test('trigger stops at the first hook that fails, with its status, and with 128 and the signal where it was killed', async () => {
  await plugin('a', { fails: hook('echo a'), killed: hook('kill -KILL $$') })
  await plugin('a-b', { fails: hook('echo a-b; exit 42') })
  await plugin('b', { fails: hook('echo b') })
  assert.deepEqual(outcome(await bash('plugn trigger fails')), [42, 'a\na-b\n'])
  assert.equal((await bash('plugn trigger killed')).exitCode, 137)
})

test('trigger of a hook that nobody has is silent, and without a name it fails', async () => {
  assert.deepEqual(await bash('plugn trigger nobody-has-it'), { exitCode: 0, stdout: '', stderr: '' })
  assert.equal((await bash('plugn trigger')).exitCode, 1)
})

test('trigger passes over a hook that is not executable, with a word, and over a folder without one; a hook may lie deeper', async () => {
  const dir = await plugin('a', { 'odd.sh': '', 'deep/hook': hook('echo deep'), 'folder/x.txt': '' })
  await writeFile(join(dir, 'odd'), '', { mode: 0o644 })
  const { exitCode, stdout, stderr } = await bash('plugn trigger odd')
  assert.deepEqual([exitCode, stdout, stderr], [0, '', "Trigger 'odd' is not executable, skipping plugin (a)\n"])
  assert.deepEqual(await bash('plugn trigger folder'), { exitCode: 0, stdout: '', stderr: '' })
  assert.equal((await bash('plugn trigger deep/hook')).stdout, 'deep\n')
})

test('hooks see the environment and the directory of the caller, and where plugn is', async () => {
  await plugin('a', { where: hook('echo "$PWD $MINE"; "$SELF_EXECUTABLE" version; echo "plugn: $PLUGN_VERSION"') })
  const [where, first, second] = (await bash('plugn trigger where', { MINE: 'x\\ty\\\\' })).stdout.split('\n')
  assert.equal(where, `${folder} x\\ty\\\\`, 'on purpose: backslashes stay')
  assert.equal(first, second)
})

test('a signal goes to the hook that runs, and ends what would come after it', async () => {
  await plugin('a', { waits: hook("trap 'echo ended; exit 0' TERM; echo ready; while :; do read -r -t 60 <> <(:) || :; done") })
  await plugin('b', { waits: hook('echo b') })
  const script = `coproc plugn trigger waits; read -r line <&"\${COPROC[0]}"; echo "$line"; pid=$COPROC_PID; exec 3<&"\${COPROC[0]}"
    kill -TERM "$pid"; cat <&3; wait "$pid"; echo "$?"`
  assert.equal((await bash(script)).stdout, 'ready\nended\n143\n')
})

test('on purpose: uninstall without a name removes nothing; with one it is silent, also about one that is not there', async () => {
  assert.equal((await bash('plugn uninstall; plugn list')).stdout.includes('  s1 '), true)
  assert.equal((await bash('plugn uninstall')).exitCode, 1)
  assert.deepEqual(await bash('plugn uninstall s1; plugn uninstall s1'), { exitCode: 0, stdout: '', stderr: '' })
  assert.ok(!(await readdir(join(path, 'enabled'))).includes('s1'))
})

test('on purpose: a name that leads out of the plugins is none', async () => {
  for (const words of ['uninstall ../x', 'enable ../x', 'enable "a b"', 'disable -x', 'config set ../x a b', 'trigger ../../x'])
    assert.equal((await bash(`plugn ${words}`)).exitCode, 1, words)
})

test('the file .plugn wins over the environment, seen from its own folder, whatever ends its line', async () => {
  const project = join(folder, 'a project')
  await mkdir(project)
  for (const text of ['my plugins', 'my plugins\n', 'my plugins\r\n']) {
    await writeFile(join(project, '.plugn'), text)
    const { stdout } = await bash('plugn init', { cwd: project })
    assert.equal(stdout, `Initialized empty Plugn plugin path in ${join(project, 'my plugins')}\n`)
  }
  const script =
    'mkdir "my plugins/available/p"; printf "#!/bin/sh\\necho hi\\n" >"my plugins/available/p/h"; chmod +x "my plugins/available/p/h"; plugn enable p; plugn trigger h'
  assert.deepEqual(outcome(await bash(script, { cwd: project })), [0, 'hi\n'], 'on purpose: a path may have spaces')
  assert.deepEqual((await readdir(project)).sort(), ['.plugn', 'my plugins'])
})

test('a hook without a first line for its interpreter runs in a shell; one that cannot be started gives 126 and says why', async () => {
  await plugin('a', { plain: 'echo "plain $1"\n', lost: '#!/no/such/program\n' })
  assert.equal((await bash('plugn trigger plain word')).stdout, 'plain word\n')
  const { exitCode, stderr } = await bash('plugn trigger lost')
  assert.equal(exitCode, 126)
  assert.match(stderr, /enabled\/a\/lost/)
})

test('a function in hooks.ts handles a hook as an executable would, in its place in the order', async () => {
  const module = `export default {
    mixed: (_input, { args, config }) => void process.stdout.write(\`module \${args.join('+')} \${config.word}\\n\`),
    refuses: () => { throw new Error('not today') },
  }`
  await plugin('B', { 'hooks.ts': module, 'plugin.toml': '[plugin.config]\nword = { default = "w" }\n' })
  for (const name of ['9', 'a']) await plugin(name, { mixed: hook(`echo ${name}`), refuses: hook('echo "$0"') })
  assert.deepEqual(outcome(await bash('plugn trigger mixed x y')), [0, '9\nmodule x+y w\na\n'])
  const { exitCode, stdout, stderr } = await bash('plugn trigger refuses')
  assert.deepEqual([exitCode, stdout.split('\n').length, stderr], [1, 2, ' !     not today\n'])
})

test('TRACE shows what is called, and a secret is set without a word of it in the list of processes', async () => {
  assert.equal((await bash("TRACE=1 plugn trigger plain 'two words'")).stderr, `+ ${path}/enabled/a/plain 'two words'\n`)
  await plugin('typed', { 'plugin.toml': '[plugin.config]\ntoken = { description = "a key", secret = true }\n' })
  await bash('plugn config set typed token --stdin', { input: 's3cret\n' })
  assert.equal((await bash('plugn config get typed token')).stdout, 's3cret\n')
  assert.equal((await bash('plugn config list typed')).stdout, '  token                *******              a key\n')
})
