import { type Context, param } from 'dokku'
import { checkPluginName } from '#plugn'
import { rows } from './list.ts'

/** An argument that names an installed plugin; completion offers those that are wanted. */
export function plugin(wanted: (row: { enabled: boolean }) => boolean) {
  return param<string>({
    summary: 'an installed plugin',
    label: 'name',
    parse: checkPluginName,
    complete: async (_prefix, context: Context) => (await rows(context)).filter((row) => !row.core && wanted(row)).map(({ name }) => name),
  })
}
