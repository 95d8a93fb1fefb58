import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { scan, slots } from '#lib/scan.ts'
import { parseWords, quoteWords } from '#lib/words.ts'
import { groups } from '../../dokku/plugins.ts'
import { type Instance, ok, startInstance, versionImage } from './harness.ts'

const instance: Instance = await startInstance({ suffix: 'hostile' })
const { engine, name, ssh } = instance
after(() => instance.remove())
await engine.build(`${name}/fixture:latest`, versionImage('one'), name)
for (const app of ['node-js-app', 'bystander']) ok(await ssh('git:from-image', app, `${name}/fixture:latest`))

const commands = (await groups()).flatMap((group) => group.commands)

/** Words that a careless or hostile person may type in the place of any other. */
const hostile = [
  '',
  '-',
  '../../etc/passwd',
  '$(touch /tmp/harm)',
  "'; reboot; '",
  '__proto__',
  'x'.repeat(5000),
  '\u202e\u0007',
  '-1',
  '99999999999999999999',
]

/** Those that never end by themselves, or end what the test stands on. */
const left =
  /^(enter|events|logs|nginx:(access|error)-logs|apps:destroy|ssh-keys:remove|access:(revoke|grant|set)|plugin:(trigger|install|update)|completion|complete)$/

/** Each command's shortest example, with every word in turn replaced by a hostile one. */
function lines(): { line: string[]; command: string }[] {
  let turn = 0
  return commands
    .filter((command) => !left.test(command.name))
    .flatMap((command) => {
      const [words = []] = command.examples
        .map(parseWords)
        .filter(([first]) => first === command.name)
        .map(([, ...rest]) => rest)
        .toSorted((a, b) => a.length - b.length)
      const tokens = scan(command, words)
      const operands = tokens.filter(({ kind }) => kind === 'operand')
      const last = slots(command, tokens).length
      return operands.slice(0, last + 1).flatMap((operand) =>
        [0, 1].map(() => {
          const word = hostile[turn++ % hostile.length] ?? ''
          const replaced = tokens.flatMap((token) => (token === operand ? ['--', word] : token.words))
          const ended = replaced.indexOf('--')
          return { command: command.name, line: [command.name, ...replaced.filter((one, at) => one !== '--' || at === ended)] }
        }),
      )
    })
}

test('whatever is typed in the place of any word has an answer, and what is not named goes on', async () => {
  const all = lines()
  assert.ok(all.length > 300)
  const faults: string[] = []
  const queue = [...all]
  const typist = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const { stdout, stderr, exitCode } = await instance.sshLine(quoteWords(next.line), { input: '' })
      const said = `${stdout}${stderr}`
      if (/dokku failed|TypeError|SyntaxError|at \S+ \(file:/.test(said) || exitCode === 255 || said.length > 40_000)
        faults.push(`${quoteWords(next.line).slice(0, 200)} → ${exitCode}: ${said.slice(0, 300)}`)
    }
  }
  await Promise.all([typist(), typist(), typist()])
  assert.deepEqual(faults, [])
  assert.equal((await instance.fetch('bystander')).body, 'one')
  ok(await ssh('health'))
  assert.match(ok(await ssh('apps:list')), /bystander/)
  assert.doesNotMatch(ok(await engine.docker(['exec', name, 'ls', '/tmp'])), /harm/)
})
