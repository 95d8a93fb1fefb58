import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { test } from 'node:test'
import { type Source, sources } from '../scripts/sources.ts'

/** Who may import whom, besides its own room. Adding a word here is a decision: say why in docs/decisions. */
const may: Record<string, readonly string[]> = {
  lib: [],
  plugn: ['lib'],
  execd: ['lib'],
  gitreceive: ['lib'],
  nginx: ['lib'],
  builder: ['lib', 'plugn'],
  dokku: ['lib', 'plugn', 'execd', 'gitreceive', 'builder', 'nginx'],
  plugins: ['dokku', 'plugn', 'execd', 'gitreceive', 'builder', 'nginx'],
}

/** The one file that may do a thing others must not. */
const only: readonly { what: string; pattern: RegExp; where: (path: string) => boolean }[] = [
  {
    what: 'start processes',
    pattern: /['"](node:)?(child_process|cluster)['"]|from 'execa'/,
    where: (path) => ['lib/exec.ts', 'lib/launch.ts'].includes(path),
  },
  { what: 'make a Docker client', pattern: /^import (?!type )[^'\n]*'dockerode'/m, where: (path) => path === 'lib/docker.ts' },
  { what: 'use SQLite', pattern: /'node:sqlite'/, where: (path) => ['lib/database.ts', 'lib/backup.ts', 'lib/lock.ts'].includes(path) },
  { what: 'run a shell', pattern: /\bshell:\s*(true|['"])/, where: () => false },
  {
    what: 'end the process',
    pattern: /\bprocess\.(exit\(|exitCode\b|abort\(|reallyExit)/,
    where: (path) => posix.basename(path) === 'main.ts',
  },
  { what: 'print past its output', pattern: /\bconsole\.\w+\(/, where: () => false },
]

interface Import {
  readonly from: string
  readonly specifier: string
}

/** Tests and scripts stand outside the house: they may look into every room. */
const outside = new Set(['tests', 'scripts'])
const house = (await sources()).filter(({ path }) => path.endsWith('.ts') && path.includes('/') && !outside.has(roomOf(path)))
const isTest = (path: string) => /\.(test|contract)\.ts$/.test(path)

function roomOf(path: string): string {
  return path.split('/')[0] ?? ''
}

/** A component, or one plugin: what `../` must not leave. */
function homeOf(path: string): string {
  return roomOf(path) === 'plugins' ? path.split('/').slice(0, 2).join('/') : roomOf(path)
}

function importsOf({ path, text }: Source): Import[] {
  const statements = /^\s*(?:import|export)\s+(?:type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm
  return [...text.matchAll(statements)].map(([, fixed, dynamic]) => ({ from: path, specifier: fixed ?? dynamic ?? '' }))
}

/** The room that a specifier leads to, or undefined for Node and libraries. */
function targetRoom({ from, specifier }: Import): string | undefined {
  if (specifier.startsWith('.')) return roomOf(posix.join(posix.dirname(from), specifier))
  if (specifier === 'dokku') return 'dokku'
  return specifier.startsWith('#') ? roomOf(specifier.slice(1)) : undefined
}

/** Files at the root, such as package.json, belong to everybody. */
const imports = house.flatMap(importsOf).filter(({ specifier }) => !/^(\.\.\/)+[^/]+\.json$/.test(specifier))
const show = ({ from, specifier }: Import) => `${from} imports ${specifier}`

test('every room has a line in the table of who may import whom', () => {
  assert.deepEqual(
    [...new Set(house.map(({ path }) => roomOf(path)))].filter((room) => !(room in may)),
    [],
  )
})

test('arrows point one way: lib, components, dokku, plugins', () => {
  const forbidden = imports.filter((one) => {
    const target = targetRoom(one)
    return target !== undefined && target !== roomOf(one.from) && !may[roomOf(one.from)]?.includes(target)
  })
  assert.deepEqual(forbidden.map(show), [])
})

test('a component or plugin is reached by its public name, never by a path out of another', () => {
  const escaping = imports.filter(({ from, specifier }) => {
    const path = posix.join(posix.dirname(from), specifier)
    return specifier.startsWith('.') && homeOf(path) !== homeOf(from)
  })
  assert.deepEqual(escaping.map(show), [])
})

test('no file imports itself through others', () => {
  const graph = new Map<string, string[]>()
  for (const { from, specifier } of imports)
    if (specifier.startsWith('.')) graph.set(from, [...(graph.get(from) ?? []), posix.join(posix.dirname(from), specifier)])
  assert.deepEqual(cycle(graph), [])
})

test('what only one place may do is done nowhere else', () => {
  const wrong = house
    .filter(({ path }) => !isTest(path))
    .flatMap(({ path, text }) =>
      only.filter(({ pattern, where }) => pattern.test(text) && !where(path)).map(({ what }) => `${path} must not ${what}`),
    )
  assert.deepEqual(wrong, [])
})

test('the import reader sees every form of import', () => {
  const text =
    "import a, {\n  type b,\n} from './a.ts'\nexport * from './b.ts'\nexport { c } from '#lib/c.ts'\nimport './d.ts'\nconst e = await import('./e.ts')"
  const seen = importsOf({ path: 'x/y.ts', text }).map(({ specifier }) => specifier)
  assert.deepEqual(seen, ['./a.ts', './b.ts', '#lib/c.ts', './d.ts', './e.ts'])
  assert.deepEqual(
    cycle(
      new Map([
        ['a', ['b']],
        ['b', ['c', 'a']],
      ]),
    ),
    ['a', 'b', 'a'],
  )
})

/** The first cycle found, as the files along it; empty when there is none. */
function cycle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return []
    for (const next of graph.get(file) ?? []) {
      const found = visit(next, [...path, file])
      if (found.length > 0) return found
    }
    done.add(file)
    return []
  }
  for (const file of graph.keys()) {
    const found = visit(file, [])
    if (found.length > 0) return found
  }
  return []
}
