/** Parses JSON in which comments and trailing commas stand; throws SyntaxError as `JSON.parse` does, with the places of the text. */
export function parseJsonc(text: string): unknown {
  return JSON.parse(withoutComments(text))
}

/** Blanks out comments and trailing commas, keeping every position, so that JSON's own errors point at the right place. */
export function withoutComments(text: string): string {
  const token = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
  const bare = text.replace(token, (found) => (found.startsWith('"') ? found : found.replace(/[^\n]/g, ' ')))
  return bare.replace(/"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g, (found) => (found === ',' ? ' ' : found))
}
