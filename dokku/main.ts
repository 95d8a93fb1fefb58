import { UserError } from '#lib/errors.ts'
import { daemon } from './daemon.ts'
import { loadPlugins } from './groups.ts'

/** `--warm` loads everything once and ends, so that the image's compile cache holds it. */
try {
  if (process.argv.includes('--warm')) await loadPlugins()
  else await daemon(process.env)
  process.exit(0)
} catch (error) {
  const known = error instanceof UserError
  process.stderr.write(` !     ${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  if (known && error.hint !== undefined) process.stderr.write(` !     ${error.hint}\n`)
  process.exit(1)
}
