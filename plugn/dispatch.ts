import { PassThrough, Writable } from 'node:stream'
import { messageOf, UserError } from '#lib/errors.ts'
import type { AnswerOf, Catalogue, Hook, InputOf } from './catalogue.ts'
import { type Call, print, type Reply, type Responder, say } from './responder.ts'

/** What a caller gives along with a hook, beside its input. */
export type Around = Pick<Call, 'stdin' | 'stdout' | 'stderr' | 'env' | 'cwd' | 'signal'>

/** Bytes that the output of an executable may have where it is an answer. */
const longestAnswer = 1024 * 1024

/** Calls hooks of a catalogue, and of plugins among each other, whatever form their handlers have. */
export type Dispatch<C extends Catalogue> = ReturnType<typeof dispatch<C>>

/** `responders` in the order in which they are called; `around` is what a call has that says nothing else. */
export function dispatch<C extends Catalogue>(catalogue: C, responders: readonly Responder[], around: Around) {
  const known = new Map<string, Responder[]>()

  /** Looked up once for each hook: a change of the plugins makes a new dispatch. */
  async function find(hook: string): Promise<Responder[]> {
    const found = await Promise.all(responders.map(async (one) => ((await one.handles(hook)) ? [one] : [])))
    known.set(hook, found.flat())
    return found.flat()
  }

  return {
    /** Calls all handlers of an event, one after another; throws UserError `hook-failed` when one fails, and no other is called then. */
    async fire<Name extends keyof C & string>(name: Name, input: InputOf<C[Name]>, own: Partial<Around> = {}): Promise<void> {
      for (const responder of known.get(name) ?? (await find(name))) {
        const call = callOf(name, input, own)
        const { status, error } = await limited(hookOf(name), responder, call)
        if (status === 0) continue
        const failed = failure(responder, name, status, error)
        if (hookOf(name).limits.failing === 'stops') throw failed
        say(call.stderr, ` !     ${failed.message}: passed over\n`)
      }
    },

    /** Does anybody handle it? */
    async handles(name: string): Promise<boolean> {
      return (known.get(name) ?? (await find(name))).length > 0
    },

    /** The first answer, or undefined when nobody has one. A handler that fails has none. */
    async select<Name extends keyof C & string>(
      name: Name,
      input: InputOf<C[Name]>,
      own: Partial<Around> = {},
    ): Promise<{ plugin: string; answer: AnswerOf<C[Name]> } | undefined> {
      for (const responder of known.get(name) ?? (await find(name))) {
        const { status, answer } = await answered(hookOf(name), responder, callOf(name, input, own))
        if (status === 0 && answer !== undefined) return { plugin: responder.plugin, answer: answer as AnswerOf<C[Name]> }
      }
      return undefined
    },

    /** All answers, in order; throws UserError `hook-failed` as `fire` does. */
    async collect<Name extends keyof C & string>(
      name: Name,
      input: InputOf<C[Name]>,
      own: Partial<Around> = {},
    ): Promise<AnswerOf<C[Name]>[]> {
      const answers: AnswerOf<C[Name]>[] = []
      for (const responder of known.get(name) ?? (await find(name))) {
        const { status, answer, error } = await answered(hookOf(name), responder, callOf(name, input, own))
        if (status !== 0) throw failure(responder, name, status, error)
        if (answer !== undefined) answers.push(answer as AnswerOf<C[Name]>)
      }
      return answers
    },

    /** What `plugn trigger` does: words in, streams through, the exit status of the first that fails, else 0. Of hooks that no catalogue knows too. */
    async trigger(name: string, args: readonly string[], own: Partial<Around> = {}): Promise<number> {
      for (const responder of known.get(name) ?? (await find(name))) {
        const call = { ...around, ...own, hook: name, args, input: named(declared(name), args) }
        const { status, answer, error } = await limited(declared(name), responder, call)
        if (error !== undefined) say(call.stderr, ` !     ${messageOf(error)}\n`)
        if (declared(name)?.kind !== 'event') print(call.stdout, answer)
        if (status !== 0) return status
      }
      return 0
    },

    /** Ends what plugins keep resident. */
    async close(): Promise<void> {
      await Promise.all(responders.map((one) => one.close?.()))
    },
  }

  /** Whatever a hook is called: names that all objects have are not in the catalogue for that. */
  function declared(name: string): Hook | undefined {
    return Object.hasOwn(catalogue, name) ? catalogue[name] : undefined
  }

  function hookOf(name: string): Hook {
    const hook = declared(name)
    if (hook === undefined) throw new Error(`there is no hook ${name}`)
    return hook
  }

  function callOf(hook: string, input: object, own: Partial<Around>): Call {
    const fields = input as Readonly<Record<string, unknown>>
    return { ...around, ...own, hook, input, args: hookOf(hook).args.flatMap((key) => words(fields[key])) }
  }
}

