import { hooks } from '../dokku/hooks.ts'

/** The reference page of all hooks, from their catalogue. */
export function hooksText(): string {
  const rows = Object.entries(hooks).map(([name, { kind, summary, args, limits }]) => {
    const says = { stops: 'stops it', 'passed over': 'is passed over' }
    const bounds = `A handler that fails ${says[limits.failing]}, one slower than ${limits.timeoutMs / 1000} s ${says[limits.late]}.`
    return `| \`${name}\` | ${kind} | ${args.map((arg) => `\`${arg}\``).join(' ')} | ${summary}. ${bounds} |`
  })
  return [intro, '| hook | kind | arguments | when |', '|---|---|---|---|', ...rows, ''].join('\n')
}

const intro = `# Hooks

Made by \`npm run docs\` from \`dokku/hooks.ts\`, in the order of an app's life. A plugin handles a hook by an executable of
its name, by a function in its \`hooks.ts\` if it comes with the image, or by a process that stays (see its \`plugin.toml\`).

- **event**: all handlers are called, plugins in byte order. One that fails stops the rest and what the hook stands for, or, where that
  has happened already, is passed over with a warning.
- **select**: the first answer decides. **collect**: all answers are joined.

An executable gets the arguments below, an argument that is a list as one word for each. Its standard output and error go to whoever waits; on
standard input it has the caller's, or, where its \`plugin.toml\` says \`[plugin.hooks.NAME] stdin = "json"\`, all of the hook's fields as
one JSON object. Exit status 0 is success, any other fails it. Settings of the plugin are in \`CONFIG_*\`. A \`dokku\` command that it
runs has the rights of whoever caused the hook, and never waits for a change that is going on around it.
`
