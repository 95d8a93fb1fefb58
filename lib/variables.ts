/** The variables in what a program says: its lines of `KEY=value`. */
export function parseVariables(text: string): Record<string, string> {
  const pairs = text.split('\n').map((line) => /^([A-Za-z_]\w*)=(.*)$/.exec(line))
  return Object.fromEntries(pairs.flatMap((pair) => (pair?.[1] === undefined ? [] : [[pair[1], pair[2] ?? '']])))
}
