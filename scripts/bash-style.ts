/** The check `bash` of `npm run ok`: docs/reference/bash-style.md, as far as a program can look at it, and shellcheck where it is installed. */
import { execa } from 'execa'
import { readBash } from './bash-text.ts'
import { root, type Source, sources } from './sources.ts'

/** Is it Bash? By its first line, or by its name where others source it. */
export function isBash({ path, text }: Source): boolean {
  return path.endsWith('.bash') || /^#!.*\bbash\b/.test(text)
}

/** What differs from the style, one sentence with file and line each. */
export function misstyled({ path, text }: Source): string[] {
  const { code, unquoted } = readBash(text)
  const found: { line: number; what: string }[] = []
  const lineOf = (place: number) => code.slice(0, place).split('\n').length
  const each = (pattern: RegExp, what: (match: RegExpExecArray) => string | undefined) => {
    for (const match of code.matchAll(pattern)) {
      const said = what(match)
      if (said !== undefined) found.push({ line: lineOf(match.index), what: said })
    }
  }
  const lines = text.split('\n')

  for (const place of unquoted) found.push({ line: lineOf(place), what: 'a variable or $() in a word of a command is not quoted' })
  each(/(?<=^|[\s;|&!(])(\[|test)(?= )/gm, ([, word]) => `${word} where [[ belongs`)
  each(/`/g, () => 'backticks where $() belongs')
  each(/^\s*function\s/gm, () => 'the word function: name() { says it')
  each(/(?<=^|[\s;|&])eval(?= )/gm, () => 'eval')
  each(/^( *)([\w-]+)\(\) \{(.*)$/gm, (match) => {
    const body = lines.slice(lineOf(match.index)).find((line) => line.trim() !== '') ?? ''
    return /^\s*declare desc="[^"]+"/.test(match[3]?.trim() === '' ? body : '')
      ? undefined
      : `${match[2]} has no declare desc="…" as its first line`
  })
  for (const { line, what } of outside(code)) found.push({ line, what: `${what} stands in no function` })

  const program = isProgram(path)
  if (program && !/^set -eo? pipefail$|^set -euo pipefail$/m.test(code)) found.push({ line: 1, what: 'set -eo pipefail is missing' })
  if (program && !/^main "/m.test(code)) found.push({ line: lines.length, what: 'it does not end with main "$@"' })
  return found.sort((a, b) => a.line - b.line).map(({ line, what }) => `${path}:${line}: ${what}`)
}

/** Is it run, rather than sourced? As in Dokku's plugins, the name says it. */
function isProgram(path: string): boolean {
  return !/(\.bash|(^|[/-])functions|\/config)$/.test(path)
}

/** Lines outside of functions that do more than say what the functions stand on. */
function outside(code: string): { line: number; what: string }[] {
  const allowed = /^(set -|source |readonly |export |declare |[A-Za-z_]\w*=|\[\[ .* \]\] (\|\||&&) set -x$|complete -F |main "|\)|$)/
  let inFunction = false
  let continued = false
  return code.split('\n').flatMap((raw, place) => {
    const line = raw.trimEnd()
    const opens = /^[\w-]+\(\) [{(]/.test(line)
    const skipped = inFunction || opens || continued || /^\s/.test(line)
    if (opens) inFunction = !/[})]$/.test(line)
    else if (/^[})]/.test(line)) inFunction = false
    continued = line.endsWith('\\')
    return skipped || line === '}' || allowed.test(line) ? [] : [{ line: place + 1, what: line.slice(0, 30) }]
  })
}

/** What shellcheck says; nothing where it is not installed. `desc` is used by readers alone; exit traps read what is not local. */
async function shellcheck(shell: 'bash' | 'sh', paths: readonly string[]): Promise<string[]> {
  const result = await execa(
    'shellcheck',
    [`--shell=${shell}`, '--external-sources', `--exclude=${excluded.join()}`, '--format=gcc', ...paths],
    {
      cwd: root,
      reject: false,
    },
  )
  return result.code === 'ENOENT' ? [] : result.stdout.split('\n').filter((line) => line !== '')
}

/** Warnings that the style does not share: docs/reference/bash-style.md says why. */
const excluded = ['SC1091', 'SC2015', 'SC2034', 'SC2064', 'SC2119', 'SC2120', 'SC2154', 'SC2155']

if (import.meta.main) {
  const all = await sources()
  const files = all.filter(isBash)
  // What people copy to machines of their own has no other check.
  const copied = all.filter(({ path }) => path.startsWith('contrib/')).map(({ path }) => path)
  const wrong = [
    ...files.flatMap(misstyled),
    ...(await shellcheck(
      'bash',
      files.map(({ path }) => path),
    )),
    ...(await shellcheck('sh', copied)),
  ]
  for (const line of wrong) console.log(` !     ${line}`)
  console.log(`${files.length} files of Bash`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}
