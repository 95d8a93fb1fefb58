import { UserError } from '#lib/errors.ts'
import { type Healthcheck, healthcheck } from './schema.ts'

/** Dokku's defaults for this file, in seconds and tries. */
const usual = { WAIT: 5, TIMEOUT: 30, ATTEMPTS: 5 }

/** The old file CHECKS as health checks: settings, and lines of a path or URL and perhaps what the page contains; UserError `bad-checks-file`. */
export function parseChecksFile(content: string): Healthcheck[] {
  const settings = { ...usual }
  const pages: { path: string; content?: string; host?: string }[] = []
  for (const [index, raw] of content.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const refuse = () => {
      throw new UserError(
        'bad-checks-file',
        `CHECKS:${index + 1}: this is neither WAIT=, TIMEOUT= or ATTEMPTS= nor a path and what it contains`,
        {
          hint: 'app.json has healthchecks in place of this file',
        },
      )
    }
    const [, key, value] = /^([A-Z]+)\s*=\s*(\S+)$/.exec(line) ?? []
    if (key !== undefined) {
      if (!(key === 'WAIT' || key === 'TIMEOUT' || key === 'ATTEMPTS') || !/^[1-9]\d{0,2}$/.test(value ?? '')) refuse()
      else settings[key] = Number(value)
      continue
    }
    const [, host, path = '/', text] = /^(?:(?:https?:)?\/\/([^\s/]+))?(\/\S*)?(?:\s+(.+))?$/.exec(line) ?? refuse() ?? []
    if (host === undefined && !line.startsWith('/')) refuse()
    pages.push({ path, ...(text === undefined ? {} : { content: text }), ...(host === undefined ? {} : { host }) })
  }
  const { WAIT: wait, TIMEOUT: timeout, ATTEMPTS: attempts } = settings
  return pages.map(({ host, ...page }) =>
    healthcheck.parse({
      ...page,
      wait,
      timeout,
      attempts,
      ...(host === undefined ? {} : { httpHeaders: [{ name: 'Host', value: host }] }),
    }),
  )
}
