import { UserError } from '#lib/errors.ts'
import { lineTime } from './line.ts'

const seconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** A moment as people type it, as lines have it: so long ago, such as 90s, 15m, 2h or 3d, or an ISO time; without a zone it is UTC. UserError `bad-time`. */
export function parseMoment(text: string, now = Date.now()): string {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  if (count !== undefined) return lineTime(new Date(now - Number(count) * 1000 * seconds[unit as keyof typeof seconds]))
  const [iso, day, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text) ?? []
  const date = iso === undefined ? new Date(Number.NaN) : new Date(`${day}T${time}${zone.toUpperCase()}`)
  if (!Number.isNaN(date.getTime())) return lineTime(date)
  throw new UserError('bad-time', `${JSON.stringify(text.slice(0, 40))} is no time`, {
    hint: '90s, 15m, 2h, 3d ago, or 2026-11-23T10:00:00Z',
  })
}
