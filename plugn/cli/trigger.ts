import { dispatch } from '../dispatch.ts'
import { badUsage, type Context } from './command.ts'
import { checkHook, ownStreams, withPlugins } from './enabled.ts'

/** The hook of all enabled plugins, in order; the first that fails ends it with its status. */
export async function trigger([hook, ...args]: string[], context: Context): Promise<number> {
  if (hook === '--pipe') return await (await import('./pipe.ts')).triggerPipe(args, context)
  if (hook === undefined) throw badUsage('trigger [--pipe] <hook> [<arg>...]')
  return await withPlugins(context, async (plugins) => {
    const responders = plugins.flatMap((one) => one.responders)
    // A program knows no catalogue: hooks are what plugins have.
    return await dispatch({}, responders, ownStreams(context)).trigger(checkHook(hook), args)
  })
}
