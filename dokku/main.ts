import { UserError } from '#lib/errors.ts'
import { restoreRole } from './backup/role.ts'
import { daemon } from './daemon.ts'
import { mendable } from './disk-error.ts'
import { loadPlugins } from './plugins.ts'
import { restoreDatabase } from './restore.ts'
import { readSettings } from './settings.ts'
import { databasePath } from './state.ts'
import { upgradeRole } from './upgrade/role.ts'
import { holdVolume } from './volume.ts'

/** `--warm` loads everything once and ends, so that the image's compile cache holds it. */
const [word, name] = process.argv.slice(2)
try {
  if (word === '--warm') await loadPlugins()
  else if (word === 'preflight' || word === 'upgrade') await upgradeRole(word, readSettings(process.env), process.env)
  else if (word === 'restore-database' || word === 'restore') {
    const settings = readSettings(process.env)
    const { dataDir } = settings
    const volume = holdVolume(dataDir, { waitMs: 0 })
    if (word === 'restore') await restoreRole(process.stdin, settings, process.env, name === '--keys')
    else await restoreDatabase(databasePath(dataDir), name, (line) => void process.stdout.write(`${line}\n`))
    volume.release()
  } else await daemon(process.env)
  process.exit(0)
} catch (thrown) {
  const error = mendable(thrown)
  const known = error instanceof UserError
  process.stderr.write(` !     ${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  if (known && error.hint !== undefined) process.stderr.write(` !     ${error.hint}\n`)
  process.exit(1)
}
