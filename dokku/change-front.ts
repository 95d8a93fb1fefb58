import type { App } from './app.ts'
import { type Context, changing } from './context.ts'
import { resite } from './routing.ts'
import { type Kept, keepFront, keptFront } from './site-front.ts'

/** Changes what stands in front of an app, at once; where nginx refuses it, all is as it was. Answers what there was and is. */
export function changeFront<K extends keyof Kept>(
  app: App,
  context: Context,
  name: K,
  change: (before: Kept[K]) => Kept[K],
): Promise<{ before: Kept[K]; after: Kept[K] }> {
  return changing(app, context, async () => {
    const before = keptFront(app, name)
    const after = change(before)
    keepFront(app, name, after)
    try {
      await resite(app, context.output)
    } catch (error) {
      keepFront(app, name, before)
      throw error
    }
    return { before, after }
  })
}
