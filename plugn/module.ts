import { UserError } from '#lib/errors.ts'
import type { Handlers } from './catalogue.ts'
import type { Call, Reply, Responder } from './responder.ts'

// biome-ignore lint/suspicious/noExplicitAny: the catalogue of whoever loads the module has checked its types
type AnyHandlers = Handlers<any>

/** Handles hooks by the functions that a plugin's `hooks.ts` exports. */
export function moduleHooks(plugin: string, handlers: AnyHandlers, config: Readonly<Record<string, string>>): Responder {
  return {
    plugin,
    handles: (hook) => Object.hasOwn(handlers, hook),

    call({ hook, input = {}, signal, args, stdin, stdout, stderr }: Call): Reply | Promise<Reply> {
      const failed = (error: unknown): Reply => ({ status: error instanceof UserError ? error.exitCode : 1, error })
      try {
        const answer = handlers[hook]?.(input as never, { config, signal, args, stdin, stdout, stderr })
        return answer instanceof Promise ? answer.then((value) => ({ status: 0, answer: value }), failed) : { status: 0, answer }
      } catch (error) {
        return failed(error)
      }
    },
  }
}
