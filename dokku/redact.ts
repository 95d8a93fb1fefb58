import { z } from 'zod'
import type { Output } from '#lib/output.ts'
import { globalConfig } from './global-config.ts'
import type { Instance } from './instance.ts'

const text = z.object({ value: z.string() })

/** Where values stand that are for nobody else to read: each query gives them, or JSON that holds them. */
const places = [
  'SELECT unseal(value) AS value FROM config',
  'SELECT unseal(config) AS value FROM releases',
  'SELECT unseal(key) AS value FROM certificates',
  'SELECT unseal(url) AS value FROM drains',
  'SELECT hash AS value FROM tokens',
  'SELECT unseal(value) AS value FROM facts',
  "SELECT unseal(value) AS value FROM properties WHERE name IN ('registry logins', 'webhooks webhook', 'http-auth front') OR name GLOB '*key*' OR name GLOB '*secret*' OR name GLOB '*password*' OR name GLOB '*token*'",
  "SELECT unseal(value) AS value FROM global_properties WHERE name GLOB '*key*' OR name GLOB '*passphrase*' OR name GLOB '*secret*' OR name GLOB '*password*' OR name GLOB '*token*'",
]

/** What `--env` and `--build-arg` give a variable. */
const options = [
  "SELECT unseal(option) AS value FROM docker_options WHERE value GLOB '--env *' OR value GLOB '--build-arg *'",
  "SELECT json_extract(one.value, '$.option') AS value FROM releases, json_each(unseal(releases.options)) AS one",
  "SELECT json_extract(one.value, '$.option') AS value FROM releases, json_each(unseal(releases.args)) AS one",
]

/** Shorter ones are words that stand anywhere: true, web, 5000. */
const shortest = 6

/** All that is known to be secret, longest first: config vars, keys, passwords, whatever may be part of a line that is shown. */
export function secretsOf(instance: Instance): string[] {
  const { db } = instance
  const stored = places.flatMap((query) => db.all(text, query)).flatMap(({ value }) => leaves(value))
  const given = options.flatMap((query) => db.all(text, query)).flatMap(({ value }) => /=(.*?)'?$/s.exec(value)?.[1] ?? [])
  const all = [...stored, ...given, ...Object.values(globalConfig(instance))]
    .flatMap((one) => [one, ...one.split('\n')])
    .map((one) => one.trim())
  return [...new Set(all)].filter((one) => one.length >= shortest).toSorted((a, b) => b.length - a.length)
}

/** The strings in what may be JSON. */
function leaves(value: string): string[] {
  if (!/^[[{"]/.test(value)) return [value]
  try {
    return strings(JSON.parse(value))
  } catch {
    return [value]
  }
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : []
}

/** Takes secrets out of text: those that are known, and what looks like one wherever it is from. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  return (line) =>
    secrets
      .reduce((left, secret) => left.replaceAll(secret, hidden), line)
      .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, hidden)
      .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, `$1${hidden}@`)
      .replace(/\b(authorization|password|passwd|secret|token|api[-_]?key)(["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;}]+)/gi, `$1$2${hidden}`)
}

const hidden = '********'

/** An output that never says a secret. */
export function redactedOutput(output: Output, redact: (text: string) => string): Output {
  const each =
    (name: keyof Output) =>
    (text = '') =>
      output[name](redact(text))
  return { step: each('step'), detail: each('detail'), result: each('result'), warn: each('warn'), hint: each('hint'), line: each('line') }
}
