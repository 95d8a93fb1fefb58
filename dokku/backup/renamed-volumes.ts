import * as z from 'zod'
import type { Database } from '#lib/database.ts'
import { parseWords } from '#lib/words.ts'
import { dockerOption } from '../docker-options.ts'
import { flagText } from '../parse-flags.ts'

const idAndText = z.object({ id: z.number(), text: z.string() })
const lists = ['options', 'args'] as const

/** Gives volumes other names wherever an option mounts them: those of the engine, to those of the engine. */
export function renameVolumes(db: Database, rename: (volume: string) => string): void {
  const renamed = (option: string): string => {
    const [flag = '', value = ''] = parseWords(option)
    if (flag !== '--volume' || value.startsWith('/')) return option
    const [volume = '', ...rest] = value.split(':')
    return flagText({ name: 'volume', value: [rename(volume), ...rest].join(':') })
  }
  db.tx(() => {
    for (const { id, text } of db.all(idAndText, 'SELECT id, unseal(option) AS text FROM docker_options'))
      if (renamed(text) !== text) db.run('UPDATE docker_options SET option = seal(?) WHERE id = ?', renamed(text), id)
    for (const column of lists)
      for (const { id, text } of db.all(idAndText, `SELECT id, unseal(${column}) AS text FROM releases`)) {
        const options = z.array(dockerOption).parse(JSON.parse(text))
        const changed = options.map((one) => ({ ...one, option: renamed(one.option) }))
        if (JSON.stringify(changed) !== JSON.stringify(options))
          db.run(`UPDATE releases SET ${column} = seal(?) WHERE id = ?`, JSON.stringify(changed), id)
      }
  })
}
