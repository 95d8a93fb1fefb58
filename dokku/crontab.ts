import { Cron } from 'croner'
import { messageOf } from '#lib/errors.ts'

/** What is to run, and when. */
export interface CronEntry {
  /** Five fields, or a word such as @daily. */
  readonly schedule: string
  /** For `sh -c`. */
  readonly command: string
  /** As whom; without one, as whoever brought the line. */
  readonly user?: string
  readonly stdin?: string
  /** What it prints is added to this file; without one it goes to the log. */
  readonly logFile?: string
  readonly env: Readonly<Record<string, string>>
  readonly zone?: string
}

/** Lines that were read: what of them can be run, and what is wrong with the others. */
export interface Crontab {
  readonly entries: readonly CronEntry[]
  readonly problems: readonly string[]
}

/** Starts something at the times of a schedule, and tells when it will. Throws when the schedule is none. */
export function onSchedule(
  { schedule, zone }: Pick<CronEntry, 'schedule' | 'zone'>,
  work: () => void,
): { next(): Date | undefined; stop(): void } {
  const job = new Cron(schedule, { mode: '5-part', unref: true, ...(zone === undefined ? {} : { timezone: zone }) }, work)
  return { next: () => job.nextRun() ?? undefined, stop: () => job.stop() }
}

/** Of a command, what people may see: more of its words may be secret. */
export function firstWords(command: string): string {
  return command.trim().split(/\s+/, 2).join(' ')
}

/** What the hook `cron-entries` prints: `SCHEDULE;COMMAND;LOGFILE` a line, the last of which may be left out. */
export function parseCronEntries(text: string): Crontab {
  return parse(text, (line) => {
    const [schedule = '', command = '', logFile = ''] = line.split(';').map((part) => part.trim())
    return { schedule, command, env: {}, ...(logFile === '' ? {} : { logFile }) }
  })
}

/** A file of /etc/cron.d: `SCHEDULE USER COMMAND` lines, and variables for those below them. */
export function parseCronFile(text: string): Crontab {
  let env: Readonly<Record<string, string>> = {}
  return parse(text, (line) => {
    const [, name, value] = /^([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) {
      env = { ...env, [name]: value.replace(/^(["'])(.*)\1$/, '$2') }
      return undefined
    }
    const [, schedule = '', user, words = ''] = /^(@\w+|(?:\S+\s+){4}\S+)\s+(\S+)\s*(.*)$/.exec(line) ?? []
    const [command = '', ...input] = words.split(/(?<!\\)%/).map((part) => part.replaceAll('\\%', '%'))
    const { CRON_TZ: zone, ...rest } = env
    return {
      schedule,
      command,
      env: rest,
      ...(user === undefined ? {} : { user }),
      ...(input.length === 0 ? {} : { stdin: `${input.join('\n')}\n` }),
      ...(zone === undefined ? {} : { zone }),
    }
  })
}

function parse(text: string, entryOf: (line: string) => CronEntry | undefined): Crontab {
  const [entries, problems]: [CronEntry[], string[]] = [[], []]
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const entry = entryOf(line)
    if (entry === undefined) continue
    const problem = problemOf(entry)
    if (problem === undefined) entries.push(entry)
    else problems.push(`line ${index + 1}: ${problem}`)
  }
  return { entries, problems }
}

function problemOf(entry: CronEntry): string | undefined {
  return entry.command === '' ? 'a schedule and a command are wanted' : scheduleProblem(entry.schedule, entry.zone)
}

/** Why this is no schedule, or no time zone; undefined where it is one. */
export function scheduleProblem(schedule: string, zone?: string): string | undefined {
  try {
    onSchedule({ schedule, ...(zone === undefined ? {} : { zone }) }, () => undefined).stop()
    return undefined
  } catch (error) {
    return `${JSON.stringify(schedule.slice(0, 60))} is no schedule: ${messageOf(error).replace(/^CronPattern: /, '')}`
  }
}

/** The first time of a schedule after another. Throws when the schedule is none. */
export function nextTime(schedule: string, zone: string | undefined, after: Date): Date | undefined {
  const job = new Cron(schedule, { mode: '5-part', paused: true, ...(zone === undefined ? {} : { timezone: zone }) })
  return job.nextRun(after) ?? undefined
}
