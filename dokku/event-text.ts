import type { Command } from '#lib/command.ts'
import { plain } from '#lib/output.ts'
import { scan, slots } from '#lib/scan.ts'
import { quoteWord } from '#lib/words.ts'

/**
 * A command line as `events` shows it beside the app: without that app, without what the spec calls secret, and without
 * the words of somebody else's program, which could hold anything.
 */
export function eventText(command: Command<never>, words: readonly string[], app?: { name: string | undefined; byFlag: boolean }): string {
  const byFlag = app?.byFlag ?? false
  const tokens = scan(command, words, byFlag)
  const open = slots(command, tokens, byFlag)
  let operands = 0
  const parts = tokens.flatMap((token) => {
    if (token.kind === 'operand') {
      const arg = open[Math.min(operands++, open.length - 1)]?.[1]
      const hidden = arg === undefined || (arg.kind === 'rest' ? command.passthrough : arg.app && token.value === app?.name)
      return hidden ? [] : [shown(token.value, arg.secret)]
    }
    if (token.kind !== 'flag') return []
    const flag = command.flags?.[token.key]
    if (token.value === undefined || flag === undefined || flag.kind === 'boolean') return [`--${token.key}`]
    return [`--${token.key}`, shown(token.value, flag.secret)]
  })
  // Passwords in URLs are nobody's to read, whatever the command.
  const said = [command.name, ...parts].join(' ').replace(/(\w:\/\/)[^\s/@]*@/g, '$1')
  const text = plain(said).replace(/\s+/g, ' ')
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}

const longest = 200

function shown(word: string, secret: boolean | 'whole' | undefined): string {
  if (secret === 'whole') return '***'
  return quoteWord(secret ? word.replace(/=.*$/s, '') : word)
}
