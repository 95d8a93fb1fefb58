import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command, complete, group, optional, param, rest, show, UserError } from 'dokku'

const shells = ['bash', 'zsh', 'fish'] as const

const completion = command({
  name: 'completion',
  summary: 'print a script that completes commands, flags and names in a shell',
  description:
    'For ~/.bashrc: eval "$(ssh -n dokku@host completion bash)". It completes what you type after dokku, by asking this instance.',
  args: { shell: param({ summary: shells.join(', '), label: 'shell', parse: parseShell, complete: () => shells }) },
  examples: ['completion bash', 'completion zsh', 'completion fish'],
  right: 'none',

  async run({ args, context }) {
    const { hostname, sshPort } = context.instance.settings
    const script = await readFile(join(import.meta.dirname, `completion.${args.shell}`), 'utf8')
    context.output.line(script.replaceAll('@HOST@', hostname).replaceAll('@PORT@', String(sshPort)).trimEnd())
  },
})

const next = command({
  name: 'complete',
  summary: 'print what could come next on a command line, for shells',
  args: { words: optional(rest('WORD')) },
  passthrough: true,
  hidden: true,
  examples: ['complete apps:'],
  right: 'none',

  async run({ args, context }) {
    for (const word of await complete(context.groups, args.words, context)) context.output.line(word)
  },
})

function parseShell(word: string): (typeof shells)[number] {
  const shell = shells.find((one) => one === word)
  if (shell !== undefined) return shell
  throw new UserError('bad-shell', `there is no completion for ${show(word)}`, { hint: shells.join(', ') })
}

export default group('completion', 'Complete commands in a shell', [completion, next])
