import assert from 'node:assert/strict'
import { access, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { checkWords } from '#lib/parse.ts'
import { resolve } from '#lib/resolve.ts'
import { parseWords } from '#lib/words.ts'
import { topics } from '../dokku/guide.ts'
import { groups } from '../dokku/plugins.ts'
import { commandsPage, commandsText, madePages } from '../scripts/docs.ts'
import { files, isTest, root, sources } from '../scripts/sources.ts'
import { blocksOf, commandsIn, guidePages } from './e2e/harness/blocks.ts'

const read = (path: string) => readFile(join(root, path), 'utf8')
const all = await groups()
const commands = all.flatMap((group) => group.commands)

test('the reference of commands is what the commands say (npm run docs writes it)', async () => {
  assert.equal(await read(commandsPage).catch(() => ''), await commandsText())
})

test('every page that is made is what it is made from (npm run docs writes them)', async () => {
  for (const [path, text] of Object.entries(await madePages())) assert.equal(await read(path).catch(() => ''), text, path)
})

test('every example of a command is that command, rightly typed', () => {
  for (const command of commands)
    for (const example of command.examples) {
      const resolved = resolve(all, parseWords(example))
      assert.equal(resolved.kind, 'run', example)
      if (resolved.kind !== 'run') continue
      assert.equal(resolved.command.name, command.name, example)
      checkWords(command, resolved.words, resolved.globals.app)
    }
})

test('every group of commands is in the guide that help shows, under what it is about', () => {
  const known = Object.values(topics).flat()
  const listed = all.filter(({ commands }) => commands.some(({ hidden }) => !hidden)).map(({ name }) => name)
  assert.deepEqual(
    listed.filter((name) => !known.includes(name)),
    [],
  )
  assert.deepEqual(
    known.filter((name, at) => known.indexOf(name) !== at),
    [],
  )
})

test('no two commands answer to one name', () => {
  const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases])
  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  )
})

test('summaries of commands are one line that begins small and ends without a full stop', () => {
  const wrong = commands.filter(({ summary }) => !/^[^A-Z\n][^\n]*[^.\n]$/.test(summary))
  assert.deepEqual(
    wrong.map(({ name, summary }) => `${name}: ${summary}`),
    [],
  )
})

test('every block of code in README and guide is run by a test, says why not, or is no command', async () => {
  const unsaid: string[] = []
  for (const page of await guidePages())
    for (const block of await blocksOf(page)) {
      const known =
        commandsIn(block) !== undefined || block.mark !== undefined || /^(text|toml|json|ya?ml|bash|nginx|Dockerfile)$/.test(block.info)
      if (!known) unsaid.push(`${page}:${block.line}: \`\`\`${block.info}`)
    }
  assert.deepEqual(unsaid, [])
})

test('error codes and docs/reference/errors.md agree both ways', async () => {
  const documented = [...(await read('docs/reference/errors.md')).matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, code]) => code ?? '')
  const thrown = await thrownCodes()
  assert.deepEqual(documented.toSorted(), [...new Set(documented)].toSorted(), 'a code is documented twice')
  assert.deepEqual([...thrown].filter((code) => !documented.includes(code)).toSorted(), [], 'thrown, but not documented')
  assert.deepEqual(documented.filter((code) => !thrown.has(code)).toSorted(), [], 'documented, but thrown nowhere')
})

test('links between pages lead to files that exist', async () => {
  const broken: string[] = []
  for (const page of (await files()).filter((path) => path.endsWith('.md')))
    for (const [, target = ''] of (await read(page)).replaceAll(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g))
      if (!/^[a-z]+:/.test(target) && !(await exists(join(dirname(page), target)))) broken.push(`${page}: ${target}`)
  assert.deepEqual(broken, [])
})

test('files that pages name exist', async () => {
  const missing: string[] = []
  for (const page of (await files()).filter((path) => path.endsWith('.md')))
    for (const [, path = ''] of (await read(page)).matchAll(
      /`((?:lib|plugn|execd|gitreceive|builder|nginx|dokku|plugins|tests|scripts|docs)\/[\w./-]*\w)`/g,
    ))
      if (!(await exists(path)) && !(await exists(join(dirname(page), path)))) missing.push(`${page}: ${path}`)
  assert.deepEqual(missing, [])
})

function exists(path: string): Promise<boolean> {
  return access(join(root, path)).then(
    () => true,
    () => false,
  )
}

/** Codes given to `new UserError`, to a function of the same file that takes a `code` and makes one, or answered by the appliance's API. */
async function thrownCodes(): Promise<Set<string>> {
  const codes = new Set<string>()
  for (const { path, text } of (await sources()).filter(
    ({ path }) => path.endsWith('.ts') && !isTest(path) && !path.startsWith('scripts/'),
  )) {
    if (path === 'lib/errors.ts') continue
    for (const [, code = ''] of text.matchAll(/(?:new (?:User|Acme)Error\(\s*|\.json\(\{ code: )'([^']*)'/g)) codes.add(code)
    for (const [, maker] of text.matchAll(/function (\w+)\([^)]*\bcode: string\b/g))
      for (const [, code = ''] of text.matchAll(new RegExp(`\\b${maker}\\([^'()]*'([a-z0-9-]+)'`, 'g'))) codes.add(code)
  }
  return codes
}
