import { createHash } from 'node:crypto'

/** What a site needs in nginx's words, by the block that each text belongs to. */
export interface Directives {
  /** For the http block, by the name of what each defines: where sites share a name they share the text, and it is there once. */
  readonly http: Readonly<Record<string, string>>
  /** For the top of the site's server block: after its `set $site`, and after a redirect to HTTPS, which goes first. */
  readonly server: string
}

/** For locations in which everybody is answered: what a site keeps others out by counts there no more. */
export const unguarded = 'allow all;\nauth_basic off;\n'

/** Defines `$guarded`, which is empty where a certificate authority looks for its answer: that is never kept back. */
export const guarded = {
  guarded: table('map', '$uri', '$guarded', ['default 1', '"~^/\\.well-known/acme-challenge/[\\w-]+$" ""']),
}

/** Several together; a server block has them in their order. */
export function together(...several: readonly Directives[]): Directives {
  return {
    http: Object.assign({}, ...several.map(({ http }) => http)),
    server: several.map(({ server }) => server).join(''),
  }
}

/** A name of a variable or folder that is made of what it stands for, so that equal things are there once. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)
}

/** A word of any plain characters but the dollar sign, which nginx cannot write. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}

/** A map or a list of networks for the http block. */
export function table(kind: 'map' | 'geo', from: string, to: string, rows: readonly string[]): string {
  return `${kind} ${from} ${to} {\n${rows.map((row) => `  ${row};\n`).join('')}}\n`
}
