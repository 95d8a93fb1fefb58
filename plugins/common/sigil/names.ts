import { functions } from './functions.ts'
import { pieces, type Token } from './tokens.ts'
import { TemplateError } from './value.ts'

const words = new Set(['if', 'else', 'end', 'range', 'with', 'break', 'continue', 'define', 'template', 'block', 'true', 'false', 'nil'])

/** Throws TemplateError where a template names a variable or a function that there is not, whether it would be reached or not. */
export function checkNames(template: string, variables: Readonly<Record<string, string>>, name: string): void {
  for (const piece of pieces(template, name)) {
    if ('text' in piece) continue
    piece.tokens.forEach((token, place) => {
      const unknown = unknownIn(token, piece.tokens[place - 1], variables)
      if (unknown !== undefined) throw new TemplateError(`${name}:${piece.line}: there is no ${unknown}`)
    })
  }
}

function unknownIn(
  { kind, text, spaced }: Token,
  before: Token | undefined,
  variables: Readonly<Record<string, string>>,
): string | undefined {
  if (kind === 'name') return words.has(text) || Object.hasOwn(functions, text) ? undefined : `function ${text}`
  if (kind !== 'field') return undefined
  const variable = text.slice(1)
  // Of what a block is about, or of a value that was made, any field may be.
  const isGlobal = before?.text === '$' && !spaced ? true : spaced && /^[A-Z][A-Z0-9_]*$/.test(variable)
  if (!isGlobal || Object.hasOwn(variables, variable) || /^DOKKU_APP_\w+_LISTENERS$/.test(variable)) return undefined
  return `variable ${variable}`
}
