import { messageOf, UserError } from '#lib/errors.ts'
import { type Output, output } from '#lib/output.ts'
import { misused, usage } from './usage.ts'

const program = [process.execPath, import.meta.filename]

/** Each loads what it needs: a push calls several of them. */
const verbs: Record<string, (words: string[], out: Output) => Promise<number>> = {
  build: async (words, out) => (await import('./build-command.ts')).build(words, out, interrupted()),
  detect: async (words, out) => (await import('./build-command.ts')).detect(words, out),
  serve: async (words, out) => (await import('./daemon/serve.ts')).serve(words, out, program),
  receive: async (words) => (await import('./daemon/commands.ts')).receive(words),
  jobs: async (words, out) => (await import('./daemon/commands.ts')).jobs(words, out),
  logs: async (words) => (await import('./daemon/commands.ts')).logs(words),
  cancel: async (words, out) => (await import('./daemon/commands.ts')).cancel(words, out),
  allow: async (words, out) => (await import('./daemon/caller-commands.ts')).allow(words, out),
  forbid: async (words) => (await import('./daemon/caller-commands.ts')).forbid(words),
  auth: async (words, out) => (await import('./daemon/caller-commands.ts')).auth(words, out),
  session: async (words, out) => (await import('./daemon/session.ts')).session(words, out),
  '--warm': async () => {
    // The image is being built: everything is loaded, and compiled, by now.
    await Promise.all([import('./build-command.ts'), import('./daemon/commands.ts'), import('./daemon/serve.ts')])
    await Promise.all([import('./daemon/caller-commands.ts'), import('./daemon/session.ts')])
    return 0
  },
}

/** Runs the program; the exit status is its answer. */
async function main([verb = '', ...words]: string[]): Promise<number> {
  const out = output(
    (text) => process.stdout.write(text),
    (text) => process.stderr.write(text),
  )
  try {
    if (['help', '--help', '-h'].includes(verb) || words[0] === '--help') {
      out.line(usage)
      return 0
    }
    const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
    if (run === undefined) throw misused(verb === '' ? 'what shall be done?' : `builder knows no ${verb}`)
    return await run(words, out)
  } catch (error) {
    out.warn(messageOf(error))
    if (!(error instanceof UserError)) return 1
    if (error.hint !== undefined) out.warn(error.hint)
    return error.exitCode
  }
}

function interrupted(): AbortSignal {
  const abort = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort())
  return abort.signal
}

process.exitCode = await main(process.argv.slice(2))
