import * as z from 'zod'
import type { Database } from '#lib/database.ts'
import { parseWords } from '#lib/words.ts'
import { type DockerOption, dockerOption } from '../docker-options.ts'
import { flagText } from '../parse-flags.ts'

const idAndText = z.object({ id: z.number(), text: z.string() })
const lists = ['options', 'args'] as const

/** Gives volumes other names wherever an option mounts them: those of the engine, to those of the engine. */
export function renameVolumes(db: Database, rename: (volume: string) => string): void {
  changeOptions(db, (option) => {
    const [flag = '', value = ''] = parseWords(option)
    if (flag !== '--volume' || value.startsWith('/')) return option
    const [volume = '', ...rest] = value.split(':')
    return flagText({ name: 'volume', value: [rename(volume), ...rest].join(':') })
  })
}

/** Takes away all by which an app reaches others, or files of the host. */
export function isolate(db: Database): void {
  changeOptions(db, (option) => (/^--(network|link|add-host) |^--volume '?\//.test(option) ? undefined : option))
}

function changeOptions(db: Database, change: (option: string) => string | undefined): void {
  db.tx(() => {
    for (const { id, text } of db.all(idAndText, 'SELECT id, unseal(option) AS text FROM docker_options')) {
      const changed = change(text)
      if (changed === undefined) db.run('DELETE FROM docker_options WHERE id = ?', id)
      else if (changed !== text) db.run('UPDATE docker_options SET option = seal(?) WHERE id = ?', changed, id)
    }
    for (const column of lists)
      for (const { id, text } of db.all(idAndText, `SELECT id, unseal(${column}) AS text FROM releases`)) {
        const options = z.array(dockerOption).parse(JSON.parse(text))
        const changed = options.flatMap((one): DockerOption[] => {
          const option = change(one.option)
          return option === undefined ? [] : [{ ...one, option }]
        })
        if (JSON.stringify(changed) !== JSON.stringify(options))
          db.run(`UPDATE releases SET ${column} = seal(?) WHERE id = ?`, JSON.stringify(changed), id)
      }
  })
}
