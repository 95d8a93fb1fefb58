import { UserError } from '#lib/errors.ts'
import { parseSize } from '#lib/size.ts'
import type { App } from '../app.ts'
import { computedProperty } from '../computed-property.ts'

/** What is kept of each process type unless logs:set says otherwise. */
export const usualMaxSize = '10m'

const [least, most] = [64 * 1024, 10 * 1024 ** 3]

/** How many bytes of lines are kept of each process type of an app, and how large a file of the engine's may get. */
export function maxSizeOf(app: App): number {
  return parseSize(computedProperty(app, 'logs max-size') ?? usualMaxSize)
}

/** UserError `bad-size`. */
export function checkMaxSize(text: string): number {
  if (text === 'unlimited')
    throw new UserError('bad-size', 'what an app writes is never kept without end: it would fill the disk', {
      hint: 'at most 10g; drains:add sends all of it elsewhere',
    })
  const bytes = parseSize(text)
  if (bytes >= least && bytes <= most) return bytes
  throw new UserError('bad-size', `${JSON.stringify(text.slice(0, 20))} is not a size from 64k to 10g`)
}
