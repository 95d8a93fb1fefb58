import { resolve } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { readIfThere } from '#lib/files.ts'

/**
 * Where the plugins are: what a file `.plugn` of the current directory says, seen from there, else $PLUGIN_PATH. Where the
 * current directory may be a stranger's, $PLUGN_NO_FILE keeps its file from being read. UserError `no-plugin-path`.
 */
export async function pluginPath(env: Readonly<Record<string, string | undefined>>, cwd: string): Promise<string> {
  const file = env.PLUGN_NO_FILE ? undefined : await readIfThere(resolve(cwd, '.plugn'))
  const path = file === undefined ? env.PLUGIN_PATH : resolve(cwd, file.replace(/\r?\n[\s\S]*$/, ''))
  if (path) return path
  throw new UserError('no-plugin-path', 'PLUGIN_PATH is not set in environment', {
    hint: 'export PLUGIN_PATH=DIRECTORY, then run plugn init',
    exitCode: 2,
  })
}