/** A list is as many arguments. */
function words(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [String(value ?? '')]
}

/** The arguments of an executable as the input of a handler in process. */
function named(hook: Hook | undefined, args: readonly string[]): object {
  return Object.fromEntries((hook?.args ?? []).flatMap((key, at) => (args[at] === undefined ? [] : [[key, args[at]]])))
}

/** The call, within what the hook allows for it. */
async function limited(hook: Hook | undefined, responder: Responder, call: Call): Promise<Reply> {
  if (hook === undefined) return await responder.call(call)
  const { timeoutMs, late } = hook.limits
  const clock = new AbortController()
  const timedOut = Promise.withResolvers<Reply>()
  const timer = setTimeout(() => {
    clock.abort()
    const error = new UserError('hook-timeout', `the plugin ${responder.plugin} took longer than ${timeoutMs / 1000} s for ${call.hook}`, {
      exitCode: 124,
    })
    if (late === 'stops') return timedOut.resolve({ status: 124, error })
    say(call.stderr, ` !     ${error.message}: passed over\n`)
    timedOut.resolve({ status: 0 })
  }, timeoutMs)
  try {
    const reply = responder.call({ ...call, signal: AbortSignal.any([call.signal, clock.signal]) })
    return reply instanceof Promise ? await Promise.race([reply, timedOut.promise]) : reply
  } finally {
    clearTimeout(timer)
  }
}

/** The same, with what an executable says as its answer; nothing said is no answer. */
async function answered(hook: Hook, responder: Responder, call: Call): Promise<Reply> {
  const tooLong = new AbortController()
  const chunks: Buffer[] = []
  let length = 0
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      length += chunk.length
      if (length <= longestAnswer) chunks.push(chunk)
      else tooLong.abort()
      done()
    },
  })
  const reply = await limited(hook, responder, { ...call, stdout, signal: AbortSignal.any([call.signal, tooLong.signal]) })
  if (tooLong.signal.aborted) {
    const error = new UserError('hook-output', `the plugin ${responder.plugin} answered ${call.hook} with more than ${longestAnswer} bytes`)
    return { status: 1, error }
  }
  const said = Buffer.concat(chunks).toString().replace(/\n$/, '')
  return { ...reply, answer: reply.answer ?? (said === '' ? undefined : said) }
}

function failure(responder: Responder, hook: string, status: number, error: unknown): UserError {
  if (error instanceof UserError) return error
  const why = error === undefined ? `exit status ${status}` : messageOf(error)
  return new UserError('hook-failed', `the plugin ${responder.plugin} failed at ${hook}: ${why}`, { cause: error, exitCode: status })
}

/** Nothing to read, nowhere to write: what a call without streams has. */
export function silent(): Around {
  const nowhere = () => new PassThrough().resume()
  return { stdin: undefined, stdout: nowhere(), stderr: nowhere(), env: {}, cwd: '/', signal: new AbortController().signal }
}
