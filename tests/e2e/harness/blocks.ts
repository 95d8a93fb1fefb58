import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A block of code in a page. */
export interface Block {
  page: string
  line: number
  /** What stands behind the opening fence. */
  info: string
  /** The line before it, where that is a comment for a test of its own. */
  mark: string | undefined
  text: string
}

const root = join(import.meta.dirname, '../../..')

/** The pages whose blocks people type. */
export async function guidePages(): Promise<string[]> {
  const guides = (await readdir(join(root, 'docs/guide'))).filter((name) => name.endsWith('.md')).sort()
  return ['README.md', ...guides.map((name) => `docs/guide/${name}`)]
}

/** The blocks of a page, in order. */
export async function blocksOf(page: string): Promise<Block[]> {
  const text = await readFile(join(root, page), 'utf8')
  return [...text.matchAll(/(?:^<!-- e2e: ([\w-]+) -->\n)?^```(.*)\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: mark, 2: info = '', 3: body = '' }) => ({
      page,
      line: text.slice(0, index).split('\n').length,
      info,
      mark,
      text: body,
    }),
  )
}

/** Commands to run, or why they are not; undefined for what are no commands. */
export function commandsIn({ info, text }: Block): { run: string } | { reason: string } | undefined {
  const [, reason] = /^sh not-run="(.+)"$/.exec(info) ?? []
  if (reason !== undefined) return { reason }
  if (info === 'sh') return { run: text }
  if (info !== 'console') return undefined
  const typed = text.split('\n').filter((line) => line.startsWith('$ '))
  return { run: typed.map((line) => `${line.slice(2)}\n`).join('') }
}
