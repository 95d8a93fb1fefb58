import type * as z from 'zod'
import { messageOf, UserError } from '#lib/errors.ts'
import { parseJsonc } from '#lib/jsonc.ts'
import { parseWords } from '#lib/words.ts'
import { scheduleProblem } from '../crontab.ts'
import { lineFinder, pathText } from './places.ts'
import { type CronTask, type Described, described } from './schema.ts'

const ways = ['path', 'command', 'uptime', 'listening'] as const

/** Words that only a shell understands; a task has none. */
const shellWords = new Set(['|', '||', '&', '&&', ';', '>', '>>', '<', '2>&1'])

/** Stricter than what is kept, so that what an earlier version took can always be read. */
const written = described.superRefine((value, context) => {
  const refuse = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message })
  for (const [process, checks] of Object.entries(value.healthchecks))
    for (const [n, check] of checks.entries()) {
      const used = ways.filter((way) => check[way] !== undefined)
      if (used.length > 1) refuse(['healthchecks', process, n], `only one of ${used.join(', ')} makes a check`)
    }
  for (const [n, task] of (value.cron ?? []).entries()) {
    const schedule = scheduleProblem(task.schedule)
    if (schedule !== undefined) refuse(['cron', n, 'schedule'], schedule)
    const command = commandProblem(task)
    if (command !== undefined) refuse(['cron', n, 'command'], command)
    const first = (value.cron ?? []).findIndex((one) => one.command === task.command && one.schedule === task.schedule)
    if (first < n) refuse(['cron', n], `is the same as cron[${first}]`)
  }
})

/** Reads app.json, with comments and trailing commas; UserError `bad-app-json` with file, line and field of each mistake. */
export function parseAppJson(content: string, name = 'app.json'): Described {
  let value: unknown
  try {
    value = parseJsonc(content)
  } catch (cause) {
    const [, line] = /\(line (\d+) column \d+\)/.exec(messageOf(cause)) ?? []
    throw new UserError('bad-app-json', `${name}${line === undefined ? '' : `:${line}`}: it is not JSON: ${messageOf(cause)}`, { cause })
  }
  const parsed = written.safeParse(value)
  if (parsed.success) return parsed.data
  const lineOf = lineFinder(content)
  const mistakes = parsed.error.issues.slice(0, 10).map((issue) => describe(issue, name, lineOf(issue.path)))
  throw new UserError('bad-app-json', mistakes.join('\n'))
}

/** A place in a file that an editor can jump to, and what is wrong there. */
function describe({ path, message }: z.core.$ZodIssue, name: string, line: number): string {
  return `${name}:${line}: ${pathText(path) || 'the whole file'}: ${message}`
}

function commandProblem({ command }: CronTask): string | undefined {
  try {
    const found = parseWords(command).find((word) => shellWords.has(word))
    return found === undefined ? undefined : `no shell reads it, so ${JSON.stringify(found)} means nothing: name an entry of the Procfile`
  } catch (error) {
    return messageOf(error)
  }
}
